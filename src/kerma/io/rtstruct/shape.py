"""Whether contours are flat, and whether they enclose anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray

__all__ = ["Shapes", "measure_shapes"]


@dataclass(frozen=True, eq=False)
class Shapes:
    """Extent of n contours.

    Parameters
    ----------
    width_mm
        (n,) root mean square distance of the points from the line that fits them
        best: zero where they lie on a line, so that no area is enclosed.
    off_plane_mm
        (n,) largest distance of a point from the plane that fits them best.
    """

    width_mm: FloatArray
    off_plane_mm: FloatArray


def measure_shapes(points: FloatArray, sizes: IntArray) -> Shapes:
    """Fit a line and a plane to each contour, in the sense of least squares.

    The area of the polygon would not do for the first: that of a figure of eight can
    be zero, since its halves count against each other.

    Parameters
    ----------
    points
        (m, 3) points of all contours, one contour after the other, mm.
    sizes
        (n,) number of points of each, at least one.
    """
    if not sizes.size:
        return Shapes(np.zeros(0), np.zeros(0))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    count = sizes[:, np.newaxis]
    centers = np.add.reduceat(points, starts) / count
    around = points - np.repeat(centers, sizes, axis=0)
    products = around[:, [0, 0, 0, 1, 1, 2]] * around[:, [0, 1, 2, 1, 2, 2]]
    moments = np.add.reduceat(products, starts) / count
    spread, directions = np.linalg.eigh(moments[:, [[0, 1, 2], [1, 3, 4], [2, 4, 5]]])
    # The direction of least spread is the normal; that of the middle one is across.
    normals = np.repeat(directions[:, :, 0], sizes, axis=0)
    off_plane = np.abs(np.einsum("ij,ij->i", around, normals))
    return Shapes(
        width_mm=np.sqrt(np.maximum(spread[:, 1], 0.0)),
        off_plane_mm=np.maximum.reduceat(off_plane, starts),
    )
