"""NIfTI: RAS positions, indices (i, j, k)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.errors import InputError
from kerma.io.volumes.file_bytes import (
    COMPRESSION,
    array_from,
    byte_count,
    inflate,
    inflated_head,
    read_bytes,
)
from kerma.io.volumes.nifti_labels import CARET, caret_extension, read_caret
from kerma.io.volumes.number_types import rescaled
from kerma.io.volumes.stored_volume import (
    Quantity,
    Stored,
    grid_from_steps,
    labels_of,
    quantity_of,
)

__all__ = ["nifti_bytes", "read_nifti"]

_Header: TypeAlias = Any
"""A header of nibabel, NIfTI-1 or NIfTI-2; nibabel declares few types."""

_GZIP = b"\x1f\x8b"
_LABEL_INTENT = 1002  # NIFTI_INTENT_LABEL of nifti1.h
_MM_PER_UNIT = {0: 1.0, 1: 1e3, 2: 1.0, 3: 1e-3}  # unknown, meter, mm, micron
_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0])
_LONGEST = np.iinfo(np.int16).max  # dim is int16
_LARGEST_EXTENSIONS = 64 * 2**20


def read_nifti(file: Path) -> Stored:
    """Read a NIfTI-1 or NIfTI-2 file, compressed or not.

    The sform places the voxels where its code is over 0, else the qform, as nibabel
    and FSL have it; where both codes are 0 the file does not say.

    Raises
    ------
    InputError
        It is no NIfTI file, damaged, cut off, or holds something other than one
        volume of numbers.
    GeometryError
        No grid can say where its voxels lie.
    """
    data = read_bytes(file)
    compressed = data.startswith(_GZIP)
    header = _header(inflated_head(data, 540) if compressed else data[:540])
    shape, dtype = _shape(header), _dtype(header)
    start = _data_start(header)
    if compressed:
        data = inflate(data, start + byte_count(dtype, shape))
    stored = array_from(data, dtype, shape, skip=start)
    array = rescaled(stored, *_scale(header))
    labels = read_caret(data[int(header["sizeof_hdr"]) : start])
    quantity = Quantity.stated(header["intent_name"].item().decode("latin-1"))
    if int(header["intent_code"]) == _LABEL_INTENT or labels:
        quantity = Quantity.LABELS
    grid, notes = _grid(header, shape)
    return Stored(array, grid, quantity, labels, notes)


def nifti_bytes(volume: Volume, name: str) -> dict[str, bytes]:
    """A NIfTI-1 file; compressed where its name ends so.

    The sform says where the voxels lie, and the qform too where it can: it knows no
    shear.

    Raises
    ------
    InputError
        It is too long along an axis for NIfTI-1, or has a label name that cannot be
        written.
    """
    import nibabel as nib

    if max(volume.grid.shape) > _LONGEST:
        raise InputError(
            f"NIfTI-1 holds {_LONGEST} voxels along an axis; got {volume.grid.shape}. "
            f"Write .nrrd."
        )
    affine = np.eye(4)
    affine[:3] = _LPS_FROM_RAS @ volume.grid.affine[:3][:, [2, 1, 0, 3]]
    image_of: Any = nib.Nifti1Image  # it declares no types
    image = image_of(volume.array.T, affine, dtype=volume.array.dtype)
    header = image.header
    header.set_xyzt_units("mm")
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner", strip_shears=True)
    if not _say_the_same(header.get_qform(), header.get_sform(), volume.grid.shape):
        header.set_qform(None, code="unknown")
    quantity = quantity_of(volume)
    if quantity is Quantity.LABELS:
        header.set_intent(_LABEL_INTENT, name=quantity.value, allow_unknown=True)
        extension = caret_extension(labels_of(volume))
        header.extensions.append(nib.nifti1.Nifti1Extension(CARET, extension))
    else:
        header.set_intent("none", name=quantity.value)
    content = image.to_bytes()
    if name.lower().endswith(".gz"):
        content = gzip.compress(content, compresslevel=COMPRESSION, mtime=0)
    return {name: content}


def _header(head: bytes) -> _Header:
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header
    from nibabel.spatialimages import HeaderDataError

    kinds: list[tuple[Any, int, bytes]] = [
        (Nifti1Header, 348, b"n+1\0"),
        (Nifti2Header, 540, b"n+2\0"),
    ]
    for kind, size, magic in kinds:
        if magic in (head[344:348], head[4:8]) and len(head) >= size:
            try:
                # Its own check repairs in silence what we want to refuse or note.
                header = kind(head[:size], check=False)
            except (HeaderDataError, ValueError) as error:
                raise InputError("its NIfTI header is damaged.") from error
            if int(header["sizeof_hdr"]) == size:
                return header
    raise InputError(
        "it is no NIfTI file, or it is cut off; a pair of .hdr and .img is not read."
    )


def _shape(header: _Header) -> tuple[int, int, int]:
    """Along (k, j, i)."""
    count = int(header["dim"][0])
    lengths = [int(length) for length in header["dim"][1:]]
    if not 3 <= count <= 7 or any(length != 1 for length in lengths[3:count]):
        raise InputError(
            f"it has {count} dimensions of {lengths[: max(count, 0)]} voxels; a volume "
            f"has three. Take the frames or channels apart first."
        )
    ni, nj, nk = lengths[:3]
    return nk, nj, ni


def _dtype(header: _Header) -> np.dtype:
    from nibabel.spatialimages import HeaderDataError

    try:
        dtype = np.dtype(header.get_data_dtype())
    except (HeaderDataError, KeyError) as error:
        raise InputError(
            f"its data type {int(header['datatype'])} is none of NIfTI's."
        ) from error
    if dtype.kind not in "iuf":
        raise InputError("its voxels are complex numbers or colors, not real numbers.")
    return dtype


def _data_start(header: _Header) -> int:
    size, start = int(header["sizeof_hdr"]), float(header["vox_offset"])
    if not size <= start <= _LARGEST_EXTENSIONS or not start.is_integer():
        raise InputError(f"its voxels begin at byte {start}, which cannot be.")
    return int(start)


def _scale(header: _Header) -> tuple[float, float]:
    """Slope and intercept; the slope 0 says that there is none."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or np.isnan(slope):
        return 1.0, 0.0
    return slope, intercept


def _grid(
    header: _Header, shape: tuple[int, int, int]
) -> tuple[Grid | None, tuple[str, ...]]:
    affine, notes = _affine(header, shape)
    if affine is None:
        return None, notes
    if not np.isfinite(affine).all():
        raise InputError("its sform or qform has numbers that are not finite.")
    unit = int(header["xyzt_units"]) & 0x07
    if unit not in _MM_PER_UNIT:
        raise InputError(f"its unit of length has the code {unit}, which is none.")
    if unit == 0:
        notes = (*notes, "The file names no unit of length: taken as mm.")
    ras = np.asarray(affine[:3], dtype=np.float64) * _MM_PER_UNIT[unit]
    lps = _LPS_FROM_RAS @ ras
    grid, straightened = grid_from_steps(shape, lps[:, 3], lps[:, [2, 1, 0]].T)
    return grid, (*notes, *straightened)


def _affine(
    header: _Header, shape: tuple[int, int, int]
) -> tuple[FloatArray | None, tuple[str, ...]]:
    from nibabel.spatialimages import HeaderDataError

    sform = header.get_sform() if int(header["sform_code"]) > 0 else None
    if int(header["qform_code"]) <= 0:
        return sform, ()
    if float(header["pixdim"][0]) not in (-1.0, 1.0):
        header["pixdim"][0] = 1.0  # as nifti1.h has it
    qform = None
    try:
        qform = header.get_qform()
    except (HeaderDataError, ValueError) as error:
        if sform is None:
            raise InputError("its qform is damaged, and it has no sform.") from error
    if sform is None:
        return qform, ()
    if qform is None or not _say_the_same(qform, sform, shape):
        return sform, ("Its qform places the voxels elsewhere; the sform was taken.",)
    return sform, ()


def _say_the_same(
    first: FloatArray, second: FloatArray, shape: tuple[int, int, int]
) -> bool:
    """Whether no corner differs by over a hundredth of a voxel."""
    nk, nj, ni = shape
    corners = np.array(
        [[i, j, k, 1] for i in (0, ni) for j in (0, nj) for k in (0, nk)], dtype=float
    )
    with np.errstate(all="ignore"):  # what is not finite is not the same
        tolerance = 0.01 * np.linalg.norm(second[:3, :3], axis=0).min()
        return bool((np.abs(corners @ (first - second).T) <= tolerance).all())
