from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import InputError
from kerma.workflows.ct_calibration.curve import Curve, CurvePoint, average, fit_curve


def point(
    hu: float, red: float, *, u_hu: float = 0.0, u_red: float = 0.0, inserts: int = 1
) -> CurvePoint:
    return CurvePoint((f"m{hu:g}",), hu, u_hu, red, u_red, inserts)


TISSUES = (
    point(-1000.0, 0.001, u_hu=3.0, u_red=0.0005),
    point(-100.0, 0.95, u_hu=2.0, u_red=0.005),
    point(0.0, 1.0, u_hu=1.0, u_red=0.005),
    point(900.0, 1.5, u_hu=5.0, u_red=0.015),
)
CURVE = fit_curve(TISSUES)

points = st.builds(
    point,
    st.floats(-1100, 3000),
    # A coarse scale, so that materials of the same RED are not rare.
    st.integers(0, 40).map(lambda step: step / 20),
    u_hu=st.floats(0, 20),
    u_red=st.floats(0, 0.05),
    inserts=st.integers(1, 3),
)


def test_the_curve_goes_through_its_points() -> None:
    for one in TISSUES:
        assert CURVE.red_of(one.hu) == pytest.approx(one.red)
        assert CURVE.hu_of(one.red) == pytest.approx(one.hu)


def test_between_two_points_the_curve_is_a_straight_line() -> None:
    """A third of the way from (0, 1.0) to (900, 1.5)."""
    assert CURVE.red_of(300.0) == pytest.approx(1.0 + 0.5 / 3)
    assert CURVE.hu_of(1.25) == pytest.approx(450)


def test_beyond_the_last_points_the_curve_is_held() -> None:
    assert CURVE.red_of(np.array([-1024.0, 3071.0])) == pytest.approx([0.001, 1.5])
    assert CURVE.hu_of(np.array([0.0, 4.0])) == pytest.approx([-1000, 900])


def test_the_curve_takes_images() -> None:
    assert CURVE.red_of(np.zeros((2, 3, 4))).shape == (2, 3, 4)


@given(st.floats(-1000, 900))
def test_the_ct_number_of_an_electron_density_is_the_inverse(hu: float) -> None:
    assert CURVE.hu_of(CURVE.red_of(hu)) == pytest.approx(hu, abs=1e-6)


@given(st.lists(points, min_size=2, max_size=12))
def test_whatever_the_points_the_curve_never_falls(
    measured: list[CurvePoint],
) -> None:
    """All of one RED leave a single point, and the message says so."""
    try:
        curve = fit_curve(measured)
    except InputError as error:
        assert "needs two materials of known RED" in str(error)  # noqa: PT017  (only some of the examples raise)
        return
    assert (np.diff(curve.red_of(np.linspace(-1100, 3000, 500))) >= 0).all()
    assert sum(one.inserts for one in curve.points) == sum(p.inserts for p in measured)
    kept = {name for one in curve.points for name in one.materials}
    assert kept == {name for one in measured for name in one.materials}


@given(st.data())
def test_the_order_of_the_points_does_not_matter(data: st.DataObject) -> None:
    """With a point for air and one for bone, so that there is always a curve."""
    ends = [TISSUES[0], point(3000.0, 2.5)]
    measured = data.draw(st.lists(points, max_size=8)) + ends
    shuffled = data.draw(st.permutations(measured))
    hu = np.linspace(-1100, 3000, 100)
    expected = fit_curve(measured).red_of(hu)
    assert fit_curve(shuffled).red_of(hu) == pytest.approx(expected, abs=1e-6)


def test_materials_in_the_wrong_order_share_their_mean() -> None:
    """RED 1.04 reads 60 HU, RED 1.06 reads 50 HU: (55, 1.05) for both."""
    curve = fit_curve([*TISSUES[:3], point(60.0, 1.04), point(50.0, 1.06), TISSUES[3]])
    shared = curve.points[3]
    assert (shared.hu, shared.red) == pytest.approx((55, 1.05))
    assert shared.materials == ("m60", "m50")
    assert shared.inserts == 2
    assert len(curve.points) == 5


def test_materials_of_one_electron_density_share_a_point() -> None:
    """Their weighted mean may round to a number above theirs."""
    counts = (3, 1, 1, 3)
    same = [point(10.0 * n, 1.488, inserts=i) for n, i in enumerate(counts)]
    curve = fit_curve([TISSUES[0], *same])
    assert len(curve.points) == 2
    assert curve.points[1].inserts == 8


@pytest.mark.parametrize("count", [0, 1])
def test_one_material_makes_no_curve(count: int) -> None:
    with pytest.raises(InputError, match=f"two materials of known RED; got {count}"):
        fit_curve(TISSUES[:count])


@pytest.mark.parametrize(
    "wrong",
    [
        (TISSUES[1], TISSUES[0]),
        (TISSUES[0], replace(TISSUES[1], hu=-1000.0)),
        (TISSUES[1], replace(TISSUES[2], red=0.94)),
    ],
)
def test_points_that_do_not_ascend_are_no_curve(wrong: tuple[CurvePoint, ...]) -> None:
    with pytest.raises(InputError, match="must ascend in HU and RED"):
        Curve(wrong)


def test_the_slope_is_that_of_200_hu_of_the_curve() -> None:
    """About 0 HU: half of it lies on each side of the kink."""
    left, right = 0.05 / 100, 0.5 / 900
    assert CURVE.slope_near(0.0) == pytest.approx((left + right) / 2)
    assert CURVE.slope_near(500.0) == pytest.approx(right)
    assert CURVE.slope_near(-500.0) == pytest.approx(0.949 / 900)


@pytest.mark.parametrize("hu", [-1000.0, -5000.0, 900.0, 3000.0])
def test_at_the_ends_the_slope_is_that_of_the_last_200_hu(hu: float) -> None:
    expected = 0.949 / 900 if hu < 0 else 0.5 / 900
    assert CURVE.slope_near(hu) == pytest.approx(expected)


def test_a_curve_shorter_than_200_hu_has_the_slope_of_all_of_it() -> None:
    short = fit_curve([point(0.0, 1.0), point(100.0, 1.1)])
    for hu in (-50.0, 0.0, 60.0, 400.0):
        assert short.slope_near(hu) == pytest.approx(0.001)


def test_the_uncertainty_at_a_point_is_its_own() -> None:
    """u² = u_RED² + (slope · u_HU)², the slope of the piece that begins there."""
    expected = np.hypot(0.005, 0.5 / 900 * 1.0)
    assert CURVE.red_uncertainty_at(0.0) == pytest.approx(expected)


@pytest.mark.parametrize("hu", [-800.0, -550.0, -70.0, 300.0, 800.0])
def test_the_uncertainty_of_the_curve_is_its_scatter(hu: float) -> None:
    """Monte Carlo: of 40000 curves the scatter is good to 1/sqrt(80000), 0.35 %."""
    rng = np.random.default_rng(7)
    below = int(np.searchsorted([one.hu for one in TISSUES], hu)) - 1
    (x1, y1), (x2, y2) = (
        (
            rng.normal(one.hu, one.hu_uncertainty, 40_000),
            rng.normal(one.red, one.red_uncertainty, 40_000),
        )
        for one in TISSUES[below : below + 2]
    )
    scatter = np.std(y1 + (hu - x1) / (x2 - x1) * (y2 - y1))
    # The formula is of first order: 2 HU of 100 add some 0.1 %.
    assert CURVE.red_uncertainty_at(hu) == pytest.approx(scatter, rel=0.015)


def test_beyond_the_last_points_the_uncertainty_is_held() -> None:
    held = CURVE.red_uncertainty_at(np.array([-3000.0, 3000.0]))
    assert held == pytest.approx(CURVE.red_uncertainty_at(np.array([-1000.0, 900.0])))


def test_an_average_is_weighted_by_its_inserts() -> None:
    """One insert at 0 HU and three at 40 HU: 30 HU."""
    mean = average([point(0.0, 1.0), point(40.0, 1.04, inserts=3)])
    assert (mean.hu, mean.red, mean.inserts) == pytest.approx((30, 1.03, 4))


def test_noise_averages_out_but_the_batch_of_rods_does_not() -> None:
    """Two inserts alike: u_HU/√2, u_RED as it was."""
    one = point(50.0, 1.05, u_hu=2.0, u_red=0.01)
    mean = average([one, one])
    assert mean.hu_uncertainty == pytest.approx(2 / np.sqrt(2))
    assert mean.red_uncertainty == pytest.approx(0.01)
    assert mean.materials == ("m50",)


def test_the_spread_of_inserts_is_part_of_the_uncertainty() -> None:
    """A rectangle 12 HU wide has a standard deviation of 12/√12 HU."""
    mean = average([point(44.0, 1.05), point(56.0, 1.05)])
    assert mean.hu_uncertainty == pytest.approx(12 / np.sqrt(12))


def test_the_average_of_one_is_itself() -> None:
    assert average([TISSUES[0]]) == TISSUES[0]
