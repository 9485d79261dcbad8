"""Which voxels along one axis make up a value between them, and with what weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray

__all__ = ["COVERAGE_SLACK_MM", "AxisWeights", "Interpolation", "axis_weights"]

Interpolation: TypeAlias = Literal["nearest", "linear", "cubic"]

COVERAGE_SLACK_MM = 1e-3
"""So far beyond the outer voxel centers still counts as on them: as in
`Grid.is_same_as`, decimals that were rounded in a file take nothing away."""

_ON_A_VOXEL = 1e-6  # of the distance between voxels: a rounding error, not a distance
_AVERAGE_FROM = 1e-3  # of that distance: a mean over less is the value at its middle


@dataclass(frozen=True, eq=False)
class AxisWeights:
    """How the covered target voxels along an axis are made up.

    Parameters
    ----------
    first
        Index of the first target voxel that is covered; they are consecutive.
    taps, weights
        (n, m) indices of the source voxels and their weights, which add up to one. A
        weight of zero stands beside the index of a voxel that has weight.
    """

    first: int
    taps: IntArray
    weights: FloatArray


def axis_weights(
    nodes: FloatArray,
    positions: FloatArray,
    interpolation: Interpolation,
    *,
    thickness: float,
    width: FloatArray | None = None,
) -> AxisWeights:
    """Weights of the source voxels for target voxels along one axis.

    Parameters
    ----------
    nodes
        (n,) places of the source voxels, mm, ascending.
    positions
        (m,) places of the target voxels, mm, ascending or descending.
    interpolation
        How values are found between the nodes.
    thickness
        Thickness of the source along the axis if it is only one voxel, mm.
    width
        (m,) width over which the straight lines between the nodes are averaged, mm;
        ``None`` takes the value at the position. Near the ends the width shrinks to
        what lies on both sides, so that a ramp keeps its value.
    """
    covered = _covered(nodes, positions, thickness)
    positions = positions[covered]
    first = int(covered.argmax())
    index = _fractional(nodes, positions)
    if width is not None:
        taps, weights = _means(nodes, positions, index, width[covered])
    elif interpolation == "nearest":
        from kerma.kernels.interpolation import nearest

        nearests = [nearest(at, nodes.size) for at in index]
        taps = np.array(nearests, dtype=np.int64).reshape(-1, 1)
        weights = np.ones(taps.shape)
    elif interpolation == "linear":
        taps, weights = _linear(nodes, index)
    else:
        taps, weights = _cubic(nodes, index)
    heaviest = np.take_along_axis(taps, weights.argmax(axis=1)[:, None], axis=1)
    return AxisWeights(first, np.where(weights == 0, heaviest, taps), weights)


def _covered(nodes: FloatArray, positions: FloatArray, thickness: float) -> BoolArray:
    beyond = COVERAGE_SLACK_MM + (thickness / 2 if nodes.size == 1 else 0.0)
    low, high = nodes[0] - beyond, nodes[-1] + beyond
    return np.asarray((positions >= low) & (positions <= high))


def _fractional(nodes: FloatArray, positions: FloatArray) -> FloatArray:
    """Fractional indices of positions; a hair beside a voxel is on it."""
    index = np.interp(positions, nodes, np.arange(nodes.size))
    whole = np.rint(index)
    return np.where(np.abs(index - whole) < _ON_A_VOXEL, whole, index)


def _linear(nodes: FloatArray, index: FloatArray) -> tuple[IntArray, FloatArray]:
    low = index.astype(np.int64)
    share = index - low
    taps = np.stack([low, np.minimum(low + 1, nodes.size - 1)], axis=1)
    return taps, np.stack([1 - share, share], axis=1)


def _cubic(nodes: FloatArray, index: FloatArray) -> tuple[IntArray, FloatArray]:
    from kerma.kernels.interpolation import cubic_table

    taps = np.empty((index.size, 4), dtype=np.int64)
    weights = np.empty((index.size, 4))
    cubic_table(nodes, index, taps, weights)
    return taps, weights


def _means(
    nodes: FloatArray, positions: FloatArray, index: FloatArray, width: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Means of the straight lines between the nodes over widths about positions."""
    room = 2 * np.minimum(positions - nodes[0], nodes[-1] - positions)
    width = np.minimum(width, np.maximum(room, 0.0))
    ends = positions + np.array([[-0.5], [0.5]]) * width
    cells = np.interp(ends, nodes, np.arange(nodes.size))
    low = np.floor(cells[0]).astype(np.int64)
    count = int((np.ceil(cells[1]) - low).max(initial=1)) + 1
    taps = np.minimum(low[:, None] + np.arange(count), nodes.size - 1)
    areas = _area_below_hat(nodes, taps, ends[1]) - _area_below_hat(
        nodes, taps, ends[0]
    )
    areas[:, 1:][taps[:, 1:] == taps[:, :-1]] = 0.0  # past the last node
    plain, shares = _linear(nodes, index)
    weights = np.zeros(taps.shape)
    gap = np.diff(nodes).min(initial=np.inf)
    wide = width > _AVERAGE_FROM * gap
    weights[wide] = areas[wide] / areas[wide].sum(axis=1, keepdims=True)
    taps[~wide, :2], weights[~wide, :2] = plain[~wide], shares[~wide]
    return taps, weights


def _area_below_hat(nodes: FloatArray, taps: IntArray, end: FloatArray) -> FloatArray:
    """Area (n, m) below the hat function of each tapped node, up to each end (n,)."""
    middle = nodes[taps]
    before = middle - nodes[np.maximum(taps - 1, 0)]
    after = nodes[np.minimum(taps + 1, nodes.size - 1)] - middle
    away = end[:, None] - middle
    up = np.clip(away + before, 0.0, before)
    down = np.clip(away, 0.0, after)
    # Zero widths, at the first and the last node, have zero area.
    rise = np.divide(up**2, 2 * before, out=np.zeros_like(up), where=before > 0)
    fall = np.divide(down**2, 2 * after, out=np.zeros_like(up), where=after > 0)
    return np.asarray(rise + down - fall)
