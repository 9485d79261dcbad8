from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.dosimetry import GammaCriteria, GammaLimits, GammaResult, gamma
from kerma.dosimetry.gamma_result import BIN_WIDTH, statistics
from tests.dosimetry.doses import volume


@pytest.fixture(scope="module")
def result() -> GammaResult:
    """Of a hundred columns, those from the 90th on differ by 4 %."""
    dose = np.full((1, 10, 100), 2.0)
    other = dose.copy()
    other[..., 90:] *= 1.04
    mask = np.zeros(dose.shape, dtype=bool)
    mask[..., :50] = True
    return gamma(
        volume(dose), volume(other), GammaCriteria(3, 0.1), structures={"left": mask}
    ).result


def test_it_survives_being_stored(result: GammaResult) -> None:
    assert GammaResult.from_json(result.to_json()) == result
    assert result.to_dict()["pass_rate_percent"] == 90.0
    assert result.to_dict()["kind"] == "gamma/1"


def test_one_without_a_largest_gamma_does_too() -> None:
    dose = volume(np.ones((1, 3, 3)))
    found = gamma(dose, dose, GammaCriteria(max_gamma=None)).result
    assert GammaResult.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("rate", "verdict"),
    [
        (100.0, "pass"),
        (95.0, "pass"),
        (94.99, "action"),
        (90.0, "action"),
        (89.99, "fail"),
        (None, "inconclusive"),
    ],
)
def test_the_verdict_is_the_pass_rate_against_the_limits(
    result: GammaResult, rate: float | None, verdict: str
) -> None:
    found = replace(result, pass_rate_percent=rate)
    assert found.verdict == verdict
    assert found.passed is (verdict == "pass")


@pytest.mark.parametrize(("count", "verdict"), [(10, "pass"), (11, "inconclusive")])
def test_too_many_points_out_of_reach_leave_no_verdict(
    result: GammaResult, count: int, verdict: str
) -> None:
    found = replace(result, pass_rate_percent=99.0, not_evaluable=count)
    assert found.verdict == verdict


def test_the_histogram_counts_every_point_and_ends_a_bin_at_1(
    result: GammaResult,
) -> None:
    assert sum(result.histogram) == result.evaluable == 1000
    assert sum(result.histogram[: round(1 / BIN_WIDTH)]) == 900
    assert result.maximum == pytest.approx(4 / 3, abs=1e-3)


def test_the_summary_says_what_was_asked_and_found(result: GammaResult) -> None:
    text = result.summary()
    assert "3 %/0.1 mm global, threshold 10 % of 2 Gy" in text
    assert "90.00 % of 1000 points" in text
    assert "left                 100.00 % of 500 points" in text
    assert text.endswith("ACTION (AAPM TG-218: tolerance 95 %, action 90 %)")
    partly = replace(result, not_evaluable=30, pass_rate_strict_percent=87.3)
    assert "not evaluable: 30 of 1000 points" in partly.summary()
    assert "as failed 87.30 %" in partly.summary()


def test_a_site_sets_its_own_limits() -> None:
    dose = volume(np.ones((1, 3, 3)))
    ours = GammaLimits("ours", "our first 50 plans", 98, 96)
    assert gamma(dose, dose, limits=ours).result.limits is ours


@pytest.mark.parametrize("count", [1, 2, 3, 100, 101, 1000])
def test_percentiles_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).uniform(size=count).astype(np.float32)
    found = statistics(values, passes=values <= 1)
    expected = np.percentile(values.astype(np.float64), (50, 99, 100))
    got = np.array([found.median, found.percentile_99, found.maximum], np.float64)
    np.testing.assert_allclose(got, expected, rtol=1e-7)
