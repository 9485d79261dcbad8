"""kerma overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from kerma.errors import InputError

__all__ = ["overlay"]


def overlay(
    ct: Annotated[
        Path,
        typer.Argument(
            help="Folder, zip or file of the CT; or folder or zip with everything."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    dose: Annotated[
        Path | None, typer.Argument(help="File of the dose, if not found by itself.")
    ] = None,
    structures: Annotated[
        Path | None, typer.Argument(help="File of the structures, likewise.")
    ] = None,
    at: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="Where the cuts meet, x y z in mm; else the high dose."),
    ] = None,
    prescription_gy: Annotated[
        float | None, typer.Option(help="Dose that is 100 %; else the maximum.")
    ] = None,
    levels: Annotated[
        str, typer.Option(help='Isodoses in percent, as "95 80 50".')
    ] = "",
    export: Annotated[
        str | None,
        typer.Option(help="Write CT and dose on one grid: nifti, nrrd or npy."),
    ] = None,
    grid: Annotated[str, typer.Option(help="Which grid: ct or dose.")] = "ct",
    series: Annotated[
        str | None, typer.Option(help="UID of the CT series, if there are several.")
    ] = None,
    sheet: Annotated[
        bool, typer.Option("--sheet", help="Draw a sheet of axial slices, too.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier files.")
    ] = False,
) -> None:
    """Draw a dose on its CT; write both on one grid if wanted.

    Exit code 0: the files are written. 3: the data cannot be used.
    """
    from kerma.service import overlay as service
    from kerma.service.progress import progress_bar

    drawing = service.Drawing(
        at=at,
        prescription_gy=prescription_gy,
        levels_percent=_numbers(levels),
        sheet=sheet,
        export=cast("service.Export | None", export),
        grid=cast("service.OnGrid", grid),
    )
    sources = service.Sources(ct, dose, structures, series)
    with progress_bar() as progress:
        drawn = service.draw_overlay(
            sources, out, drawing, overwrite=overwrite, progress=progress
        )
    typer.echo(drawn.summary())


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise InputError(
            f'Isodoses are numbers of percent, as "95 80 50"; got {text!r}.'
        ) from error
