"""Isodoses as structures."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.dosimetry.histograms import dvh
from kerma.dosimetry.isodoses import isodose
from kerma.errors import InputError
from kerma.simulation.dose_field import dose_on
from tests.dosimetry.solids import AXIAL, CENTER, FRAME, linear_dose

GRID = Grid((50, 60, 60), (-30, -30, -25), (1, 1, 1), AXIAL, FRAME)
CONE = dose_on(GRID, lambda p: 60 - np.linalg.norm(p - CENTER, axis=-1))
"""1 Gy/mm down from 60 Gy in the middle."""


def test_an_isodose_lies_where_the_dose_has_its_value() -> None:
    ball = isodose(CONE, 45.0, number=7)
    assert (ball.number, ball.name, ball.frame_of_reference) == (7, "45 Gy", FRAME)
    points = np.concatenate([contour.points for contour in ball.contours])
    distance = np.linalg.norm(points - CENTER, axis=1)
    assert np.abs(distance - 15).max() < 0.05
    histogram = dvh(CONE, ball)
    assert histogram.volume_cc * 1000 == pytest.approx(4 / 3 * np.pi * 15**3, rel=5e-3)
    assert histogram.minimum_gy == pytest.approx(45, abs=0.6)  # ends of slabs


def test_an_isodose_that_leaves_the_grid_is_closed_along_its_edge() -> None:
    dose = linear_dose((1.0, 0.0, 0.0), 2.0)
    half = isodose(dose, 16.0)
    x = np.concatenate([contour.points for contour in half.contours])[:, 0]
    grid = dose.grid
    last = grid.origin[0] + (grid.shape[2] - 1) * grid.spacing[2]
    assert x.min() == pytest.approx(CENTER[0], abs=0.01)
    assert x.max() == pytest.approx(last, abs=0.01)
    assert len(half.contours) == grid.shape[0]


def test_a_cold_middle_is_a_hole() -> None:
    ring = dose_on(GRID, lambda p: 20 + np.hypot(p[..., 0], p[..., 1]))
    shell = isodose(ring, 30.0)
    area = 59.0**2 - np.pi * 10**2
    volume = dvh(ring, shell).volume_cc * 1000
    assert volume == pytest.approx(area * 49, rel=0.01)


def test_a_level_that_does_not_exist_is_refused() -> None:
    for level in (5.0, 61.0):
        with pytest.raises(InputError, match="does not exist: the dose goes from"):
            isodose(CONE, level)
