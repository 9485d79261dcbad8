"""Doses scaled, and summed over grids."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseSummation
from kerma.core.grid import Grid
from kerma.core.transform import AffineTransform
from kerma.dosimetry.accumulation import accumulate, scaled
from kerma.errors import GeometryError, InputError
from kerma.simulation.dose_field import LinearDose, dose_on
from tests.dosimetry.solids import AXIAL, FRAME

FIELD = LinearDose(20.0, (0.1, -0.2, 0.3))
COARSE = Grid((20, 20, 20), (-30, -30, -30), (3, 3, 3), AXIAL, FRAME)
FINE = Grid((20, 20, 20), (-10, -10, -10), (1, 1, 1), AXIAL, FRAME)


def plan(grid: Grid, uid: str) -> Dose:
    return dataclasses.replace(dose_on(grid, FIELD), plan_uid=uid)


def test_plans_on_different_grids_add_up() -> None:
    total = accumulate([plan(FINE, "1.1"), plan(COARSE, "1.2")])
    assert total.summation is DoseSummation.MULTI_PLAN
    assert total.grid is FINE
    np.testing.assert_allclose(total.array, 2 * dose_on(FINE, FIELD).array, rtol=1e-5)
    assert not any("reached" in note for note in total.notes)


def test_where_not_every_dose_reaches_a_note_says_so() -> None:
    total = accumulate([plan(FINE, "1.1"), plan(COARSE, "1.2")], onto=COARSE)
    expected = dose_on(COARSE, FIELD).array
    assert total.array[0, 0, 0] == pytest.approx(expected[0, 0, 0])
    assert total.array[10, 10, 10] == pytest.approx(2 * expected[10, 10, 10])
    assert "is not reached by every dose" in total.notes[-1]


def test_a_registration_brings_a_dose_from_another_frame() -> None:
    matrix = np.eye(4)
    matrix[:3, 3] = 5, 0, 0
    there = dataclasses.replace(COARSE, frame_of_reference="7.7")
    link = AffineTransform(matrix, "7.7", FRAME)
    total = accumulate([plan(FINE, "1.1"), plan(there, "1.2")], transforms=[None, link])
    expected = 2 * dose_on(FINE, FIELD).array - 0.1 * 5
    np.testing.assert_allclose(total.array, expected, rtol=1e-5)
    with pytest.raises(GeometryError, match="frame of reference"):
        accumulate([plan(FINE, "1.1"), plan(there, "1.2")])


def test_what_cannot_be_summed_is_refused() -> None:
    with pytest.raises(InputError, match="no dose to sum"):
        accumulate([])
    with pytest.raises(InputError, match="1 doses, but 2 transforms"):
        accumulate([plan(FINE, "1.1")], transforms=[None, None])
    far = dataclasses.replace(FINE, origin=(900, 0, 0))
    with pytest.raises(GeometryError, match="does not reach the grid"):
        accumulate([plan(FINE, "1.1"), plan(far, "1.2")])


def test_a_dose_is_scaled_by_what_was_given_of_it() -> None:
    part = scaled(plan(FINE, "1.1"), 10 / 25)
    np.testing.assert_allclose(part.array, 0.4 * dose_on(FINE, FIELD).array, rtol=1e-6)
    assert part.notes == ("Scaled by 0.4.",)
    with pytest.raises(InputError, match="0 or more; got -1"):
        scaled(part, -1)
