"""Histograms against closed forms (Nelms et al., Med Phys 2015;42:4435)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.core.structures import Contour, ContourKind, Structure, StructureSet
from kerma.core.transform import AffineTransform
from kerma.dosimetry.histograms import DVH, dvh, dvhs, precision_of
from kerma.dosimetry.sampling import Sampling
from kerma.errors import GeometryError, InputError, ScopeError
from kerma.simulation.anatomy import Organ, structure_of
from kerma.simulation.dose_field import LinearDose, dose_on
from tests.dosimetry.solids import (
    AXIAL,
    CENTER,
    FRAME,
    H,
    R,
    cone,
    cone_above,
    cone_beyond,
    cylinder,
    cylinder_above,
    cylinder_beyond,
    dose_at,
    drawn,
    linear_dose,
    slab_centers,
    sphere,
    sphere_above,
)

AP, SI = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)  # hot towards the front, towards the head
BALL = 4 / 3 * np.pi * R**3
CASES = [
    pytest.param(sphere, AP, sphere_above, id="sphere AP"),
    pytest.param(sphere, SI, sphere_above, id="sphere SI"),
    pytest.param(cylinder, AP, cylinder_beyond, id="cylinder AP"),
    pytest.param(cylinder, SI, cylinder_above, id="cylinder SI"),
    pytest.param(cone, AP, cone_beyond, id="cone AP"),
    pytest.param(cone, SI, cone_above, id="cone SI"),
]
Above = Callable[[float], float]


def deviations(
    histogram: DVH, above: Above, percents: tuple[float, ...]
) -> list[float]:
    return [
        histogram.dose_at_volume(percent=p) - 16 - dose_at(above, p) for p in percents
    ]


@pytest.mark.parametrize(("solid", "gradient", "above"), CASES)
def test_fine_contours_give_volume_and_dose_to_a_thousandth(
    solid: Above, gradient: tuple[float, float, float], above: Above
) -> None:
    """Contours every 0.2 mm, dose every 0.4 mm, 1 Gy/mm."""
    histogram = dvh(linear_dose(gradient, 0.4), drawn(solid, slab_centers(0.2)))
    assert histogram.volume_cc * 1000 == pytest.approx(above(-R), rel=1e-3)
    off = deviations(histogram, above, (99, 98, 95, 50, 5, 2, 1))
    assert np.abs(off).max() < 1e-3 * 16
    small = histogram.dose_at_volume(cc=0.03) - 16
    assert small == pytest.approx(dose_at(above, 3000 / above(-R)), abs=0.016)


@pytest.mark.parametrize(("solid", "gradient", "above"), CASES)
def test_contours_and_dose_every_millimeter_are_good_to_a_tenth_of_a_gray(
    solid: Above, gradient: tuple[float, float, float], above: Above
) -> None:
    histogram = dvh(linear_dose(gradient, 1.0), drawn(solid, slab_centers(1.0)))
    assert histogram.volume_cc * 1000 == pytest.approx(above(-R), rel=3e-3)
    off = deviations(histogram, above, (99, 98, 95, 50, 5, 2, 1))
    assert np.abs(off).max() < 0.1
    mean = 16 - (H / 4 if solid is cone and gradient == SI else 0)
    assert histogram.mean_gy == pytest.approx(mean, abs=0.01)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("gradient", [AP, SI, (0.6, 0.0, 0.8), (0.0, 1.0, 0.0)])
def test_no_spacing_shifts_the_dose(
    spacing: float, gradient: tuple[float, float, float]
) -> None:
    histogram = dvh(
        linear_dose(gradient, spacing), drawn(sphere, slab_centers(spacing))
    )
    assert histogram.mean_gy == pytest.approx(16, abs=1e-3)
    assert histogram.dose_at_volume(percent=50) == pytest.approx(16, abs=5e-3)
    middle = (histogram.minimum_gy + histogram.maximum_gy) / 2
    assert middle == pytest.approx(16, abs=0.01)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
def test_slabs_make_a_sphere_too_large_by_the_square_of_their_thickness(
    spacing: float,
) -> None:
    """dV / V = h² / (8 R²): slabs are as wide as the sphere at their middle."""
    histogram = dvh(linear_dose(AP, spacing), drawn(sphere, slab_centers(spacing)))
    excess = histogram.volume_cc * 1000 / BALL - 1
    assert excess == pytest.approx(spacing**2 / (8 * R**2), rel=0.01)
    assert np.abs(deviations(histogram, sphere_above, (99, 95, 5, 1))).max() < 0.1


@pytest.mark.parametrize("spacing", [2.0, 3.0])
def test_shapes_between_planes_are_nearer_to_a_sphere(spacing: float) -> None:
    histogram = dvh(
        linear_dose(AP, spacing),
        drawn(sphere, slab_centers(spacing)),
        Sampling(between="shape"),
    )
    assert histogram.volume_cc * 1000 == pytest.approx(BALL, rel=2e-3)


def test_the_middle_of_a_gap_has_the_mean_radius_of_two_shapes() -> None:
    """A frustum: planes 4 mm apart with radii 12 and 8, no caps."""
    pair = drawn(lambda z: 12.0 if z < 0 else 8.0, (-2.0, 2.0))
    histogram = dvh(linear_dose(AP, 1.0), pair, Sampling("none", "shape"))
    frustum = np.pi * 4 / 3 * (144 + 96 + 64)
    assert histogram.volume_cc * 1000 == pytest.approx(frustum, rel=2e-3)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
def test_end_caps_on_contours_that_lie_on_the_end_faces(spacing: float) -> None:
    """Half a slab on both sides adds h / H to a cylinder; none is right."""
    faces = drawn(cylinder, np.linspace(-H / 2, H / 2, round(H / spacing) + 1))
    dose, true = linear_dose(SI, spacing), np.pi * R**2 * H / 1000
    none = dvh(dose, faces, Sampling(end_cap="none"))
    assert none.volume_cc == pytest.approx(true, rel=1e-4)
    assert deviations(none, cylinder_above, (95, 50, 5)) == pytest.approx(
        [0, 0, 0], abs=0.01
    )
    assert none.minimum_gy == pytest.approx(16 - H / 2, abs=1e-4)
    assert none.maximum_gy == pytest.approx(16 + H / 2, abs=1e-4)
    half = dvh(dose, faces)
    assert half.volume_cc == pytest.approx(true * (1 + spacing / H), rel=1e-4)
    stated = dvh(dose, faces, Sampling(end_cap=0.25))
    assert stated.volume_cc == pytest.approx(true * (1 + 0.5 / H), rel=1e-4)
    assert stated.sampling.end_cap == 0.25


def test_an_ellipsoid_in_an_oblique_gradient() -> None:
    """V / V0 = (1 - t)² (2 + t) / 4 with t the dose over that at the surface."""
    organ = Organ("PTV", (3, -5, 2), (30, 22, 26), 40, "PTV", (255, 0, 0))
    grid = Grid((80, 80, 80), (-60, -60, -60), (1.5, 1.5, 1.5), AXIAL, FRAME)
    gradient = np.array([0.5, -0.3, 0.4])
    dose = dose_on(grid, LinearDose(40.0, (0.5, -0.3, 0.4)))
    histogram = dvh(dose, structure_of(organ, 1, grid))
    middle = 40 + gradient @ np.array(organ.center_mm)
    reach = np.linalg.norm(gradient * np.array(organ.semi_axes_mm))
    assert histogram.volume_cc * 1000 == pytest.approx(organ.volume_mm3, rel=2e-3)
    assert histogram.mean_gy == pytest.approx(middle, abs=0.01)
    for t in (-0.8, -0.3, 0.0, 0.5, 0.8):
        percent = 100 * (1 - t) ** 2 * (2 + t) / 4
        assert histogram.percent_at_dose(middle + t * reach) == pytest.approx(
            percent, abs=0.1
        )


@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.6, 0.0, 0.8)])
@pytest.mark.parametrize("angle", [20.0, 90.0])
def test_contours_may_lie_in_any_planes(
    axis: tuple[float, float, float], angle: float
) -> None:
    """A sphere stays a sphere when the planes that cut it are turned."""
    a, (x, y, z) = np.deg2rad(angle), axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] += np.sin(a) * k + (1 - np.cos(a)) * k @ k
    matrix[:3, 3] = CENTER - matrix[:3, :3] @ CENTER
    turned = drawn(sphere, slab_centers(1.0)).mapped(
        AffineTransform(matrix, FRAME, FRAME)
    )
    histogram = dvh(linear_dose(AP, 1.0), turned)
    assert histogram.volume_cc * 1000 == pytest.approx(BALL, rel=3e-3)
    assert np.abs(deviations(histogram, sphere_above, (99, 95, 50, 5, 1))).max() < 0.1


def test_a_hole_counts_as_one() -> None:
    """A hollow cylinder: its dose at 50 % is that of the middle."""
    outer, inner = (
        drawn(cylinder, slab_centers(2.0)),
        drawn(lambda z: 6.0 * (abs(z) < H / 2), slab_centers(2.0)),
    )
    hollow = Structure(
        1, "wall", (*outer.contours, *inner.contours), frame_of_reference=FRAME
    )
    histogram = dvh(linear_dose(AP, 2.0), hollow)
    assert histogram.volume_cc * 1000 == pytest.approx(
        np.pi * (R**2 - 36) * H, rel=1e-4
    )
    assert histogram.mean_gy == pytest.approx(16, abs=1e-3)


def test_a_skipped_slice_is_bridged_and_noted_and_parts_far_apart_stay_apart() -> None:
    heights = slab_centers(2.0)
    dose = linear_dose(AP, 2.0)
    skipped = dvh(dose, drawn(cylinder, np.delete(heights, 5)))
    assert skipped.volume_cc == pytest.approx(np.pi * R**2 * H / 1000, rel=1e-4)
    assert "1 contour planes" in skipped.notes[0]
    parts = dvh(dose, drawn(cylinder, np.delete(heights, slice(4, 8))))
    assert parts.volume_cc == pytest.approx(np.pi * R**2 * H / 1000 * 8 / 12, rel=1e-4)
    assert "begin anew" in parts.notes[0]


def test_what_lies_outside_the_dose_grid_is_never_silent() -> None:
    """The half of a cylinder above the last dose plane."""
    grid = Grid((30, 40, 40), (-20, -20, -29 + 0.13), (1, 1, 1), AXIAL, FRAME)
    dose = dose_on(grid, LinearDose(10.0, (0.0, 0.0, 0.0)))
    structure = drawn(cylinder, slab_centers(1.0))
    part = dvh(dose, structure)
    assert part.outside_percent == pytest.approx(50, abs=0.1)
    assert part.mean_gy == pytest.approx(10)
    assert "50 % lies outside the dose grid and does not count." in part.notes
    zero = dvh(dose, structure, outside="zero")
    assert zero.outside_percent == 0
    assert zero.mean_gy == pytest.approx(5, rel=1e-3)
    assert zero.percent_at_dose(9.9) == pytest.approx(50, abs=0.1)
    assert zero.minimum_gy == 0
    with pytest.raises(GeometryError, match="50 % of 'solid' lies outside the dose"):
        dvh(dose, structure, outside="refuse")
    with pytest.raises(InputError, match="got 'ignore'"):
        dvh(dose, structure, outside="ignore")  # type: ignore[arg-type]


def test_a_structure_wholly_outside_has_no_dose() -> None:
    with pytest.raises(GeometryError, match="'solid' lies outside the dose grid"):
        dvh(linear_dose(AP, 2.0), drawn(lambda _: R, slab_centers(1.0) + 200))


def test_an_even_dose_gives_that_dose_everywhere() -> None:
    histogram = dvh(linear_dose((0.0, 0.0, 0.0), 2.0), drawn(sphere, slab_centers(1.0)))
    for value in (
        histogram.minimum_gy,
        histogram.mean_gy,
        histogram.maximum_gy,
        histogram.dose_at_volume(percent=95),
        histogram.mean_of_coldest(percent=1),
        histogram.geud(8),
        histogram.geud(-10),
    ):
        assert value == pytest.approx(16, abs=1e-4)


def test_a_single_plane_stands_for_a_slice_of_the_dose_and_says_so() -> None:
    histogram = dvh(linear_dose(AP, 2.0), drawn(cylinder, [0.0]))
    assert histogram.volume_cc * 1000 == pytest.approx(np.pi * R**2 * 2.0, rel=1e-4)
    assert "one plane only" in histogram.notes[0]
    with pytest.raises(InputError, match="drawn on one plane only"):
        dvh(linear_dose(AP, 2.0), drawn(cylinder, [0.0]), Sampling(end_cap="none"))


def test_dose_at_volume_and_volume_at_dose_are_each_others_inverse() -> None:
    histogram = dvh(linear_dose(SI, 1.0), drawn(cone, slab_centers(1.0)))
    for percent in (0.5, 10.0, 33.0, 75.0, 99.5):
        gy = histogram.dose_at_volume(percent=percent)
        assert histogram.percent_at_dose(gy) == pytest.approx(percent, abs=1e-6)
    assert histogram.dose_at_volume(percent=0) == histogram.maximum_gy
    coldest = histogram.dose_at_volume(percent=100)
    assert histogram.percent_at_dose(coldest) == 100
    assert coldest == pytest.approx(histogram.minimum_gy, abs=0.01)
    assert histogram.volume_at_dose(histogram.minimum_gy) == histogram.volume_cc
    assert histogram.volume_at_dose(histogram.maximum_gy + 1) == 0


def test_a_volume_larger_than_the_structure_has_no_dose() -> None:
    histogram = dvh(linear_dose(SI, 1.0), drawn(cone, slab_centers(1.0)))
    assert np.isnan(histogram.dose_at_volume(cc=4.0))
    assert np.isnan(histogram.mean_of_hottest(cc=4.0))
    with pytest.raises(InputError, match="0 to 100 percent; got 101"):
        histogram.dose_at_volume(percent=101)
    with pytest.raises(InputError, match="either in percent or in cm³"):
        histogram.dose_at_volume()


def two_levels() -> DVH:
    """1 cm³ from 10 to 20 Gy, nothing from 20 to 30, 3 cm³ from 30 to 40."""
    edges, bins = np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 0.0, 3.0])
    return DVH("two", 1, edges, bins, mean_gy=30.0)


def test_a_plateau_gives_the_highest_dose_that_so_much_volume_receives() -> None:
    histogram = two_levels()
    assert histogram.dose_at_volume(cc=3.0) == 30
    assert histogram.dose_at_volume(cc=1.5) == 35
    assert histogram.dose_at_volume(cc=3.5) == 15
    assert histogram.volume_at_dose(25) == 3


def test_means_of_the_hottest_and_coldest() -> None:
    histogram = two_levels()
    assert histogram.mean_of_hottest(cc=1.5) == pytest.approx(37.5)
    assert histogram.mean_of_hottest(cc=3.5) == pytest.approx(
        (3 * 35 + 0.5 * 17.5) / 3.5
    )
    assert histogram.mean_of_coldest(cc=0.5) == pytest.approx(12.5)
    assert histogram.mean_of_coldest(percent=100) == pytest.approx(30)


def test_the_geud_of_a_rise_is_that_of_its_integral() -> None:
    """Evenly from 10 to 20 Gy: gEUD(a)^a = (20^(a+1) - 10^(a+1)) / (10 (a+1))."""
    edges = np.linspace(10, 20, 2001)
    histogram = DVH("rise", 1, edges, np.full(2000, 0.01), mean_gy=15.0)
    for a in (1.0, 2.0, 8.0, -10.0):
        expected = ((20 ** (a + 1) - 10 ** (a + 1)) / (10 * (a + 1))) ** (1 / a)
        assert histogram.geud(a) == pytest.approx(expected, rel=1e-5)
    assert histogram.geud(500) == pytest.approx(20, rel=0.02)
    with pytest.raises(InputError, match="not 0 and finite"):
        histogram.geud(0)


def test_curves_for_export_start_at_zero_and_end_beyond_the_maximum() -> None:
    doses, volumes = two_levels().cumulative(5.0)
    assert doses.tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert volumes.tolist() == [4, 4, 4, 3.5, 3, 3, 3, 1.5, 0, 0]
    _, bins = two_levels().differential(5.0)
    assert bins.sum() == 4
    with pytest.raises(InputError, match="wider than 0 Gy"):
        two_levels().cumulative(0)


def test_half_the_cells_tell_how_exact_a_number_is() -> None:
    dose, structure = linear_dose(AP, 2.0), drawn(sphere, slab_centers(2.0))

    def d99(histogram: DVH) -> float:
        return histogram.dose_at_volume(percent=99)

    coarse = precision_of(d99, dose, structure, Sampling(spacing_mm=3.0))
    fine = precision_of(d99, dose, structure)
    assert fine < 0.05 < coarse


def test_all_structures_of_a_set_but_the_empty_ones() -> None:
    ball, tube = drawn(sphere, slab_centers(2.0)), drawn(cylinder, slab_centers(2.0))
    tube = dataclasses.replace(tube, number=2, name="tube")
    empty = Structure(3, "empty", frame_of_reference=FRAME)
    structures = StructureSet((ball, empty, tube), FRAME)
    dose = linear_dose(AP, 2.0)
    assert [h.name for h in dvhs(dose, structures)] == ["solid", "tube"]
    assert [h.number for h in dvhs(dose, structures, ["tube"])] == [2]
    with pytest.raises(InputError, match="'empty' has no closed contour"):
        dvhs(dose, structures, ["empty"])


def test_frames_units_and_shapes_that_do_not_fit_are_refused() -> None:
    dose, ball = linear_dose(AP, 2.0), drawn(sphere, slab_centers(2.0))
    with pytest.raises(GeometryError, match="frame of reference"):
        dvh(dose, dataclasses.replace(ball, frame_of_reference="9.9"))
    with pytest.raises(ScopeError, match="relative"):
        dvh(dataclasses.replace(dose, units=DoseUnits.RELATIVE), ball)
    bent = ball.contours[6].points + [0, 0, 5] * (np.arange(360) % 2)[:, None]
    with pytest.raises(GeometryError, match="do not lie in parallel planes"):
        dvh(dose, dataclasses.replace(ball, contours=(*ball.contours, Contour(bent))))
    line = Contour(ball.contours[0].points, ContourKind.OPEN_PLANAR)
    with pytest.raises(InputError, match="no closed contour"):
        dvh(dose, dataclasses.replace(ball, contours=(line,)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"end_cap": "full"}, "An end cap is 'half', 'none' or a number"),
        ({"end_cap": -1.0}, "An end cap"),
        ({"end_cap": float("nan")}, "An end cap"),
        ({"between": "lines"}, "Between planes is 'slab' or 'shape'"),
        ({"spacing_mm": 0.0}, "A spacing is 0.01 to 100 mm"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, str | float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Sampling(**options)  # type: ignore[arg-type]


def test_contours_a_kilometer_apart_do_not_exhaust_the_memory() -> None:
    ball = drawn(sphere, slab_centers(2.0))
    stray = Contour(ball.contours[0].points + np.array([1e6, 1e6, 0]))
    far = dataclasses.replace(ball, contours=(*ball.contours, stray))
    with pytest.raises(InputError, match="give a larger spacing, or see whether"):
        dvh(linear_dose(AP, 2.0), far)


def test_a_dose_with_one_value_missing_says_so() -> None:
    """NaN is no dose: the cells that touch it are outside."""
    dose = linear_dose(AP, 2.0)
    array = dose.array.copy()
    array[tuple(n // 2 for n in array.shape)] = np.nan
    holed = Dose(array, dose.grid)
    histogram = dvh(holed, drawn(sphere, slab_centers(2.0)))
    assert histogram.outside_cc == pytest.approx(8 * 8 / 1000, rel=0.3)
    assert np.isfinite(histogram.maximum_gy)


def test_a_volume_that_rounding_makes_larger_than_the_structure_is_all_of_it() -> None:
    histogram = DVH("PTV", 1, np.arange(4.0), np.array([0.1, 0.7, 1e-20]), 1.4)
    whole = histogram.volume_cc
    for cc in (whole, whole * (1 + 1e-15), whole * (1 + 5e-10)):
        assert histogram.dose_at_volume(cc=cc) == 0
    assert histogram.dose_at_volume(percent=100) == 0
