"""Sums over the blocks that a voxel array is cut into."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["add_blocks"]

Array: TypeAlias = NDArray[Any]


@compiled
def add_blocks(
    values: Array,
    mask: Array,
    factors: tuple[int, int, int],
    sums: Array,
    counts: Array,
) -> None:
    """Add the values inside a mask, block by block.

    Parameters
    ----------
    values
        (nk, nj, ni) int16 or float32.
    mask
        (nk, nj, ni) bool: the voxels that count.
    factors
        Voxels in a block along each axis; the last block may have fewer.
    sums, counts
        float32 and int32, zero, as long as there are blocks: the sum of the values in
        each block, and how many they are.
    """
    for k in range(values.shape[0]):
        for j in range(values.shape[1]):
            row, inside = values[k, j], mask[k, j]
            into = sums[k // factors[0], j // factors[1]]
            count = counts[k // factors[0], j // factors[1]]
            for block in range(into.size):
                total = np.float32(0.0)
                number = 0
                first = block * factors[2]
                for i in range(first, min(first + factors[2], row.size)):
                    if inside[i]:
                        total += np.float32(row[i])
                        number += 1
                into[block] += total
                count[block] += number
