"""Weighted sums along three axes."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray, IntArray
from kerma.kernels.blending import blend


def dense(taps: IntArray, weights: FloatArray, size: int) -> FloatArray:
    """The (n, size) matrix that a table of taps stands for."""
    matrix = np.zeros((len(taps), size))
    np.add.at(matrix, (np.arange(len(taps))[:, None], taps), weights)
    return matrix


@pytest.mark.parametrize("taps_per_voxel", [1, 2, 5])
def test_blending_is_three_matrix_products(taps_per_voxel: int) -> None:
    rng = np.random.default_rng(taps_per_voxel)
    source = rng.normal(size=(5, 6, 7)).astype(np.float32)
    sizes = (4, 9, 8)
    taps = tuple(
        rng.integers(0, n, (m, taps_per_voxel))
        for n, m in zip(source.shape, sizes, strict=True)
    )
    weights = tuple(rng.normal(size=tap.shape) for tap in taps)
    target = np.full((7, 12, 9), 99, dtype=np.float32)

    blend(source, taps, weights, (2, 1, 0), target)

    matrices = [
        dense(tap, weight, n)
        for tap, weight, n in zip(taps, weights, source.shape, strict=True)
    ]
    expected = np.einsum("ka,jb,ic,abc->kji", *matrices, source.astype(np.float64))
    np.testing.assert_allclose(target[2:6, 1:10, :8], expected, rtol=1e-5, atol=1e-5)
    target[2:6, 1:10, :8] = 99
    assert (target == 99).all()


def test_a_voxel_without_weight_is_not_read() -> None:
    source = np.array([[[1.0, 2.0]], [[np.nan, np.nan]]], dtype=np.float32)
    target = np.zeros((1, 1, 2), dtype=np.float32)
    along, one = np.array([[0, 1]]), np.array([[1.0, 0.0]])
    pass_on = np.array([[0], [1]]), np.ones((2, 1))
    blend(
        source,
        (along, np.array([[0, 0]]), pass_on[0]),
        (one, np.array([[0.5, 0.5]]), pass_on[1]),
        (0, 0, 0),
        target,
    )
    assert target.ravel().tolist() == [1.0, 2.0]
