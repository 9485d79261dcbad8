from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.workflows.ct_calibration.constancy import (
    Constancy,
    Deviation,
    Scope,
    Tolerances,
    pearson,
)

PASS, ACTION, FAIL, INCONCLUSIVE = (
    Verdict.PASS,
    Verdict.ACTION,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
)


def deviation(change: float | None, **changes: Any) -> Deviation:
    limits = {"uncertainty_hu": 2.0, "tolerance_hu": 10.0, "action_hu": 20.0}
    return Deviation("water", "water", change, **{**limits, **changes})


def constancy(*deviations: Deviation) -> Constancy:
    return Constancy("then.json", "seed", deviations, None)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (0.0, PASS),
        (10.0, PASS),
        (-10.0, PASS),
        (10.001, ACTION),
        (20.0, ACTION),
        (-20.0, ACTION),
        (20.001, FAIL),
        (-500.0, FAIL),
    ],
)
def test_the_limit_itself_passes(change: float, verdict: Verdict) -> None:
    assert deviation(change).verdict is verdict


def test_without_an_action_level_a_change_out_of_tolerance_fails() -> None:
    assert deviation(10.001, action_hu=10.0).verdict is FAIL
    assert deviation(10.001, action_hu=None).verdict is FAIL


def test_a_change_less_certain_than_its_tolerance_is_inconclusive() -> None:
    """Up to the tolerance it counts; a change that is too large fails all the same."""
    assert deviation(1.0, uncertainty_hu=10.0).verdict is PASS
    assert deviation(1.0, uncertainty_hu=10.001).verdict is INCONCLUSIVE
    assert deviation(50.0, uncertainty_hu=40.0).verdict is FAIL


@pytest.mark.parametrize("missing", ["change_hu", "tolerance_hu"])
def test_what_could_not_be_measured_or_judged_never_passes(missing: str) -> None:
    known: dict[str, Any] = {"change_hu": 0.0, "tolerance_hu": 10.0, missing: None}
    assert Deviation("a", "a", uncertainty_hu=0.0, action_hu=20.0, **known).verdict is (
        INCONCLUSIVE
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_change_that_is_no_number_never_passes(number: float) -> None:
    assert deviation(number).verdict is not PASS


WORST_LAST = (
    deviation(0.0),
    deviation(15.0),
    deviation(None),
    deviation(30.0),
)


@given(st.lists(st.sampled_from(range(4)), min_size=1, max_size=8))
def test_the_worst_insert_decides(numbers: list[int]) -> None:
    """Pass, action, inconclusive, fail, in this order."""
    check = constancy(*(WORST_LAST[number] for number in numbers))
    assert check.verdict is (PASS, ACTION, INCONCLUSIVE, FAIL)[max(numbers)]


def test_a_comparison_of_nothing_is_inconclusive() -> None:
    assert constancy().verdict is INCONCLUSIVE


def test_the_summary_names_every_insert_with_its_verdict() -> None:
    check = constancy(deviation(-3.0), deviation(None, reason="not in view today"))
    first, second = check.summary().splitlines()
    assert "-3.0 HU" in first
    assert "±10" in first
    assert first.endswith("pass")
    assert second.endswith("inconclusive: not in view today")


def profile(**changes: Any) -> Tolerances:
    content: dict[str, Any] = {
        "name": "ours",
        "source": "made up",
        "tolerance_hu": {"water": 5.0, "bone": 45.0},
        "action_hu": {"bone": 90.0},
    }
    return Tolerances(**(content | changes))


def test_a_material_is_found_by_any_of_its_names() -> None:
    assert profile().of("bone800", "bone") == (45.0, 90.0)
    assert profile().of("water") == (5.0, 5.0)


def test_a_material_that_is_not_listed_is_judged_only_if_asked_for() -> None:
    assert profile().of("liver") is None
    assert profile(other_tolerance_hu=20.0).of("liver") == (20.0, 20.0)


@pytest.mark.parametrize("tolerance", [0.0, -5.0, float("nan")])
def test_a_tolerance_that_is_not_positive_is_refused(tolerance: float) -> None:
    with pytest.raises(InputError, match="ours: the tolerance of water must be posi"):
        profile(tolerance_hu={"water": tolerance}, action_hu={})
    with pytest.raises(InputError, match="ours: the tolerance of other materials must"):
        profile(other_tolerance_hu=tolerance)


@pytest.mark.parametrize("action", [44.9, float("nan")])
def test_an_action_level_below_the_tolerance_is_refused(action: float) -> None:
    with pytest.raises(InputError, match=rf"bone \({action} HU\) lies below .*45\.0"):
        profile(action_hu={"bone": action})


def test_an_action_level_without_a_tolerance_is_refused() -> None:
    with pytest.raises(InputError, match="without a tolerance: bnoe, liver"):
        profile(action_hu={"liver": 20.0, "bnoe": 90.0})


def test_an_action_level_may_equal_the_tolerance() -> None:
    assert profile(action_hu={"bone": 45.0}).of("bone") == (45.0, 45.0)


def test_scopes_differ_in_words() -> None:
    now = Scope(manufacturer="Maker", kv=120.0, scanner_serial_number="7")
    then = Scope(manufacturer="Maker", kv=100.0, scanner_serial_number="8")
    assert now.differences(then) == (
        "scanner serial number 8 then, 7 now",
        "kv 100.0 then, 120.0 now",
    )


@pytest.mark.parametrize("name", list(vars(Scope())))
def test_every_condition_counts_but_an_unknown_one_does_not(name: str) -> None:
    one: dict[str, Any] = {name: 1.0 if name == "kv" else "one"}
    other: dict[str, Any] = {name: 2.0 if name == "kv" else "two"}
    assert len(Scope(**one).differences(Scope(**other))) == 1
    assert Scope(**one).differences(Scope(**one)) == ()
    assert Scope(**one).differences(Scope()) == ()
    assert Scope().differences(Scope(**one)) == ()


@given(
    st.lists(st.integers(-1000, 1000), min_size=3, max_size=20, unique=True),
    st.floats(0.1, 10),
    st.floats(-100, 100),
)
def test_a_straight_line_correlates_perfectly(
    values: list[int], gain: float, offset: float
) -> None:
    line = [gain * value + offset for value in values]
    assert pearson(values, line) == pytest.approx(1)
    assert pearson(values, [-value for value in line]) == pytest.approx(-1)


def test_pearson_is_the_covariance_over_both_deviations() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9))
    expected = np.mean((x - x.mean()) * (y - y.mean())) / x.std() / y.std()
    assert pearson(x.tolist(), y.tolist()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [1, 2]), ([], []), ([1, 1, 1], [1, 2, 3])]
)
def test_two_pairs_or_no_spread_have_no_correlation(
    first: list[float], second: list[float]
) -> None:
    assert pearson(first, second) is None
