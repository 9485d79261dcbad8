"""Exact coverage of pixels by any polygons, however they lie to each other.

The plane is cut into strips, at every corner, at every border between rows of pixels and
wherever two edges cross. Within a strip the edges lie side by side, so that going along
it from edge to edge tells what is inside. Each edge at which that changes adds the area
beyond it, as in `kerma.kernels.coverage`. Two edges on top of each other, as those of a
keyhole, cancel.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled
from kerma.kernels.coverage import add_piece

__all__ = ["add_contours", "add_rows", "extent_of"]

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Flags: TypeAlias = NDArray[np.bool_]

Strip: TypeAlias = tuple[Floats, Integers, Integers, Floats]
"""All edges and their contours; those of the strip from left to right, and where they
cross its top and bottom."""

Place: TypeAlias = tuple[Integers, Integers, Integers, Integers]
"""Where a place along a strip lies: how often each contour winds around it, and in which
directions it has done so anywhere (1, 2 or both: 3); in how many contours of each group
it is, and which contours it is in, in the order of entering."""

_ROUNDING = 1e-12  # coverage; sums of changes leave 1e-16 or so where there is none
_CROSSING = 1e-9  # pixels by which an edge has to lie beyond another to cross it


@compiled
def add_contours(
    points: Floats,
    starts: Integers,
    groups: Integers,
    changes: Floats,
    overlaps: Flags,
) -> None:
    """Add the contours of one plane to an image of changes along the rows.

    A place is inside a contour where a ray from it crosses the contour an odd number of
    times, inside a group where it is inside one of its contours, and inside the whole
    where it is inside an odd number of groups.

    Parameters
    ----------
    points
        (n, 2) corners, ``(row, column)``, float64, one contour after the other; pixel
        (j, i) reaches from j - 0.5 to j + 0.5 and from i - 0.5 to i + 0.5. What lies
        outside the image is cut off.
    starts
        (c + 1,) where each contour begins, and the end of the last.
    groups
        (c,) group of each contour, from 0 to c - 1.
    changes
        (nj, ni + 1) float64, added to in place.
    overlaps
        (c,) set where a contour may overlap with itself, or with another one without
        holding it. It is set too where they touch.
    """
    edges, owners = _edges(points, starts, changes.shape[0])
    if len(owners) == 0:
        return
    count = len(groups)
    windings = np.zeros(count, np.int64)
    place = windings, windings.copy(), windings.copy(), windings.copy()
    stops = np.sort(edges[:, :3:2].copy().ravel())
    last = min(float(changes.shape[0]), stops[-1])
    active = np.empty(len(owners), np.int64)
    xs = np.empty((len(owners), 2))
    y, held, next_edge, next_stop = max(0.0, stops[0]), 0, 0, 0
    while y < last:
        held = _drop_ended(edges, active, held, y)
        while next_edge < len(owners) and edges[next_edge, 0] <= y:
            active[held] = next_edge
            held += 1
            next_edge += 1
        while stops[next_stop] <= y:
            next_stop += 1
        row = math.floor(y)
        bottom = min(stops[next_stop], row + 1.0)
        strip = edges, owners, active[:held], xs
        if _order(edges, active[:held], xs, y, bottom):
            cuts = _cuts(edges, active[:held], y, bottom)
            for n in range(len(cuts) - 1):
                top, end = cuts[n], cuts[n + 1]
                _order(edges, active[:held], xs, top, end)
                _add_strip(strip, end - top, groups, place, overlaps, changes[row])
        else:
            _add_strip(strip, bottom - y, groups, place, overlaps, changes[row])
        y = bottom


@compiled
def _edges(points: Floats, starts: Integers, rows: int) -> tuple[Floats, Integers]:
    """Edges (n, 5), sorted by y0, and the contour of each.

    An edge is y0, x0, y1, x1 with y0 < y1, and 1 if the contour runs along it so, or -1.
    """
    edges = np.empty((len(points), 5))
    owners = np.empty(len(points), np.int64)
    count = 0
    for c in range(len(starts) - 1):
        before = starts[c + 1] - 1
        for n in range(starts[c], starts[c + 1]):
            y0, x0 = points[before, 0] + 0.5, points[before, 1] + 0.5
            y1, x1 = points[n, 0] + 0.5, points[n, 1] + 0.5
            before = n
            way = 1.0
            if y0 > y1:
                y0, x0, y1, x1 = y1, x1, y0, x0
                way = -1.0
            if y0 == y1 or y1 <= 0 or y0 >= rows:
                continue
            edges[count] = (y0, x0, y1, x1, way)
            owners[count] = c
            count += 1
    order = np.argsort(edges[:count, 0])
    return edges[:count][order], owners[:count][order]


@compiled
def _drop_ended(edges: Floats, active: Integers, held: int, y: float) -> int:
    kept = 0
    for n in range(held):
        if edges[active[n], 2] > y:
            active[kept] = active[n]
            kept += 1
    return kept


@compiled
def _x_at(edge: Floats, y: float) -> float:
    """Column of an edge, never beyond its ends, however flat it is."""
    x = edge[1] + (edge[3] - edge[1]) * ((y - edge[0]) / (edge[2] - edge[0]))
    return min(max(x, min(edge[1], edge[3])), max(edge[1], edge[3]))


@compiled
def _order(
    edges: Floats, active: Integers, xs: Floats, top: float, bottom: float
) -> bool:
    """Sort edges by where they cross the middle of a strip; whether any two cross."""
    for n in range(len(active)):
        edge = active[n]
        x0, x1 = _x_at(edges[edge], top), _x_at(edges[edge], bottom)
        m = n
        while m > 0 and xs[m - 1, 0] + xs[m - 1, 1] > x0 + x1:
            active[m] = active[m - 1]
            xs[m, 0], xs[m, 1] = xs[m - 1, 0], xs[m - 1, 1]
            m -= 1
        active[m] = edge
        xs[m, 0], xs[m, 1] = x0, x1
    for n in range(1, len(active)):
        if (xs[n - 1, 0] > xs[n, 0] + _CROSSING) or (
            xs[n - 1, 1] > xs[n, 1] + _CROSSING
        ):
            return True
    return False


@compiled
def _cuts(edges: Floats, active: Integers, top: float, bottom: float) -> Floats:
    """Where edges cross within a strip, with its ends, ascending."""
    cuts = [top, bottom]
    for n in range(len(active)):
        for m in range(n):
            one, other = edges[active[m]], edges[active[n]]
            above = _x_at(other, top) - _x_at(one, top)
            below = _x_at(other, bottom) - _x_at(one, bottom)
            if above * below < 0:
                cuts.append(top + (bottom - top) * above / (above - below))
    return np.sort(np.array(cuts))


@compiled
def _add_strip(
    strip: Strip,
    height: float,
    groups: Integers,
    place: Place,
    overlaps: Flags,
    row: Floats,
) -> None:
    """Add the edges of a strip, from left to right, at which the inside begins or ends."""
    edges, owners, active, xs = strip
    windings, turns, within, entered = place
    sign, depth = 1.0, 0
    for n in range(len(active)):
        contour = owners[active[n]]
        after = windings[contour] + np.int64(edges[active[n], 4])
        windings[contour] = after
        # A contour that keeps clear of itself winds around what it holds once, always
        # in the same direction.
        turns[contour] |= 1 if after > 0 else (2 if after < 0 else 0)
        overlaps[contour] |= abs(after) > 1 or turns[contour] == 3
        group = groups[contour]
        was_in = within[group] > 0
        if after % 2 != 0:
            within[group] += 1
            entered[depth] = contour
            depth += 1
        else:
            within[group] -= 1
            depth = _leave(contour, entered, depth, overlaps)
        if was_in != (within[group] > 0):
            left, right = min(xs[n, 0], xs[n, 1]), max(xs[n, 0], xs[n, 1])
            add_piece(row, left, right, sign * height)
            sign = -sign


@compiled
def _leave(contour: int, entered: Integers, depth: int, overlaps: Flags) -> int:
    """Take a contour off those entered; it is the last one where contours are nested."""
    at = depth - 1
    while entered[at] != contour:
        overlaps[contour] = True
        overlaps[entered[at]] = True
        at -= 1
    for n in range(at, depth - 1):
        entered[n] = entered[n + 1]
    return depth - 1


@compiled
def add_rows(changes: Floats, weight: float, target: Floats) -> None:
    """Add the coverage of (nj, ni + 1) changes along the rows, weighted, to (nj, ni).

    No sum goes over 1. Where nothing is covered, the target is not touched.
    """
    columns = target.shape[1]
    for j in range(target.shape[0]):
        total, start = 0.0, 0
        while start < columns:
            total += changes[j, start]
            # Between two edges the coverage stays the same.
            stop = start + 1
            while stop < columns and changes[j, stop] == 0:
                stop += 1
            if total > _ROUNDING:
                _add_run(target[j, start:stop], weight * min(total, 1.0))
            start = stop


@compiled
def _add_run(pixels: Floats, cover: float) -> None:
    for n in range(pixels.size):
        pixels[n] = min(pixels[n] + cover, 1.0)


@compiled
def extent_of(points: Floats) -> tuple[float, float, float, float]:
    """Lowest row, lowest column, highest row and highest column of points (n, 2)."""
    low_row, low_column = points[0]
    high_row, high_column = points[0]
    for n in range(1, len(points)):
        row, column = points[n]
        low_row, high_row = min(low_row, row), max(high_row, row)
        low_column, high_column = min(low_column, column), max(high_column, column)
    return low_row, low_column, high_row, high_column
