"""Dose-volume histogram of cells whose dose is known on their faces."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["INSIDE", "LARGEST", "OUTSIDE", "SMALLEST", "TIMES_DOSE", "add_cells"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]

Bins: TypeAlias = tuple[np.float32, np.float32, np.float32]
"""Lower edge of the first bin, bins per Gy, and how many there are."""

Spread: TypeAlias = tuple[Floats, Integers, Integers, Floats]
"""Of each cell of a row: the dose in its middle, the first and the last edge of the bins
over which it spreads, and its share for each of these bins."""

INSIDE, OUTSIDE, TIMES_DOSE, SMALLEST, LARGEST = range(5)
"""What each of the five totals of `add_cells` is."""


@compiled
def add_cells(
    cover: Floats,
    faces: Floats,
    weights: Floats,
    scale: tuple[float, float],
    changes: Floats,
    totals: Floats,
) -> None:
    """Add the cells of one layer to a histogram.

    The dose of a cell is spread evenly over what it changes by across the cell along
    the lattice direction of its largest change. Where dose rises evenly, neighboring
    cells join without a gap, so that no staircase is left.

    Parameters
    ----------
    cover
        (nj, ni) share of each cell that lies inside; none in the outermost cells.
    faces
        (n + 1, nj, ni) dose at the cell centers on the faces of n sub-layers; NaN
        where it is unknown.
    weights
        (n,) volume of a cell of each sub-layer.
    scale
        Lower edge of the first bin, and width of a bin.
    changes
        (n + 1,) float64, changes from bin to bin, added to in place: the volume of bin
        k is the sum of ``changes[: k + 1]``.
    totals
        (5,) float64, added to in place: volume with a dose and without, volume times
        dose, smallest and largest dose at a point inside.
    """
    columns = cover.shape[1]
    top = changes.size - 1
    bins = np.float32(scale[0]), np.float32(1 / scale[1]), np.float32(top)
    spread = (
        np.empty(columns, np.float32),
        np.empty(columns, np.int32),
        np.empty(columns, np.int32),
        np.empty(columns),
    )
    for j in range(1, cover.shape[0] - 1):
        start, stop = _extent(cover[j])
        if start == stop:
            continue
        shares = cover[j, start:stop]
        for n in range(weights.size):
            ends = faces[n, j, start:stop], faces[n + 1, j, start:stop]
            sides = (
                faces[n, j, start - 1 : stop - 1],
                faces[n, j, start + 1 : stop + 1],
                faces[n, j - 1, start:stop],
                faces[n, j + 1, start:stop],
            )
            _spread_row(shares, ends, sides, bins, spread)
            _add_row(shares, ends, weights[n], bins, spread, changes, totals)


@compiled
def _extent(shares: Floats) -> tuple[int, int]:
    """First and past-the-last cell of a row with a share, between the outermost."""
    start, stop = 1, shares.size - 1
    while start < stop and shares[start] <= 0:
        start += 1
    while stop > start and shares[stop - 1] <= 0:
        stop -= 1
    return start, stop


@compiled
def _spread_row(
    shares: Floats,
    ends: tuple[Floats, Floats],
    sides: tuple[Floats, Floats, Floats, Floats],
    bins: Bins,
    spread: Spread,
) -> None:
    """Over which bins each cell of a row spreads, and how much of it each bin gets.

    All arrays begin with the same cell, so that no index may be negative, and no branch
    leads out of the loop: several cells are worked on at a time. Single precision is
    that of the doses.
    """
    low, per_gy, top = bins
    lower, upper = ends
    left, right, before, after = sides
    middles, firsts, lasts, densities = spread
    quarter, half, none = np.float32(0.25), np.float32(0.5), np.float32(0)
    for i in range(shares.size):
        middle = half * (lower[i] + upper[i])
        reach = half * abs(upper[i] - lower[i])
        across = quarter * abs(right[i] - left[i])
        along = quarter * abs(after[i] - before[i])
        # A neighbor without a dose makes NaN, which is never larger.
        reach = max(reach, across)
        reach = max(reach, along)
        # From the nearest edge of a bin to the nearest: bins are far narrower than what
        # a cell spreads over, as a rule, and neighbors meet at one edge.
        at = (middle - low) * per_gy + half
        first, last = at - reach * per_gy, at + reach * per_gy
        first = max(none, first)
        last = min(top, last)
        firsts[i] = np.int32(min(top, first))
        lasts[i] = np.int32(max(none, last))
        middles[i] = middle
        count = lasts[i] - firsts[i]
        densities[i] = shares[i] / np.float64(count if count > 0 else np.int32(1))


@compiled
def _add_row(
    shares: Floats,
    ends: tuple[Floats, Floats],
    weight: float,
    bins: Bins,
    spread: Spread,
    changes: Floats,
    totals: Floats,
) -> None:
    """Add a row of cells whose spread is known."""
    low, per_gy, top = bins
    lower, upper = ends
    middles, firsts, lasts, densities = spread
    inside, outside, product = 0.0, 0.0, 0.0
    smallest, largest = np.float32(totals[SMALLEST]), np.float32(totals[LARGEST])
    for i in range(shares.size):
        share, middle = shares[i], middles[i]
        if share <= 0:
            continue
        if math.isnan(middle):
            outside += share
            continue
        inside += share
        product += share * np.float64(middle)
        if share >= 0.5:  # then the center is inside, give or take a bend
            smallest = min(smallest, lower[i], upper[i])
            largest = max(largest, lower[i], upper[i])
        first, last = firsts[i], lasts[i]
        if last <= first:
            at = min(max((middle - low) * per_gy, 0), top - 1)
            first = np.int32(at)
            last = first + np.int32(1)
        density = densities[i] * weight
        changes[first] += density
        changes[last] -= density
    totals[INSIDE] += inside * weight
    totals[OUTSIDE] += outside * weight
    totals[TIMES_DOSE] += product * weight
    totals[SMALLEST], totals[LARGEST] = smallest, largest
