"""Ranges and bends of a dose, which say where gamma need not be looked for.

Each kernel fills in a part of its result, from one plane of it up to another, so that
several threads can share the work.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

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
        (nk - 1, nj - 1, ni - 1, 2), with at least one cell along each
        axis. A cell with a corner that is not finite has an empty range, inf to -inf.
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
        ranges[i, 0] = np.inf if is_empty else min(low, next_low)
        ranges[i, 1] = -np.inf if is_empty else max(high, next_high)
        low, high = next_low, next_high


@compiled
def _range_of(a: float, b: float, c: float, d: float) -> tuple[float, float]:
    """Lowest and highest of four doses; inf and -inf if one is not finite."""
    none = (a - a) + (b - b) + (c - c) + (d - d)  # 0, or NaN
    if none != 0:
        return np.inf, -np.inf
    return min(a, b, c, d), max(a, b, c, d)


@compiled
def block_ranges(ranges: Array, blocks: Array) -> None:
    """Fill in the lowest and highest dose of blocks of `BLOCK` cells along each axis.

    Parameters
    ----------
    ranges
        As from `cell_ranges`.
    blocks
        As many as are begun along each axis, 2; inf and -inf to start with.
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
        As many as are begun along each axis, 9; zero to start with. For k, j and i the
        largest fall of the slope from one cell to the next, the largest rise, and the
        largest twist in the planes kj, ki and ji: Gy, for a step of one voxel. inf
        where a dose is not finite.
    planes
        Planes of blocks to fill in, from and to.
    """
    nk, nj, ni = dose.shape
    end = nk if planes[1] == bends.shape[0] else planes[1] * size[0]
    for k in range(planes[0] * size[0], end):
        for j in range(nj):
            for i in range(ni):
                here = np.float64(dose[k, j, i])
                bend = bends[
                    min(k // size[0], bends.shape[0] - 1),
                    min(j // size[1], bends.shape[1] - 1),
                    min(i // size[2], bends.shape[2] - 1),
                ]
                if 0 < k < nk - 1:
                    _keep(bend, 0, dose[k - 1, j, i] + dose[k + 1, j, i] - 2 * here)
                if 0 < j < nj - 1:
                    _keep(bend, 1, dose[k, j - 1, i] + dose[k, j + 1, i] - 2 * here)
                if 0 < i < ni - 1:
                    _keep(bend, 2, dose[k, j, i - 1] + dose[k, j, i + 1] - 2 * here)
                more_k, more_j, more_i = k < nk - 1, j < nj - 1, i < ni - 1
                if more_k and more_j:
                    twist = here + dose[k + 1, j + 1, i]
                    twist -= np.float64(dose[k + 1, j, i]) + dose[k, j + 1, i]
                    bend[6] = _larger(bend[6], abs(twist))
                if more_k and more_i:
                    twist = here + dose[k + 1, j, i + 1]
                    twist -= np.float64(dose[k + 1, j, i]) + dose[k, j, i + 1]
                    bend[7] = _larger(bend[7], abs(twist))
                if more_j and more_i:
                    twist = here + dose[k, j + 1, i + 1]
                    twist -= np.float64(dose[k, j + 1, i]) + dose[k, j, i + 1]
                    bend[8] = _larger(bend[8], abs(twist))


@compiled
def _keep(bend: Array, axis: int, change: float) -> None:
    """Keep a change of slope if it is the largest fall or rise so far."""
    bend[axis] = _larger(bend[axis], -change)
    bend[axis + 3] = _larger(bend[axis + 3], change)


@compiled
def _larger(one: float, other: float) -> float:
    """The larger number; inf if the other is none."""
    return max(one, other) if np.isfinite(other) else np.inf


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
    for k in range(planes[0], planes[1]):
        for j in range(nj):
            for kk in range(max(k - 1, 0), min(k + 2, nk)):
                for jj in range(max(j - 1, 0), min(j + 2, nj)):
                    _spread_row(flat[kk, jj], wide[k, j], count)


@compiled
def _spread_row(bends: Array, around: Array, count: int) -> None:
    """Raise each to the largest of itself and its neighbors in a row of blocks."""
    size = bends.shape[0]
    for n in range(size):
        around[n] = max(around[n], bends[n])
    for n in range(size - count):
        around[n] = max(around[n], bends[n + count])
        around[n + count] = max(around[n + count], bends[n])
