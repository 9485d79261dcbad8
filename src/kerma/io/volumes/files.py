"""Volumes in the formats of research: NIfTI, NRRD, MetaImage, NumPy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from kerma.core.arrays import Vec3
from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.core.label_map import LabelMap
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError
from kerma.io.dicom.header import plain
from kerma.io.dicom.source import base_name
from kerma.io.files import all_or_none, make_folder, write_file
from kerma.io.volumes.metaimage import metaimage_bytes, read_metaimage
from kerma.io.volumes.nifti import nifti_bytes, read_nifti
from kerma.io.volumes.nrrd import nrrd_bytes, read_nrrd
from kerma.io.volumes.number_types import as_float32, as_hu, as_labels, as_numbers
from kerma.io.volumes.numpy import numpy_bytes, read_numpy
from kerma.io.volumes.stored_volume import Quantity, Stored, placement

__all__ = ["Kind", "read_volume", "write_volume"]

_log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["auto", "ct", "dose", "labels", "volume"]


@dataclass(frozen=True)
class _Format:
    read: Callable[[Path], Stored]
    write: Callable[[Volume, str], dict[str, bytes]]
    holds_uneven_slices: bool = False


_NIFTI = _Format(read_nifti, nifti_bytes)
_NRRD = _Format(read_nrrd, nrrd_bytes)
_METAIMAGE = _Format(read_metaimage, metaimage_bytes)
_FORMATS = {
    ".nii": _NIFTI,
    ".nii.gz": _NIFTI,
    ".nrrd": _NRRD,
    ".nhdr": _NRRD,
    ".mha": _METAIMAGE,
    ".mhd": _METAIMAGE,
    ".npy": _Format(read_numpy, numpy_bytes, holds_uneven_slices=True),
}
_KINDS: dict[Quantity, Kind] = {
    Quantity.UNKNOWN: "volume",
    Quantity.HU: "ct",
    Quantity.GY: "dose",
    Quantity.RELATIVE_DOSE: "dose",
    Quantity.LABELS: "labels",
}


def read_volume(
    file: Path | str,
    *,
    kind: Kind = "auto",
    spacing_mm: Vec3 | None = None,
    frame_of_reference: str = "",
) -> Volume:
    """Read a volume from .nii, .nii.gz, .nrrd, .nhdr, .mha, .mhd or .npy.

    Parameters
    ----------
    file
        The file, or its header where the data lie beside it.
    kind
        What its numbers are: ``"ct"`` for HU, ``"dose"`` for Gy, ``"labels"`` for
        numbers of regions, ``"volume"`` for numbers of another kind. ``"auto"`` goes
        by what the file says, and takes one that says nothing for a plain volume.
    spacing_mm
        Distance between voxels along slices, rows and columns, for a file that does
        not say where its voxels lie; they are then taken as axial.
    frame_of_reference
        DICOM UID of the frame of reference in which its positions are, as of the CT
        that it was made from. The formats do not hold it.

    Returns
    -------
    Volume
        `CT`, `Dose`, `LabelMap` or plain `Volume`. What was odd about the file is in
        its notes; that of a plain volume goes to the log.

    Raises
    ------
    InputError
        The file cannot be read, is damaged or cut off, or holds something else than
        `kind` says or than its type holds without loss.
    GeometryError
        It does not say where its voxels lie, or no grid can say it.
    """
    file = Path(file)
    try:
        stored = _format_of(file).read(file)
        kind = _chosen(kind, stored.quantity)
        grid, notes = placement(stored, spacing_mm, frame_of_reference)
        return _volume(stored, grid, notes, kind)
    except (InputError, GeometryError) as error:
        raise type(error)(f"{base_name(file)}: {error}") from error


def write_volume(volume: Volume, file: Path | str, *, overwrite: bool = False) -> Path:
    """Write a volume; the suffix of the file chooses the format.

    Numbers and positions are written, what the numbers are, and the labels of a label
    map. Names, UIDs and what is known of the patient are not.

    Parameters
    ----------
    volume
        CT, dose, label map or any other volume.
    file
        Ending in .nii, .nii.gz, .nrrd, .nhdr (data beside it in .raw.gz), .mha, .mhd
        (data in .raw) or .npy (geometry in .json).
    overwrite
        Whether files that exist are replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        A file exists, cannot be written, or its format cannot hold the numbers.
    GeometryError
        Its format cannot hold the geometry: uneven slices (.npy can), or for
        MetaImage sheared slices.
    """
    file = Path(file)
    try:
        contents = _contents(volume, file)
        _check_free(file.parent, contents, overwrite=overwrite)
    except (InputError, GeometryError) as error:
        raise type(error)(f"{base_name(file)}: {error}") from error
    if len(contents) == 1:
        return write_file(make_folder(file.parent) / file.name, contents[file.name])
    with all_or_none(file.parent, list(contents), overwrite=overwrite) as folder:
        for name, content in contents.items():
            write_file(folder / name, content)
    return file


def _format_of(file: Path) -> _Format:
    name = file.name.lower()
    for suffix, form in _FORMATS.items():
        if name.endswith(suffix) and name != suffix:
            return form
    raise InputError(f"its name must end in one of: {', '.join(_FORMATS)}.")


def _contents(volume: Volume, file: Path) -> dict[str, bytes]:
    form = _format_of(file)
    if not file.name.isprintable():  # it stands in the header of .mhd and .nhdr
        raise InputError("its name has a control character; choose another.")
    if not (volume.grid.is_even or form.holds_uneven_slices):
        raise GeometryError(
            "The slices are unevenly spaced, which this format cannot say. Resample "
            "them to an even grid first, or write .npy."
        )
    return form.write(volume, file.name)


def _check_free(folder: Path, names: Iterable[str], *, overwrite: bool) -> None:
    taken = [name for name in names if (folder / name).exists()]
    if taken and not overwrite:
        raise InputError(
            f"{plain(taken[0])} is there already; choose another name, or ask for it "
            f"to be overwritten."
        )


def _chosen(kind: Kind, quantity: Quantity) -> Kind:
    """The kind to read as, where the file does not contradict it."""
    said = _KINDS[quantity]
    if kind == "auto":
        return said
    if kind not in _KINDS.values():
        raise InputError(f"it cannot be read as {kind!r}.")
    if kind not in (said, "volume") and quantity:
        raise InputError(
            f"it says that it holds {quantity.value}; it was to be read as {kind!r}."
        )
    return kind


def _volume(stored: Stored, grid: Grid, notes: tuple[str, ...], kind: Kind) -> Volume:
    if kind == "labels":
        largest = max((label.number for label in stored.labels), default=0)
        regions = as_labels(stored.array, largest_label=largest)
        return LabelMap(regions, grid, stored.labels, notes)
    if kind == "dose":
        gy, odd = as_float32(stored.array)
        units = DoseUnits.GY
        if stored.quantity is Quantity.RELATIVE_DOSE:
            units = DoseUnits.RELATIVE
        elif not stored.quantity:
            notes = (*notes, "The file names no unit of dose: taken as Gy.")
        return Dose(gy, grid, units=units, notes=(*notes, *odd))
    if kind == "ct":
        hu, odd = as_hu(stored.array)
        return CT(hu, grid, notes=(*notes, *odd))
    numbers, odd = as_numbers(stored.array)
    for note in (*notes, *odd):
        _log.info("%s", note)
    return Volume(numbers, grid)
