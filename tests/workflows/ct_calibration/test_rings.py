from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Insert, Material, Outline, Phantom
from kerma.imaging.axial import axial_stack
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.rings import (
    RingPattern,
    pattern_of,
    profiles,
    rings_of,
)

RODS = (("bone", 0.0), ("fat", 90.0), ("lung", 180.0), ("bone", 250.0))
HU = {"bone": 800.0, "fat": -100.0, "lung": -700.0}
SMALL = Phantom(
    name="small",
    title="A small phantom",
    source="made up",
    geometry_verified=True,
    outline=Outline("ellipse", 120.0, 120.0),
    background_hu=0.0,
    length_mm=30.0,
    materials={key: Material(key, {120: hu}, "made up") for key, hu in HU.items()},
    inserts=tuple(
        Insert(f"{key} at {angle}", key, 40.0, angle, 16.0) for key, angle in RODS
    ),
)
EXPECTED = [HU[key] for key, _ in RODS]


def pattern(*, mirrored: bool = False) -> RingPattern:
    return pattern_of(SMALL, np.array(EXPECTED), mirrored=mirrored)


def turned(measured: FloatArray, degrees: int) -> FloatArray:
    return np.roll(measured, degrees, axis=-1)[None]


@given(st.integers(0, 359))
def test_a_pattern_is_one_with_itself_at_its_own_turn(degrees: int) -> None:
    """And at no other."""
    one = pattern()
    (scores,) = one.correlations(turned(one.hu, degrees))
    assert scores[degrees] == pytest.approx(1)
    assert scores.argmax() == degrees
    assert (np.delete(scores, degrees) < 1).all()


@given(st.floats(0.3, 1.5), st.floats(-80, 80), st.integers(0, 359))
def test_the_gain_and_the_offset_of_the_scanner_do_not_matter(
    gain: float, offset: float, degrees: int
) -> None:
    """As long as no CT number is clipped, at -1100 and at 1500 HU."""
    one = pattern()
    measured = turned(gain * 0.9 * one.hu + offset, degrees)
    expected = one.correlations(turned(one.hu, degrees))
    assert one.correlations(measured) == pytest.approx(expected, abs=1e-9)


def test_the_correlation_is_pearson_s() -> None:
    rng = np.random.default_rng(1)
    one = pattern()
    measured = rng.normal(0, 300, one.hu.shape)
    (scores,) = one.correlations(measured[None])
    for degrees in (0, 17, 300):
        shifted = np.roll(one.hu, degrees, axis=-1)
        expected = np.corrcoef(shifted.ravel(), measured.ravel())[0, 1]
        assert scores[degrees] == pytest.approx(expected)


def test_what_is_not_seen_lowers_the_correlation_but_does_not_break_it() -> None:
    one = pattern()
    measured = one.hu.copy()
    measured[:, 200:300] = np.nan
    (scores,) = one.correlations(measured[None])
    assert scores.argmax() == 0
    assert 0.5 < scores[0] < 1
    (nothing,) = one.correlations(np.full((1, *one.hu.shape), np.nan))
    assert np.abs(nothing).max() == 0


def test_the_other_end_shows_the_mirror_image() -> None:
    """Seen from behind, what was at angle a is at 180° - a."""
    front, back = pattern(), pattern(mirrored=True)
    index = (180 - np.arange(360)) % 360
    np.testing.assert_array_equal(back.hu, front.hu[:, index])
    assert front.correlations(back.hu[None]).max() < 0.99


def test_an_insert_shows_in_the_sector_that_it_covers() -> None:
    """A rod of 16 mm at 40 mm covers 2 asin(8 / 80) each way, 11.5 degrees."""
    (profile,) = pattern().hu
    assert profile[0] == pytest.approx(800)
    assert profile[90] == pytest.approx(-100)
    assert profile[45] == 0
    assert profile[13] == 0
    assert profile[9] > 0


def test_inserts_at_nearly_one_distance_share_a_ring() -> None:
    def rod(name: str, radius: float) -> Insert:
        return Insert(name, "bone", radius, 0.0, 16.0)

    rods = tuple(rod(f"{r}", r) for r in (0.0, 60.0, 62.0, 111.0, 115.0, 116.0))
    model = replace(SMALL, inserts=rods)
    radii = [ring.radius_mm for ring in rings_of(model)]
    assert radii == pytest.approx([61, 114])
    assert [ring.half_width_mm for ring in rings_of(model)] == [4.0, 4.0]


def test_the_profile_of_a_scan_is_the_pattern_of_its_phantom(
    catphan: SimulatedCT, models: Mapping[str, Phantom]
) -> None:
    """Blur, noise and wires aside, at the roll at which it was scanned."""
    model = models["catphan504"]
    hu = [model.material_of(insert).hu_at(120) for insert in model.inserts]
    one = pattern_of(model, np.array(hu), mirrored=False)
    stack = axial_stack(catphan.ct)
    center = catphan.truth.placement.center_mm
    middle = np.array([int(np.abs(stack.z - center[2]).argmin())])
    x, y = np.array([center[0]]), np.array([center[1]])
    (scores,) = one.correlations(profiles(stack, one.rings, middle, x, y))
    assert scores.argmax() == round(catphan.truth.placement.roll_deg)
    assert scores.max() > 0.95
