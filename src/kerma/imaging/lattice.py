"""The voxels of one grid as seen from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.transform import AffineTransform
from kerma.imaging.axis_weights import COVERAGE_SLACK_MM

__all__ = ["Lattice", "distances"]


def distances(grid: Grid) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distances of the voxels from the first along each axis of a grid, mm."""
    rows, columns = (
        np.arange(n) * step
        for n, step in zip(grid.shape[1:], grid.spacing[1:], strict=True)
    )
    return np.array(grid.slice_offsets), rows, columns


@dataclass(frozen=True, eq=False)
class Lattice:
    """Where the voxels of a grid lie along the axes of another one, mm.

    Parameters
    ----------
    start
        (3,) the first voxel.
    directions
        (3, 3) way along each axis of the other grid for 1 mm along each of the grid's.
    distances
        For each axis of the grid (n,) distances of its voxels from the first.
    """

    start: FloatArray
    directions: FloatArray
    distances: tuple[FloatArray, FloatArray, FloatArray]

    @classmethod
    def of(cls, onto: Grid, grid: Grid, back: AffineTransform) -> Lattice:
        """The voxels of `onto` along the axes of `grid`."""
        into = np.linalg.inv(np.array(grid.axes))
        return cls(
            (back.apply(np.array(onto.origin)) - np.array(grid.origin)) @ into,
            np.array(onto.axes) @ back.matrix[:3, :3].T @ into,
            distances(onto),
        )

    def common_axes(self) -> tuple[int, ...] | None:
        """Axis of the other grid along each axis, ``None`` where they are oblique.

        A drift that stays within the rounding of positions does not count.
        """
        order = np.abs(self.directions).argmax(axis=1)
        lengths = np.array([[steps[-1]] for steps in self.distances])
        drift = np.abs(self.directions) * lengths
        drift[[0, 1, 2], order] = 0.0
        common = set(order) == {0, 1, 2} and drift.sum(axis=0).max() <= (
            COVERAGE_SLACK_MM
        )
        return tuple(order.tolist()) if common else None
