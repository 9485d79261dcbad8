from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from kerma.core.arrays import FloatArray
from kerma.imaging.discs import blurred_disc, edge_loss
from kerma.workflows.ct_calibration.edges import (
    Edge,
    EdgeCloud,
    choose_fraction,
    measure_edge,
)

RADIUS_MM = 6.35


def cloud(
    *, sigma: float, overshoot: float = 0.0, shift: float = 0.0, noise: float = 0.0
) -> EdgeCloud:
    """Pixels of 0.7 mm about a rod whose edge is drawn as the model says."""
    line = np.arange(-13, 14) * 0.7 + 0.13
    x, y = np.meshgrid(line, line)
    distance = np.hypot(x, y).ravel()
    distance = distance[distance <= 1.4 * RADIUS_MM]
    values = profile(RADIUS_MM + shift - distance, sigma, overshoot)
    values = values + noise * np.random.default_rng(1).normal(size=values.size)
    return EdgeCloud(distance, values, RADIUS_MM, 1.0)


def profile(depth: FloatArray, sigma: float, overshoot: float) -> FloatArray:
    wide = ndtr(depth / (2 * sigma))
    return (1 + overshoot) * ndtr(depth / sigma) - overshoot * wide


@given(st.floats(0.4, 1.8), st.sampled_from([0.0, 0.2, 0.5]), st.floats(-0.8, 0.8))
@settings(max_examples=30)
def test_the_edge_is_found_as_it_was_drawn(
    sigma: float, overshoot: float, shift: float
) -> None:
    """Blur, overshoot and radius, to the width of a bin of 0.15 mm and less."""
    found = measure_edge([cloud(sigma=sigma, overshoot=overshoot, shift=shift)])
    assert found is not None
    assert found.sigma_mm == pytest.approx(sigma, abs=0.03)
    assert found.overshoot == pytest.approx(overshoot, abs=0.05)
    assert found.shift_mm == pytest.approx(shift, abs=0.02)


def test_rods_of_all_sizes_share_one_edge() -> None:
    """They are brought together by the depth under their rims."""
    small = cloud(sigma=0.8)
    large = replace(small, distance_mm=small.distance_mm + 8.65, radius_mm=15.0)
    found = measure_edge([small, large])
    assert found is not None
    assert (found.sigma_mm, found.shift_mm) == pytest.approx((0.8, 0.0), abs=0.03)


def test_a_rod_without_weight_does_not_count() -> None:
    good, bad = cloud(sigma=0.8), replace(cloud(sigma=2.5, shift=0.9), weight=1e-9)
    found = measure_edge([good, bad])
    assert found is not None
    assert (found.sigma_mm, found.shift_mm) == pytest.approx((0.8, 0.0), abs=0.03)


def test_too_few_pixels_have_no_edge() -> None:
    assert measure_edge([]) is None
    few = EdgeCloud(np.linspace(0, 8, 8), np.ones(8), RADIUS_MM, 1.0)
    assert measure_edge([few]) is None
