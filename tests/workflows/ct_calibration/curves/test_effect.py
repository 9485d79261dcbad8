from __future__ import annotations

import math

import pytest

from kerma.errors import InputError
from kerma.physics import relative_electron_density, stopping_power_ratio
from kerma.physics.tissues import tissue_of
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve, Node
from kerma.workflows.ct_calibration.curves.effect import (
    BeamPath,
    PathTable,
    Segment,
    effects_of_hu_changes,
    effects_of_value_changes,
    standard_paths,
)


def test_twenty_centimeters_of_pelvis_with_a_red_too_high_by_two_percent() -> None:
    """exp(-0.046 /cm * 20 cm * 0.02) - 1 = -1.82 %, and 4 mm times SPR over RED."""
    pelvis, *_ = effects_of_value_changes(lambda _: 0.02, "red")
    assert pelvis.photon_dose_percent == pytest.approx(
        100 * math.expm1(-0.046 * 20 * 0.02)
    )
    muscle = tissue_of("Muscle, skeletal 2").substance
    ratio = stopping_power_ratio(muscle) / relative_electron_density(muscle)
    assert pelvis.proton_range_mm == pytest.approx(200 * 0.02 * ratio)


def test_the_range_change_is_the_sum_over_the_segments() -> None:
    """166 mm of brain off by 0.01, 14 mm of bone by 0.05 SPR: 1.66 + 0.7 mm."""
    changes = {"lung": 0.0, "soft": 0.01, "bone": 0.05}
    *_, head = effects_of_value_changes(lambda t: changes[t.group], "spr")
    assert head.proton_range_mm == pytest.approx(1.66 + 0.70)


def test_the_standard_paths_are_as_long_as_their_names_say() -> None:
    lengths = [sum(s.length_mm for s in p.segments) for p in standard_paths().paths]
    assert lengths == [200.0, 100.0, 180.0]
    assert standard_paths().attenuation_per_cm == 0.046


def test_a_change_of_ct_number_goes_through_the_slope_of_the_curve() -> None:
    """A curve of 1e-3 per HU: muscle off by 10 HU is off by 0.01."""
    nodes = (Node(-1000.0, 0.0), Node(2000.0, 3.0))
    flat = ((0.0, 0.0), (0.0, 0.0))
    curve = ConversionCurve("spr", "piecewise", nodes, flat, -1000.0, 2000.0)
    pelvis, chest, _ = effects_of_hu_changes(curve, {"soft": 10.0})
    assert pelvis.proton_range_mm == pytest.approx(2.0)
    assert chest.proton_range_mm == pytest.approx(0.2)


def test_a_path_of_ones_own_is_used() -> None:
    table = PathTable("", 0.05, "", (BeamPath("it", (Segment("Cranium", 10.0),)),))
    (effect,) = effects_of_value_changes(lambda _: 0.1, "spr", table=table)
    assert effect.proton_range_mm == pytest.approx(1.0)
    with pytest.raises(InputError, match="length is positive, not 0"):
        Segment("Cranium", 0.0)
