"""kerma dvh."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["dvh"]


class Between(StrEnum):
    """What lies between two planes of contours."""

    SLAB = "slab"
    SHAPE = "shape"


class Outside(StrEnum):
    """What becomes of the part of a structure outside the dose grid."""

    EXCLUDE = "exclude"
    ZERO = "zero"
    REFUSE = "refuse"


def dvh(
    dose: Annotated[Path, typer.Argument(help="RT Dose file.")],
    structures: Annotated[Path, typer.Argument(help="RT Structure Set file.")],
    structure: Annotated[
        list[str] | None, typer.Option(help="Name of a structure; may be repeated.")
    ] = None,
    constraints: Annotated[
        Path | None,
        typer.Option(help="Lines such as 'PTV: D95% >= 47.5 Gy', or TOML."),
    ] = None,
    prescription_gy: Annotated[
        float | None, typer.Option(min=0.001, help="Prescribed dose, Gy.")
    ] = None,
    end_cap: Annotated[
        str, typer.Option(help="Beyond the end planes: half, none, or mm.")
    ] = "half",
    between: Annotated[
        Between, typer.Option(help="Between planes: slab or shape.")
    ] = Between.SLAB,
    outside: Annotated[
        Outside, typer.Option(help="Beyond the dose grid: exclude, zero or refuse.")
    ] = Outside.EXCLUDE,
    spacing_mm: Annotated[
        float | None, typer.Option(help="Edge of the sampling cells, mm.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Dose-volume histograms of a plan, and whether it keeps its constraints.

    Exit code 0: every constraint is kept, or none was given. 1: one is broken, or
    could not be evaluated. 3: the data cannot be used.
    """
    from kerma.service.dvh import dose_volume_histograms

    result = dose_volume_histograms(
        dose,
        structures,
        structure=structure or (),
        constraints=constraints,
        prescription_gy=prescription_gy,
        end_cap=end_cap,
        between=between.value,
        outside=outside.value,
        spacing_mm=spacing_mm,
        out=out,
        overwrite=overwrite,
    )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
