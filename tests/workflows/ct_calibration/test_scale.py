from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kerma.workflows.ct_calibration.scale import fit_scale, tolerances

EXPECTED = np.array([-1000.0, -196.0, -104.0, -47.0, -1000.0, 115.0, 355.0, 990.0])
BACKGROUND_HU = 95.0


LOWEST_HU = -1024.0  # of 12 bits


@given(st.floats(0.45, 1.2), st.floats(-200, 200))
def test_the_scale_of_a_scanner_is_found(gain: float, offset: float) -> None:
    measured = gain * EXPECTED + offset
    assume(measured.min() >= LOWEST_HU)
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    assert (scale.gain, scale.offset_hu) == pytest.approx((gain, offset), abs=1e-6)
    assert scale.agrees.all()
    assert scale.apply(100.0) == pytest.approx(gain * 100 + offset)


@given(st.floats(1.0, 1.2), st.floats(-60, 60))
def test_air_that_12_bits_cannot_write_is_no_wrong_insert(
    gain: float, offset: float
) -> None:
    measured = np.maximum(gain * EXPECTED + offset, LOWEST_HU)
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    assert scale.agrees.all()
    if measured.min() == LOWEST_HU:
        assert scale.apply(-5000.0) == LOWEST_HU


def test_air_above_the_end_of_the_scale_does_not_vouch_for_a_steep_line() -> None:
    """Teflon is 300 HU too high; a gain of 1.3 would explain it, but not the air."""
    measured = EXPECTED.copy()
    high = int(EXPECTED.argmax())
    measured[high] += 300
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    assert scale.gain == pytest.approx(1.0, abs=1e-6)
    assert set(np.flatnonzero(~scale.agrees)) == {high}


def test_a_scanner_without_an_end_of_its_scale_may_go_below_it() -> None:
    measured = 1.19 * EXPECTED + 30
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    assert scale.agrees.all()
    assert scale.apply(-1000.0) == pytest.approx(-1160.0)
    # What could not be written says nothing about the gain.
    assert scale.apply(990.0) == pytest.approx(measured[-1], abs=1e-6)


@given(
    st.floats(0.7, 1.3),
    st.floats(-60, 60),
    st.permutations(range(8)),
    st.sampled_from([-800.0, 900.0]),
)
def test_a_wrong_insert_and_one_out_of_view_do_not_move_the_line(
    gain: float, offset: float, order: list[int], error: float
) -> None:
    measured = gain * EXPECTED + offset
    assume(measured.min() >= LOWEST_HU)
    wrong, hidden = order[:2]
    measured[wrong] += error
    measured[hidden] = np.nan
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    assert (scale.gain, scale.offset_hu) == pytest.approx((gain, offset), abs=1e-6)
    assert set(np.flatnonzero(~scale.agrees)) == {wrong, hidden}


def test_the_line_is_fitted_to_all_inserts_that_agree() -> None:
    """Least squares: the same as a polynomial of first order."""
    measured = EXPECTED + np.array([3.0, -8.0, 5.0, 0.0, -4.0, 9.0, -6.0, 12.0])
    scale = fit_scale(EXPECTED, measured, BACKGROUND_HU)
    assert scale is not None
    gain, offset = np.polyfit(EXPECTED, measured, 1)
    assert (scale.gain, scale.offset_hu) == pytest.approx((gain, offset))


@pytest.mark.parametrize(
    ("gain", "offset"), [(0.3, 0.0), (1.8, 0.0), (-1.0, 0.0), (1.0, 300.0)]
)
def test_a_scale_that_makes_no_sense_is_none(gain: float, offset: float) -> None:
    """A line with such a gain or offset is no CT number's, whoever agrees with it."""
    scale = fit_scale(EXPECTED, gain * EXPECTED + offset, BACKGROUND_HU)
    if scale is not None:
        assert 0.4 <= scale.gain <= 1.6
        assert abs(scale.offset_hu) <= 250
        assert not scale.agrees.all()


@pytest.mark.parametrize("seen", [0, 1])
def test_fewer_than_two_inserts_have_no_line(seen: int) -> None:
    measured = np.full(8, np.nan)
    measured[:seen] = EXPECTED[:seen]
    assert fit_scale(EXPECTED, measured, BACKGROUND_HU) is None


def test_inserts_all_alike_say_nothing_about_the_gain() -> None:
    alike = np.array([0.0, 20.0, 40.0])
    assert fit_scale(alike, alike, BACKGROUND_HU) is None


def test_the_tolerance_grows_with_the_contrast() -> None:
    """60 HU, or 12 % of the distance from the background where that is more."""
    found = tolerances(np.array([95.0, 500.0, 1095.0, -1000.0]), BACKGROUND_HU)
    assert found == pytest.approx([60, 60, 120, 0.12 * 1095])
