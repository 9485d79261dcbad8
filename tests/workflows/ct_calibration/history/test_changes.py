from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.workflows.ct_calibration.history.changes import Stretch, stretches
from kerma.workflows.ct_calibration.history.forecast import drift_of
from kerma.workflows.ct_calibration.history.repeatability import repeatability

DAYS = 30.4 * np.arange(36)
COVARIANCE = 0.8**2 * np.eye(6) + 0.6**2


def noise(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.8, (36, 6)) + rng.normal(0, 0.6, (36, 1))


def test_a_step_is_found_at_its_month() -> None:
    values = noise(1) + 5.0 * (np.arange(36) >= 18)[:, None]
    expected = (Stretch(0, drifting=False), Stretch(18, drifting=False))
    assert stretches(values, DAYS, COVARIANCE) == expected


def test_a_step_of_one_insert_alone_is_found() -> None:
    values = noise(2)
    values[25:, 3] += 8
    found = stretches(values, DAYS, COVARIANCE)
    assert [one.first for one in found] == [0, 25]


def test_a_drift_is_no_staircase() -> None:
    values = noise(3) + np.arange(36)[:, None]
    assert stretches(values, DAYS, COVARIANCE) == (Stretch(0, drifting=True),)


def test_a_drift_that_begins_later_is_found_near_its_beginning() -> None:
    values = noise(4) + np.maximum(np.arange(36) - 18, 0)[:, None]
    level, drift = stretches(values, DAYS, COVARIANCE)
    assert (level.drifting, drift.drifting) == (False, True)
    assert abs(drift.first - 18) <= 2


def test_one_bad_month_is_no_new_level() -> None:
    values = noise(5)
    values[20] += 6
    found = stretches(values, DAYS, COVARIANCE)
    assert all(later.first - one.first > 1 for one, later in pairwise(found))


def test_an_unchanged_scanner_has_one_level() -> None:
    found = [stretches(noise(seed), DAYS, COVARIANCE) for seed in range(100, 200)]
    assert sum(one != (Stretch(0, drifting=False),) for one in found) <= 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_short_history_is_one_level(count: int) -> None:
    found = stretches(noise(6)[:count], DAYS[:count], COVARIANCE)
    assert found == (Stretch(0, drifting=False),)


def test_a_drift_without_noise_has_its_slope_and_its_time_to_the_limit() -> None:
    """0.02 HU a day from 100 to 120 HU at day 1000; 130 HU are 500 days away."""
    days = np.linspace(0, 1000, 21)
    drift = drift_of(days, 100 + 0.02 * days, limits_hu=(70.0, 130.0))
    assert drift is not None
    assert drift.is_drifting
    assert drift.hu_per_year == pytest.approx(0.02 * 365.25)
    assert drift.level_hu == pytest.approx(120)
    assert drift.days_to_limit == pytest.approx(500)
    down = drift_of(days, 100 - 0.02 * days, limits_hu=(70.0, 130.0))
    assert down is not None
    assert down.days_to_limit == pytest.approx(500)


def test_the_interval_of_the_time_has_the_estimate_inside() -> None:
    values = noise(7)[:, 0] + np.arange(36)
    drift = drift_of(DAYS, values, limits_hu=(-60.0, 60.0))
    assert drift is not None
    assert drift.soonest_days is not None
    assert drift.days_to_limit is not None
    assert drift.latest_days is not None
    assert drift.soonest_days < drift.days_to_limit < drift.latest_days
    assert drift.lowest < 365.25 / 30.4 < drift.highest


def test_a_limit_that_is_passed_is_no_days_away() -> None:
    days = np.linspace(0, 1000, 21)
    drift = drift_of(days, 0.02 * days, limits_hu=(-10.0, 10.0))
    assert drift is not None
    assert drift.days_to_limit == 0


def test_what_does_not_drift_has_no_time_to_a_limit() -> None:
    drift = drift_of(DAYS, noise(8)[:, 0], limits_hu=(-20.0, 20.0))
    assert drift is not None
    assert not drift.is_drifting
    assert drift.days_to_limit is None
    assert drift_of(DAYS[:4], np.arange(4.0)) is None
    assert drift_of(np.zeros(9), np.arange(9.0)) is None


def test_a_wild_month_does_not_bend_a_drift() -> None:
    days = np.linspace(0, 1000, 21)
    values = 0.02 * days
    values[7] += 500
    drift = drift_of(days, values)
    assert drift is not None
    assert drift.hu_per_year == pytest.approx(0.02 * 365.25, rel=0.05)


def test_repeatability_finds_the_own_and_the_common_part() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(0, 0.8, (600, 6)) + rng.normal(0, 0.6, (600, 1))
    found = repeatability(values, np.full(6, 0.5))
    assert found[0, 1] == pytest.approx(0.36, rel=0.25)
    assert np.diag(found).mean() == pytest.approx(1.0, rel=0.15)
    stepped = values + 50 * (np.arange(600) >= 300)[:, None]
    assert repeatability(stepped, np.full(6, 0.5)) == pytest.approx(found, rel=0.05)


def test_without_results_repeatability_is_what_was_assumed() -> None:
    found = repeatability(np.empty((0, 2)), np.array([0.5, 2.0]))
    assert found == pytest.approx(np.array([[2.25, 1.0], [1.0, 6.0]]))
