from __future__ import annotations

import numpy as np

from kerma.kernels.gamma_cells import (
    BLOCK,
    block_ranges,
    cell_bends,
    cell_ranges,
    spread,
)
from kerma.kernels.gamma_pieces import BEST, STATE, TARGET, note


def test_cells_know_their_lowest_and_highest_dose() -> None:
    dose = np.random.default_rng(1).normal(size=(4, 5, 6))
    ranges = np.empty((3, 4, 5, 2), np.float32)
    cell_ranges(dose, ranges, (0, len(ranges)))
    for k, j, i in np.ndindex(3, 4, 5):
        corners = dose[k : k + 2, j : j + 2, i : i + 2]
        low, high = ranges[k, j, i]
        assert low <= corners.min() < np.nextafter(low, np.float32(np.inf))
        assert np.nextafter(high, np.float32(-np.inf)) < corners.max() <= high


def test_a_cell_with_a_corner_that_is_not_finite_has_an_empty_range() -> None:
    dose = np.ones((1, 3, 4))
    dose[0, 0, 1] = np.nan
    ranges = np.empty((1, 2, 3, 2))
    cell_ranges(dose, ranges, (0, len(ranges)))
    empty = ranges[0, ..., 0] > ranges[0, ..., 1]
    assert empty.tolist() == [[True, True, False], [False, False, False]]
    blocks = np.full((1, 1, 1, 2), (np.inf, -np.inf))
    block_ranges(ranges, blocks)
    assert blocks.ravel().tolist() == [1, 1]


def test_blocks_have_the_range_of_their_cells() -> None:
    ranges = np.random.default_rng(2).normal(size=(1, 6, 9, 2))
    blocks = np.full((1, 2, 3, 2), (np.inf, -np.inf))
    block_ranges(ranges, blocks)
    part = ranges[:, BLOCK:, :BLOCK]
    assert tuple(blocks[0, 1, 0]) == (part[..., 0].min(), part[..., 1].max())


def test_a_linear_dose_does_not_bend() -> None:
    k, j, i = np.indices((4, 5, 6)).astype(float)
    bends = np.zeros((1, 1, 1, 9))
    cell_bends(1 + 2 * k - 3 * j + 0.5 * i, (9, 9, 9), bends, (0, len(bends)))
    assert not bends.any()


def test_each_bend_of_a_dose_is_told_apart() -> None:
    """Falls of the slope by 2, 4, 6 along k, j, i and twists of 1, 2, 3."""
    k, j, i = np.indices((4, 5, 6)).astype(float)
    dose = -(k**2) - 2 * j**2 - 3 * i**2 + k * j + 2 * k * i - 3 * j * i
    bends = np.zeros((1, 1, 1, 9))
    cell_bends(dose, (9, 9, 9), bends, (0, len(bends)))
    np.testing.assert_allclose(bends.ravel(), [2, 4, 6, 0, 0, 0, 1, 2, 3], atol=1e-9)
    bends[:] = 0
    cell_bends(-dose, (9, 9, 9), bends, (0, len(bends)))
    np.testing.assert_allclose(bends.ravel(), [0, 0, 0, 2, 4, 6, 1, 2, 3], atol=1e-9)


def test_a_dose_that_is_not_finite_bends_without_limit() -> None:
    dose = np.ones((1, 1, 9))
    dose[0, 0, 1] = np.nan
    bends = np.zeros((1, 1, 2, 9))
    cell_bends(dose, (1, 1, 4), bends, (0, len(bends)))
    assert np.isinf(bends[0, 0, 0]).any()
    assert not bends[0, 0, 1].any()


def test_bends_spread_to_the_blocks_around() -> None:
    bends = np.random.default_rng(4).uniform(size=(3, 5, 6, 9))
    around = np.zeros_like(bends)
    spread(bends, around, (0, len(bends)))
    for k, j, i in np.ndindex(3, 5, 6):
        near = bends[
            max(k - 1, 0) : k + 2, max(j - 1, 0) : j + 2, max(i - 1, 0) : i + 2
        ]
        assert tuple(around[k, j, i]) == tuple(near.max(axis=(0, 1, 2)))


def test_a_value_just_over_1_keeps_cells_in_the_search_that_reach_below_1() -> None:
    """By the tolerance alone a bound of 0.9996 would end the search at 1.0005."""
    state = np.zeros(STATE)
    state[BEST] = 2.0
    for found, target in ((1.5, 1.499), (1.0005, 1.0), (1.0, 0.999), (0.5, 0.499)):
        state[TARGET] = 4.0
        note(state, found**2, 0.0, 0.0, 0.0)
        assert state[BEST] == found
        np.testing.assert_allclose(state[TARGET], target**2)
    note(state, np.nan, 0.0, 0.0, 0.0)
    assert state[BEST] == 0.5
