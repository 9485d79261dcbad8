"""Pieces of surfaces and outlines, triangles and lines: sizes, and distances to them."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled, inlined

__all__ = ["share_sizes", "square_to_piece"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]
Vector: TypeAlias = tuple[float, float, float]

_SLIVER = 1e-10  # sin² of an angle so small that rounding moves a foot on the plane


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
def square_to_piece(
    x: float, y: float, z: float, points: Floats, pieces: Ints, piece: int
) -> float:
    """Square of the distance of a position from a triangle or a line, mm²."""
    first, second = pieces[piece, 0], pieces[piece, 1]
    w = (x - points[first, 0], y - points[first, 1], z - points[first, 2])
    u = _way(points, first, second)
    if pieces.shape[1] == 3:
        square = _to_triangle(w, u, _way(points, first, pieces[piece, 2]))
    else:
        square = _to_line(w, u)
    return square


@compiled
def _to_triangle(w: Vector, u: Vector, v: Vector) -> float:
    """Square of the distance of w from the triangle with the corners 0, u and v."""
    uu, vv, uv = _product(u, u), _product(v, v), _product(u, v)
    wu, wv = _product(w, u), _product(w, v)
    # The foot of w on the plane is (s u + t v) / whole.
    whole = uu * vv - uv * uv
    if whole <= _SLIVER * uu * vv:
        return min(_to_line(w, u), _to_line(w, v), _to_line(_less(w, u), _less(v, u)))
    s, t = vv * wu - uv * wv, uu * wv - uv * wu
    if s >= 0 and t >= 0 and s + t <= whole:
        return max(_product(w, w) - (s * wu + t * wv) / whole, 0.0)
    # The nearest side is one of those that the foot lies beyond.
    nearest = math.inf
    if t < 0:
        nearest = min(nearest, _to_line(w, u))
    if s < 0:
        nearest = min(nearest, _to_line(w, v))
    if s + t > whole:
        nearest = min(nearest, _to_line(_less(w, u), _less(v, u)))
    return nearest


@compiled
def _to_line(w: Vector, u: Vector) -> float:
    """Square of the distance of w from the line from 0 to u."""
    length = _product(u, u)
    part = 0.0
    if length > 0:
        part = min(max(_product(w, u) / length, 0.0), 1.0)
    off = _less(w, (part * u[0], part * u[1], part * u[2]))
    return _product(off, off)


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


@compiled
def _less(u: Vector, v: Vector) -> Vector:
    return u[0] - v[0], u[1] - v[1], u[2] - v[2]
