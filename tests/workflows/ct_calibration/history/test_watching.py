from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from kerma.errors import InputError
from kerma.workflows.ct_calibration.history.run_length import (
    cusum_run_length,
    ewma_run_length,
)
from kerma.workflows.ct_calibration.history.watching import (
    ChartLimits,
    Rules,
    chart_limits,
    watch,
)

RULES = Rules()
ONE = chart_limits(1, RULES)


def test_the_limits_of_one_insert_are_the_textbooks() -> None:
    assert ONE.individuals == pytest.approx(3.0, abs=1e-3)
    assert ONE.ewma_width == pytest.approx(2.86, abs=0.005)
    assert chart_limits(17, RULES).individuals > chart_limits(8, RULES).individuals > 3


def test_scores_without_any_history_are_standard_normal_and_independent() -> None:
    """Quesenberry's result, for a scanner of unknown mean and spread."""
    rng = np.random.default_rng(1)
    never = ChartLimits(individuals=99.0, ewma_width=99.0, cusum=999.0)
    values = rng.normal(37.0, 4.0, (12, 3000))
    score = watch(values, never, RULES).score
    assert np.isnan(score[:2]).all()
    for row in score[2:]:
        assert kstest(row, "norm").pvalue > 1e-3
    correlations = np.atleast_2d(np.corrcoef(score[2:]))[np.triu_indices(10, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(3000)


def test_the_third_value_is_judged_by_students_ratio() -> None:
    """Of 0 and 2 the mean is 1 and the spread √2: 4 lies 3/√(2·3/2) = √3 away, and
    Student's distribution of one degree of freedom is arctan: two thirds, 0.967σ."""
    score = watch(np.array([[0.0], [2.0], [4.0]]), ONE, RULES).score[2, 0]
    assert score == pytest.approx(0.9674, abs=1e-3)


def test_a_step_is_seen_and_does_not_become_the_new_normal() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0, 1, (60, 4))
    values[20:] += 5
    found = watch(values, chart_limits(4, RULES), RULES, prior_sd_hu=np.ones(4))
    assert found.alarms["EWMA"][22:].all()
    assert not found.accepted[21:].any()
    assert np.abs(found.center[-1]).max() < 1


def test_a_missing_value_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, (20, 2))
    gap = np.insert(values, 9, np.nan, axis=0)
    whole, holed = watch(values, ONE, RULES), watch(gap, ONE, RULES)
    kept = np.arange(21) != 9
    for name in ("score", "center", "half_width", "average", "average_limit"):
        found, expected = getattr(holed, name)[kept], getattr(whole, name)
        assert found == pytest.approx(expected, nan_ok=True)
    assert np.isnan(holed.score[9]).all()


def test_equal_values_give_no_score_and_no_warning() -> None:
    found = watch(np.full((6, 1), 7.0), ONE, RULES)
    assert np.isnan(found.score).all()
    assert not any(flags.any() for flags in found.alarms.values())


def test_the_band_is_where_the_chart_of_individuals_does_not_signal() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(0, 1, (15, 1))
    found = watch(values, ONE, RULES, prior_sd_hu=np.ones(1))
    edge = found.center[-1] + found.half_width[-1]
    for factor, alarm in ((0.999, False), (1.001, True)):
        last = found.center[-1] + factor * (edge - found.center[-1])
        again = watch(
            np.vstack([values[:-1], last]), ONE, RULES, prior_sd_hu=np.ones(1)
        )
        assert bool(again.alarms["individuals"][-1, 0]) is alarm


def test_an_unchanged_scanner_gives_no_more_alarms_than_asked() -> None:
    """36 results at one in 370 for each chart: 9.3 % of histories."""
    rng = np.random.default_rng(5)
    limits = chart_limits(8, RULES)
    count = dict.fromkeys(("individuals", "EWMA", "CUSUM"), 0)
    for _ in range(60):
        values = rng.normal(0, 0.8, (36, 8)) + rng.normal(0, 0.6, (36, 1))
        found = watch(values, limits, RULES)
        for chart in count:
            count[chart] += bool(found.alarms[chart].any())
    expected = 60 * (1 - (1 - 1 / 370) ** 36)
    for number in count.values():
        assert number < expected + 3 * np.sqrt(expected)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"run_length": 1.0}, "got one in 1"),
        ({"run_length": float("nan")}, "got one in nan"),
        ({"ewma_weight": 0.0}, "weight of the newest score"),
        ({"cusum_allowance": -1.0}, "allowance of a cumulative sum"),
    ],
)
def test_rules_without_sense_are_refused(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Rules(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "inserts"), [(20.0, 1), (1e5, 40)])
def test_limits_are_found_for_all_that_rules_allow(length: float, inserts: int) -> None:
    for allowance in (0.25, 1.5):
        rules = Rules(run_length=length, cusum_allowance=allowance)
        limits = chart_limits(inserts, rules)
        found = cusum_run_length(allowance=allowance, limit=limits.cusum)
        assert found == pytest.approx(length * inserts, rel=1e-6)
        found = ewma_run_length(weight=0.2, width=limits.ewma_width)
        assert found == pytest.approx(length * inserts, rel=1e-6)


def test_runs_join_in_when_they_are_asked_for() -> None:
    values = np.array([0.0, 1.0, 0.2, -0.9, *np.linspace(0.1, 0.8, 9)])[:, None]
    asked = Rules(runs="nelson")
    assert not watch(values, ONE, RULES).alarms["runs"].any()
    assert watch(values, ONE, asked).alarms["runs"].any()
