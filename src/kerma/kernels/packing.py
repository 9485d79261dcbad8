"""Filled fractions of voxels, packed: what is the same from voxel to voxel is kept once.

A slice is a list of pieces, row after row. A piece is one value for some voxels, then
further voxels with a value each: the inside and the outside of a region take next to
nothing, and its border is kept as it is.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = [
    "LONGEST",
    "add_common",
    "add_moments",
    "pack_changes",
    "pack_values",
    "unpack_values",
]

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Lengths: TypeAlias = NDArray[Any]

Value: TypeAlias = Any  # float32

Packed: TypeAlias = tuple[Integers, Floats, Integers]
"""Lengths (p, 2) of the pieces, uint16: voxels of one value, then voxels of their own;
values (v,) float32, of which each piece has one and those of its own; and (2,) how many
pieces and values are there."""

LONGEST = 65535
"""Voxels of one value, and voxels of their own, that a piece has at most."""

_SAME = 4  # voxels alike that are worth a piece of their own
_SIGNED = np.int64(0)  # added to a length: unsigned plus signed would be a float
_ROUNDING = 1e-12  # coverage; sums of changes leave 1e-16 or so where there is none


@compiled
def pack_values(flat: Floats, packed: Packed) -> None:
    """Append a slice.

    Parameters
    ----------
    flat
        (n,) float32, its voxels row by row.
    packed
        With room for n pieces and n values more.
    """
    first = packed[2][0]
    start = 0
    while start < flat.size:
        value, stop = flat[start], start + 1
        while stop < flat.size and flat[stop] == value:
            stop += 1
        _put(value, stop - start, first, packed)
        start = stop


@compiled
def pack_changes(
    changes: Floats,
    weight: float,
    corner: tuple[int, int],
    shape: tuple[int, int],
    packed: Packed,
) -> None:
    """Append a slice as `kerma.kernels.even_odd.add_rows` would fill it.

    Parameters
    ----------
    changes
        (nj, ni + 1) changes along the rows of a box of the slice.
    weight
        By which the coverage counts.
    corner, shape
        Row and column of the first voxel of the box, and rows and columns of the slice.
    packed
        With room for as many pieces and values more as the slice has voxels.
    """
    first = packed[2][0]
    rows, columns = changes.shape[0], changes.shape[1] - 1
    right = shape[1] - corner[1] - columns
    none: Value = np.float32(0)
    last, count = none, corner[0] * shape[1]
    for j in range(rows):
        # The empty voxels before a row follow those behind the row before.
        last, count = _more(last, count, none, corner[1], first, packed)
        total, start = 0.0, 0
        while start < columns:
            total += changes[j, start]
            # Between two edges the coverage stays the same.
            stop = start + 1
            while stop < columns and changes[j, stop] == 0:
                stop += 1
            value = none
            if total > _ROUNDING:
                value = np.float32(min(weight * min(total, 1.0), 1.0))
            last, count = _more(last, count, value, stop - start, first, packed)
            start = stop
        last, count = _more(last, count, none, right, first, packed)
    rest = (shape[0] - corner[0] - rows) * shape[1]
    last, count = _more(last, count, none, rest, first, packed)
    _put(last, count, first, packed)


@compiled
def _more(
    last: Value, count: int, value: Value, more: int, first: int, packed: Packed
) -> tuple[Value, int]:
    """The value of the voxels that wait, and their number, once there are some more."""
    if more == 0 or value == last:
        return last, count + more
    _put(last, count, first, packed)
    return value, more


@compiled
def _put(value: Value, count: int, first: int, packed: Packed) -> None:
    """Append voxels of one value; pieces before `first` are of another slice."""
    lengths, values, used = packed
    pieces, at = used[0], used[1]
    if count < _SAME and pieces > first and lengths[pieces - 1, 1] + count <= LONGEST:
        for _ in range(count):
            values[at] = value
            at += 1
        lengths[pieces - 1, 1] += np.uint16(count)
        count = 0
    while count > 0:
        part = min(count, LONGEST)
        lengths[pieces, 0], lengths[pieces, 1] = part, 0
        values[at] = value
        pieces, at, count = pieces + 1, at + 1, count - part
    used[0], used[1] = pieces, at


@compiled
def unpack_values(lengths: Lengths, values: Floats, flat: Floats) -> None:
    """Fill one or several slices (n,) from their pieces (p, 2) and their values (v,)."""
    at, voxel = 0, 0
    for n in range(len(lengths)):
        same, own = lengths[n, 0] + _SIGNED, lengths[n, 1] + _SIGNED
        flat[voxel : voxel + same] = values[at]
        voxel, at = voxel + same, at + 1
        flat[voxel : voxel + own] = values[at : at + own]
        voxel, at = voxel + own, at + own


@compiled
def add_moments(
    lengths: Lengths, values: Floats, columns: int, moments: Floats
) -> None:
    """Sums over a slice from its pieces.

    Parameters
    ----------
    lengths, values
        As for `unpack_values`.
    columns
        Of the slice.
    moments
        (4,) float64, added to: the values, times their rows, times their columns, and
        how many are at least one half.
    """
    at, voxel = 0, 0
    for n in range(len(lengths)):
        same, own = lengths[n, 0] + _SIGNED, lengths[n, 1] + _SIGNED
        value, stop = values[at], voxel + same
        moments[3] += same if value >= 0.5 else 0
        while value > 0 and voxel < stop:
            j, i = voxel // columns, voxel % columns
            count = min(stop - voxel, columns - i)
            moments[0] += value * count
            moments[1] += value * (count * j)
            moments[2] += value * (count * (i + (count - 1) / 2))
            voxel += count
        voxel, at = stop, at + 1
        j, i = voxel // columns, voxel % columns
        for _ in range(own):
            moments[0] += values[at]
            moments[1] += values[at] * j
            moments[2] += values[at] * i
            moments[3] += values[at] >= 0.5
            at, i = at + 1, i + 1
            if i == columns:
                j, i = j + 1, 0
        voxel += own


@compiled
def add_common(one: Floats, other: Floats, sums: Floats) -> None:
    """What two slices (nj, ni) have in common, added to two sums.

    These are the smaller of both values of each voxel, and how many voxels are at least
    half full in both.
    """
    for j in range(one.shape[0]):
        least, halves = 0.0, 0
        for i in range(one.shape[1]):
            value = min(one[j, i], other[j, i])
            least += value
            halves += value >= 0.5
        sums[0] += least
        sums[1] += halves
