"""Ranges and bends of a dose, which say where gamma need not be looked for.

Each kernel fills in a part of its result, from one plane of it up to another, so that
several threads can share the work.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import borrowing, compiled

__all__ = ["BLOCK", "block_ranges", "cell_bends", "cell_ranges", "spread"]

Array: TypeAlias = NDArray[Any]
Two: TypeAlias = tuple[float, float]

BLOCK = 4
"""Cells along each axis of a block, whose range of doses is looked at first."""


@compiled
def cell_ranges(dose: Array, ranges: Array, planes: tuple[int, int]) -> None:
    """Fill in the lowest and highest dose of each cell.

    Parameters
    ----------
    dose
        (nk, nj, ni) float64; an axis may have one voxel.
    ranges
        (nk - 1, nj - 1, ni - 1, 2), with at least one cell along each axis, float32,
        rounded outward: they are most of the memory. A cell with a corner that is not finite has an empty range, inf to -inf.
    planes
        Planes of cells to fill in, from and to.
    """
    last_k, last_j = dose.shape[0] - 1, dose.shape[1] - 1
    for k in range(planes[0], planes[1]):
        k1 = min(k + 1, last_k)
        for j in range(ranges.shape[1]):
            j1 = min(j + 1, last_j)
            rows = dose[k, j], dose[k, j1], dose[k1, j], dose[k1, j1]
            _row_ranges(rows, ranges[k, j])


@compiled
def _row_ranges(rows: tuple[Array, Array, Array, Array], ranges: Array) -> None:
    """Fill in the ranges between four rows of voxels."""
    first, second, third, fourth = rows
    low, high = _range_of(first[0], second[0], third[0], fourth[0])
    last = first.shape[0] - 1
    for i in range(ranges.shape[0]):
        n = min(i + 1, last)
        next_low, next_high = _range_of(first[n], second[n], third[n], fourth[n])
        is_empty = low > high or next_low > next_high
        ranges[i, 0] = np.inf if is_empty else _below(min(low, next_low))
        ranges[i, 1] = -np.inf if is_empty else -_below(-max(high, next_high))
        low, high = next_low, next_high


@compiled
def _range_of(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Lowest and highest of four doses; inf and -inf if one is not finite."""
    none = (a - a) + (b - b) + (c - c) + (d - d)  # 0, or NaN
    if none != 0:
        return np.inf, -np.inf
    return min(a, b, c, d), max(a, b, c, d)


@borrowing
def _below(number: float) -> np.float32:
    """The float32 that is nearest, but not above."""
    rounded = np.float32(number)
    return np.nextafter(rounded, np.float32(-np.inf)) if rounded > number else rounded


@compiled
def block_ranges(ranges: Array, blocks: Array) -> None:
    """Fill in the lowest and highest dose of blocks of `BLOCK` cells along each axis.

    Parameters
    ----------
    ranges
        As from `cell_ranges`.
    blocks
        As many as are begun along each axis, 2, float32; inf and -inf to start with.
    """
    for k in range(ranges.shape[0]):
        for j in range(ranges.shape[1]):
            for i in range(ranges.shape[2]):
                block = blocks[k // BLOCK, j // BLOCK, i // BLOCK]
                block[0] = min(block[0], ranges[k, j, i, 0])
                block[1] = max(block[1], ranges[k, j, i, 1])


@compiled
def cell_bends(
    dose: Array, size: tuple[int, int, int], bends: Array, planes: tuple[int, int]
) -> None:
    """Fill in how much the dose bends, at most, in blocks of cells.

    Parameters
    ----------
    dose
        As for `cell_ranges`.
    size
        Cells of a block along each axis.
    bends
        As many as are begun along each axis, 9, float32; zero to start with. For k, j and i the
        largest fall of the slope from one cell to the next, the largest rise, and the
        largest twist in the planes kj, ki and ji: Gy, for a step of one voxel. inf
        where a dose is not finite.
    planes
        Planes of blocks to fill in, from and to.
    """
    nk, nj, _ = dose.shape
    largest = np.empty((9, dose.shape[2]))  # of the rows of a block, at each voxel
    for bk in range(planes[0], planes[1]):
        last_k = nk if bk == bends.shape[0] - 1 else (bk + 1) * size[0]
        for bj in range(bends.shape[1]):
            last_j = nj if bj == bends.shape[1] - 1 else (bj + 1) * size[1]
            largest[:] = 0
            for k in range(bk * size[0], last_k):
                for j in range(bj * size[1], last_j):
                    _row_bends(dose, k, j, largest)
            for n in range(9):
                _of_blocks(largest[n], size[2], bends[bk, bj, :, n])


@borrowing
def _row_bends(dose: Array, k: int, j: int, largest: Array) -> None:
    """Keep the bends of a row of voxels that are larger than those so far."""
    row = dose[k, j]
    if 0 < k < dose.shape[0] - 1:
        _keep_changes(dose[k - 1, j], row, dose[k + 1, j], largest[0], largest[3])
    if 0 < j < dose.shape[1] - 1:
        _keep_changes(dose[k, j - 1], row, dose[k, j + 1], largest[1], largest[4])
    if row.size > 2:
        falls, rises = largest[2, 1:-1], largest[5, 1:-1]
        _keep_changes(row[:-2], row[1:-1], row[2:], falls, rises)
    if k < dose.shape[0] - 1:
        above = dose[k + 1, j]
        if j < dose.shape[1] - 1:
            _keep_twists(row, dose[k, j + 1], above, dose[k + 1, j + 1], largest[6])
        _keep_twists(row[:-1], row[1:], above[:-1], above[1:], largest[7])
    if j < dose.shape[1] - 1:
        beside = dose[k, j + 1]
        _keep_twists(row[:-1], row[1:], beside[:-1], beside[1:], largest[8])


@borrowing
def _keep_changes(
    before: Array, here: Array, after: Array, falls: Array, rises: Array
) -> None:
    """Keep the changes of slope that are larger than the falls or rises so far."""
    for n in range(here.size):
        change = before[n] + after[n] - 2 * here[n]
        is_known = change - change == 0
        falls[n] = max(falls[n], -change if is_known else np.inf)
        rises[n] = max(rises[n], change if is_known else np.inf)


@borrowing
def _keep_twists(a: Array, b: Array, c: Array, d: Array, twists: Array) -> None:
    """Keep the twists between four rows that are larger than those so far."""
    for n in range(a.size):
        twist = abs((a[n] + d[n]) - (b[n] + c[n]))
        twists[n] = max(twists[n], twist if twist - twist == 0 else np.inf)


@borrowing
def _of_blocks(numbers: Array, size: int, largest: Array) -> None:
    """Fill in the largest number of each block of a row; the last one has the rest."""
    last = largest.size - 1
    for n in range(last + 1):
        found = numbers[n * size]
        for m in range(n * size + 1, numbers.size if n == last else (n + 1) * size):
            found = max(found, numbers[m])
        largest[n] = found


@compiled
def spread(bends: Array, around: Array, planes: tuple[int, int]) -> None:
    """Fill in the largest of each block and those around it.

    Parameters
    ----------
    bends
        As from `cell_bends`.
    around
        Of the same shape; zero to start with.
    planes
        Planes of blocks to fill in, from and to.
    """
    nk, nj, ni, count = bends.shape
    flat, wide = bends.reshape(nk, nj, ni * count), around.reshape(nk, nj, ni * count)
    column = np.empty(ni * count, bends.dtype)
    for k in range(planes[0], planes[1]):
        for j in range(nj):
            column[:] = flat[k, j]
            for kk in range(max(k - 1, 0), min(k + 2, nk)):
                for jj in range(max(j - 1, 0), min(j + 2, nj)):
                    _raise(column, flat[kk, jj])
            here = wide[k, j]
            here[:] = column
            _raise(here[count:], column[:-count])
            _raise(here[:-count], column[count:])


@borrowing
def _raise(numbers: Array, others: Array) -> None:
    """Raise each number to the other one, if that is larger."""
    for n in range(numbers.size):
        numbers[n] = max(numbers[n], others[n])
