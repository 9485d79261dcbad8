r"""Scaled squared distances from a surface, along one axis after another.

A distance is scaled by one length where it leads up an axis and by another where it
leads down: :math:`\sum_a (d_a / m_a)^2`, with :math:`m_a` according to the sign of
:math:`d_a`. It is one where :math:`d` ends on a body made of eight eighths of
ellipsoids. A sum over the axes can be minimized along one axis after another.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["distance_along_lines", "spread_along_lines"]

Floats: TypeAlias = NDArray[np.floating[Any]]


@compiled
def _square(way: float, up: float, down: float) -> float:
    """Scaled square of a way along one axis."""
    part = way / up if way >= 0 else way / down
    return part * part


@compiled
def distance_along_lines(
    fraction: Floats, positions: Floats, up: float, down: float, squares: Floats
) -> None:
    """Squared distance of voxels from the surface that cuts their own line.

    Parameters
    ----------
    fraction
        (n, m) filled fraction of the voxels of n lines, 0 to 1. The surface lies between
        neighbors of which one is filled by half and the other is not, where a plane
        across the line would give them their fractions.
    positions
        (m,) of the voxels along the line, ascending.
    up, down
        Lengths that scale a way up and down the line, positive.
    squares
        (n, m) float32; what is larger than the distance found is replaced by it.
    """
    count = len(positions)
    for n in range(len(fraction)):
        for m in range(count - 1):
            a, b = fraction[n, m], fraction[n, m + 1]
            if (a >= 0.5) == (b >= 0.5):
                continue
            share = min(max(a + b - 0.5, 0.0), 1.0)
            if b >= 0.5:
                share = 1 - share
            place = positions[m] + share * (positions[m + 1] - positions[m])
            for p in range(m + 1, count):
                square = _square(positions[p] - place, up, down)
                if square >= squares[n, p]:
                    break
                squares[n, p] = square
            for p in range(m, -1, -1):
                square = _square(positions[p] - place, up, down)
                if square >= squares[n, p]:
                    break
                squares[n, p] = square


@compiled
def spread_along_lines(
    squares: Floats, positions: Floats, up: float, down: float
) -> None:
    """Let each voxel reach the surface by way of the others of its line.

    Parameters
    ----------
    squares
        (n, m) float32 squared distances of the voxels of n lines, lowered in place.
        The largest of them is taken for the limit of interest.
    positions, up, down
        As for `distance_along_lines`.
    """
    before = np.empty(squares.shape[1], squares.dtype)
    for n in range(len(squares)):
        before[:] = squares[n]
        for p in range(len(positions)):
            best = before[p]
            if best <= 0:
                continue
            for q in range(p - 1, -1, -1):
                square = _square(positions[p] - positions[q], up, down)
                if square >= best:
                    break
                best = min(best, before[q] + square)
            for q in range(p + 1, len(positions)):
                square = _square(positions[p] - positions[q], up, down)
                if square >= best:
                    break
                best = min(best, before[q] + square)
            squares[n, p] = best
