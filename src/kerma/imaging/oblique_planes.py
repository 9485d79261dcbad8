"""Contours whose planes stand obliquely in the grid."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.structures import Structure
from kerma.core.volume import Volume
from kerma.errors import GeometryError
from kerma.imaging.contour_planes import are_parallel

__all__ = ["mask_across"]

_MOST_VOXELS = 2e7
_MARGIN_VOXELS = 2  # of the finer grid around the structure


def mask_across(structure: Structure, grid: Grid, make: Callable[[Grid], Mask]) -> Mask:
    """Make a mask on a finer grid along the contours and average it over the voxels.

    Parameters
    ----------
    structure
        Contours parallel to each other.
    grid
        On which the mask is wanted.
    make
        Makes the mask on a grid parallel to the contours.

    Raises
    ------
    GeometryError
        The contours are not parallel to each other, or not planar.
    """
    normal = _normal(structure)
    if not are_parallel(structure, normal):
        raise GeometryError(
            f"The contours of {structure.name!r} lie neither in the slices of the grid "
            f"nor all in planes parallel to each other; make its mask on the grid on "
            f"which it was drawn and resample that."
        )
    fine = _fine_grid(structure, grid, normal)
    drawn = make(fine)
    angle = np.degrees(np.arccos(min(1.0, abs(float(normal @ grid.normal)))))
    note = (
        f"The contours stand at {angle:.3g}° to the slices; they were sampled on voxels "
        f"of {fine.spacing[0]:.3g} mm."
    )
    array, corner = _averaged(drawn, grid)
    return Mask.of(
        array, grid, name=structure.name, corner=corner, notes=(*drawn.notes, note)
    )


def _normal(structure: Structure) -> FloatArray:
    """(3,) unit normal of the contours, from the moments of all about their middles."""
    moments = np.zeros((3, 3))
    for contour in structure.closed_contours:
        around = contour.points - contour.points.mean(axis=0)
        moments += around.T @ around
    _, directions = np.linalg.eigh(moments)
    return np.asarray(directions[:, 0])


def _fine_grid(structure: Structure, grid: Grid, normal: FloatArray) -> Grid:
    """A grid of cubes along the contours, of half the voxels' size."""
    helper = np.eye(3)[np.abs(normal).argmin()]
    across = np.cross(normal, helper)
    across /= np.linalg.norm(across)
    axes = np.array([normal, np.cross(across, normal), across])
    points = np.concatenate([c.points for c in structure.closed_contours])
    along = points @ axes.T
    # The end caps may reach as far as the planes are apart.
    depths = np.unique(np.round(along[:, 0], 1))
    cap = max(np.diff(depths).max(initial=0.0), *grid.spacing)
    low, high = along.min(axis=0), along.max(axis=0)
    low[0], high[0] = low[0] - cap, high[0] + cap
    step = max(
        min(grid.spacing) / 2, float((np.prod(high - low) / _MOST_VOXELS) ** (1 / 3))
    )
    low -= _MARGIN_VOXELS * step
    nk, nj, ni = (
        (np.ceil((high - low) / step) + 1 + _MARGIN_VOXELS).astype(int).tolist()
    )
    x, y, z = (low @ axes).tolist()
    k, j, i = (tuple(axis) for axis in axes.tolist())
    return Grid(
        (nk, nj, ni), (x, y, z), (step,) * 3, (k, j, i), structure.frame_of_reference
    )


def _averaged(mask: Mask, grid: Grid) -> tuple[FloatArray, tuple[int, int, int]]:
    """Mean of a mask over the voxels of another grid, on the box that it touches."""
    from kerma.imaging.resampling import sample

    ends = np.array([[0, n - 1] for n in mask.grid.shape], dtype=np.float64)
    index = grid.to_index(mask.grid.to_patient(np.array(list(product(*ends)))))
    limits = np.array(grid.shape)
    low = np.clip(np.floor(index.min(axis=0)), 0, limits).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, low, limits).astype(int)
    values = Volume(mask.full(), mask.grid)
    parts = [
        (np.arange(n) + 0.5) / n - 0.5
        for n in np.ceil(np.array(grid.spacing) / mask.grid.spacing[0]).astype(int)
    ]
    array = np.zeros(high - low, np.float32)
    rows, columns = (np.arange(low[a], high[a]) for a in (1, 2))
    shifts = list(product(*parts))
    for k in range(array.shape[0]):
        for dk, dj, di in shifts:
            places = np.empty((*array.shape[1:], 3))
            places[..., 0] = low[0] + k + dk
            places[..., 1] = rows[:, np.newaxis] + dj
            places[..., 2] = columns + di
            found = sample(values, grid.to_patient(places))
            array[k] += np.nan_to_num(found, nan=0.0) / len(shifts)
    a, b, c = low.tolist()
    return np.clip(array, 0, 1), (a, b, c)
