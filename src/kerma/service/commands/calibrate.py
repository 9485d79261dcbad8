"""kerma calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["calibrate"]


def calibrate(
    scan: Annotated[Path, typer.Argument(help="Folder, zip or file of the scan.")],
    phantom: Annotated[
        str, typer.Option(help="auto, a phantom's name, or the file of your own.")
    ] = "auto",
    baseline: Annotated[
        Path | None, typer.Option(help="Accepted CT numbers, JSON or CSV.")
    ] = None,
    tolerances: Annotated[
        str, typer.Option(help="Profile: seed, iaea, dose, or the file of your own.")
    ] = "seed",
    config: Annotated[
        Path | None, typer.Option(help="The site's RED values and tolerances, JSON.")
    ] = None,
    image_limits: Annotated[
        str, typer.Option(help="For the image: ct, cone_beam, or a file of your own.")
    ] = "ct",
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    series: Annotated[
        str | None, typer.Option(help="Series UID, if there are several.")
    ] = None,
    serial: Annotated[
        str | None, typer.Option(help="Serial number of the phantom.")
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="Certificates by serial number, file or folder."),
    ] = None,
    any_scope: Annotated[
        bool, typer.Option("--any-scope", help="Compare under other conditions too.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Measure the HU-RED curve from a phantom scan; check it against a baseline.

    The results of many months together: kerma calibrate history FOLDER.

    Exit code 0: all is well. 1: out of tolerance, or not every insert could be
    confirmed. 3: the data cannot be used.
    """
    from kerma.service import procedures
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        result = procedures.ct_calibration(
            scan,
            phantom=phantom,
            baseline=baseline,
            tolerances=tolerances,
            config=config,
            series_uid=series,
            serial_number=serial,
            certificates=certificates,
            image_limits=image_limits,
            out=out,
            any_scope=any_scope,
            overwrite=overwrite,
            progress=progress,
        )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
