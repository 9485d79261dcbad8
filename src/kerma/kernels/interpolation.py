"""Values between the voxels of an array, at one position after another.

Sources are C-contiguous float32 or float64, weights and positions float64. `order` is
0 for the nearest voxel, 1 for linear and 3 for cubic interpolation.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["cubic_table", "interpolate_lattice", "interpolate_points", "nearest"]

Array: TypeAlias = NDArray[Any]
Nodes: TypeAlias = tuple[Array, Array, Array]

_TIE = 1e-6  # half way, rounding aside, the voxel of lower index is the nearest


@compiled
def nearest(index: float, size: int) -> int:
    """Index of the voxel nearest to a fractional index."""
    return min(max(math.ceil(index - 0.5 - _TIE), 0), size - 1)


@compiled
def _slope(nodes: Array, first: int, at: int, weights: Array, factor: float) -> None:
    """Add to the weights: slope at a node of the parabola through three nodes."""
    base = max(0, min(at - 1, nodes.size - 3))
    x = nodes[at]
    for one in range(3):
        a = nodes[base + one]
        b = nodes[base + (one + 1) % 3]
        c = nodes[base + (one + 2) % 3]
        weights[base + one - first] += factor * (2 * x - b - c) / ((a - b) * (a - c))


@compiled
def cubic_taps(nodes: Array, index: float, weights: Array) -> int:
    """Weights (4,) of the nodes around a fractional index; returns the first node.

    The cubic Hermite polynomial between two nodes, whose slope at each node is that of
    the parabola through it and its neighbors (at an end: through the last three). It
    is exact for polynomials of second degree on even and uneven nodes. On even nodes
    it is the kernel of Keys, IEEE Trans Acoust Speech Signal Process 1981;29:1153,
    with a = -1/2. Two nodes give the straight line, one its value.
    """
    size = nodes.size
    weights[:] = 0.0
    cell = max(0, min(int(index), size - 2))
    first = max(0, min(cell - 1, size - 4))
    share = index - cell
    if size == 1:
        weights[0] = 1.0
        return 0
    if size == 2 or share in (0.0, 1.0):
        weights[cell - first] = 1 - share
        weights[cell + 1 - first] = share
        return first
    width = nodes[cell + 1] - nodes[cell]
    rest = 1 - share
    weights[cell - first] = (1 + 2 * share) * rest**2
    weights[cell + 1 - first] = (1 + 2 * rest) * share**2
    _slope(nodes, first, cell, weights, share * rest**2 * width)
    _slope(nodes, first, cell + 1, weights, -rest * share**2 * width)
    return first


@compiled
def cubic_table(nodes: Array, index: Array, taps: Array, weights: Array) -> None:
    """Nodes (n, 4) and weights (n, 4) of `cubic_taps` at fractional indices (n,)."""
    for row in range(index.size):
        first = cubic_taps(nodes, index[row], weights[row])
        for tap in range(4):
            taps[row, tap] = min(first + tap, nodes.size - 1)


@compiled
def _linear(source: Array, k: float, j: float, i: float) -> float:
    """Trilinear value at fractional indices inside the array."""
    k0, j0, i0 = int(k), int(j), int(i)
    t, u, v = k - k0, j - j0, i - i0
    # A neighbor without weight is not read: it may be NaN, or lie outside.
    k1, j1, i1 = k0 + (t > 0), j0 + (u > 0), i0 + (v > 0)
    near = (1 - u) * ((1 - v) * source[k0, j0, i0] + v * source[k0, j0, i1])
    near += u * ((1 - v) * source[k0, j1, i0] + v * source[k0, j1, i1])
    far = (1 - u) * ((1 - v) * source[k1, j0, i0] + v * source[k1, j0, i1])
    far += u * ((1 - v) * source[k1, j1, i0] + v * source[k1, j1, i1])
    return (1 - t) * near + t * far


@compiled
def _cubic(
    source: Array, nodes: Nodes, k: float, j: float, i: float, weights: Array
) -> float:
    """Tricubic value at fractional indices inside the array; `weights` is scratch."""
    k0 = cubic_taps(nodes[0], k, weights[0])
    j0 = cubic_taps(nodes[1], j, weights[1])
    i0 = cubic_taps(nodes[2], i, weights[2])
    total = 0.0
    for a in range(4):
        for b in range(4):
            share = weights[0, a] * weights[1, b]
            if share == 0:
                continue
            for c in range(4):
                if weights[2, c] != 0:
                    total += share * weights[2, c] * source[k0 + a, j0 + b, i0 + c]
    return total


@compiled
def _at(
    source: Array,
    nodes: Nodes,
    order: int,
    k: float,
    j: float,
    i: float,
    scratch: Array,
) -> float:
    """Value at fractional indices, those outside all voxel centers moved onto them."""
    k = min(max(k, 0.0), source.shape[0] - 1.0)
    j = min(max(j, 0.0), source.shape[1] - 1.0)
    i = min(max(i, 0.0), source.shape[2] - 1.0)
    if order == 1:
        return _linear(source, k, j, i)
    if order == 3:
        return _cubic(source, nodes, k, j, i, scratch)
    return source[
        nearest(k, source.shape[0]),
        nearest(j, source.shape[1]),
        nearest(i, source.shape[2]),
    ]


@compiled
def interpolate_points(
    source: Array, nodes: Nodes, order: int, bounds: Array, index: Array, target: Array
) -> None:
    """Values (n,) at fractional indices (n, 3); left alone where those are outside.

    Parameters
    ----------
    source
        (nk, nj, ni) values.
    nodes
        Places of the voxels along each axis, in any unit; for cubic interpolation.
    order
        0, 1 or 3.
    bounds
        (2, 3) lowest and highest index that counts as inside.
    index
        (n, 3) fractional indices; NaN is outside.
    target
        (n,) written where the index is inside.
    """
    scratch = np.empty((3, 4))
    for n in range(target.size):
        inside = True
        for axis in range(3):
            at = index[n, axis]
            inside = inside and bounds[0, axis] <= at <= bounds[1, axis]
        if not inside:
            continue
        k, j, i = index[n]
        if order == 1:  # on its own, as in `_linear_row`
            k = min(max(k, 0.0), source.shape[0] - 1.0)
            j = min(max(j, 0.0), source.shape[1] - 1.0)
            i = min(max(i, 0.0), source.shape[2] - 1.0)
            target[n] = _linear(source, k, j, i)
        else:
            target[n] = _at(source, nodes, order, k, j, i, scratch)


@compiled
def _slice_of(offsets: Array, at: float) -> float:
    """Fractional index of a place among uneven slices; itself where they are even."""
    if offsets.size == 0:
        return at
    found = int(np.searchsorted(offsets, at, side="right"))
    below = min(max(found - 1, 0), offsets.size - 2)
    return below + (at - offsets[below]) / (offsets[below + 1] - offsets[below])


@compiled
def _inside(index: Array, step: Array, bounds: Array, count: int) -> tuple[int, int]:
    """First and past-the-last n < count for which index + n * step is inside."""
    first, last = 0.0, count - 1.0
    for axis in range(3):
        low, high = bounds[0, axis] - index[axis], bounds[1, axis] - index[axis]
        # Rounding leaves steps of 1e-17, and what is divided by those is beyond int64.
        if abs(step[axis]) * count < 1e-9:
            if low > 0 or high < 0:
                return 0, 0
            continue
        one, other = low / step[axis], high / step[axis]
        first = max(first, math.ceil(min(one, other)))
        last = min(last, math.floor(max(one, other)))
    return int(first), int(max(first, last + 1))


@compiled
def interpolate_lattice(
    source: Array,
    nodes: Nodes,
    order: int,
    bounds: Array,
    offsets: Array,
    starts: Array,
    steps: Array,
    target: Array,
) -> None:
    """Values on a lattice of slices; left alone where it is outside the source.

    Parameters
    ----------
    source, nodes, order, bounds
        As for `interpolate_points`.
    offsets
        Empty for an even source. For uneven slices (nk,) their places; `bounds`,
        `starts` and `steps` then have places instead of indices along the first axis.
    starts
        (nk, 3) fractional index of the first voxel of each slice of the target.
    steps
        (2, 3) step of that index from row to row and from column to column.
    target
        (nk, nj, ni) written where it is inside.
    """
    scratch = np.empty((3, 4))
    for k in range(target.shape[0]):
        for j in range(target.shape[1]):
            row = starts[k] + j * steps[0]
            first, last = _inside(row, steps[1], bounds, target.shape[2])
            if order == 1 and offsets.size == 0:
                _linear_row(source, row, steps[1], first, last, target[k, j])
                continue
            for i in range(first, last):
                a = _slice_of(offsets, row[0] + i * steps[1, 0])
                b = row[1] + i * steps[1, 1]
                c = row[2] + i * steps[1, 2]
                target[k, j, i] = _at(source, nodes, order, a, b, c, scratch)


@compiled
def _linear_row(
    source: Array, index: Array, step: Array, first: int, last: int, target: Array
) -> None:
    """The usual case on its own: inlined, it is three times as fast."""
    limits = source.shape[0] - 1.0, source.shape[1] - 1.0, source.shape[2] - 1.0
    k0, j0, i0 = index
    dk, dj, di = step
    for n in range(first, last):
        k = min(max(k0 + n * dk, 0.0), limits[0])
        j = min(max(j0 + n * dj, 0.0), limits[1])
        i = min(max(i0 + n * di, 0.0), limits[2])
        target[n] = _linear(source, k, j, i)
