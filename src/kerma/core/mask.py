"""Masks: how much of each voxel belongs to a structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.packed_fractions import PackedFractions
from kerma.core.segmentation import crop
from kerma.errors import GeometryError, InputError

__all__ = ["Mask", "slice_borders"]


def slice_borders(grid: Grid) -> FloatArray:
    """(nk + 1,) borders of the slices of a grid, mm along its first axis.

    Distances are those of `Grid.slice_offsets`. Neighboring slices meet half way; the
    first and the last reach as far to the outside as to their neighbor, a single one
    half the spacing to both sides.
    """
    offsets = grid.slice_offsets
    if offsets.size == 1:
        return np.array([-0.5, 0.5]) * grid.spacing[0]
    between = (offsets[1:] + offsets[:-1]) / 2
    first, last = 2 * offsets[0] - between[0], 2 * offsets[-1] - between[-1]
    return np.concatenate([[first], between, [last]])


@dataclass(frozen=True, eq=False)
class Mask:
    """How much of each voxel of a grid a structure fills.

    The fractions are kept packed: what a mask takes in memory grows with the surface of
    the structure.

    Parameters
    ----------
    name
        Name of the structure.
    grid
        Where the voxels lie.
    voxels
        The box of voxels that holds all of it, packed; fractions from 0 to 1. Outside
        the box there is nothing of it.
    corner
        Index ``(k, j, i)`` on the grid of the first voxel of the box.
    notes
        What was odd on the way to it, one sentence each.

    Raises
    ------
    InputError
        The fractions are not from 0 to 1.
    GeometryError
        The box reaches beyond the grid.
    """

    name: str
    grid: Grid
    voxels: PackedFractions
    corner: tuple[int, int, int] = (0, 0, 0)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = self.voxels.values
        low, high = values.min(initial=0), values.max(initial=0)
        if not (low >= 0 and high <= 1):  # NaN has to fail this too
            raise InputError(
                f"A mask lies from 0 to 1; that of {self.name!r} goes from {low:g} to "
                f"{high:g}."
            )
        ends = np.add(self.corner, self.shape)
        if min(self.corner) < 0 or (ends > self.grid.shape).any():
            raise GeometryError(
                f"A box from voxel {self.corner} of shape {self.shape} does "
                f"not fit a grid of shape {self.grid.shape}."
            )

    @classmethod
    def of(
        cls,
        array: BoolArray | FloatArray,
        grid: Grid,
        *,
        name: str,
        corner: tuple[int, int, int] = (0, 0, 0),
        notes: Sequence[str] = (),
    ) -> Mask:
        """A mask of an array (nk, nj, ni) of bool or of fractions, cropped to its content.

        Parameters
        ----------
        array
            On the whole grid, or on a box of it.
        grid, name, notes
            As for the record.
        corner
            Index on the grid of the first voxel of the array.
        """
        inside, first = crop(np.asarray(array, dtype=np.float32))
        k, j, i = (a + b for a, b in zip(corner, first, strict=True))
        if not inside.size:
            k, j, i = 0, 0, 0
        voxels = PackedFractions.of(np.asarray(inside, np.float32))
        return cls(name, grid, voxels, (k, j, i), tuple(notes))

    @property
    def fraction(self) -> FloatArray:
        """(nk, nj, ni) fractions of the box, float32, unpacked anew each time."""
        return self.voxels.array()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the box, ``(nk, nj, ni)``."""
        return self.voxels.shape

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the fractions lie on the grid."""
        k, j, i = (
            slice(first, first + count)
            for first, count in zip(self.corner, self.shape, strict=True)
        )
        return k, j, i

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of it on the grid."""
        return not self.voxels.values.any()

    @property
    def voxel_volumes_mm3(self) -> FloatArray:
        """(nk,) volume of a voxel on each slice of the box, mm³."""
        across = abs(float(np.dot(self.grid.axes[0], self.grid.normal)))
        thickness = np.diff(slice_borders(self.grid))[self.box[0]] * across
        return np.asarray(thickness * self.grid.spacing[1] * self.grid.spacing[2])

    @property
    def volume_mm3(self) -> float:
        """Volume, mm³: each voxel counts with its fraction."""
        return float(self.voxels.moments()[:, 0] @ self.voxel_volumes_mm3)

    def full(self) -> FloatArray:
        """(nk, nj, ni) fractions on the whole grid, float32."""
        whole = np.zeros(self.grid.shape, np.float32)
        whole[self.box] = self.fraction
        return whole

    def binary(self, threshold: float = 0.5) -> Mask:
        """The voxels that are filled to a fraction of at least `threshold`, wholly."""
        if not 0 < threshold <= 1:
            raise InputError(f"A threshold lies from 0 to 1; got {threshold}.")
        filled = (self.fraction >= threshold).astype(np.float32)
        return Mask.of(
            filled, self.grid, name=self.name, corner=self.corner, notes=self.notes
        )
