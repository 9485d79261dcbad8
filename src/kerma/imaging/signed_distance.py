"""Distances from the surface of a mask, finer than its voxels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray

__all__ = ["Scales", "filled", "signed_distance"]

Scales: TypeAlias = tuple[tuple[float, float], ...]
"""For each axis, the lengths that count as one up and down the axis, mm."""

METRIC: Scales = ((1.0, 1.0),) * 3


def signed_distance(
    fraction: FloatArray,
    positions: tuple[FloatArray, ...],
    *,
    reach: float,
    scales: Scales = METRIC,
) -> FloatArray:
    """Distance of each voxel center from the surface, negative inside.

    The surface lies between voxels filled by half and such as are not, where their
    fractions put it. Its nearest point is sought among those on the lines through the
    voxel centers, which makes distances up to some hundredths of a voxel too long.

    Parameters
    ----------
    fraction
        (nk, nj, ni) 0 to 1, float32.
    positions
        For each axis (n,) positions of the voxel centers, mm, ascending. The axes are
        perpendicular.
    reach
        Distances are cut off here.
    scales
        What counts as one on the way from the surface to the outside; on the way to
        the inside the two of an axis change places, so that the lengths belong to the
        side on which the surface lies. In mm if none are given.

    Returns
    -------
    FloatArray
        (nk, nj, ni) float32.
    """
    inward: Scales = tuple((down, up) for up, down in scales)
    inside = fraction >= 0.5
    outer = _squares(fraction, inside, positions, scales, reach)
    inner = _squares(fraction, ~inside, positions, inward, reach)
    return np.sqrt(np.where(inside, 0, outer)) - np.sqrt(np.where(inside, inner, 0))


def _squares(
    fraction: FloatArray,
    start: BoolArray,
    positions: tuple[FloatArray, ...],
    scales: Scales,
    reach: float,
) -> FloatArray:
    """Squared distances of the voxels from the surface; 0 for those at the start."""
    from kerma.kernels.line_distance import distance_along_lines, spread_along_lines

    limit = np.float32(reach) ** 2
    best = np.where(start, np.float32(0), limit)
    for first in range(3):
        squares = np.where(start, np.float32(0), limit)
        for axis in (first, *({0, 1, 2} - {first})):
            lines = np.ascontiguousarray(np.moveaxis(squares, axis, -1))
            rows = lines.reshape(-1, lines.shape[-1])
            where, (up, down) = positions[axis], scales[axis]
            if axis == first:
                along = np.ascontiguousarray(np.moveaxis(fraction, axis, -1))
                distance_along_lines(along.reshape(rows.shape), where, up, down, rows)
            else:
                spread_along_lines(rows, where, up, down)
            squares = np.moveaxis(lines, -1, axis)
        np.minimum(best, squares, out=best)
    return best


def filled(distance: FloatArray) -> FloatArray:
    """Filled fraction of each voxel, from what is negative inside a surface.

    The surface is taken to be flat within a voxel. Where the distance bends, as in the
    middle between two surfaces, the lesser slope counts.
    """
    square = np.zeros(distance.shape, np.float32)
    for axis in range(3):
        if distance.shape[axis] > 1:
            steps = np.abs(np.diff(distance, axis=axis))
            edge = [(0, 0)] * 3
            edge[axis] = (1, 1)
            padded = np.pad(steps, edge, mode="edge")
            count = distance.shape[axis]
            lesser = np.minimum(
                padded.take(range(count), axis=axis),
                padded.take(range(1, count + 1), axis=axis),
            )
            square += lesser**2
    width = np.sqrt(np.maximum(square, 1e-12))
    return np.clip(0.5 - distance / width, 0, 1).astype(np.float32)
