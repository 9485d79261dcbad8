"""Where structures meet a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.structures import Contour, Structure
from kerma.reports.overlay.cuts import View

__all__ = ["Stack", "outlines_in", "stack_of"]

_ONE_PLANE_MM = 0.1  # contours nearer than this along the normal lie in one plane
_ALIGNED = np.cos(np.deg2rad(1.0))  # contours, or a cut, of nearly one direction
_ACROSS = np.sin(np.deg2rad(0.05))  # a cut that stands on the contours
_GAP = 1.5  # times the usual distance: planes farther apart are not connected
_FINENESS = 160  # points across a structure
_BATCH = 2_000_000  # pairs of point and edge at a time


@dataclass(frozen=True, eq=False)
class Stack:
    """The closed contours of a structure, plane by plane.

    Parameters
    ----------
    normal
        (3,) of the planes.
    offsets
        (p,) positions of the planes along the normal, ascending, mm.
    polygons
        Contours of each plane, each (n, 3).
    thickness_mm
        The usual distance between planes.
    left_out
        How many contours are not in it, since they lie in another direction.
    """

    normal: FloatArray
    offsets: FloatArray
    polygons: tuple[tuple[FloatArray, ...], ...]
    thickness_mm: float
    left_out: int


def stack_of(structure: Structure, thickness_mm: float) -> Stack | None:
    """Sort the closed contours of a structure into planes; ``None`` if it has none.

    Parameters
    ----------
    structure
        Its contours may lie in planes of any one direction.
    thickness_mm
        Of the plane, where there is only one.
    """
    closed = structure.closed_contours
    areas = np.array([_area(contour) for contour in closed]).reshape(-1, 3)
    sizes = np.linalg.norm(areas, axis=1)
    if not sizes.any():
        return None
    normal = areas[sizes.argmax()] / sizes.max()
    normal = normal * np.sign(normal[np.abs(normal).argmax()])
    aligned = np.abs(areas @ normal) >= _ALIGNED * sizes
    kept = [c.points for c, fits in zip(closed, aligned, strict=True) if fits]
    places = np.array([float(np.mean(points @ normal)) for points in kept])
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.diff(places[order]) > _ONE_PLANE_MM) + 1
    planes = np.split(order, starts)
    offsets = np.array([places[plane].mean() for plane in planes])
    usual = float(np.median(np.diff(offsets))) if len(offsets) > 1 else thickness_mm
    polygons = tuple(tuple(kept[n] for n in plane) for plane in planes)
    return Stack(normal, offsets, polygons, usual, len(closed) - len(kept))


def outlines_in(stack: Stack, view: View, at_mm: float) -> list[FloatArray]:
    """Outlines (n, 2) of a structure in a plane, across and upright, mm.

    In a plane along the contours they are those of the nearest contour plane, if the
    plane lies within half the distance to the next one. In any other plane the region
    between two contour planes is interpolated: where the distances to their outlines,
    negative outside, add up to zero in proportion to the nearness (Raya and Udupa).
    Contours inside each other are holes. A structure ends half the distance of its
    planes beyond the last one, and a gap of more than 1.5 times that divides it.

    References
    ----------
    S. P. Raya, J. K. Udupa, IEEE Trans Med Imaging 1990;9:32.
    """
    slope = float(stack.normal[view.normal])
    if abs(slope) >= _ALIGNED:
        polygons = _nearest(stack, at_mm * slope)
        sides = [view.across, view.upright]
        return [np.vstack([p, p[:1]])[:, sides] for p in polygons]
    return _interpolated(stack, view, at_mm)


def _area(contour: Contour) -> FloatArray:
    """(3,) normal of a contour with the length of its area."""
    away = contour.points - contour.points.mean(axis=0)
    return np.asarray(np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0) / 2)


def _nearest(stack: Stack, offset: float) -> tuple[FloatArray, ...]:
    """The contours of the plane whose slab holds an offset."""
    n = int(np.abs(stack.offsets - offset).argmin())
    away = offset - stack.offsets[n]
    beside = n + (1 if away > 0 else -1)
    reach = stack.thickness_mm
    if 0 <= beside < len(stack.offsets):
        gap = abs(float(stack.offsets[beside] - stack.offsets[n]))
        reach = gap if gap <= _GAP * stack.thickness_mm else stack.thickness_mm
    return stack.polygons[n] if abs(away) <= reach / 2 + 1e-6 else ()


@dataclass(frozen=True, eq=False)
class _Levels:
    """The planes of a stack and the empty ones at its ends.

    `offsets` ascend; `plane` is the contour plane of each level, and `is_empty` says
    whether it only bounds that plane.
    """

    offsets: FloatArray
    plane: tuple[int, ...]
    is_empty: tuple[bool, ...]


def _levels(stack: Stack) -> _Levels:
    """An empty level beyond each end, as far as the planes usually are apart."""
    usual = stack.thickness_mm
    gaps = np.diff(stack.offsets)
    ends = np.where(gaps > _GAP * usual, np.minimum(usual, 0.49 * gaps), 0.0)
    below, above = np.concatenate([[usual], ends]), np.concatenate([ends, [usual]])
    found: list[tuple[float, int, bool]] = []
    for n, offset in enumerate(stack.offsets.tolist()):
        if below[n]:
            found.append((offset - float(below[n]), n, True))
        found.append((offset, n, False))
        if above[n]:
            found.append((offset + float(above[n]), n, True))
    offsets, plane, is_empty = zip(*found, strict=True)
    return _Levels(np.array(offsets), plane, is_empty)


def _interpolated(stack: Stack, view: View, at_mm: float) -> list[FloatArray]:
    """Outlines in a plane that is not along the contours."""
    from contourpy import contour_generator  # what matplotlib draws contours with

    levels = _levels(stack)
    unit = np.eye(3)
    base = at_mm * unit[view.normal]
    upward, sideways = unit[view.upright], unit[view.across]
    stands = abs(stack.normal[view.normal]) < _ACROSS
    if stands:  # then the contour planes are lines in the cut, and enough of them
        upward = stack.normal - stack.normal[view.normal] * unit[view.normal]
        upward /= np.linalg.norm(upward)
        sideways = np.cross(upward, unit[view.normal])
    points = np.vstack([p for polygons in stack.polygons for p in polygons])
    margin = stack.thickness_mm + 1.0
    passed = points[:, view.normal]
    if not passed.min() - margin < at_mm < passed.max() + margin:
        return []
    columns = _steps(points @ sideways, margin)
    rows = _steps(points @ upward, margin)
    if stands:
        rows = (levels.offsets - base @ stack.normal) / (upward @ stack.normal)
    places = base + rows[:, None, None] * upward + columns[None, :, None] * sideways
    field = _signed_distance(stack, levels, places.reshape(-1, 3)).reshape(
        rows.size, columns.size
    )
    lines = contour_generator(x=columns, y=rows, z=field).lines(0.0)
    turned = np.array([sideways, upward])[:, [view.across, view.upright]]
    return [np.asarray(line) @ turned for line in lines]


def _steps(places: FloatArray, margin: float) -> FloatArray:
    low, high = float(places.min()) - margin, float(places.max()) + margin
    return np.linspace(low, high, _FINENESS)


def _signed_distance(stack: Stack, levels: _Levels, points: FloatArray) -> FloatArray:
    """(n,) distance of points (n, 3) to the surface, positive inside, mm."""
    heights = np.clip(points @ stack.normal, levels.offsets[0], levels.offsets[-1])
    last = len(levels.offsets) - 2
    lower = np.clip(np.searchsorted(levels.offsets, heights, "right") - 1, 0, last)
    steps = levels.offsets[lower + 1] - levels.offsets[lower]
    share = (heights - levels.offsets[lower]) / steps
    flat = _flat_axes(stack.normal)
    places = points @ flat.T
    total = np.zeros(len(points))
    for n, plane in enumerate(levels.plane):
        weights = np.where(lower == n, 1 - share, np.where(lower == n - 1, share, 0.0))
        near = np.flatnonzero(weights > 1e-9)
        if near.size:
            polygons = [polygon @ flat.T for polygon in stack.polygons[plane]]
            distance = _distance_in_plane(polygons, places[near])
            # Beyond the end nothing is inside, and half way there is the end.
            signed = -np.abs(distance) if levels.is_empty[n] else distance
            total[near] += weights[near] * signed
    return total


def _flat_axes(normal: FloatArray) -> FloatArray:
    """(2, 3) unit vectors in the planes of a normal."""
    first = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
    first /= np.linalg.norm(first)
    return np.array([first, np.cross(normal, first)])


def _distance_in_plane(
    polygons: Sequence[FloatArray], points: FloatArray
) -> FloatArray:
    """(n,) distance of points (n, 2) to the nearest edge, positive inside, mm."""
    starts = np.vstack(polygons)
    ends = np.vstack([np.roll(polygon, -1, axis=0) for polygon in polygons])
    batch = max(1, _BATCH // len(starts))
    parts = [
        _batch_distance(starts, ends, points[first : first + batch])
        for first in range(0, len(points), batch)
    ]
    return np.concatenate(parts)


def _batch_distance(
    starts: FloatArray, ends: FloatArray, points: FloatArray
) -> FloatArray:
    x, y = points[:, 0, None], points[:, 1, None]
    ax, ay = starts.T
    dx, dy = (ends - starts).T
    length = np.maximum(dx**2 + dy**2, 1e-12)
    along = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0)
    squares = (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2
    crosses: BoolArray = (ay > y) != (ends[:, 1] > y)
    rise = np.where(dy == 0, 1.0, dy)
    beyond = crosses & (x < ax + (y - ay) / rise * dx)
    inside = np.count_nonzero(beyond, axis=1) % 2 == 1
    return np.where(inside, 1.0, -1.0) * np.sqrt(squares.min(axis=1))
