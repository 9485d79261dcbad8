from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.simulation.noise import noise_plane, ring_profile

SHAPE = (512, 512)


def correlation(first: FloatArray, second: FloatArray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("grain", [0.0, 0.3, 0.8, 2.0])
def test_noise_has_the_standard_deviation_asked_for(grain: float) -> None:
    """Of n independent values the SD is good to 1/sqrt(2n); a grain counts 4πσ²."""
    noise = noise_plane(SHAPE, sd_hu=20.0, correlation_px=grain, seed=1, k=0)
    independent = noise.size / (1 + 4 * np.pi * grain**2)
    assert noise.std() == pytest.approx(20, rel=4 / np.sqrt(2 * independent))
    assert abs(noise.mean()) < 4 * 20 / np.sqrt(independent)


@pytest.mark.parametrize("distance", [1, 2, 3])
def test_grain_correlates_as_the_filter_says(distance: int) -> None:
    """White noise through a Gaussian of σ: exp(-d²/4σ²)."""
    noise = noise_plane(SHAPE, sd_hu=1.0, correlation_px=1.2, seed=2, k=0)
    expected = np.exp(-(distance**2) / (4 * 1.2**2))
    assert correlation(noise[:-distance], noise[distance:]) == pytest.approx(
        expected, abs=0.02
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_neighboring_slices_correlate_as_asked(share: float) -> None:
    planes = [
        noise_plane(SHAPE, sd_hu=3.0, slice_correlation=share, seed=3, k=k)
        for k in range(3)
    ]
    assert correlation(planes[0], planes[1]) == pytest.approx(share, abs=0.01)
    assert correlation(planes[0], planes[2]) == pytest.approx(0, abs=0.01)
    assert planes[0].std() == pytest.approx(3, rel=0.01)


def test_each_seed_and_each_slice_has_its_own_noise() -> None:
    one, again, other, next_slice = (
        noise_plane((64, 64), sd_hu=1.0, seed=seed, k=k)
        for seed, k in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert np.array_equal(one, again)
    assert abs(correlation(one, other)) < 0.1
    assert abs(correlation(one, next_slice)) < 0.1


def test_rings_have_the_standard_deviation_asked_for() -> None:
    rings = ring_profile(20000, sd_hu=5.0, seed=1)
    assert rings.std() == pytest.approx(5, rel=0.03)
