"""Weighted sums along the three axes of an array, one axis after another."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["blend"]

Array: TypeAlias = NDArray[Any]
Three: TypeAlias = tuple[Array, ...]


@compiled
def blend(
    source: Array,
    taps: Three,
    weights: Three,
    first: tuple[int, ...],
    target: Array,
) -> None:
    """Fill a box of the target with weighted sums over the source.

    Parameters
    ----------
    source
        (nk, nj, ni) float32 or float64, C-contiguous.
    taps, weights
        For each axis (n, m): indices into the source and float64 weights of the m
        voxels that make up each of the n voxels of the box. A weight of zero stands
        beside the index of a voxel that has weight.
    first
        Index (k, j, i) of the first voxel of the box in the target.
    target
        Of the type of the source, C-contiguous; its other voxels are left alone.
    """
    # One plane and one line are blended before the columns: the work for a voxel of
    # the target is then that of its columns alone. Both are float64, so that three
    # roundings do not add up.
    plane = np.empty(source.shape[1:])
    line = np.empty(source.shape[2])
    # Unsigned, an index needs no test for counting from the end.
    columns = taps[2].astype(np.uintp)
    for k in range(taps[0].shape[0]):
        plane[:] = 0.0
        for tap in range(taps[0].shape[1]):
            if weights[0][k, tap] != 0:
                lines = source[taps[0][k, tap]]
                for j in range(len(plane)):
                    _add_line(lines[j], weights[0][k, tap], plane[j])
        for j in range(taps[1].shape[0]):
            line[:] = 0.0
            for tap in range(taps[1].shape[1]):
                if weights[1][j, tap] != 0:
                    _add_line(plane[taps[1][j, tap]], weights[1][j, tap], line)
            row = target[first[0] + k, first[1] + j]
            _gather(line, columns, weights[2], row[first[2] :])


@compiled
def _add_line(source: Array, weight: float, target: Array) -> None:
    for i in range(target.size):
        target[i] += weight * source[i]


@compiled
def _gather(line: Array, taps: Array, weights: Array, row: Array) -> None:
    """Blend the columns of one row."""
    if taps.shape[1] == 2:  # linear, unrolled
        for i in range(taps.shape[0]):
            row[i] = weights[i, 0] * line[taps[i, 0]] + weights[i, 1] * line[taps[i, 1]]
        return
    for i in range(taps.shape[0]):
        total = 0.0
        for tap in range(taps.shape[1]):
            total += weights[i, tap] * line[taps[i, tap]]
        row[i] = total
