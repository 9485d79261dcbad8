from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.workflows.ct_calibration.history.charts import (
    cusum,
    ewma,
    ewma_limits,
    individuals_limits,
    run_alarms,
)
from kerma.workflows.ct_calibration.history.run_length import (
    cusum_limit,
    cusum_run_length,
    ewma_run_length,
    ewma_width,
    individuals_limit,
)


def test_limits_of_individuals_are_the_textbooks_multiples_of_the_mean_range() -> None:
    """Ranges 2, 4 and 0 of the values 1, 3, -1, -1 have the mean 2."""
    limits = individuals_limits(np.array([1.0, 3.0, -1.0, -1.0]))
    assert limits.center == 0.5
    assert limits.upper == pytest.approx(0.5 + 2.66 * 2)
    assert limits.lower == pytest.approx(0.5 - 2.66 * 2)
    assert limits.range_upper == pytest.approx(3.267 * 2)


def test_a_step_hardly_widens_the_limits_of_individuals() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, 40)
    stepped = values + 10 * (np.arange(40) >= 20)
    wide = individuals_limits(stepped).upper - individuals_limits(stepped).center
    narrow = individuals_limits(values).upper - individuals_limits(values).center
    assert wide < 1.4 * narrow


def test_one_value_has_no_range() -> None:
    with pytest.raises(InputError, match="two values at least; got 1"):
        individuals_limits(np.array([1.0]))


def test_a_constant_score_fills_the_moving_average_geometrically() -> None:
    levels = ewma(np.ones(30), weight=0.2)
    assert levels == pytest.approx(1 - 0.8 ** np.arange(1, 31))


def test_limits_of_the_moving_average_grow_to_its_own_spread() -> None:
    limits = ewma_limits(200, weight=0.2, width=3.0)
    assert limits[0] == pytest.approx(3 * 0.2)
    assert limits[-1] == pytest.approx(3 * np.sqrt(0.2 / 1.8))


def test_a_shift_of_one_sums_up_by_a_half_each_time() -> None:
    sums = cusum(np.ones(12))
    assert sums[:, 0] == pytest.approx(0.5 * np.arange(1, 13))
    assert sums[:, 1] == pytest.approx(0.0)
    assert cusum(-np.ones(12)) == pytest.approx(sums[:, ::-1])


@pytest.mark.parametrize(
    ("rules", "scores", "alarm"),
    [
        ("western-electric", [0.1, 2.1, 0.0, 2.2], True),  # two of three beyond 2
        ("western-electric", [0.1, 2.1, 0.0, -2.2], False),
        ("western-electric", [1.1, 1.2, -0.3, 1.1, 1.4], True),  # four of five
        ("western-electric", [0.1] * 8, True),
        ("nelson", [0.1] * 8, False),
        ("nelson", [0.1] * 9, True),
        ("nelson", [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2], True),  # six that rise
        ("nelson", [0.2, 0.1, 0.0, -0.1, -0.2, -0.3], True),
        ("nelson", [0.1, 0.2, 0.3, 0.4, 0.5], False),
        ("nelson", [0.1, -0.1] * 7, True),  # fourteen that alternate
        ("nelson", [0.1, -0.1] * 6 + [0.1], False),
        ("none", [5.0] * 20, False),
        ("nelson", [0.1], False),
    ],
)
def test_runs_are_found_when_they_are_complete(
    rules: str, scores: list[float], *, alarm: bool
) -> None:
    found = run_alarms(np.array(scores), rules)  # type: ignore[arg-type]
    assert bool(found[-1]) is alarm
    assert not found[:-1].any()


# D. C. Montgomery, Introduction to Statistical Quality Control, tables of average run
# lengths of the cumulative sum with k = 1/2, h = 5 and of the moving average with
# lambda = 0.2, L = 2.962.
@pytest.mark.parametrize(
    ("shift", "cusum_length", "ewma_length"),
    [
        (0.0, 465, 500),
        (0.25, 139, 150),
        (0.5, 38.0, 41.8),
        (0.75, 17.0, 18.2),
        (1.0, 10.4, 10.5),
        (1.5, 5.75, 5.5),
        (2.0, 4.01, 3.7),
        (3.0, 2.57, 2.4),
    ],
)
def test_run_lengths_are_those_of_the_tables(
    shift: float, cusum_length: float, ewma_length: float
) -> None:
    assert cusum_run_length(shift) == pytest.approx(cusum_length, rel=0.01)
    found = ewma_run_length(shift, weight=0.2, width=2.962)
    assert found == pytest.approx(ewma_length, rel=0.015)


def test_the_usual_limits_give_a_false_alarm_in_370_and_465() -> None:
    assert ewma_run_length(weight=0.2, width=2.86) == pytest.approx(370, rel=0.01)
    assert cusum_run_length(limit=5.0) == pytest.approx(465, rel=0.002)
    assert individuals_limit(370.4) == pytest.approx(3.0, abs=1e-4)
    assert ewma_width(370.0, 0.2) == pytest.approx(2.86, abs=0.005)
    assert cusum_limit(465.4, 0.5) == pytest.approx(5.0, abs=0.001)


def _first_alarms(rules: str, histories: int) -> dict[str, list[int]]:
    """Results until each chart signals, in simulated histories of an unchanged scanner."""
    rng = np.random.default_rng(5)
    longest = 4000
    found: dict[str, list[int]] = {"ewma": [], "cusum": [], "runs": []}
    for _ in range(histories):
        scores = rng.normal(size=longest)
        signals = {
            "ewma": np.abs(ewma(scores)) > ewma_limits(longest)[-1],
            "cusum": cusum(scores).max(axis=1) > 5,
            "runs": run_alarms(scores, rules) | (np.abs(scores) > 3),  # type: ignore[arg-type]
        }
        for chart, flags in signals.items():
            found[chart].append(int(np.argmax(flags)) + 1 if flags.any() else longest)
    return found


@pytest.mark.slow
def test_simulated_run_lengths_agree_with_the_theory() -> None:
    """An exponential time has a standard error of its mean over the root of n.

    The rules of Western Electric: 91.75 results (Champ and Woodall, 1987).
    """
    found = _first_alarms("western-electric", 900)
    for chart, length in (("ewma", 370), ("cusum", 465), ("runs", 91.75)):
        error = 3 * length / np.sqrt(900)
        assert np.mean(found[chart]) == pytest.approx(length, abs=error)
