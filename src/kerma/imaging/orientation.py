"""Upright grids around grids that are not."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.grid import Grid
from kerma.errors import GeometryError

__all__ = ["covering_grid"]

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
_ROUNDING_MM = 1e-3  # as in `Grid.is_same_as`; no further row for so little


def covering_grid(grid: Grid, spacing_mm: Vec3 | float | None = None) -> Grid:
    """The smallest axial, even and upright grid that covers a grid.

    Slices go up, rows to the back and columns to the left of the patient. The first
    voxel center lies at the lowest x, y and z that any voxel center of `grid` has,
    and the last ones reach the highest. For an upright grid with even slices these
    are its own voxels, in that order.

    Parameters
    ----------
    grid
        Tilted, oblique, uneven, or of any patient position.
    spacing_mm
        Spacing along ``(k, j, i)``, or one for all axes. By default each axis gets the
        spacing of the axis of `grid` that lies nearest to it; for uneven slices that
        is their median distance.

    Raises
    ------
    GeometryError
        The spacing is not positive, or is neither one number nor three.
    """
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in grid.shape]), axis=-1)
    positions = grid.to_patient(corners.reshape(-1, 3))
    low, high = positions.min(axis=0)[::-1], positions.max(axis=0)[::-1]
    if spacing_mm is None:
        spacing_mm = _own_spacing(grid)
    given = np.asarray(spacing_mm, dtype=np.float64)
    if given.shape not in {(), (3,)} or not (np.isfinite(given) & (given > 0)).all():
        raise GeometryError(
            f"A spacing has to be one positive number of mm, or three along (k, j, i); "
            f"got {spacing_mm}."
        )
    spacing = np.broadcast_to(given, 3)
    steps = np.ceil((high - low - _ROUNDING_MM) / spacing).astype(int).clip(0)
    nk, nj, ni = (steps + 1).tolist()
    z, y, x = low.tolist()
    dz, dy, dx = spacing.tolist()
    return Grid((nk, nj, ni), (x, y, z), (dz, dy, dx), _AXIAL, grid.frame_of_reference)


def _own_spacing(grid: Grid) -> Vec3:
    """Spacing along z, y and x, of the axes that lie nearest to them."""
    cosines = np.abs(np.array(grid.axes))[:, ::-1]  # (axis of the grid, z y x)
    nearest = max(
        permutations(range(3)),
        key=lambda axes: sum(cosines[axis, along] for along, axis in enumerate(axes)),
    )
    k, j, i = nearest
    return grid.spacing[k], grid.spacing[j], grid.spacing[i]
