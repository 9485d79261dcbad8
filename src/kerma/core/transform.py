"""Maps of positions from one frame of reference to another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Protocol

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.errors import GeometryError

__all__ = [
    "AffineTransform",
    "ComposedTransform",
    "DeformableTransform",
    "InverseTransform",
    "Transform",
    "compose",
]

_RIGID = 1e-4  # deviation of the matrix from a rotation; 0.05 mm at 500 mm


class Transform(Protocol):
    """Maps positions in mm from a source to a target frame of reference."""

    @property
    def source_frame(self) -> str:
        """Frame of Reference UID of the positions that go in."""

    @property
    def target_frame(self) -> str:
        """Frame of Reference UID of the positions that come out."""

    def apply(self, positions: FloatArray) -> FloatArray:
        """Mapped positions (..., 3), mm; NaN where the transform does not reach."""

    def inverse(self) -> Transform:
        """The way back."""


@dataclass(frozen=True, eq=False)
class AffineTransform:
    """A rigid or affine map.

    Parameters
    ----------
    matrix
        (4, 4) matrix from ``(x, y, z, 1)`` to ``(x, y, z, 1)``, mm, last row 0 0 0 1.
    source_frame, target_frame
        Frame of Reference UIDs.

    Raises
    ------
    GeometryError
        The matrix is not affine, not finite, or cannot be inverted.
    """

    matrix: FloatArray
    source_frame: str
    target_frame: str

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
            raise GeometryError("A transform needs a 4 x 4 matrix of finite numbers.")
        if not np.allclose(matrix[3], [0, 0, 0, 1], atol=1e-9):
            raise GeometryError(
                f"The last row of the matrix of a transform is 0 0 0 1; got {matrix[3]}."
            )
        if abs(np.linalg.det(matrix[:3, :3])) < 1e-6:
            raise GeometryError("The matrix of this transform cannot be inverted.")
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)

    @property
    def is_rigid(self) -> bool:
        """Whether it only turns and shifts, without mirroring."""
        turn = self.matrix[:3, :3]
        orthonormal = np.allclose(turn @ turn.T, np.eye(3), atol=_RIGID)
        return bool(orthonormal and np.linalg.det(turn) > 0)

    def apply(self, positions: FloatArray) -> FloatArray:
        """Mapped positions (..., 3), mm."""
        positions = np.asarray(positions, dtype=np.float64)
        return positions @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def inverse(self) -> AffineTransform:
        """The way back."""
        return AffineTransform(
            np.linalg.inv(self.matrix), self.target_frame, self.source_frame
        )


@dataclass(frozen=True, eq=False)
class DeformableTransform:
    r"""A map that is given by displacements on a grid.

    .. math:: x_\mathrm{target} = A\,(B\,x + \Delta(x))

    with :math:`B` and :math:`A` the matrices before and after, and :math:`\Delta`
    interpolated linearly between the voxels of the grid. This is how DICOM writes a
    deformable registration (PS3.3, C.20.3.1.1): the grid is entered at the position
    :math:`x` itself, not at :math:`B\,x`.

    Parameters
    ----------
    grid
        Where the displacements stand; its frame of reference is the source.
    displacements
        (nk, nj, ni, 3) displacement ``(x, y, z)`` at each voxel, mm; three times NaN
        where the transform is undefined (PS3.3, C.20.3.1.3).
    target_frame
        Frame of Reference UID of the mapped positions.
    before, after
        (4, 4) matrices; the identity where there is none.

    Raises
    ------
    GeometryError
        The displacements do not fit the grid, are infinite, or undefined in part of
        their three components.
    """

    grid: Grid
    displacements: FloatArray
    target_frame: str
    before: FloatArray | None = None
    after: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.displacements.shape != (*self.grid.shape, 3):
            raise GeometryError(
                f"Displacements of shape {self.displacements.shape} do not fit a grid "
                f"of shape {self.grid.shape}."
            )
        if np.isinf(self.displacements).any() or _is_half_defined(self.displacements):
            raise GeometryError(
                "Displacements have to be finite, or NaN in all three components."
            )
        self.displacements.flags.writeable = False

    @property
    def source_frame(self) -> str:
        """Frame of Reference UID of the grid."""
        return self.grid.frame_of_reference

    def apply(self, positions: FloatArray) -> FloatArray:
        """Mapped positions (..., 3), mm; NaN outside the grid."""
        positions = np.asarray(positions, dtype=np.float64)
        moved = self._affine(self.before, positions) + self.displacement_at(positions)
        return self._affine(self.after, moved)

    def displacement_at(self, positions: FloatArray) -> FloatArray:
        """Displacements (..., 3) at positions (..., 3), mm.

        NaN outside the grid, and next to a voxel where the transform is undefined.
        """
        index = self.grid.to_index(positions)
        last = np.array(self.grid.shape) - 1
        inside = _within(index, last)
        index = np.clip(np.where(inside[..., None], index, 0.0), 0, last)
        low = np.minimum(np.floor(index).astype(int), np.maximum(last - 1, 0))
        high = np.minimum(low + 1, last)
        share = index - low
        total = np.zeros((*index.shape[:-1], 3))
        for corner in np.ndindex(2, 2, 2):
            k, j, i = np.moveaxis(np.where(corner, high, low), -1, 0)
            weight = np.prod(np.where(corner, share, 1 - share), axis=-1)
            # A corner without weight, rounding aside, counts for nothing even as NaN.
            corner_share = weight[..., None] * self.displacements[k, j, i]
            total += np.where(weight[..., None] > 1e-9, corner_share, 0.0)
        total[~inside] = np.nan
        return total

    def inverse(self) -> InverseTransform:
        """The way back, found by iteration."""
        return InverseTransform(self)

    @staticmethod
    def _affine(matrix: FloatArray | None, positions: FloatArray) -> FloatArray:
        if matrix is None:
            return positions
        return positions @ np.asarray(matrix)[:3, :3].T + np.asarray(matrix)[:3, 3]

    def unmoved(self, positions: FloatArray) -> FloatArray:
        """Where the positions would come from if nothing were displaced, mm."""
        back = positions
        for matrix in (self.after, self.before):
            if matrix is not None:
                back = self._affine(np.linalg.inv(matrix), back)
        return back


@dataclass(frozen=True, eq=False)
class InverseTransform:
    """The way back through a deformable transform, by fixed-point iteration.

    The iteration of Chen et al., Med Phys 2008;35:81, converges where the field does
    not fold; elsewhere the position is NaN.

    Parameters
    ----------
    forward
        The transform to go back through.
    tolerance_mm
        How near the forward map of the answer has to come to the position.
    """

    forward: DeformableTransform
    tolerance_mm: float = 1e-3

    @property
    def source_frame(self) -> str:
        """Where the forward transform ends."""
        return self.forward.target_frame

    @property
    def target_frame(self) -> str:
        """Where the forward transform starts."""
        return self.forward.source_frame

    def apply(self, positions: FloatArray) -> FloatArray:
        """Mapped positions (..., 3), mm; NaN where the iteration finds none."""
        wanted = np.asarray(positions, dtype=np.float64)
        target = self.forward.unmoved(wanted)
        found = target.copy()
        for _ in range(100):
            error = target - self.forward.unmoved(self.forward.apply(found))
            size = np.linalg.norm(error, axis=-1)
            if not (size > self.tolerance_mm / 10).any():  # NaN counts as settled
                break
            found = found + error
        miss = np.linalg.norm(self.forward.apply(found) - wanted, axis=-1)
        found[~(miss <= self.tolerance_mm)] = np.nan
        return found

    def inverse(self) -> DeformableTransform:
        """The forward transform."""
        return self.forward


@dataclass(frozen=True, eq=False)
class ComposedTransform:
    """Transforms one after another.

    Parameters
    ----------
    parts
        In the order in which they are applied; each starts where the last one ends.
    """

    parts: tuple[Transform, ...]

    @property
    def source_frame(self) -> str:
        """Where the first one starts."""
        return self.parts[0].source_frame

    @property
    def target_frame(self) -> str:
        """Where the last one ends."""
        return self.parts[-1].target_frame

    def apply(self, positions: FloatArray) -> FloatArray:
        """Mapped positions (..., 3), mm; NaN where one of them does not reach."""
        for part in self.parts:
            positions = part.apply(positions)
        return positions

    def inverse(self) -> Transform:
        """The way back."""
        return compose(*(part.inverse() for part in reversed(self.parts)))


def compose(*transforms: Transform) -> Transform:
    """One transform from several, in the order in which they are applied.

    Raises
    ------
    GeometryError
        There is none, or one does not start where the one before it ends.
    """
    if not transforms:
        raise GeometryError("There is no transform to compose.")
    for first, second in pairwise(transforms):
        if first.target_frame != second.source_frame:
            raise GeometryError(
                f"A transform that ends in {first.target_frame or '(none)'} cannot be "
                f"followed by one that starts from {second.source_frame or '(none)'}."
            )
    matrices = [part.matrix for part in transforms if isinstance(part, AffineTransform)]
    if len(matrices) == len(transforms):
        ends = transforms[0].source_frame, transforms[-1].target_frame
        product = reduce(lambda done, matrix: matrix @ done, matrices)
        return AffineTransform(product, *ends)
    return transforms[0] if len(transforms) == 1 else ComposedTransform(transforms)


def _is_half_defined(displacements: FloatArray) -> bool:
    """Whether a displacement has both numbers and NaN."""
    undefined = np.isnan(displacements)
    return bool((undefined.any(axis=-1) != undefined.all(axis=-1)).any())


def _within(index: FloatArray, last: FloatArray) -> BoolArray:
    """Whether indices lie between the outer voxel centers, rounding aside."""
    slack = 1e-6
    inside = (index >= -slack) & (index <= last + slack)
    return np.asarray(inside.all(axis=-1))
