"""The area of triangulated surfaces, point by point."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled, inlined

__all__ = ["share_sizes"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]
Vector: TypeAlias = tuple[float, float, float]


@compiled
def share_sizes(points: Floats, triangles: Ints, sizes: Floats) -> None:
    """Share the area of triangles among their corners.

    Parameters
    ----------
    points
        (n, 3) positions, mm.
    triangles
        (m, 3) numbers of the corners.
    sizes
        (n,) added to, mm².
    """
    for n in range(len(triangles)):
        u = _way(points, triangles[n, 0], triangles[n, 1])
        v = _way(points, triangles[n, 0], triangles[n, 2])
        # Twice the area is |u × v|, and |u × v|² = |u|² |v|² - (u v)².
        square = _product(u, u) * _product(v, v) - _product(u, v) ** 2
        for corner in range(3):
            sizes[triangles[n, corner]] += math.sqrt(max(square, 0.0)) / 6


@inlined
def _way(points: Floats, a: int, b: int) -> Vector:
    """Way from a point to another one, mm."""
    return (
        points[b, 0] - points[a, 0],
        points[b, 1] - points[a, 1],
        points[b, 2] - points[a, 2],
    )


@compiled
def _product(u: Vector, v: Vector) -> float:
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]
