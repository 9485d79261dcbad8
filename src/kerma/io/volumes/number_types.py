"""From the number types that files have to those that volumes have, without loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, HUArray, LabelArray
from kerma.errors import InputError
from kerma.io.volumes.stored_volume import AnyArray

__all__ = ["as_float32", "as_hu", "as_labels", "as_numbers", "rescaled"]


def rescaled(array: AnyArray, slope: float, intercept: float) -> AnyArray:
    """`array` times `slope` plus `intercept`: whole where all three are whole.

    Raises
    ------
    InputError
        The factors are not finite, or make a number too large for float32.
    """
    if not np.isfinite([slope, intercept]).all():
        raise InputError(
            f"its numbers are to be scaled by {slope} and {intercept}, which is no scale."
        )
    if slope == 1 and intercept == 0:
        return array
    whole = float(slope).is_integer() and float(intercept).is_integer()
    small = max(abs(slope), abs(intercept)) < 2**30 and array.dtype.itemsize <= 4
    if whole and small and array.dtype.kind in "iu":
        return array.astype(np.int64) * int(slope) + int(intercept)
    with np.errstate(over="ignore"):
        scaled = (array.astype(np.float64) * slope + intercept).astype(np.float32)
    _check_range(array, scaled)
    return scaled


def as_numbers(array: AnyArray) -> tuple[AnyArray, tuple[str, ...]]:
    """Numbers as int16, uint8, uint16 or float32, and notes on them.

    Those of another type become as `as_hu` has them.

    Raises
    ------
    InputError
        They are no numbers, or no type of ours holds them.
    """
    if array.dtype.kind == "b":
        return array.astype(np.uint8), ()
    if array.dtype in (np.uint8, np.uint16):
        return _native(array), ()
    return as_hu(array)


def as_hu(array: AnyArray) -> tuple[HUArray, tuple[str, ...]]:
    """Numbers as int16 or float32, and notes on them.

    Whole numbers become int16 where they fit, and float32 where that holds each of
    them; numbers of floating point stay that, whole or not.

    Raises
    ------
    InputError
        They are no numbers, or neither type holds them.
    """
    if array.dtype.kind in "biu":
        limits = np.iinfo(np.int16)
        if array.min() >= limits.min and array.max() <= limits.max:
            return np.ascontiguousarray(array, np.int16), ()
    return as_float32(array)


def as_float32(array: AnyArray) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Numbers as float32, and notes on them.

    Raises
    ------
    InputError
        A whole number that float32 does not hold exactly, or one beyond its range.
    """
    if array.dtype.kind not in "biuf":
        raise InputError(f"its voxels are of type {array.dtype}, not real numbers.")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32)
    notes = []
    if array.dtype.kind in "iu":
        _check_whole(array, numbers)
    elif array.dtype.kind == "f":
        _check_range(array, numbers)
        if array.dtype.itemsize > 4 and not np.array_equal(
            numbers, array, equal_nan=True
        ):
            notes.append("Numbers of double precision were rounded to float32.")
        missing = int(np.isnan(numbers).sum())
        if missing:
            notes.append(f"{missing} voxels hold no number (NaN).")
    return numbers, tuple(notes)


def as_labels(array: AnyArray, *, largest_label: int = 0) -> LabelArray:
    """Numbers of regions as uint8 or uint16.

    uint16 stays; else it is uint8 where the voxels and `largest_label` fit.

    Raises
    ------
    InputError
        A number is negative, not whole, or over 65535.
    """
    if array.dtype.kind not in "biuf":
        raise InputError(f"its voxels are of type {array.dtype}, not whole numbers.")
    if array.dtype.kind == "f" and not (np.floor(array) == array).all():
        raise InputError("its voxels are not whole numbers, so it is no label map.")
    smallest, largest = array.min(), max(array.max(), largest_label)
    if smallest < 0 or largest > np.iinfo(np.uint16).max:
        raise InputError(
            f"its numbers go from {smallest} to {largest}; those of a label map lie "
            f"between 0 and 65535."
        )
    wide = array.dtype == np.uint16 or largest > np.iinfo(np.uint8).max
    return array.astype(np.uint16) if wide else array.astype(np.uint8)


def _native(array: AnyArray) -> AnyArray:
    """In the byte order of this machine, rows together."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


def _check_whole(before: AnyArray, after: FloatArray) -> None:
    largest = max(abs(int(before.min())), abs(int(before.max())))
    if largest <= 2**24:  # all whole numbers up to here are float32
        return
    # float64 tells all whole numbers up to 2^53 apart.
    if largest > 2**53 or not np.array_equal(
        before.astype(np.float64), after.astype(np.float64)
    ):
        raise InputError(
            f"its whole numbers up to {largest} do not fit float32 without rounding; "
            f"scale them first."
        )


def _check_range(before: AnyArray, after: FloatArray) -> None:
    if np.isinf(after).any() and not np.array_equal(np.isinf(before), np.isinf(after)):
        raise InputError("it holds numbers too large for float32; scale them first.")
