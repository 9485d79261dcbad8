"""Doses at points and along lines."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.dosimetry.profiles import dose_at, profile
from kerma.errors import InputError
from tests.dosimetry.solids import CENTER, linear_dose

DOSE = linear_dose((0.5, -1.0, 0.25), 2.0)


def test_the_dose_at_a_point_is_that_of_the_field() -> None:
    away = np.array([[0.0, 0.0, 0.0], [3.3, -2.2, 7.1], [500.0, 0.0, 0.0]])
    found = dose_at(DOSE, CENTER + away)
    assert found[:2] == pytest.approx([16.0, 16 + 1.65 + 2.2 + 1.775], abs=1e-4)
    assert np.isnan(found[2])


def test_a_profile_of_an_even_rise_is_a_straight_line() -> None:
    x, y, z = CENTER
    line = profile(DOSE, (x, y, z), (x + 6, y - 8, z), step_mm=0.7)
    assert line.distance_mm[[0, -1]] == pytest.approx([0, 10])
    assert np.diff(line.distance_mm).max() <= 0.7
    assert line.gy == pytest.approx(16 + 1.1 * line.distance_mm, abs=1e-4)
    assert line.positions[-1] == pytest.approx([x + 6, y - 8, z])


def test_a_profile_needs_a_length_and_a_step() -> None:
    with pytest.raises(InputError, match="two different ends"):
        profile(DOSE, (0, 0, 0), (0, 0, 0))
    with pytest.raises(InputError, match="a step of 0 mm"):
        profile(DOSE, (0, 0, 0), (1, 0, 0), step_mm=0)
