"""Packed fractions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.packed_fractions import PackedFractions, Packer
from kerma.errors import InputError
from kerma.kernels.even_odd import add_rows


def blobs(seed: int) -> FloatArray:
    """Full, empty and partly full voxels, in runs of any length."""
    rng = np.random.default_rng(seed)
    nk, nj, ni = rng.integers(1, 9, 3)
    values = np.array([0, 1, 0.25, rng.random()], np.float32)
    runs = rng.integers(1, 12, nk * nj * ni)
    flat = np.repeat(rng.choice(values, runs.size), runs)[: nk * nj * ni]
    return flat.reshape(nk, nj, ni)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31))
def test_what_is_packed_comes_out_as_it_was(seed: int) -> None:
    array = blobs(seed)
    packed = PackedFractions.of(array)
    np.testing.assert_array_equal(packed.array(), array)
    for k, plane in enumerate(packed.slices()):
        np.testing.assert_array_equal(plane, array[k])
    for plane in packed.slices(slice(1, 2)):
        np.testing.assert_array_equal(plane, array[1])


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31))
def test_sums_are_those_of_the_voxels(seed: int) -> None:
    array = blobs(seed)
    wide = array.astype(np.float64)
    _, j, i = np.indices(array.shape)
    expected = [
        part.sum(axis=(1, 2)) for part in (wide, wide * j, wide * i, array >= 0.5)
    ]
    found = PackedFractions.of(array).moments().T
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_long_runs_are_cut_where_a_length_ends() -> None:
    """A length has 16 bits."""
    array = np.zeros((2, 300, 700), np.float32)
    array[0, 1:, 3:690] = 1
    array[1] = np.random.default_rng(1).random((300, 700))
    packed = PackedFractions.of(array)
    np.testing.assert_array_equal(packed.array(), array)
    assert packed.bytes_held < array[1].nbytes + 300 * 24 + 500


def test_a_ball_takes_little_more_than_its_surface() -> None:
    k, j, i = np.indices((60, 120, 120)) - np.array([30, 60, 60])[:, None, None, None]
    radii = np.sqrt((2 * k) ** 2 + j**2 + i**2)
    array = np.clip(55.5 - radii, 0, 1).astype(np.float32)
    partly = np.count_nonzero((array > 0) & (array < 1))
    assert PackedFractions.of(array).bytes_held < 8 * partly + 12 * 60 * 120
    assert PackedFractions.of(array).bytes_held < array.nbytes / 15


@settings(max_examples=30)
@given(seed=st.integers(0, 2**31), weight=st.sampled_from([1.0, 0.4]))
def test_changes_are_packed_as_they_are_filled_in(seed: int, weight: float) -> None:
    """Bit for bit, wherever in the slice their box lies."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(0, 7, 2)
    before, after = rng.integers(0, 4, 2), rng.integers(0, 4, 2)
    changes = np.zeros((rows, columns + 1))
    for row in changes[:, :-1]:
        for n in range(0, columns - 1, 3):
            height = rng.choice([1.0, rng.random()])
            row[n : n + 2] += height, -height
    nj, ni = (int(n) for n in before + np.array([rows, columns]) + after)
    filled = np.zeros((1, nj, ni), np.float32)
    box = filled[0, before[0] : before[0] + rows, before[1] : before[1] + columns]
    add_rows(changes, weight, box)
    packer = Packer((1, nj, ni))
    packer.add_changes(changes, weight, (int(before[0]), int(before[1])))
    packed = PackedFractions(packer.shape, *packer.packed())
    np.testing.assert_array_equal(packed.array(), filled)


def test_other_arrays_are_refused() -> None:
    with pytest.raises(InputError, match="3-dimensional, float64"):
        PackedFractions.of(np.zeros((1, 1, 1)))
    with pytest.raises(InputError, match="2-dimensional, float32"):
        PackedFractions.of(np.zeros((1, 1), np.float32))
