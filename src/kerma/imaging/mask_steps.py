"""Masks grown and shrunk by one voxel, quickly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerma.core.arrays import BoolArray

__all__ = ["grown", "shrunk"]

_Pair = tuple[tuple[slice, ...], tuple[slice, ...]]


def _neighbors(dimensions: int) -> Iterator[_Pair]:
    """Where voxels lie and where their neighbors, for each face of a voxel."""
    for axis in range(dimensions):
        low: list[slice] = [slice(None)] * dimensions
        high: list[slice] = [slice(None)] * dimensions
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        yield tuple(low), tuple(high)
        yield tuple(high), tuple(low)


def shrunk(mask: BoolArray) -> BoolArray:
    """The voxels of a mask with no face toward the outside; it goes on beyond the array."""
    inner = mask.copy()
    for here, there in _neighbors(mask.ndim):
        inner[here] &= mask[there]
    return inner


def grown(mask: BoolArray) -> BoolArray:
    """A mask with the voxels that share a face with it."""
    outer = mask.copy()
    for here, there in _neighbors(mask.ndim):
        outer[here] |= mask[there]
    return np.asarray(outer)
