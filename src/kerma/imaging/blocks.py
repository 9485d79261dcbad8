"""A coarser copy of a voxel array, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray, Vec3

__all__ = ["Blocks"]

_Three = tuple[int, int, int]


@dataclass(frozen=True)
class Blocks:
    """How an array is cut into blocks of a few voxels each.

    Parameters
    ----------
    voxels
        Number of voxels along ``(k, j, i)``.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    factors
        Voxels in a block along ``(k, j, i)``; the last block may have fewer.
    """

    voxels: _Three
    spacing: Vec3
    factors: _Three

    @classmethod
    def near(cls, voxels: tuple[int, ...], spacing: Vec3, size_mm: float) -> Blocks:
        """Blocks whose edges come nearest to a length; one voxel at least."""
        k, j, i = (max(1, round(size_mm / step)) for step in spacing)
        return cls((voxels[0], voxels[1], voxels[2]), spacing, (k, j, i))

    @property
    def shape(self) -> _Three:
        """Number of blocks along ``(k, j, i)``."""
        k, j, i = (
            -(-count // factor)
            for count, factor in zip(self.voxels, self.factors, strict=True)
        )
        return k, j, i

    @property
    def size(self) -> Vec3:
        """Edges of a block along ``(k, j, i)``, mm."""
        k, j, i = (
            step * factor
            for step, factor in zip(self.spacing, self.factors, strict=True)
        )
        return k, j, i

    @property
    def volume_ml(self) -> float:
        """Volume of a whole block, ml."""
        return float(np.prod(self.size)) / 1000

    def means(
        self, values: FloatArray | IntArray, mask: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Mean of the values that lie in a mask, and the part of the block they fill.

        Both are float32 of `shape`; the mean is zero where nothing of a block lies in
        the mask.
        """
        from kerma.kernels.block_sums import add_blocks

        sums = np.zeros(self.shape, np.float32)
        counts = np.zeros(self.shape, np.int32)
        add_blocks(values, mask, self.factors, sums, counts)
        share = counts.astype(np.float32) / np.float32(np.prod(self.factors))
        return sums / np.maximum(counts, 1), share

    def spread(
        self, blocks: FloatArray | BoolArray, box: tuple[slice, slice, slice]
    ) -> FloatArray:
        """Values at the voxels of a box, float32, linear between the blocks' centers.

        Beyond the outermost centers the nearest ones hold.
        """
        from kerma.kernels.blending import blend

        taps, weights = zip(
            *(self._taps(axis, part) for axis, part in enumerate(box)), strict=True
        )
        values = np.empty([len(tap) for tap in taps], np.float32)
        source = np.ascontiguousarray(blocks, np.float32)
        blend(source, taps, weights, (0, 0, 0), values)
        return values

    def box_of(
        self, mask: BoolArray, margin_mm: float = 0.0
    ) -> tuple[slice, slice, slice]:
        """The voxels of the smallest box around some blocks and a margin.

        Parameters
        ----------
        mask
            Of `shape`, not empty.
        margin_mm
            Added on all sides, as far as there are voxels.
        """
        box = []
        for axis, count in enumerate(self.voxels):
            others = tuple(other for other in range(3) if other != axis)
            filled = np.flatnonzero(mask.any(axis=others))
            margin = round(margin_mm / self.spacing[axis])
            first = filled[0] * self.factors[axis] - margin
            last = (filled[-1] + 1) * self.factors[axis] + margin
            box.append(slice(max(0, int(first)), min(count, int(last))))
        return box[0], box[1], box[2]

    def _taps(self, axis: int, part: slice) -> tuple[IntArray, FloatArray]:
        voxels = np.arange(part.start, part.stop)
        position = (voxels + 0.5) / self.factors[axis] - 0.5
        position = np.clip(position, 0, self.shape[axis] - 1)
        below = np.minimum(position.astype(np.intp), max(self.shape[axis] - 2, 0))
        above = np.minimum(below + 1, self.shape[axis] - 1)
        right = position - below
        return np.stack([below, above], 1), np.stack([1 - right, right], 1)
