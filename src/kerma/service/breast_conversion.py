"""Breast CTs from DICOM to NumPy and back, from plain values for the command line."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from kerma.core.arrays import BoolArray, Vec3
from kerma.core.dose import Dose
from kerma.core.label_map import LabelMap
from kerma.core.uids import uid_from
from kerma.core.volume import CT, Volume
from kerma.errors import InputError
from kerma.io import read_ct, read_volume, write_ct, write_file, write_volume
from kerma.io.volumes.numpy import plain_array
from kerma.reports.breast_ct.naming import stem_of
from kerma.service.breast_scans import check_spacing
from kerma.service.procedures import Progress
from kerma.workflows.breast_ct.conversion import breast_array, place_like, to_scan
from kerma.workflows.breast_ct.orientation import breast_grid

__all__ = ["breast_to_dicom", "breast_to_numpy"]


def breast_to_numpy(
    source: Path,
    out: Path,
    *,
    name: str | None = None,
    drop_posterior: int = 0,
    keep_cylinder: bool = False,
    clip: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write a breast CT as an array in the frame of the breast.

    ``NAME.npy``: int16 HU, chest wall first, head first, patient's right first; -1024
    outside the field of view and where the cylinder is. ``NAME.json``: where the voxels
    lie. ``cylinder_NAME.npy``: bool, the section of the cylinder, the same in all slices.

    Parameters
    ----------
    source
        Folder, file or zip of the scan.
    out
        Folder; made where it does not exist.
    name
        By default that of the source, without its suffix.
    drop_posterior, keep_cylinder, clip
        As of `breast_array`.
    overwrite
        Replace files that exist.
    progress
        Called with the name of the step and the fraction of it that is done.

    Returns
    -------
    tuple of Path
        Array, geometry, cylinder.

    Raises
    ------
    InputError
        The scan cannot be read or shows no tissue, there are too few slices, a file
        exists, or the name is none for files.
    GeometryError
        The slices are uneven, sheared or oblique.
    """
    stem = stem_of(name or _base(source))
    section = out / f"cylinder_{stem}.npy"
    if section.exists() and not overwrite:
        raise InputError(
            f"{section.name}: is there already; choose another name, or ask for it to "
            f"be overwritten."
        )
    made = breast_array(
        read_ct(
            source,
            progress=None if progress is None else partial(progress, stem),
        ),
        drop_posterior=drop_posterior,
        keep_cylinder=keep_cylinder,
        clip=clip,
    )
    file = write_volume(made.ct, out / f"{stem}.npy", overwrite=overwrite)
    stream = io.BytesIO()
    np.save(stream, made.cylinder, allow_pickle=False)
    return file, file.with_suffix(".json"), write_file(section, stream.getvalue())


def breast_to_dicom(
    file: Path,
    out: Path,
    *,
    header: Path | None = None,
    cylinder: Path | None = None,
    labels: bool = False,
    spacing_mm: Vec3 | None = None,
    drop_posterior: int = 0,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write an array or a label map of a breast as a DICOM CT series.

    Tissue numbers become CT numbers, for Monte Carlo codes that read CT. The images are
    derived, secondary ones with UIDs of their own, the same ones from the same content.

    Parameters
    ----------
    file
        .npy as of `breast_to_numpy`, with its .json or without, or another format of
        `read_volume`.
    out
        Folder for the images.
    header
        A DICOM image or the scan itself, whose patient, study, scanner and frame of
        reference are taken. The scan also gives the order of the axes, and the place of
        an array without .json.
    cylinder
        ``cylinder_NAME.npy``, to put the cylinder back; see `to_scan`.
    labels
        The numbers are those of tissues, though the file does not say so.
    spacing_mm
        Of voxels along ``(k, j, i)``, for an array without .json.
    drop_posterior
        Slices of the header at the chest wall that such an array does not have.
    overwrite
        Replace images that exist.

    Returns
    -------
    tuple of Path
        The images, in slice order.

    Raises
    ------
    InputError
        A file cannot be read or holds something else, or an image exists.
    GeometryError
        The array does not lie on the voxels of the header, or nothing says how large
        its voxels are.
    """
    check_spacing(spacing_mm)
    like = None if header is None else read_ct(header)
    is_scan = like is not None and like.grid.shape[0] > 1
    has_place = file.suffix.lower() != ".npy" or file.with_suffix(".json").is_file()
    volume = _read(file, spacing_mm, labels=labels, has_place=has_place, like=like)
    if not has_place and like is not None and is_scan:
        volume = place_like(volume, like, drop_posterior=drop_posterior)
        has_place = True
    elif drop_posterior:
        raise InputError(
            "Slices left out at the chest wall place an array without .json in the scan "
            "that it is of; give that scan as the header, or leave them out."
        )
    section = None if cylinder is None else _read_cylinder(cylinder)
    ct = to_scan(volume, header=like, cylinder=section)
    if like is not None and has_place:
        frame = like.grid.frame_of_reference
        ct = replace(ct, grid=replace(ct.grid, frame_of_reference=frame))
    whole = like is not None and like.grid.is_same_as(ct.grid)
    return tuple(
        write_ct(
            ct,
            out,
            uid_seed=_seed(ct),
            source=like if whole else None,
            overwrite=overwrite,
        )
    )


def _base(source: Path) -> str:
    path = source.absolute()
    return path.name if path.is_dir() else path.stem


def _seed(ct: CT) -> str:
    """What the UIDs follow from: the content, whose it is, and our version."""
    from kerma import __version__

    study = ct.study.study_instance_uid
    return uid_from(
        __version__, study, ct.sha256, ct.acquisition.series_description or ""
    )


def _read(
    file: Path,
    spacing_mm: Vec3 | None,
    *,
    labels: bool,
    has_place: bool,
    like: CT | None,
) -> Volume:
    """HU or tissue numbers, in the frame of the breast where the file says nothing.

    Raises
    ------
    InputError
        The file holds neither.
    """
    if not has_place and spacing_mm is None and like is not None:
        spacing_mm = like.grid.spacing  # replaced with the place in the scan
    volume = read_volume(
        file, kind="labels" if labels else "auto", spacing_mm=spacing_mm
    )
    if not isinstance(volume, CT | LabelMap):
        signed = volume.array.dtype in (np.int16, np.float32)
        if not signed or isinstance(volume, Dose):
            raise InputError(
                f"{file.name}: does not hold CT numbers. If its numbers are those of "
                f"tissues, say so (labels)."
            )
        volume = read_volume(file, kind="ct", spacing_mm=spacing_mm)
    if has_place:
        return volume
    nk, nj, ni = volume.grid.shape
    return replace(volume, grid=breast_grid((nk, nj, ni), volume.grid.spacing))


def _read_cylinder(file: Path) -> BoolArray:
    """Section or voxels of the cylinder, from an array of bool or of 0 and 1.

    Raises
    ------
    InputError
        It is no such array.
    """
    try:
        cylinder = plain_array(file)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from error
    if (
        cylinder.dtype.kind not in ("b", "u", "i")
        or not np.isin(cylinder, (0, 1)).all()
    ):
        raise InputError(f"{file.name}: a cylinder is an array of bool.")
    return cylinder.astype(np.bool_)
