"""From stored pixels to dose: stored value times Dose Grid Scaling (3004,000E).

A rescale slope or intercept, which some files have as well, is not for the dose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray
from kerma.core.dose import DoseType
from kerma.io.dicom.item import Item
from kerma.io.dicom.pixel_format import PixelFormat
from kerma.io.dicom.stored_pixels import StoredPixels, pixel_format
from kerma.io.rtdose.geometry import Planes

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
    layout = pixel_format(item, signed=dose_type is DoseType.ERROR)
    pixels = StoredPixels(item, planes.grid.shape[0], layout)
    scaling = _scaling(item) * unit
    values = np.empty(planes.grid.shape, np.float32)
    spare = 0
    for frame, k in enumerate(planes.slices):
        stored = pixels.values(frame)
        # A negative number whose sign was not extended is no reason for a note.
        if layout.bits_stored < layout.bits_allocated and not layout.signed:
            spare += bool((stored != pixels.words(frame)).any())
        _check_sign(item, layout, dose_type, stored)
        np.multiply(
            stored, scaling, out=values[k], dtype=np.float64, casting="same_kind"
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


def _check_sign(
    item: Item, layout: PixelFormat, dose_type: DoseType, stored: Stored
) -> None:
    """Refuse a sign bit that one element calls a sign and another one does not.

    Only a dose of type ERROR is signed (PS3.3, C.8.8.3.4).
    """
    signed, is_error = layout.signed, dose_type is DoseType.ERROR
    if signed == is_error:
        return
    largest = (1 << layout.bits_stored - 1) - 1
    if (signed and stored.min() < 0) or (not signed and stored.max() > largest):
        raise item.problem(
            "PixelRepresentation",
            f"is {signed:d}, which does not fit Dose Type (3004,0004) {dose_type}: "
            f"whether values are negative cannot be told. Export the dose again",
        )
