"""kerma breast-to-numpy and breast-to-dicom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["breast_to_dicom", "breast_to_numpy"]

_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist.")
]


def breast_to_numpy(
    scans: Annotated[list[Path], typer.Argument(help="Scans: folders, zips or files.")],
    out: Annotated[Path, typer.Option(help="Folder for the arrays.")],
    name: Annotated[
        str | None, typer.Option(help="Of the array; by default that of the scan.")
    ] = None,
    drop_posterior: Annotated[
        int, typer.Option(help="Slices to leave out at the chest wall.")
    ] = 0,
    keep_cylinder: Annotated[
        bool, typer.Option("--keep-cylinder", help="Leave the cylinder in the array.")
    ] = False,
    clip: Annotated[
        bool, typer.Option("--clip", help="Cut CT numbers to -1024 to 1024 HU.")
    ] = False,
    overwrite: _Overwrite = False,
) -> None:
    """Write breast CTs as arrays: int16 HU, chest wall first, no cylinder."""
    from kerma.service import breast_conversion
    from kerma.service.progress import progress_bar

    if name is not None and len(scans) > 1:
        raise typer.BadParameter("is for one scan", param_hint="--name")
    for scan in scans:
        with progress_bar() as progress:
            written = breast_conversion.breast_to_numpy(
                scan, out, name=name, drop_posterior=drop_posterior,
                keep_cylinder=keep_cylinder, clip=clip, overwrite=overwrite,
                progress=progress,
            )  # fmt: skip
        typer.echo(written[0])


def breast_to_dicom(
    file: Annotated[Path, typer.Argument(help="Array or label map.")],
    out: Annotated[Path, typer.Option(help="Folder for the DICOM series.")],
    header: Annotated[
        Path | None, typer.Option(help="DICOM image, or the scan it was made from.")
    ] = None,
    cylinder: Annotated[
        Path | None, typer.Option(help="cylinder_NAME.npy, to put it back.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="The numbers are those of tissues.")
    ] = False,
    spacing: Annotated[
        str | None,
        typer.Option(help="Of voxels, mm; or slices,rows,columns; if nothing says it."),
    ] = None,
    drop_posterior: Annotated[
        int, typer.Option(help="Slices of the header that the array does not have.")
    ] = 0,
    overwrite: _Overwrite = False,
) -> None:
    """Write an array or a label map of a breast as a DICOM CT series.

    Tissue numbers become CT numbers, for Monte Carlo codes that read CT.
    """
    from kerma.service import breast_conversion
    from kerma.service.breast_simulations import spacing_of

    written = breast_conversion.breast_to_dicom(
        file, out, header=header, cylinder=cylinder, labels=labels,
        spacing_mm=None if spacing is None else spacing_of(spacing),
        drop_posterior=drop_posterior, overwrite=overwrite,
    )  # fmt: skip
    typer.echo(f"{len(written)} images in {out}")
