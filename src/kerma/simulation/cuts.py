"""Slices as planes through a placed phantom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.simulation.placement import PhantomPlacement

__all__ = ["Cut", "Plane", "cut_at"]


@dataclass(frozen=True)
class Plane:
    """Pixels across a phantom: pixel (j, i) lies at ``base + j down + i right``.

    Parameters
    ----------
    base, down, right
        (p, q) of the first pixel, and the steps to the next row and column, mm.
    matrix
        Rows and columns.
    """

    base: tuple[float, float]
    down: tuple[float, float]
    right: tuple[float, float]
    matrix: tuple[int, int]

    @property
    def whole(self) -> tuple[slice, slice]:
        """The window that is the whole image."""
        return slice(0, self.matrix[0]), slice(0, self.matrix[1])

    def positions(self, rows: slice, columns: slice) -> tuple[FloatArray, FloatArray]:
        """Coordinates p and q of the pixels of a window, mm."""
        j, i = np.ogrid[rows, columns]
        p = self.base[0] + j * self.down[0] + i * self.right[0]
        q = self.base[1] + j * self.down[1] + i * self.right[1]
        return p, q

    def window(
        self, center: tuple[float, float], *, reach: float
    ) -> tuple[slice, slice]:
        """Rows and columns around a circle, cut off at the border of the image.

        Parameters
        ----------
        center
            (p, q) of the center of the circle, mm.
        reach
            Its radius, mm.
        """
        to_index = np.linalg.inv(np.array([self.down, self.right]).T)
        middle = to_index @ np.subtract(center, self.base)
        pixels = reach * np.linalg.norm(to_index, axis=1)
        first = np.clip(np.floor(middle - pixels), 0, self.matrix).astype(int)
        last = np.clip(np.ceil(middle + pixels) + 1, 0, self.matrix).astype(int)
        return slice(first[0], last[0]), slice(first[1], last[1])


@dataclass(frozen=True)
class Cut:
    """A slice through a phantom.

    Parameters
    ----------
    plane
        Where its pixels lie across the phantom; slices square to the axis share it.
    depth
        w of the first pixel, and the steps to the next row and column, mm.
    thickness
        Extent of the slice along the axis, mm.
    """

    plane: Plane
    depth: Vec3
    thickness: float

    def along(self, rows: slice, columns: slice) -> FloatArray:
        """Depth w of the pixels of a window, mm; (1, 1) where it is one for all."""
        first, down, right = self.depth
        if down == 0 and right == 0:
            return np.full((1, 1), first)
        j, i = np.ogrid[rows, columns]
        w: FloatArray = first + j * down + i * right
        return w

    def depth_at(self, point: tuple[float, float]) -> float:
        """Depth w where the slice meets a line parallel to the axis, mm.

        Parameters
        ----------
        point
            (p, q) of the line, mm.
        """
        steps = np.array([self.plane.down, self.plane.right]).T
        j, i = np.linalg.solve(steps, np.subtract(point, self.plane.base))
        return float(np.dot(self.depth, [1.0, j, i]))


def cut_at(
    grid: Grid, k: int, placement: PhantomPlacement, *, thickness_mm: float
) -> Cut:
    """Slice k of a scan in the coordinates of a placed phantom."""
    corners = grid.to_patient(np.array([[k, 0, 0], [k, 1, 0], [k, 0, 1]]))
    base, below, beside = placement.to_phantom(corners)
    # Rounded to 1e-9 mm, so that slices square to the axis have the same plane.
    steps = np.round([base, below - base, beside - base], 9) + 0.0
    p, q, w = (tuple(float(value) for value in axis) for axis in steps.T)
    plane = Plane((p[0], q[0]), (p[1], q[1]), (p[2], q[2]), grid.shape[1:])
    upright = abs(float(placement.rotation[2, 2]))
    return Cut(plane, (w[0], w[1], w[2]), thickness_mm * upright)
