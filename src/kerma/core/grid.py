"""Where the voxels lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.errors import GeometryError

__all__ = ["Grid"]


@dataclass(frozen=True)
class Grid:
    """A stack of regular slices in the DICOM patient coordinate system.

    Positions are LPS (+x to the patient's left, +y posterior, +z superior) in
    mm. Indices are in array order ``(k, j, i)`` = (slice, row, column), so
    ``array[k, j, i]`` and ``grid.to_patient([k, j, i])`` speak of the same voxel.

    Rows and columns are evenly spaced and perpendicular. Slices may be unevenly
    spaced (``offsets``) and may be sheared, as those of a tilted gantry are: the
    first of ``axes`` is the direction from slice to slice, not the normal.

    Parameters
    ----------
    shape
        Number of voxels along ``(k, j, i)``.
    origin
        Position of the center of voxel ``(0, 0, 0)``, ``(x, y, z)`` in mm.
    spacing
        Distance between neighboring voxel centers along ``(k, j, i)``, mm; for
        uneven slices the first is the median distance.
    axes
        Unit vectors along ``(k, j, i)``, each ``(x, y, z)``.
    frame_of_reference
        DICOM Frame of Reference UID (0020,0052). Positions on two grids can be
        compared only where it is the same.
    offsets
        Distance of each slice from the first along the first axis, mm, ascending;
        ``None`` where the slices are evenly spaced.

    Raises
    ------
    GeometryError
        An empty grid, a spacing that is not positive, axes that are not unit
        vectors or do not span space, rows not perpendicular to columns, offsets
        that do not ascend from zero.
    """

    shape: tuple[int, int, int]
    origin: Vec3
    spacing: Vec3
    axes: tuple[Vec3, Vec3, Vec3]
    frame_of_reference: str
    offsets: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        numbers = np.array([*self.origin, *self.spacing, *np.ravel(self.axes)])
        if not np.isfinite(numbers).all():
            raise GeometryError(f"A grid needs finite numbers; got {self}.")
        if min(self.shape) < 1 or min(self.spacing) <= 0:
            raise GeometryError(
                f"A grid needs at least one voxel and a positive spacing along each "
                f"axis; got shape {self.shape} and spacing {self.spacing} mm."
            )
        axes = np.array(self.axes)
        unit = np.allclose(np.linalg.norm(axes, axis=1), 1.0, atol=1e-6)
        if not unit or abs(axes[1] @ axes[2]) > 1e-6:
            raise GeometryError(
                f"Grid axes must be unit vectors, rows perpendicular to columns; got "
                f"{self.axes}."
            )
        if abs(np.linalg.det(axes)) < 0.1:
            raise GeometryError(
                f"The slices of a grid must be stacked across their plane; got axes "
                f"{self.axes}."
            )
        if self.offsets is not None:
            self._check_offsets(np.array(self.offsets))

    def _check_offsets(self, offsets: FloatArray) -> None:
        ascending = offsets.size < 2 or np.diff(offsets).min() > 0
        if offsets.size != self.shape[0] or offsets[0] != 0 or not ascending:
            raise GeometryError(
                f"Slice offsets must ascend from zero, one for each of the "
                f"{self.shape[0]} slices; got {self.offsets}."
            )

    @property
    def is_even(self) -> bool:
        """Whether all slices are the same distance apart."""
        return self.offsets is None

    @cached_property
    def normal(self) -> FloatArray:
        """(3,) unit normal of the slices, row direction cross column direction."""
        normal = np.cross(self.axes[2], self.axes[1])
        normal.flags.writeable = False
        return normal

    @property
    def is_sheared(self) -> bool:
        """Whether the slices are stacked obliquely, as with a tilted gantry.

        A sideways drift under a thousandth of the distance does not count.
        """
        along = float(np.dot(self.axes[0], self.normal))
        return bool(np.sqrt(max(0.0, 1 - along**2)) > 1e-3)

    @cached_property
    def slice_offsets(self) -> FloatArray:
        """(nk,) distance of each slice from the first along the first axis, mm."""
        if self.offsets is None:
            offsets = np.arange(self.shape[0]) * self.spacing[0]
        else:
            offsets = np.array(self.offsets)
        offsets.flags.writeable = False
        return offsets

    @cached_property
    def affine(self) -> FloatArray:
        """(4, 4) matrix from index ``(k, j, i, 1)`` to position ``(x, y, z, 1)``.

        Raises
        ------
        GeometryError
            The slices are unevenly spaced: no matrix can say that.
        """
        if self.offsets is not None:
            raise GeometryError(
                "These slices are unevenly spaced, so no single matrix places them. "
                "Use to_patient and to_index, or resample to an even grid."
            )
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(self.axes).T * self.spacing
        matrix[:3, 3] = self.origin
        matrix.flags.writeable = False  # one copy is shared by every caller
        return matrix

    def to_patient(self, index: FloatArray) -> FloatArray:
        """Positions (..., 3) in mm of the voxel indices (..., 3)."""
        index = np.asarray(index, dtype=np.float64)
        steps = index * np.array([1.0, self.spacing[1], self.spacing[2]])
        steps[..., 0] = self._offset_of(index[..., 0])
        return steps @ np.array(self.axes) + self.origin

    def to_index(self, position: FloatArray) -> FloatArray:
        """Fractional voxel indices (..., 3) of the positions (..., 3) in mm."""
        relative = np.asarray(position, dtype=np.float64) - self.origin
        steps = relative @ np.linalg.inv(np.array(self.axes))
        steps[..., 0] = self._slice_of(steps[..., 0])
        steps[..., 1:] /= self.spacing[1:]
        return steps

    def _offset_of(self, k: FloatArray) -> FloatArray:
        """Offsets in mm of fractional slice indices, beyond the ends too."""
        if self.offsets is None or len(self.offsets) == 1:
            return k * self.spacing[0]
        offsets = self.slice_offsets
        below = np.clip(np.floor(k).astype(int), 0, offsets.size - 2)
        return offsets[below] + (k - below) * (offsets[below + 1] - offsets[below])

    def _slice_of(self, offset: FloatArray) -> FloatArray:
        """Fractional slice indices of offsets in mm; inverse of `_offset_of`."""
        if self.offsets is None or len(self.offsets) == 1:
            return offset / self.spacing[0]
        offsets = self.slice_offsets
        below = np.searchsorted(offsets, offset, side="right") - 1
        below = np.clip(below, 0, offsets.size - 2)
        return below + (offset - offsets[below]) / (offsets[below + 1] - offsets[below])

    def is_same_as(self, other: Grid, *, tolerance_mm: float = 1e-3) -> bool:
        """Whether each index means the same piece of patient on both grids."""
        if self.frame_of_reference != other.frame_of_reference:
            return False
        if self.shape != other.shape:
            return False
        # The far corners and every slice are compared, not the spacing: 0.001 mm of
        # spacing is 0.5 mm of position after 500 voxels.
        far = np.diag(self.shape) - np.eye(3)
        slices = np.zeros((self.shape[0], 3))
        slices[:, 0] = np.arange(self.shape[0])
        probes = np.vstack([far, slices])
        shift = self.to_patient(probes) - other.to_patient(probes)
        return bool(np.abs(shift).max() <= tolerance_mm)
