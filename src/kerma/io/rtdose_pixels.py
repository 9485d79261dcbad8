"""From stored pixels to dose: stored value times Dose Grid Scaling (3004,000E).

A rescale slope or intercept, which some files have as well, is not for the dose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray
from kerma.core.dose import DoseType
from kerma.errors import DicomError
from kerma.io.dicom_gateway import decode
from kerma.io.dicom_item import Item
from kerma.io.dicom_slice import PixelFormat
from kerma.io.rtdose_geometry import Planes

__all__ = ["read_values"]

Stored = NDArray[np.integer[Any]]

_LARGEST_SCALING = 1e6  # Gy; a stored 1 is a thousandth of a gray at most


def read_values(
    item: Item, planes: Planes, dose_type: DoseType, *, unit: float = 1.0
) -> tuple[FloatArray, tuple[str, ...]]:
    """(nk, nj, ni) dose as float32, computed in float64, and what to note.

    Parameters
    ----------
    item
        The dose object.
    planes
        Its grid and the order of its frames.
    dose_type
        Decides whether there can be negative values.
    unit
        Dose, in the units wanted, of 1 in the units of the file.

    Raises
    ------
    DicomError
        The pixel data are missing, truncated, damaged, or of a format that no dose
        has; the scaling is not positive; or dose type and pixel representation
        contradict each other in a way that changes a value.
    MissingDependencyError
        A decoder is not installed.
    """
    pixel_format = _pixel_format(item, dose_type)
    scaling = _scaling(item) * unit
    stored_of = _frames(item, planes.grid.shape, pixel_format)
    values = np.empty(planes.grid.shape, np.float32)
    spare = 0
    for frame, k in enumerate(planes.slices):
        stored = stored_of(frame)
        unpacked = _unpack(pixel_format, stored)
        # A negative number whose sign was not extended is no reason for a note.
        if unpacked is not stored and not pixel_format.signed:
            spare += bool((unpacked != stored).any())
        _check_sign(item, pixel_format, dose_type, unpacked)
        np.multiply(
            unpacked, scaling, out=values[k], dtype=np.float64, casting="same_kind"
        )
    note = (
        f"{spare} frames have bits set outside of Bits Stored (0028,0101); these bits "
        f"were ignored."
    )
    return values, (note,) if spare else ()


def _scaling(item: Item) -> float:
    scaling = item.required_number("DoseGridScaling")
    if not 0 < scaling <= _LARGEST_SCALING:
        raise item.problem(
            "DoseGridScaling",
            f"is {scaling:g}, which gives no dose. Export the dose again",
        )
    return scaling


def _pixel_format(item: Item, dose_type: DoseType) -> PixelFormat:
    samples = item.integer("SamplesPerPixel")
    if samples not in (None, 1):
        raise item.problem("SamplesPerPixel", f"is {samples}; a dose has 1")
    allocated = item.required_integer("BitsAllocated")
    if allocated not in (8, 16, 32):
        raise item.problem("BitsAllocated", f"is {allocated}; 8, 16 or 32 is read")
    stored = item.integer("BitsStored")
    stored = allocated if stored is None else stored
    high_bit = item.integer("HighBit")
    high_bit = stored - 1 if high_bit is None else high_bit
    if not 0 < stored <= high_bit + 1 <= allocated:
        raise item.problem(
            "BitsStored",
            f"is {stored} and High Bit (0028,0102) is {high_bit}, which does not fit "
            f"{allocated} bits",
        )
    sign = item.integer("PixelRepresentation")
    if sign not in (None, 0, 1):
        raise item.problem("PixelRepresentation", f"is {sign}; 0 or 1 is needed")
    signed = dose_type is DoseType.ERROR if sign is None else sign == 1
    return PixelFormat(allocated, stored, high_bit, signed)


def _frames(
    item: Item, shape: tuple[int, int, int], pixel_format: PixelFormat
) -> Callable[[int], Stored]:
    """What gives the (nj, ni) stored values of a frame."""
    dtype = np.dtype(pixel_format.dtype)
    if _is_native(item):
        words = _native(item, shape, dtype)
        return lambda frame: words[frame]

    def decoded(frame: int) -> Stored:
        stored = decode(item.data, item.file, frame)
        if stored.shape != shape[1:]:
            raise DicomError(
                f"{item.file}: a frame decompresses to {stored.shape} pixels, but "
                f"{shape[1]} x {shape[2]} are declared. Export it again."
            )
        return stored.astype(dtype, copy=False)

    return decoded


def _is_native(item: Item) -> bool:
    """Whether the pixel data are the plain little-endian words."""
    from pydicom.uid import (
        DeflatedExplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    syntax = item.data.file_meta.get("TransferSyntaxUID")
    return syntax in (
        None,  # files without a file meta
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
    )


def _native(item: Item, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Stored:
    """(nk, nj, ni) stored values where they lie in the file's bytes; no copy."""
    content = item.value("PixelData")
    if not isinstance(content, bytes):
        raise item.problem("PixelData", "is missing. Export the dose again")
    count = int(np.prod(shape))
    needed = count * dtype.itemsize
    if len(content) not in (needed, needed + needed % 2):  # padded to an even length
        raise item.problem(
            "PixelData",
            f"has {len(content)} bytes, but {shape[0]} frames of {shape[1]} x "
            f"{shape[2]} pixels need {needed}. Export or copy the file again",
        )
    return np.frombuffer(content, dtype, count).reshape(shape)


def _unpack(pixel_format: PixelFormat, stored: Stored) -> Stored:
    """Values without the bits that do not belong to them, sign extended."""
    spare = pixel_format.bits_allocated - pixel_format.bits_stored
    above = pixel_format.bits_allocated - 1 - pixel_format.high_bit
    return (stored << above) >> spare if spare else stored


def _check_sign(
    item: Item, pixel_format: PixelFormat, dose_type: DoseType, stored: Stored
) -> None:
    """Refuse a sign bit that one element calls a sign and another one does not.

    Only a dose of type ERROR is signed (PS3.3, C.8.8.3.4).
    """
    signed, is_error = pixel_format.signed, dose_type is DoseType.ERROR
    if signed == is_error:
        return
    largest = (1 << pixel_format.bits_stored - 1) - 1
    if (signed and stored.min() < 0) or (not signed and stored.max() > largest):
        raise item.problem(
            "PixelRepresentation",
            f"is {signed:d}, which does not fit Dose Type (3004,0004) {dose_type}: "
            f"whether values are negative cannot be told. Export the dose again",
        )
