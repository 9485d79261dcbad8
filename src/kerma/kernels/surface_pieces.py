"""Pieces of surfaces and outlines, triangles and lines: sizes, and distances to them."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["distances_to_pieces", "list_pieces", "share_sizes"]

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
        u = _way(points, triangles[n, 0], points, triangles[n, 1])
        v = _way(points, triangles[n, 0], points, triangles[n, 2])
        # Twice the area is |u × v|, and |u × v|² = |u|² |v|² - (u v)².
        square = _product(u, u) * _product(v, v) - _product(u, v) ** 2
        for corner in range(3):
            sizes[triangles[n, corner]] += math.sqrt(max(square, 0.0)) / 6


@compiled
def list_pieces(pieces: Ints, starts: Ints, listed: Ints) -> None:
    """List the pieces around each point.

    Parameters
    ----------
    pieces
        (m, c) numbers of the corners of each piece.
    starts
        (n + 1,) zeros, filled with where the pieces of each point start in the list.
    listed
        (m c,) filled with numbers of pieces.
    """
    for n in range(len(pieces)):
        for corner in range(pieces.shape[1]):
            starts[pieces[n, corner]] += 1
    total = 0
    for n in range(len(starts)):
        total += starts[n]
        starts[n] = total
    # Every start is an end by now, and moves back as the list is filled.
    for n in range(len(pieces)):
        for corner in range(pieces.shape[1]):
            starts[pieces[n, corner]] -= 1
            listed[starts[pieces[n, corner]]] = n


@compiled
def distances_to_pieces(
    queries: Floats,
    points: Floats,
    pieces: Ints,
    around: tuple[Ints, Ints],
    nearest: Ints,
    distances: Floats,
) -> None:
    """Distances to the nearest of the pieces, sought from the nearest corners.

    The search starts with the pieces around those corners and goes on with the pieces
    around the best of them as long as they come nearer.

    Parameters
    ----------
    queries
        (q, 3) positions, mm.
    points
        (n, 3) positions of the corners, mm.
    pieces
        (m, 3) or (m, 2) numbers of the corners of each triangle or line.
    around
        `starts` and `listed` of `list_pieces`.
    nearest
        (q, k) numbers of the nearest corners; n and above for none.
    distances
        (q,) filled with the distances, mm, infinite without a corner.
    """
    for q in range(len(queries)):
        found, square = -1, math.inf
        for corner in nearest[q]:
            if corner < len(points):
                now, square = _around(
                    queries, q, points, pieces, around, corner, square
                )
                found = now if now >= 0 else found
        while found >= 0:
            last, found = found, -1
            for n in range(pieces.shape[1]):
                corner = pieces[last, n]
                now, square = _around(
                    queries, q, points, pieces, around, corner, square
                )
                found = now if now >= 0 else found
        distances[q] = math.sqrt(square)


@compiled
def _around(
    queries: Floats,
    q: int,
    points: Floats,
    pieces: Ints,
    around: tuple[Ints, Ints],
    corner: int,
    square: float,
) -> tuple[int, float]:
    """The piece around a corner that is nearer than before, or -1, and its distance²."""
    starts, listed = around
    found = -1
    for n in range(starts[corner], starts[corner + 1]):
        piece = listed[n]
        first = pieces[piece, 0]
        w = _way(points, first, queries, q)
        u = _way(points, first, points, pieces[piece, 1])
        if pieces.shape[1] == 3:
            now = _to_triangle(w, u, _way(points, first, points, pieces[piece, 2]))
        else:
            now = _to_line(w, u)
        if now < square:
            found, square = piece, now
    return found, square


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


@compiled
def _way(points: Floats, a: int, others: Floats, b: int) -> Vector:
    """Way from a point to another one, mm."""
    return (
        others[b, 0] - points[a, 0],
        others[b, 1] - points[a, 1],
        others[b, 2] - points[a, 2],
    )


@compiled
def _product(u: Vector, v: Vector) -> float:
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2]


@compiled
def _less(u: Vector, v: Vector) -> Vector:
    return u[0] - v[0], u[1] - v[1], u[2] - v[2]
