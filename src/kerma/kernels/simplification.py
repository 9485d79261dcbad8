"""Polygons with fewer corners."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["corners_kept"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Flags: TypeAlias = NDArray[np.bool_]


@compiled
def _square_from_edge(points: Floats, at: int, first: int, last: int) -> float:
    """Squared distance of a point from the edge between two others."""
    along = points[last] - points[first]
    way = points[at] - points[first]
    length = (along * along).sum()
    share = (along * way).sum() / length if length > 0 else 0.0
    aside = way - min(max(share, 0.0), 1.0) * along
    return float((aside * aside).sum())


@compiled
def corners_kept(points: Floats, tolerance: float) -> Flags:
    """(n,) which corners of a closed polygon are kept so that none lies far from it.

    D. H. Douglas and T. K. Peucker, Cartographica 10 (1973) 112, on the two halves of
    the polygon between its first corner and the one farthest from that.

    Parameters
    ----------
    points
        (n, d) corners in turn, at least one; the first is not repeated.
    tolerance
        Farthest that a corner left out lies from the edge that replaces it.
    """
    count = len(points)
    kept = np.zeros(count, np.bool_)
    farthest, most = 0, 0.0
    for n in range(count):
        way = points[n] - points[0]
        square = (way * way).sum()
        if square > most:
            farthest, most = n, square
    closed = np.empty((count + 1, points.shape[1]), points.dtype)
    closed[:count], closed[count] = points, points[0]
    kept[0] = kept[farthest] = True
    firsts, lasts = [0, farthest], [farthest, count]
    while firsts:
        first, last = firsts.pop(), lasts.pop()
        split, worst = -1, tolerance * tolerance
        for at in range(first + 1, last):
            square = _square_from_edge(closed, at, first, last)
            if square > worst:
                split, worst = at, square
        if split > 0:
            kept[split] = True
            firsts.append(first)
            lasts.append(split)
            firsts.append(split)
            lasts.append(last)
    return kept
