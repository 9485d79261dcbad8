"""Masks of the segments of a segmentation, on the grid of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.segmentation import Segmentation
from kerma.core.structures import Structure
from kerma.errors import GeometryError

__all__ = ["grid_around", "mask_of_segment"]

_OFF_VOXELS = 0.01  # by which voxels of one image lie apart in two files, at most


def mask_of_segment(segmentation: Segmentation, name: str, grid: Grid) -> Mask:
    """How much of each voxel of a grid a segment fills.

    Where the fractions of a segmentation are probabilities, voxels that belong to the
    segment with at least one half are whole, and others are empty.

    Parameters
    ----------
    segmentation, name
        Which segment of what.
    grid
        The grid of the segmentation, or one whose voxels lie in the same places, as
        that of the CT on which it was drawn.

    Raises
    ------
    InputError
        No segment has the name, or several have.
    GeometryError
        The voxels lie in other places, or some of the segment beyond the grid.
    """
    segment = segmentation[name]
    array, notes = segment.array, segmentation.notes
    if segment.is_fractional and segmentation.fractional_type == "PROBABILITY":
        array = array >= 0.5
        notes = (*notes, "Voxels with a probability of one half or more count as full.")
    if not array.any():
        return Mask.of(np.zeros((0, 0, 0)), grid, name=name, notes=notes)
    first = np.array(segment.corner)
    last = first + segment.array.shape - 1
    index = _index_on(grid, segmentation.grid, np.array([first, last]))
    corner = np.rint(index[0]).astype(int)
    if (corner < 0).any() or (index[1] > np.array(grid.shape) - 0.5).any():
        raise GeometryError(
            f"The segment {name!r} reaches beyond the grid, whose shape is {grid.shape}; "
            f"give the CT on which it was drawn."
        )
    k, j, i = corner.tolist()
    return Mask.of(array, grid, name=name, corner=(k, j, i), notes=notes)


def grid_around(
    grid: Grid, others: Sequence[Grid], structures: Sequence[Structure]
) -> Grid:
    """A grid with so many slices, rows and columns more that others fit into it.

    A segmentation has no slices where it is empty.

    Parameters
    ----------
    grid
        Whose voxels keep their places.
    others
        Grids whose voxels lie in the same places.
    structures
        In the same frame of reference.

    Raises
    ------
    GeometryError
        A grid has other voxels, the slices are uneven, or a structure lies in another
        frame of reference.
    """
    low, high = np.zeros(3), np.array(grid.shape) - 1.0
    ends = [np.array([[0, 0, 0], other.shape]) - [[0] * 3, [1] * 3] for other in others]
    places = [
        _index_on(grid, one, both) for one, both in zip(others, ends, strict=True)
    ]
    for structure in structures:
        if structure.frame_of_reference != grid.frame_of_reference:
            raise GeometryError(
                f"{structure.name!r} and the segmentation lie in two frames of "
                f"reference; register one to the other first."
            )
        # One slice more for what the structure has beyond its last planes.
        points = [grid.to_index(c.points) for c in structure.closed_contours]
        places += [point + step for point, step in product(points, ([-1] * 3, [1] * 3))]
    for place in places:
        low, high = (
            np.minimum(low, place.min(axis=0)),
            np.maximum(high, place.max(axis=0)),
        )
    before = np.ceil(-low - _OFF_VOXELS).astype(int)
    after = np.ceil(high - _OFF_VOXELS).astype(int) + 1 - np.array(grid.shape)
    if not (before.any() or after.any()):
        return grid
    if not grid.is_even:
        raise GeometryError(
            "The segmentation has unevenly spaced slices and does not hold what it is "
            "compared with; give the CT on which it was drawn."
        )
    nk, nj, ni = (np.array(grid.shape) + before + after).tolist()
    x, y, z = grid.to_patient(-before.astype(float)).tolist()
    return replace(grid, shape=(nk, nj, ni), origin=(x, y, z), offsets=None)


def _index_on(grid: Grid, other: Grid, index: FloatArray) -> FloatArray:
    """Index (n, 3) on a grid of voxels of another one, which have to lie on its own."""
    same_frame = grid.frame_of_reference == other.frame_of_reference
    found = grid.to_index(other.to_patient(index))
    off = np.abs(found - found[0] - (index - index[0])).max()
    if not same_frame or max(off, np.abs(found - np.rint(found)).max()) > _OFF_VOXELS:
        raise GeometryError(
            "The voxels of a segmentation lie in other places than those of what it is "
            "compared with, or in another frame of reference; both have to be drawn on "
            "one image."
        )
    return found
