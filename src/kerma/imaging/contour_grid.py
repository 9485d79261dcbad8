"""A grid for structures whose CT is not at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.structures import Structure
from kerma.errors import GeometryError, InputError

__all__ = ["grid_of_contours"]

_SAME_PLANE_MM = 0.05  # positions in files are rounded
_LONE_PLANE_MM = 3.0  # thickness where one plane alone has contours
_MOST_VOXELS = 4096  # along an axis: 4 m in voxels of 1 mm


def grid_of_contours(structures: Sequence[Structure], *, pixel_mm: float) -> Grid:
    """A grid that holds structures, its slices in the planes of their contours.

    The planes are those of the first contour. Slices are as far apart as neighboring
    planes are for the most part, counted from the lowest plane.

    Parameters
    ----------
    structures
        In one frame of reference; only closed contours count.
    pixel_mm
        Spacing of rows and columns, mm.

    Raises
    ------
    GeometryError
        The structures lie in several frames of reference, or are too large for a
        patient.
    InputError
        There is no closed contour, or the spacing is not positive.
    """
    if not pixel_mm > 0:
        raise InputError(f"A spacing is positive; got {pixel_mm} mm.")
    outlines = [c.points for s in structures for c in s.closed_contours]
    if not outlines:
        raise InputError("There is no closed contour to make a grid for.")
    frames = sorted({s.frame_of_reference for s in structures if not s.is_empty})
    if len(frames) > 1:
        raise GeometryError(
            f"The structures lie in several frames of reference ({', '.join(frames)}), "
            f"so they cannot be compared; register one set to the other."
        )
    axes = _axes(outlines[0])
    places = [points @ axes.T for points in outlines]  # mm along (k, j, i)
    low = np.min([place.min(axis=0) for place in places], axis=0)
    high = np.max([place.max(axis=0) for place in places], axis=0)
    planes = np.unique([place[:, 0].mean() for place in places])
    gaps = np.diff(planes)
    gaps = gaps[gaps > _SAME_PLANE_MM]
    step = float(np.median(gaps)) if gaps.size else _LONE_PLANE_MM
    spacing = np.array([step, pixel_mm, pixel_mm])
    # Two voxels all around, so that nothing ends at the border.
    start = np.array([planes[0], low[1], low[2]]) - 2 * spacing
    count = np.ceil((high - start) / spacing).astype(int) + 3
    if count.max() > _MOST_VOXELS:
        raise GeometryError(
            f"The contours reach over {(high - low).max():.0f} mm, more than "
            f"{_MOST_VOXELS} voxels of {spacing.max():g} mm; use a larger spacing, or "
            f"remove the contours that are astray."
        )
    k, j, i = count.tolist()
    x, y, z = (start @ axes).tolist()
    columns, rows, along = (tuple(axis) for axis in axes.tolist())
    return Grid(
        (k, j, i), (x, y, z), (step, pixel_mm, pixel_mm), (columns, rows, along),
        frames[0],
    )  # fmt: skip


def _axes(points: FloatArray) -> FloatArray:
    """(3, 3) unit vectors across the plane of a contour, down it and along it.

    Right-handed from rows to columns to slices, and as near to axial as the plane lets.
    """
    area = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    size = np.linalg.norm(area)
    if size == 0:
        raise GeometryError("The first contour encloses no area, so it has no plane.")
    normal = area / size
    normal *= np.sign(normal[np.abs(normal).argmax()])
    across = np.eye(3)[0] if abs(normal[0]) < 0.9 else np.eye(3)[1]
    row = across - (across @ normal) * normal
    row /= np.linalg.norm(row)
    return np.array([normal, np.cross(normal, row), row])
