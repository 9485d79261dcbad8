"""Doses of different fractionation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from kerma.core.dose import DoseType
from kerma.dosimetry.fractionation import bed, bed_gy, eqd2, eqd2_dvh, eqd2_gy
from kerma.dosimetry.histograms import dvh
from kerma.errors import InputError, ScopeError
from tests.dosimetry.solids import drawn, linear_dose, slab_centers, sphere


def test_textbook_values() -> None:
    """60 Gy in 30: BED 72 Gy at 10, 100 Gy at 3. 54 Gy in 3 at 10: EQD2 126 Gy."""
    gy = np.array([60.0])
    assert bed_gy(gy, fractions=30, alpha_beta_gy=10) == pytest.approx(72)
    assert bed_gy(gy, fractions=30, alpha_beta_gy=3) == pytest.approx(100)
    assert eqd2_gy(gy, fractions=30, alpha_beta_gy=3) == pytest.approx(60)
    assert eqd2_gy(np.array([54.0]), fractions=3, alpha_beta_gy=10) == pytest.approx(
        126
    )


def test_each_voxel_has_its_own_dose_per_fraction() -> None:
    dose = linear_dose((0.0, -1.0, 0.0), 3.0, at_center_gy=30.0)
    converted = eqd2(dose, fractions=20, alpha_beta_gy=3)
    expected = dose.array * (dose.array / 20 + 3) / 5
    np.testing.assert_allclose(converted.array, expected, rtol=1e-6)
    assert converted.dose_type is DoseType.EFFECTIVE
    assert converted.notes[-1] == "EQD2 of 20 fractions, alpha/beta 3 Gy."
    assert bed(dose, fractions=20, alpha_beta_gy=3).array == pytest.approx(
        converted.array * (1 + 2 / 3), rel=1e-6
    )
    with pytest.raises(ScopeError, match="this one is EFFECTIVE"):
        eqd2(converted, fractions=20, alpha_beta_gy=3)


def test_a_histogram_is_converted_as_the_dose_is() -> None:
    dose = linear_dose((0.0, -1.0, 0.0), 0.5, at_center_gy=30.0)
    ball = drawn(sphere, slab_centers(1.0))
    direct = dvh(eqd2(dose, fractions=10, alpha_beta_gy=3), ball)
    moved = eqd2_dvh(dvh(dose, ball), fractions=10, alpha_beta_gy=3)
    assert moved.mean_gy == pytest.approx(direct.mean_gy, abs=0.01)
    for percent in (98, 50, 2):
        assert moved.dose_at_volume(percent=percent) == pytest.approx(
            direct.dose_at_volume(percent=percent), abs=0.02
        )


def test_what_makes_no_sense_is_refused() -> None:
    for fractions, ratio in ((0, 3), (10, 0), (10, -3), (float("nan"), 3)):
        with pytest.raises(InputError, match="Fractions and alpha/beta are positive"):
            bed_gy(np.array([10.0]), fractions=fractions, alpha_beta_gy=ratio)
    histogram = dvh(
        linear_dose((0.0, -1.0, 0.0), 2.0, at_center_gy=5.0),
        drawn(sphere, slab_centers(2.0)),
    )
    with pytest.raises(InputError, match="below 0 Gy has no EQD2"):
        eqd2_dvh(dataclasses.replace(histogram), fractions=2, alpha_beta_gy=3)
