"""kerma gamma."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["gamma"]


def gamma(
    reference: Annotated[
        Path, typer.Argument(help="RT Dose, NIfTI, NRRD, MetaImage or NumPy file.")
    ],
    evaluated: Annotated[
        Path, typer.Argument(help="Likewise; the dose that is searched.")
    ],
    dose_percent: Annotated[float, typer.Option(help="Dose criterion, %.")] = 3.0,
    distance_mm: Annotated[float, typer.Option(help="Distance criterion, mm.")] = 3.0,
    threshold_percent: Annotated[
        float, typer.Option(help="Lowest reference dose, % of the normalization dose.")
    ] = 10.0,
    local: Annotated[
        bool, typer.Option("--local", help="Dose criterion of the dose at each point.")
    ] = False,
    norm_gy: Annotated[
        float | None,
        typer.Option(help="Normalization dose, Gy; else the highest of the reference."),
    ] = None,
    max_gamma: Annotated[
        float, typer.Option(help="How far is searched; inf for no end.")
    ] = 2.0,
    structures: Annotated[
        Path | None,
        typer.Option(
            help="RT Structure Set, or label map on the grid of the reference."
        ),
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(help="Limits of your own, TOML or JSON.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report.")
    ] = False,
    threads: Annotated[int, typer.Option(help="How many to use.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Compare two doses by the gamma index.

    Exit code 0: the pass rate is within tolerance. 1: it is not, or too few points
    could be compared. 3: the data cannot be used.
    """
    from kerma.service.gamma import compare_doses

    result = compare_doses(
        reference,
        evaluated,
        dose_percent=dose_percent,
        distance_mm=distance_mm,
        threshold_percent=threshold_percent,
        local=local,
        norm_gy=norm_gy,
        max_gamma=max_gamma,
        structures=structures,
        limits=limits,
        out=out,
        overwrite=overwrite,
        threads=threads,
    )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
