"""Contours sorted into the planes on which they were drawn, as a grid sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure
from kerma.errors import GeometryError

__all__ = [
    "ContourPlane",
    "ContourPlanes",
    "are_parallel",
    "check_frames",
    "planes_of",
]

# Points of a contour that lie within this distance of a plane lie in it, and contours
# this close together are of one plane: positions are rounded to 0.01 mm or so.
_PLANE_MM = 0.1


@dataclass(frozen=True, eq=False)
class ContourPlane:
    """The contours of one plane.

    Parameters
    ----------
    offset_mm
        Where the plane lies along the first axis of the grid, as `Grid.slice_offsets`.
    contours
        Each (n, 2) ``(row, column)`` in units of voxels.
    """

    offset_mm: float
    contours: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class ContourPlanes:
    """All closed contours of a structure, plane by plane in ascending order.

    Parameters
    ----------
    planes
        At least 0.1 mm apart.
    notes
        What is left out.
    """

    planes: tuple[ContourPlane, ...]
    notes: tuple[str, ...] = ()

    @property
    def offsets_mm(self) -> FloatArray:
        """(n,) where the planes lie."""
        return np.array([plane.offset_mm for plane in self.planes])

    def index_box(self, grid: Grid) -> tuple[slice, slice]:
        """Rows and columns of the grid that the contours touch."""
        points = np.concatenate([c for plane in self.planes for c in plane.contours])
        # A pixel reaches half a pixel to each side of its center.
        limits = np.array(grid.shape[1:])
        # One axis after the other: along the short axis of an array numpy is slow.
        lowest = np.array([axis.min() for axis in points.T])
        highest = np.array([axis.max() for axis in points.T])
        low = np.clip(np.floor(lowest + 0.5), 0, limits).astype(int)
        high = np.clip(np.ceil(highest + 0.5), low, limits).astype(int)
        return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def are_parallel(structure: Structure, normal: FloatArray) -> bool:
    """Whether each closed contour lies in a plane across a unit normal (3,)."""
    closed = structure.closed_contours
    if not closed:
        return True
    points, starts = _joined(closed)
    depth = points @ normal
    extent = np.maximum.reduceat(depth, starts) - np.minimum.reduceat(depth, starts)
    return bool(extent.max() <= 2 * _PLANE_MM)


def planes_of(structure: Structure, grid: Grid) -> ContourPlanes:
    """Sort the closed contours of a structure into planes parallel to the slices.

    Raises
    ------
    GeometryError
        The structure lies in another frame of reference.
    """
    check_frames(structure, grid)
    closed = structure.closed_contours
    notes = _left_out(structure)
    if not closed:
        return ContourPlanes((), notes)
    points, starts = _joined(closed)
    steps = (points - grid.origin) @ np.linalg.inv(np.array(grid.axes))
    index = steps[:, 1:] / grid.spacing[1:]
    sizes = np.diff([*starts, len(points)])
    offsets = np.add.reduceat(steps[:, 0], starts) / sizes
    parts = np.split(index, starts[1:])
    order = np.argsort(offsets, kind="stable")
    across = abs(float(np.dot(grid.axes[0], grid.normal)))
    new = np.flatnonzero(np.diff(offsets[order]) * across > _PLANE_MM) + 1
    planes = tuple(
        ContourPlane(float(offsets[members].mean()), tuple(parts[n] for n in members))
        for members in np.split(order, new)
    )
    return ContourPlanes(planes, notes)


def check_frames(structure: Structure, grid: Grid) -> None:
    """Raise a GeometryError where positions cannot be compared."""
    here, there = structure.frame_of_reference, grid.frame_of_reference
    if here != there:
        raise GeometryError(
            f"{structure.name!r} lies in the frame of reference {here or '(unknown)'} "
            f"and the grid in {there or '(unknown)'}, so their positions cannot be "
            f"compared; register one to the other and map the structure."
        )


def _joined(contours: tuple[Contour, ...]) -> tuple[FloatArray, IntArray]:
    """(n, 3) points of all contours, and where each contour begins."""
    sizes = [len(contour.points) for contour in contours]
    starts = np.cumsum([0, *sizes[:-1]])
    return np.concatenate([contour.points for contour in contours]), starts


def _left_out(structure: Structure) -> tuple[str, ...]:
    others = len(structure.contours) - len(structure.closed_contours)
    if not others:
        return ()
    return (f"{others} points or open contours enclose nothing and were left out.",)
