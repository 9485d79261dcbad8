"""Margins around structures, and what is built from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask, slice_borders
from kerma.errors import GeometryError, InputError
from kerma.imaging.refinement import Refined
from kerma.imaging.signed_distance import filled, signed_distance
from kerma.imaging.structure_algebra import intersection, subtraction

__all__ = ["Margin", "crop_away", "crop_to", "expand", "ring", "shrink"]

_NONE_MM = 1e-3  # what a margin of nothing is counted as, since it divides
_LONGEST_MM = 200.0
_STEP = 0.3  # of a margin: finer voxels would change it by less than a hundredth


@dataclass(frozen=True)
class Margin:
    """How far a surface moves toward each side of the patient, mm, none negative."""

    right_mm: float
    left_mm: float
    anterior_mm: float
    posterior_mm: float
    inferior_mm: float
    superior_mm: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= _LONGEST_MM:
                raise InputError(
                    f"A margin goes from 0 to {_LONGEST_MM:g} mm; got {name} = {value}. "
                    f"To make a structure smaller, shrink it."
                )

    @classmethod
    def of(cls, margin_mm: float) -> Self:
        """The same margin on all sides."""
        return cls(*[margin_mm] * 6)

    @property
    def is_even(self) -> bool:
        """Whether it is the same on all sides."""
        return len(set(vars(self).values())) == 1

    @property
    def sides_mm(self) -> FloatArray:
        """(3, 2) toward the negative and the positive end of x, y and z."""
        return np.reshape(list(vars(self).values()), (3, 2))


def expand(mask: Mask, margin: Margin | float) -> Mask:
    """The structure with a margin.

    The margin is Euclidean: it reaches each position that is no further away from the
    structure. With margins that differ between sides, it reaches positions within an
    eighth of an ellipsoid around each point of the structure whose semi-axes are the
    margins to the three sides in question. What fills less than half of each voxel
    around it counts as a point. Beyond the grid there is nothing.

    Parameters
    ----------
    mask
        On a grid whose slices are stacked straight.
    margin
        A number of mm for all sides, or one for each side.

    Raises
    ------
    GeometryError
        The slices of the grid are stacked obliquely, or the margins differ between
        sides and the grid is not parallel to the patient.
    InputError
        A margin that is negative or over 200 mm.
    """
    moved = _moved(mask, _margin_of(margin), outward=True)
    return moved if moved is not None else mask


def shrink(mask: Mask, margin: Margin | float) -> Mask:
    """The structure without a margin inside its surface; the reverse of `expand`.

    Beyond the grid there is nothing, so that the surface lies at the border of the grid
    where a structure reaches it. Parameters and errors as for `expand`.
    """
    moved = _moved(mask, _margin_of(margin), outward=False)
    return moved if moved is not None else mask


def ring(mask: Mask, *, inner_mm: float, outer_mm: float) -> Mask:
    """What lies between two distances from the surface, negative ones inside it.

    Raises
    ------
    InputError
        The outer distance is not larger than the inner one.
    GeometryError
        As for `expand`.
    """
    if not outer_mm > inner_mm:
        raise InputError(
            f"A ring goes outward; got {inner_mm} mm to {outer_mm} mm from the surface."
        )
    return subtraction(_at(mask, outer_mm), _at(mask, inner_mm))


def crop_away(mask: Mask, other: Mask, *, gap_mm: float = 0.0) -> Mask:
    """What lies outside another structure and at least a gap away from it."""
    return subtraction(mask, expand(other, gap_mm))


def crop_to(mask: Mask, other: Mask, *, gap_mm: float = 0.0) -> Mask:
    """What lies inside another structure and at least a gap away from its surface."""
    return intersection(mask, shrink(other, gap_mm))


def _at(mask: Mask, distance_mm: float) -> Mask:
    if distance_mm < 0:
        return shrink(mask, -distance_mm)
    return expand(mask, distance_mm)


def _margin_of(margin: Margin | float) -> Margin:
    return margin if isinstance(margin, Margin) else Margin.of(margin)


def _moved(mask: Mask, margin: Margin, *, outward: bool) -> Mask | None:
    """The mask with its surface moved; ``None`` where that changes nothing."""
    lengths = _along_axes(margin, mask.grid)
    if mask.is_empty or not lengths.any():
        return None
    spacing = np.array(mask.grid.spacing)
    room = np.ones(3, int)
    if outward:
        room += np.ceil(lengths.max(axis=1) / _closest(mask.grid)).astype(int)
    fraction, low = _with_room(mask, room)
    scales = np.maximum(lengths, _NONE_MM)
    fine = Refined.of(
        _with_points(fraction) if outward else fraction,
        _borders(mask.grid, low, fraction.shape),
        step_mm=_STEP * float(lengths[lengths > 0].min()),
    )
    distance = signed_distance(
        fine.fraction,
        fine.positions,
        # Slopes are taken from the neighbors of the voxels at the new surface.
        reach=float(1 + 2 * (spacing[:, np.newaxis] / scales)[lengths > 0].max()),
        scales=tuple((float(up), float(down)) for down, up in scales),
    )
    if outward:
        moved = np.maximum(fine.averaged(filled(distance - 1)), fraction)
    else:
        moved = np.minimum(fine.averaged(filled(distance + 1)), fraction)
    return _on_grid(mask, moved, low)


def _along_axes(margin: Margin, grid: Grid) -> FloatArray:
    """(3, 2) margins toward lower and higher indices along each axis of a grid, mm."""
    if grid.is_sheared:
        raise GeometryError(
            "The slices of this grid are stacked obliquely (a tilted gantry), where "
            "margins are not known along its axes; make the mask on an upright grid."
        )
    if margin.is_even:
        return np.full((3, 2), margin.right_mm)
    axes = np.array(grid.axes)
    along = np.abs(axes).argmax(axis=1)
    if np.abs(axes).max(axis=1).min() < 1 - 1e-4:
        raise GeometryError(
            f"Margins that differ between sides need a grid parallel to the patient; "
            f"its axes are {grid.axes}. Make the mask on an upright grid."
        )
    sides = margin.sides_mm[along]
    flipped = axes[range(3), along] < 0
    return np.where(flipped[:, np.newaxis], sides[:, ::-1], sides)


def _closest(grid: Grid) -> FloatArray:
    """(3,) least distance between neighbors along each axis, mm."""
    steps = np.diff(grid.slice_offsets)
    return np.array([steps.min(initial=grid.spacing[0]), *grid.spacing[1:]])


def _with_room(mask: Mask, room: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The box with empty voxels around it, and the index of its first voxel.

    It keeps one layer beyond the grid, where the surface at its border shows.
    """
    low = np.maximum(mask.corner - room, -1)
    high = np.minimum(
        np.add(mask.corner, mask.shape) + room, np.add(mask.grid.shape, 1)
    )
    box = np.zeros(high - low, np.float32)
    k, j, i = mask.corner - low
    nk, nj, ni = mask.shape
    box[k : k + nk, j : j + nj, i : i + ni] = mask.fraction
    return box, low


def _borders(
    grid: Grid, low: FloatArray, shape: tuple[int, ...]
) -> tuple[FloatArray, ...]:
    """Borders along each axis of the voxels of a box, mm."""
    borders = slice_borders(grid)
    first, last = np.diff(borders)[[0, -1]]
    slices = np.array([borders[0] - first, *borders, borders[-1] + last])
    rows, columns = (
        np.arange(n + 1) * step
        for n, step in zip(shape[1:], grid.spacing[1:], strict=True)
    )
    return slices[low[0] + 1 :][: shape[0] + 1], rows, columns


def _with_points(fraction: FloatArray) -> FloatArray:
    """Fractions in which what nowhere fills half a voxel counts as whole voxels."""
    from scipy import ndimage

    half = fraction >= 0.5
    near: BoolArray = ndimage.binary_dilation(half, np.ones((3, 3, 3), bool))
    return np.where((fraction > 0) & ~near, np.float32(1), fraction)


def _on_grid(mask: Mask, array: FloatArray, low: FloatArray) -> Mask:
    """A mask of a box that may reach beyond the grid."""
    skip = np.maximum(-low, 0)
    high = np.minimum(low + array.shape, mask.grid.shape) - low
    inside = array[skip[0] : high[0], skip[1] : high[1], skip[2] : high[2]]
    k, j, i = (low + skip).tolist()
    return Mask.of(
        inside, mask.grid, name=mask.name, corner=(k, j, i), notes=mask.notes
    )
