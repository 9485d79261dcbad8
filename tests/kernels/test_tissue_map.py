from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve

from kerma.kernels.tissue_map import fill_rim, supported_values, weighted_percent

RNG = np.random.default_rng(5)


def test_a_rim_takes_over_what_lies_behind_it_layer_after_layer() -> None:
    values = np.full((5, 5, 9), 7, np.int16)
    values[:, :, 4:] = 100
    states = np.ones(values.shape, np.uint8)
    states[:, :, 4:7] = 2
    states[:, :, 7:] = 0
    assert fill_rim(values, states) == 5 * 5 * 3
    assert (values[:, :, :7] == 7).all()
    assert (values[:, :, 7:] == 100).all()
    assert set(np.unique(states)) == {0, 1}


def test_what_nothing_known_touches_keeps_its_value() -> None:
    values = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    states = np.full(values.shape, 2, np.uint8)
    before = values.copy()
    assert fill_rim(values, states) == 0
    assert np.array_equal(values, before)


def test_negative_whole_numbers_are_rounded_and_not_cut_to_zero() -> None:
    values = np.array([[[-255, 0, -256], [-256, -256, -256]]], np.int16)
    states = np.array([[[1, 2, 1], [1, 1, 1]]], np.uint8)
    fill_rim(values, states)
    assert values[0, 0, 1] == -256  # the mean is -255.8


def test_votes_agree_with_a_convolution() -> None:
    values = RNG.normal(0, 1, (9, 8, 7)).astype(np.float32)
    mask = RNG.random(values.shape) < 0.8
    found = supported_values(values, mask, 0.1, (0.3, 0.2, 0.1), 2)
    kernel = np.zeros((3, 3, 3))
    kernel[::2, 1, 1], kernel[1, ::2, 1], kernel[1, 1, ::2] = 0.3, 0.2, 0.1
    expected = values
    for _ in range(2):
        sides = np.where(mask, np.where(expected > 0.1, 1.0, -1.0), 0.0)
        expected = values + convolve(sides, kernel, mode="constant")
    np.testing.assert_allclose(found[mask], expected[mask], atol=1e-5)
    assert (found[~mask] < -1e38).all()


def test_percent_is_whole_within_a_kind_and_a_mean_at_its_border() -> None:
    values = np.zeros((3, 3, 6), np.float32)
    values[:, :, 3:] = 1
    mask = np.ones(values.shape, bool)
    weights = np.ones((3, 3, 3), np.float32)
    percent = weighted_percent(values, mask, values > 0.5, weights, (0.0, 1.0))
    assert percent[1, 1].tolist() == [0, 0, 33, 67, 100, 100]


def test_percent_knows_nothing_of_what_lies_outside_the_mask() -> None:
    values = np.full((3, 3, 3), 900.0, np.float32)
    mask = np.zeros(values.shape, bool)
    mask[1, 1, :2] = True
    values[mask] = [0.0, 1.0]
    chosen = mask & (values > 0.5)
    weights = np.ones((3, 3, 3), np.float32)
    percent = weighted_percent(values, mask, chosen, weights, (0.0, 1.0))
    assert percent[1, 1].tolist() == [50, 50, 0]
    assert percent.sum() == 100
