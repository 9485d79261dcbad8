"""Dose-volume histogram of cells whose dose is known on their faces."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["INSIDE", "LARGEST", "OUTSIDE", "SMALLEST", "TIMES_DOSE", "add_cells"]

Floats: TypeAlias = NDArray[np.floating[Any]]

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
    for n in range(weights.size):
        for j in range(1, cover.shape[0] - 1):
            rows = faces[n, j - 1], faces[n, j], faces[n, j + 1], faces[n + 1, j]
            _add_row(cover[j], rows, weights[n], scale, changes, totals)


@compiled
def _add_row(
    cover: Floats,
    rows: tuple[Floats, Floats, Floats, Floats],
    weight: float,
    scale: tuple[float, float],
    changes: Floats,
    totals: Floats,
) -> None:
    """Add a row of cells; `rows` are doses before it, on it, after it and above it."""
    low, per_gy = scale[0], 1 / scale[1]
    before, row, after, over = rows
    top = changes.size - 1
    inside, outside, product = 0.0, 0.0, 0.0
    smallest, largest = totals[SMALLEST], totals[LARGEST]
    for i in range(1, cover.size - 1):
        share = cover[i]
        if share <= 0:
            continue
        volume = share * weight
        below, above = row[i], over[i]
        middle = (below + above) / 2
        if math.isnan(middle):
            outside += volume
            continue
        inside += volume
        product += volume * middle
        if share >= 0.5:  # then the center is inside, give or take a bend
            smallest = min(smallest, below, above)
            largest = max(largest, below, above)
        half = abs(above - below) / 2
        # A neighbor without a dose makes NaN, which is never larger.
        half = max(
            half, abs(row[i + 1] - row[i - 1]) / 4, abs(after[i] - before[i]) / 4
        )
        # From the nearest edge of a bin to the nearest: bins are far narrower than what
        # a cell spreads over, as a rule, and neighbors meet at one edge.
        at = (middle - low) * per_gy
        first = min(max(int(at - half * per_gy + 0.5), 0), top)
        last = min(max(int(at + half * per_gy + 0.5), first), top)
        if last == first:
            first = min(max(int(at), 0), top - 1)
            last = first + 1
        density = volume / (last - first)
        changes[first] += density
        changes[last] -= density
    totals[INSIDE] += inside
    totals[OUTSIDE] += outside
    totals[TIMES_DOSE] += product
    totals[SMALLEST], totals[LARGEST] = smallest, largest
