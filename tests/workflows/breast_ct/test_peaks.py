from __future__ import annotations

import numpy as np
import pytest

from kerma.workflows.breast_ct.peaks import find_peaks, mean_shift

RNG = np.random.default_rng(3)


def heaps(*parts: tuple[float, int]) -> np.ndarray:
    return np.concatenate([RNG.normal(hu, 8.0, count) for hu, count in parts])


@pytest.mark.parametrize("shift", [-120.0, 0.0, 70.0, 150.0])
def test_fat_and_gland_are_found_wherever_the_scale_lies(shift: float) -> None:
    values = heaps((-255 + shift, 6000), (-41 + shift, 3000))
    peaks = find_peaks(values, contrast_hu=214.0, contrast_sd_hu=20.0)
    assert peaks is not None
    assert peaks.gland_hu is not None
    assert peaks.fat_hu == pytest.approx(-255 + shift, abs=3)
    assert peaks.gland_hu == pytest.approx(-41 + shift, abs=3)


def test_fat_is_the_lowest_strong_peak_though_gland_is_the_higher() -> None:
    values = heaps((-255, 2000), (-41, 9000))
    peaks = find_peaks(values, contrast_hu=214.0, contrast_sd_hu=20.0)
    assert peaks is not None
    assert peaks.fat_hu == pytest.approx(-255, abs=3)


@pytest.mark.parametrize("gain", [0.9, 1.0, 1.1])
def test_gland_is_not_taken_for_the_muscle_above_it(gain: float) -> None:
    values = heaps((-255 * gain, 9000), (-41 * gain, 800), (10 * gain, 4000))
    peaks = find_peaks(values, contrast_hu=214.0, contrast_sd_hu=25.0)
    assert peaks is not None
    assert peaks.gland_hu == pytest.approx(-41 * gain, abs=8)


def test_gland_shows_as_a_shoulder_beside_a_saline_implant() -> None:
    implant, gland = RNG.normal(10, 16, 9000), RNG.normal(-41, 16, 2000)
    values = np.concatenate([heaps((-255, 9000)), implant, gland])
    peaks = find_peaks(values, contrast_hu=214.0, contrast_sd_hu=25.0)
    assert peaks is not None
    assert peaks.gland_hu == pytest.approx(-41, abs=12)


def test_without_values_there_is_no_peak() -> None:
    assert find_peaks(np.zeros(0), contrast_hu=214.0, contrast_sd_hu=20.0) is None


def test_fat_alone_has_no_gland() -> None:
    values = np.full(1000, -255.0)
    peaks = find_peaks(values, contrast_hu=214.0, contrast_sd_hu=20.0)
    assert peaks is not None
    assert peaks.gland_hu is None


def test_mean_shift_climbs_to_the_middle_of_a_symmetric_heap() -> None:
    away = 25 * (1 - np.sqrt(np.linspace(0, 1, 500)))  # quantiles of a triangle
    heap = np.concatenate([100 - away, 100 + away])
    assert mean_shift(heap, 88.0, 10.0) == pytest.approx(100, abs=0.5)


def test_mean_shift_stays_where_there_is_nothing() -> None:
    assert mean_shift(np.array([100.0]), 0.0) == 0.0
