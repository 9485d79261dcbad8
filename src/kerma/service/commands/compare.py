"""kerma compare-structures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["compare_structures"]


def compare_structures(
    reference: Annotated[
        Path,
        typer.Argument(
            help="RT Structure Set, DICOM segmentation, or label map (NIfTI, NRRD, ...)."
        ),
    ],
    test: Annotated[Path, typer.Argument(help="Likewise; what is compared with it.")],
    ct: Annotated[
        Path | None, typer.Option(help="The CT they were drawn on, for its grid.")
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(help="REFERENCE=TEST; repeat it. Else what is named alike."),
    ] = None,
    tolerance_mm: Annotated[
        float, typer.Option(help="Of surface Dice and added path length, mm.")
    ] = 2.0,
    pixel_mm: Annotated[
        float, typer.Option(help="Pixel where no CT or label map gives a grid, mm.")
    ] = 1.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for comparison.json and .csv.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier comparison.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Measure how well structures agree with those of a reference.

    Exit code 0: all pairs were measured. 1: nothing could be paired, or a pair has no
    distances. 3: the data cannot be used.
    """
    from kerma.service import structure_comparison

    result = structure_comparison.compare_structures(
        reference,
        test,
        ct=ct,
        pairs=tuple(pair or ()),
        tolerance_mm=tolerance_mm,
        pixel_mm=pixel_mm,
        out=out,
        overwrite=overwrite,
    )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Comparison: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
