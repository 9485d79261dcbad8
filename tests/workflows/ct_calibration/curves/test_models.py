from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.conversion import (
    ConversionCurve,
    Node,
    extended,
)
from kerma.workflows.ct_calibration.curves.models import bilinear, isotonic, piecewise
from kerma.workflows.ct_calibration.curves.sample import Sample

AIR = 0.001


def sample(hu: float, value: float, u_hu: float = 1.0, u: float = 0.004) -> Sample:
    return Sample(f"m{hu:g}", "soft", hu, u_hu, value, u)


BENT = [
    sample(hu, 1.02 + (1.02e-3 if hu < 20 else 0.45e-3) * (hu - 20))
    for hu in (-800.0, -500.0, -80.0, -40.0, 0.0, 50.0, 300.0, 900.0, 1200.0)
]


def test_a_bilinear_curve_finds_the_two_lines_that_made_the_points() -> None:
    curve = bilinear(BENT, "red", AIR)
    start, knee, end = curve.nodes
    assert (knee.hu, knee.value) == pytest.approx((20.0, 1.02), abs=1e-3)
    assert end.value == pytest.approx(1.02 + 0.45e-3 * 1180)
    assert start.hu == pytest.approx(20 - (1.02 - AIR) / 1.02e-3)
    assert start.value == pytest.approx(AIR)


def test_the_bilinear_band_holds_95_percent_of_noisy_curves() -> None:
    rng = np.random.default_rng(2)
    inside = np.zeros(3)
    at = np.array([-500.0, 0.0, 900.0])
    truth = [1.02 + (1.02e-3 if hu < 20 else 0.45e-3) * (hu - 20) for hu in at]
    for _ in range(40):
        noisy = [sample(s.hu, s.value + rng.normal(0, 0.004)) for s in BENT]
        curve = bilinear(noisy, "red", AIR)
        inside += np.abs(curve.value_of(at) - truth) <= 2 * curve.uncertainty_at(at)
    assert (inside / 40 >= 0.85).all()


def test_a_bilinear_curve_needs_five_materials_and_lines_that_rise() -> None:
    with pytest.raises(InputError, match="needs five materials"):
        bilinear(BENT[:4], "red", AIR)
    falling = [sample(s.hu, 2 - s.value) for s in BENT]
    with pytest.raises(InputError, match="do not rise"):
        bilinear(falling, "red", AIR)


def test_piecewise_and_isotonic_curves_go_through_points_in_order() -> None:
    for fit in (piecewise, isotonic):
        curve = fit(BENT, "red", AIR)
        for one in BENT:
            assert float(curve.value_of(one.hu)) == pytest.approx(one.value)
            assert float(curve.hu_of(one.value)) == pytest.approx(one.hu)


def test_a_curve_begins_with_air_unless_air_was_scanned() -> None:
    assert piecewise(BENT, "red", AIR).nodes[0] == Node(-1000.0, AIR)
    scanned = [sample(-990.0, AIR), *BENT]
    assert piecewise(scanned, "red", AIR).nodes[0].hu == -990.0


def test_violators_of_the_order_share_a_level_of_their_weighted_mean() -> None:
    """1.06 ± 0.01 before 1.03 ± 0.02: (4 * 1.06 + 1.03) / 5 = 1.054."""
    samples = [
        sample(0.0, 1.0, 0.0, 0.01),
        sample(40.0, 1.06, 0.0, 0.01),
        sample(50.0, 1.03, 0.0, 0.02),
        sample(300.0, 1.2, 0.0, 0.01),
    ]
    curve = isotonic(samples, "red", AIR)
    assert curve.value_of(np.array([40.0, 45.0, 50.0])) == pytest.approx([1.054] * 3)
    assert float(curve.hu_of(1.054)) == pytest.approx(45.0)
    assert float(curve.uncertainty_at(45.0)) == pytest.approx((1 / 12500) ** 0.5)


@given(
    st.lists(
        st.tuples(st.integers(-900, 3000), st.floats(0.01, 3.0)),
        min_size=2,
        max_size=12,
        unique_by=lambda pair: pair[0],
    )
)
def test_an_isotonic_curve_never_falls(pairs: list[tuple[int, float]]) -> None:
    curve = isotonic([sample(float(hu), value) for hu, value in pairs], "red", AIR)
    grid = np.linspace(-1024, 3071, 500)
    assert np.diff(curve.value_of(grid)).min() >= -1e-12


def test_the_band_of_a_piecewise_curve_is_that_of_its_points_and_narrower_between() -> (
    None
):
    """Midway between two points of like uncertainty u: u / sqrt 2."""
    points = [sample(0.0, 1.0, 0.0, 0.01), sample(100.0, 1.1, 0.0, 0.01)]
    curve = piecewise(points, "red", AIR)
    assert float(curve.uncertainty_at(0.0)) == pytest.approx(0.01)
    assert float(curve.uncertainty_at(50.0)) == pytest.approx(0.01 / 2**0.5)
    assert float(curve.uncertainty_at(3000.0)) == pytest.approx(0.01)


def test_the_last_slope_can_be_carried_on() -> None:
    """From (0, 1) and (100, 1.1) to 300 HU: 1.3, with three times the lever."""
    points = [sample(0.0, 1.0, 0.0, 0.01), sample(100.0, 1.1, 0.0, 0.01)]
    curve = extended(piecewise(points, "red", AIR), 300.0)
    assert float(curve.value_of(300.0)) == pytest.approx(1.3)
    assert float(curve.uncertainty_at(300.0)) == pytest.approx(0.01 * (9 + 4) ** 0.5)
    assert curve.measured_to_hu == 100.0
    with pytest.raises(InputError, match="reaches 300 HU already"):
        extended(curve, 300.0)


def test_a_curve_out_of_order_is_refused() -> None:
    zero = ((0.0, 0.0), (0.0, 0.0))
    for nodes in (
        (Node(0.0, 1.0), Node(0.0, 1.1)),
        (Node(0.0, 1.0), Node(1.0, 0.9)),
        (Node(0.0, 1.0), Node(float("nan"), 1.1)),
    ):
        with pytest.raises(InputError, match="must ascend in HU"):
            ConversionCurve("red", "piecewise", nodes, zero, 0.0, 1.0)
    with pytest.raises(InputError, match="two nodes; got 1"):
        ConversionCurve("red", "piecewise", (Node(0.0, 1.0),), ((0.0,),), 0.0, 1.0)
    with pytest.raises(InputError, match="a row for each node"):
        ConversionCurve(
            "red", "piecewise", (Node(0.0, 1.0), Node(1.0, 2.0)), ((0.0,),), 0.0, 1.0
        )
