"""Dose on a grid."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseUnits, EmbeddedDVH
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.errors import InputError, ScopeError

GRID = Grid((1, 2, 2), (0, 0, 0), (1, 1, 1), ((0, 0, 1), (0, 1, 0), (1, 0, 0)), "1.2")


def test_a_relative_dose_has_no_gy() -> None:
    dose = Dose(np.ones(GRID.shape, np.float32), GRID, units=DoseUnits.RELATIVE)
    with pytest.raises(ScopeError, match="without the prescription"):
        _ = dose.gy
    assert Dose(np.ones(GRID.shape, np.float32), GRID).gy.sum() == 4


def test_a_dose_is_float32() -> None:
    with pytest.raises(InputError, match="float32; got float64"):
        Dose(np.ones(GRID.shape), GRID)


def test_a_histogram_has_one_edge_more_than_bins() -> None:
    with pytest.raises(InputError, match="one edge more"):
        EmbeddedDVH((1,), True, np.arange(3.0), np.ones(3), "CM3")


def test_a_study_shows_no_person() -> None:
    shown = repr(Study(patient_name="Doe^Jane", patient_id="77", birth_date="19500101"))
    assert not any(word in shown for word in ("Doe", "77", "1950"))
