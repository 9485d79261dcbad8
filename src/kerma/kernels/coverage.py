"""Which share of each pixel a polygon covers, exactly.

The method is that of font rendering: every edge adds the signed area between itself and
the right end of its row of pixels, as a change along the row, and a running sum turns
the changes into coverage. Before the sum, polygons simply add up, holes with the other
sign. The work grows with the pixels that the edges cross, not with the area.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["add_piece", "add_polygon", "is_inside", "signed_area", "sum_along_rows"]

Floats: TypeAlias = NDArray[np.floating[Any]]


@compiled
def signed_area(points: Floats) -> float:
    """Area of a polygon of (n, 2) corners ``(row, column)``, pixels²; sign by its turn.

    Positive where it turns from the rows to the columns.
    """
    doubled = 0.0
    for n in range(len(points)):
        m = n - 1  # the last one comes before the first
        doubled += points[m, 0] * points[n, 1] - points[n, 0] * points[m, 1]
    return doubled / 2


@compiled
def add_polygon(points: Floats, sign: float, changes: Floats) -> None:
    """Add one simple polygon to an image of changes along the rows.

    Parameters
    ----------
    points
        (n, 2) corners, ``(row, column)``, float64; pixel (j, i) reaches from j - 0.5 to
        j + 0.5 and from i - 0.5 to i + 0.5. What lies outside the image is cut off.
    sign
        +1 for matter, -1 for a hole.
    changes
        (nj, ni + 1) float64, added to in place.
    """
    rows = changes.shape[0]
    turn = -sign if signed_area(points) > 0 else sign
    for n in range(len(points)):
        y0, x0 = points[n - 1, 0] + 0.5, points[n - 1, 1] + 0.5
        y1, x1 = points[n, 0] + 0.5, points[n, 1] + 0.5
        if y0 == y1:
            continue
        side = -turn  # an edge that runs up the rows opens the polygon or closes it
        if y0 > y1:
            y0, x0, y1, x1 = y1, x1, y0, x0
            side = turn
        slope = (x1 - x0) / (y1 - y0)
        for j in range(max(0, math.floor(y0)), min(rows, math.ceil(y1))):
            top, bottom = max(y0, float(j)), min(y1, j + 1.0)
            xa, xb = x0 + slope * (top - y0), x0 + slope * (bottom - y0)
            add_piece(changes[j], min(xa, xb), max(xa, xb), side * (bottom - top))


@compiled
def add_piece(row: Floats, left: float, right: float, height: float) -> None:
    """Add to one row what lies right of a piece of an edge, pixel by pixel."""
    columns = len(row) - 1
    if right <= 0:
        row[0] += height
        return
    whole = right - left
    at = left
    if left < 0:
        row[0] += height * -left / whole
        at = 0.0
    for i in range(math.floor(at), columns):
        end = min(right, i + 1.0)
        part = height if whole == 0 else height * (end - at) / whole
        middle = (at + end) / 2 - i
        row[i] += part * (1 - middle)
        row[i + 1] += part * middle
        at = end
        if end >= right:
            return


@compiled
def sum_along_rows(changes: Floats, cover: Floats) -> None:
    """Turn (nj, ni + 1) changes along the rows into (nj, ni) coverage."""
    for j in range(cover.shape[0]):
        total = 0.0
        for i in range(cover.shape[1]):
            total += changes[j, i]
            cover[j, i] = total


@compiled
def is_inside(point: Floats, polygon: Floats) -> bool:
    """Whether a point (2,) lies in a polygon (n, 2), by crossings to its right."""
    inside = False
    for n in range(len(polygon)):
        y0, x0, y1, x1 = (
            polygon[n - 1, 0],
            polygon[n - 1, 1],
            polygon[n, 0],
            polygon[n, 1],
        )
        if (y0 > point[0]) != (y1 > point[0]):
            crossing = x0 + (point[0] - y0) * (x1 - x0) / (y1 - y0)
            inside ^= point[1] < crossing
    return inside
