"""kerma breast."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["breast"]


class Side(StrEnum):
    """Which breast."""

    L = "L"
    R = "R"


def breast(
    scans: Annotated[
        list[Path],
        typer.Argument(
            help="Scans: DICOM folders, npy, NIfTI, NRRD, or folders of them."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the results.")],
    device: Annotated[
        str, typer.Option(help="nu_view, another device, or the file of your own.")
    ] = "nu_view",
    laterality: Annotated[
        Side | None, typer.Option(help="Side of scans that do not say it.")
    ] = None,
    spacing: Annotated[
        str | None,
        typer.Option(help="Voxels of NumPy arrays, mm: 0.3, or slices,rows,columns."),
    ] = None,
    shading: Annotated[
        bool, typer.Option("--shading", help="Correct shading.")
    ] = False,
    formats: Annotated[
        str | None,
        typer.Option(
            help="What to write, with commas: numpy, nifti, pictures, page (these four "
            "by default), pdf, seg, sr, rtstruct and others."
        ),
    ] = None,
    cylinder: Annotated[
        bool, typer.Option("--cylinder", help="The cylinder in the label maps, as 9.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Scans at a time.")] = 1,
    redo: Annotated[bool, typer.Option("--redo", help="Do all again.")] = False,
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Do only what failed before.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the results as JSON.")
    ] = False,
) -> None:
    """Segment breast CTs: tissues, glandularity, skin, and what to look at.

    What is done already, from the same files in the same way, is not done again.

    Exit code 0: all is well. 1: the numbers of a scan are unusable. 3: a scan could not
    be read, or there was none. Of several scans the gravest counts; the rest are done.
    """
    from kerma.service.breast_batch import breast_cohort
    from kerma.service.breast_ct import BreastOptions
    from kerma.service.breast_files import DEFAULT_FORMATS
    from kerma.service.breast_simulations import spacing_of
    from kerma.service.progress import progress_bar

    options = BreastOptions(
        device=device,
        laterality=laterality.value if laterality else None,
        spacing_mm=spacing_of(spacing) if spacing else None,
        shading=shading,
        formats=tuple(formats.split(",")) if formats else DEFAULT_FORMATS,
        cylinder=cylinder,
    )
    with progress_bar() as progress:
        cohort = breast_cohort(
            scans,
            out,
            options,
            jobs=jobs,
            redo=redo,
            only_failed=only_failed,
            progress=progress,
            report_bug=lambda trace: typer.echo(trace, err=True),
        )
    typer.echo(cohort.to_json() if json else cohort.summary())
    for one in cohort.scans:
        if one.error:
            typer.echo(f"error: {one.scan}: {one.error}", err=True)
    typer.echo(f"Results: {out}", err=True)
    raise typer.Exit(cohort.exit_code)
