"""Where the contours of structures lie in the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure

__all__ = ["TARGETS", "DrawnOn", "beyond_mm", "outside_mm"]

_AT_ONCE = 1 << 20  # pairs of a point and an edge: some 50 MB

TARGETS = ("PTV", "CTV", "GTV")


def beyond_mm(grid: Grid, positions: FloatArray, *, margin: float) -> FloatArray:
    """How far positions (n, 3) lie outside a grid, mm; zero inside.

    Parameters
    ----------
    grid
        Where the voxels lie.
    positions
        ``(x, y, z)``, mm.
    margin
        How far the grid reaches beyond the outer voxel centers, in voxels.
    """
    index = grid.to_index(positions)
    last = np.array(grid.shape) - 1
    over = np.maximum(np.maximum(-margin - index, index - last - margin), 0)
    return np.linalg.norm(over * grid.spacing, axis=-1)


@dataclass(frozen=True, eq=False)
class DrawnOn:
    """A structure on the slices of a CT.

    Parameters
    ----------
    structure
        With at least one contour.
    grid
        Of the CT.
    """

    structure: Structure
    grid: Grid

    @cached_property
    def points(self) -> FloatArray:
        """(n, 3) points of all contours, mm."""
        return np.concatenate([c.points for c in self.structure.contours])

    @cached_property
    def slices(self) -> FloatArray:
        """(m,) fractional number of the slice of each closed contour."""
        contours = self.structure.closed_contours
        return np.array([self.slice_of(contour) for contour in contours])

    @cached_property
    def is_in_stack(self) -> BoolArray:
        """(m,) whether each closed contour lies within half a slice of the images."""
        inside = (self.slices >= -0.5) & (self.slices <= self.grid.shape[0] - 0.5)
        return np.asarray(inside)

    def slice_of(self, contour: Contour) -> float:
        """Fractional number of the slice that a contour lies on."""
        return float(self.grid.to_index(contour.points)[:, 0].mean())

    @cached_property
    def off_slice_mm(self) -> FloatArray:
        """(m,) largest distance of a point of each closed contour from one slice, mm."""
        heights = _heights(self.grid)
        distances = []
        for contour in self.structure.closed_contours:
            height = contour.points @ self.grid.normal
            nearest = heights[np.argmin(np.abs(heights - height.mean()))]
            distances.append(float(np.abs(height - nearest).max()))
        return np.array(distances)

    @cached_property
    def heights(self) -> FloatArray:
        """(m,) place of each closed contour along the normal of the slices, mm."""
        contours = self.structure.closed_contours
        return np.array([(c.points @ self.grid.normal).mean() for c in contours])

    def in_plane(self, contour: Contour) -> FloatArray:
        """(n, 2) points of a contour along column and row, mm."""
        index = self.grid.to_index(contour.points)
        return index[:, 1:] * np.array(self.grid.spacing[1:])

    def skipped(self) -> list[tuple[int, int]]:
        """(first, count) of the slices between the ends that have no contour."""
        drawn = np.unique(np.rint(self.slices)).astype(int)
        steps = np.diff(drawn)
        return [
            (int(drawn[n]) + 1, int(steps[n]) - 1) for n in np.flatnonzero(steps > 1)
        ]


def _heights(grid: Grid) -> FloatArray:
    index = np.zeros((grid.shape[0], 3))
    index[:, 0] = np.arange(grid.shape[0])
    return np.asarray(grid.to_patient(index) @ grid.normal)


def outside_mm(points: FloatArray, polygons: Sequence[FloatArray]) -> FloatArray:
    """How far points (n, 2) lie outside polygons (even-odd), mm; zero inside."""
    inside = np.zeros(len(points), np.bool_)
    for polygon in polygons:
        inside ^= _by_parts(_is_inside, points, polygon) > 0
    away = np.zeros(len(points))
    if not inside.all():
        outside = points[~inside]
        edges = [_by_parts(_to_edges, outside, polygon) for polygon in polygons]
        away[~inside] = np.min(edges, axis=0)
    return away


def _by_parts(
    function: Callable[[FloatArray, FloatArray], FloatArray],
    points: FloatArray,
    polygon: FloatArray,
) -> FloatArray:
    """A function (n,) of points and a polygon, a few points at a time."""
    size = max(1, _AT_ONCE // len(polygon))
    parts = [points[n : n + size] for n in range(0, len(points), size)]
    return np.concatenate([function(part, polygon) for part in parts])


def _is_inside(points: FloatArray, polygon: FloatArray) -> FloatArray:
    x, y = points[:, None, 0], points[:, None, 1]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    crosses = (y0 > y) != (y1 > y)
    rise = np.where(y1 == y0, 1.0, y1 - y0)  # level edges cross nothing
    return (crosses & (x < x0 + (y - y0) * (x1 - x0) / rise)).sum(axis=1) % 2.0


def _to_edges(points: FloatArray, polygon: FloatArray) -> FloatArray:
    edges = np.roll(polygon, -1, axis=0) - polygon
    away = points[:, None] - polygon
    length = np.maximum((edges**2).sum(axis=-1), 1e-12)
    share = np.clip((away * edges).sum(axis=-1) / length, 0, 1)
    distance = np.linalg.norm(away - share[..., None] * edges, axis=-1)
    return np.asarray(distance.min(axis=1))
