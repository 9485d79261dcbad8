"""A mask on finer voxels, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from kerma.core.arrays import FloatArray

__all__ = ["Refined"]

_FINEST = 4  # parts of a voxel along an axis
_MOST_VOXELS = 2e7
_HALVINGS = 12  # of the range of a level


@dataclass(frozen=True, eq=False)
class Refined:
    """Voxels of a box cut into equal parts.

    Parameters
    ----------
    fraction
        (mk, mj, mi) filled fractions of the parts, float32.
    positions
        For each axis the middle of the parts, mm.
    parts
        Of a voxel along each axis.
    """

    fraction: FloatArray
    positions: tuple[FloatArray, ...]
    parts: tuple[int, ...]

    @classmethod
    def of(
        cls, fraction: FloatArray, borders: tuple[FloatArray, ...], *, step_mm: float
    ) -> Self:
        """Cut the voxels of a box.

        Parameters
        ----------
        fraction
            (nk, nj, ni) filled fractions, float32.
        borders
            For each axis (n + 1,) borders of the voxels, mm.
        step_mm
            Wanted size of a part. There are four parts of a voxel along an axis at
            most, and fewer where there would be more than 20 million in all.
        """
        steps = np.array([np.diff(edges).max() for edges in borders])
        parts = np.clip(np.ceil(steps / step_mm), 1, _FINEST).astype(int)
        while fraction.size * parts.prod() > _MOST_VOXELS and parts.max() > 1:
            parts[parts.argmax()] -= 1
        volume = float(fraction.sum(dtype=np.float64))
        positions = []
        for axis, edges in enumerate(borders):
            inside = (np.arange(parts[axis]) + 0.5) / parts[axis]
            middles = edges[:-1, np.newaxis] + np.diff(edges)[:, np.newaxis] * inside
            positions.append(middles.ravel())
            if parts[axis] > 1:
                centers = (edges[1:] + edges[:-1]) / 2
                fraction = _interpolated(fraction, centers, middles.ravel(), axis)
        if parts.max() > 1:
            fraction = _sharpened(fraction, volume * parts.prod(), int(parts.max()))
        whole = np.ascontiguousarray(fraction, dtype=np.float32)
        return cls(whole, tuple(positions), tuple(parts.tolist()))

    def averaged(self, fraction: FloatArray) -> FloatArray:
        """Fractions of the voxels from those of their parts."""
        sizes: list[int] = []
        for count, parts in zip(fraction.shape, self.parts, strict=True):
            sizes += [count // parts, parts]
        mean = fraction.reshape(sizes).mean(axis=(1, 3, 5), dtype=np.float64)
        return np.asarray(mean, dtype=np.float32)


def _interpolated(
    array: FloatArray, centers: FloatArray, places: FloatArray, axis: int
) -> FloatArray:
    """Values along one axis between the centers, those of the ends beyond them."""
    at = np.interp(places, centers, np.arange(len(centers)))
    below = np.minimum(at.astype(int), max(0, len(centers) - 2))
    above = np.minimum(below + 1, len(centers) - 1)
    shape = [1, 1, 1]
    shape[axis] = -1
    share = (at - below).astype(np.float32).reshape(shape)
    low, high = array.take(below, axis=axis), array.take(above, axis=axis)
    return np.asarray(low + share * (high - low))


def _sharpened(fraction: FloatArray, volume: float, parts: int) -> FloatArray:
    """Interpolated fractions as they are on parts of voxels, of the right sum.

    Between voxels that are full and empty the interpolated fraction falls over a whole
    voxel; that of a part falls over a part. Voxels round off what is convex, so that
    the surface lies at a level somewhat below a half: at the one that keeps the volume.
    """
    partial = fraction[(fraction > 0) & (fraction < 1)]
    whole = float(np.count_nonzero(fraction == 1))
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        held = np.clip(0.5 + (partial - level) * parts, 0, 1).sum(dtype=np.float64)
        low, high = (level, high) if whole + held > volume else (low, level)
    sharp = np.clip(0.5 + (fraction - level) * parts, 0, 1)
    return np.where((fraction > 0) & (fraction < 1), sharp, fraction)
