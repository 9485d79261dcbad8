from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f, t

from kerma.errors import InputError
from kerma.workflows.ct_calibration.history.hotelling import (
    results_needed,
    t_squared,
    t_squared_limit,
)

RNG = np.random.default_rng(3)


def test_of_one_variable_it_is_the_square_of_students_ratio() -> None:
    earlier = RNG.normal(5, 2, (20, 1))
    found = t_squared(np.array([9.0]), earlier, run_length=370.0)
    ratio = (9 - earlier.mean()) / earlier.std(ddof=1)
    assert found.value == pytest.approx(ratio**2)
    limit = t.isf(0.5 / 370, 19) ** 2 * (1 + 1 / 20)
    assert found.limit == pytest.approx(limit)


def test_the_limit_is_the_formula_of_phase_two() -> None:
    expected = 3 * 21 * 19 / (20 * 17) * f.isf(1 / 370, 3, 17)
    assert t_squared_limit(3, 20, 370.0) == pytest.approx(expected)


def test_a_contribution_is_what_is_lost_without_the_variable() -> None:
    earlier = RNG.normal(0, 1, (30, 4)) @ RNG.normal(0, 1, (4, 4))
    new = RNG.normal(0, 2, 4)
    found = t_squared(new, earlier, run_length=370.0)
    for j, contribution in enumerate(found.contributions):
        rest = [k for k in range(4) if k != j]
        less = t_squared(new[rest], earlier[:, rest], run_length=370.0)
        assert contribution == pytest.approx(found.value - less.value)


def test_it_sees_one_of_two_that_always_moved_together() -> None:
    """A change that would be usual for each alone is not for both."""
    together = RNG.normal(0, 2, 25)
    earlier = np.column_stack([together, together]) + RNG.normal(0, 0.2, (25, 2))
    usual = t_squared(np.array([1.5, 1.5]), earlier, run_length=370.0)
    odd = t_squared(np.array([1.5, -1.5]), earlier, run_length=370.0)
    assert usual.value < usual.limit
    assert odd.value > odd.limit


def test_too_few_results_are_refused_with_their_number() -> None:
    assert results_needed(7) == 12
    with pytest.raises(
        InputError, match="all 7 materials needs 12 earlier results; the"
    ):
        t_squared(np.zeros(7), RNG.normal(size=(11, 7)), run_length=370.0)
    with pytest.raises(InputError, match="do not vary"):
        t_squared(np.zeros(2), np.ones((9, 2)), run_length=370.0)


def test_an_unchanged_scanner_exceeds_the_limit_as_often_as_asked() -> None:
    """Once in 20 of 2000 histories: 100 ± 3 times their root."""
    above = 0
    for _ in range(2000):
        values = RNG.normal(size=(13, 3))
        found = t_squared(values[-1], values[:-1], run_length=20.0)
        above += found.value > found.limit
    assert abs(above - 100) < 3 * np.sqrt(95)
