from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.dosimetry import GammaCriteria, gamma, gamma_of_profiles, gamma_search
from kerma.errors import GeometryError, InputError, ScopeError
from kerma.imaging import sample
from tests.dosimetry.doses import AXIAL, grid, smallest_gamma, turned, volume

WIDE = GammaCriteria(3, 3, threshold_percent=0, max_gamma=None)
SHAPES = [(1, 1, 40), (1, 30, 30), (12, 14, 16)]


def ramp(shape: tuple[int, int, int], slope: float, shift: float = 0.0) -> np.ndarray:
    """Dose that rises along the last axis, Gy for a voxel."""
    return np.broadcast_to(30 + slope * (np.arange(shape[2]) - shift), shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("percent", [0.5, 2.0, 3.0, 4.5, -3.0])
def test_an_offset_has_the_gamma_of_its_share_of_the_criterion(
    shape: tuple[int, int, int], percent: float
) -> None:
    reference = volume(np.full(shape, 2.0))
    found = gamma(reference, volume(np.full(shape, 2 + 0.02 * percent)), WIDE)
    np.testing.assert_allclose(found.map.array, abs(percent) / 3, atol=1e-6)
    assert found.result.pass_rate_percent == (100.0 if abs(percent) <= 3 else 0.0)


def test_an_offset_of_exactly_the_criterion_passes_in_single_precision_too() -> None:
    doses = np.linspace(0.1, 7, 997, dtype=np.float32)[None, None]
    for percent in (1.0, 2.0, 3.0):
        criteria = GammaCriteria(
            percent, 1, threshold_percent=0, norm_gy=7.0, max_gamma=1.01
        )
        other = np.float32(0.07 * percent) + doses
        found = gamma(
            volume(np.full_like(doses, doses[0, 0, 7])),
            volume(np.full_like(doses, other[0, 0, 7])),
            criteria,
        )
        assert found.result.pass_rate_percent == 100


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("slope", "shift"), [(0.02, 1.3), (0.2, 2.0), (-0.5, 1.7)])
def test_a_shifted_ramp_has_the_gamma_of_the_formula(
    shape: tuple[int, int, int], slope: float, shift: float
) -> None:
    """g s / sqrt(dD^2 + (g DTA)^2), where the search does not reach the edges."""
    criteria = GammaCriteria(3, 3, threshold_percent=0, norm_gy=10.0)
    found = gamma(
        volume(ramp(shape, slope)), volume(ramp(shape, slope, shift)), criteria
    )
    expected = abs(slope) * shift / math.hypot(0.3, slope * 3)
    inside = found.map.array[..., 6:-6]
    np.testing.assert_allclose(inside, expected, atol=1e-6)


@pytest.mark.parametrize(
    "one",
    [
        grid((9, 8, 7), (2.0, 1.0, 1.5), offsets=(0, 1, 2, 4, 8, 9, 11, 15, 16.5)),
        grid((9, 8, 7), axes=((0, 0, -1.0), (0, -1.0, 0), (-1.0, 0, 0))),
        grid((9, 8, 7), (2.0, 1.1, 0.7), axes=turned(37), origin=(31.0, -7.0, 100.0)),
        grid((1, 8, 7)),
        grid((9, 1, 7)),
        grid((9, 8, 1)),
        grid((1, 1, 7)),
        grid((1, 1, 1)),
    ],
)
def test_a_dose_has_gamma_0_against_itself_on_any_axes(one: Grid) -> None:
    array = np.random.default_rng(1).uniform(0.5, 1, one.shape)
    found = gamma(volume(array, one), volume(array, one), WIDE)
    assert found.result.points == array.size
    assert found.result.maximum == pytest.approx(0, abs=1e-6)


def random_doses(
    seed: int, shape: tuple[int, int, int], rough: float
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    smooth = sum(
        np.cos(rng.uniform(0, 0.9) * axis + rng.uniform(0, 6))
        for axis in np.meshgrid(*map(np.arange, shape), indexing="ij")
    )
    base = 2 + 0.3 * np.asarray(smooth)
    return base, base * rng.uniform(0.96, 1.04) + rough * rng.normal(size=shape)


@pytest.mark.parametrize("normalization", ["global", "local"])
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((1, 1, 12), (1.0, 1.0, 1.3)),
        ((1, 9, 8), (1.0, 0.8, 1.1)),
        ((5, 5, 4), (2.0, 1.5, 1.0)),
    ],
)
@pytest.mark.parametrize("rough", [0.0, 0.02, 0.3])
def test_gamma_is_the_minimum_between_the_voxels(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    rough: float,
    normalization: str,
) -> None:
    """Against samples of the interpolated dose, finer wherever it could be lower."""
    reference, evaluated = random_doses(7, shape, rough)
    criteria = GammaCriteria(
        3,
        2.5,
        0,
        "local" if normalization == "local" else "global",
        2.0,
        max_gamma=None,
    )
    there = volume(evaluated, grid(shape, spacing))
    found = gamma(volume(reference, grid(shape, spacing)), there, criteria).map.array
    for index in np.random.default_rng(3).permutation(reference.size)[:12]:
        at = np.unravel_index(index, shape)
        dose = float(reference[at])
        norm = dose if normalization == "local" else 2.0
        point = np.array(at) * spacing
        best, slack = smallest_gamma(point, dose, there, criteria, norm)
        assert best - slack - 1e-6 <= found[at] <= best + 1e-3


@pytest.mark.parametrize("shape", [(1, 20, 20), (8, 9, 10)])
def test_nothing_lower_was_missed_where_the_search_was_cut_short(
    shape: tuple[int, int, int],
) -> None:
    """Coarse samples alone: on many doses, none may be lower than what was found."""
    for seed in range(12):
        reference, evaluated = random_doses(seed, shape, 0.004 * seed)
        criteria = GammaCriteria(3, 3, 0, norm_gy=2.0, max_gamma=None)
        found = gamma(volume(reference), volume(evaluated), criteria).map.array
        rng = np.random.default_rng(seed)
        offsets = rng.uniform(-2, 2, (300, 3)) * (np.array(shape) > 1)
        for index in rng.permutation(reference.size)[:40]:
            at = np.unravel_index(index, shape)
            places = np.array(at) + offsets
            doses = sample(volume(evaluated), places[:, ::-1])
            values = np.hypot(
                np.linalg.norm(offsets, axis=1) / 3, (doses - reference[at]) / 0.06
            )
            assert found[at] <= np.nanmin(values) + 1e-3


@pytest.mark.parametrize("seed", range(30))
def test_what_ends_a_search_early_changes_no_value(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With doses that seem to bend without limit, every cell is looked at."""
    rng = np.random.default_rng(seed)
    shape = [(1, 1, 60), (1, 20, 20), (7, 8, 9)][seed % 3]
    spacing = tuple(rng.uniform(0.3, 2.5, 3).tolist())
    reference, evaluated = (
        volume(dose, grid(shape, (spacing[0], spacing[1], spacing[2])))
        for dose in random_doses(seed, shape, float(rng.choice([0, 0.01, 0.1])))
    )
    dose_percent, distance_mm = rng.uniform(0.5, 5, 2).tolist()
    criteria = GammaCriteria(dose_percent, distance_mm, 0)
    quick = gamma(reference, evaluated, criteria).map.array
    bends = gamma_search._bends

    def unlimited(*arguments: Any, **named: Any) -> np.ndarray:
        return np.full_like(bends(*arguments, **named), np.inf)

    monkeypatch.setattr(gamma_search, "_bends", unlimited)
    thorough = gamma(reference, evaluated, criteria).map.array
    np.testing.assert_allclose(quick, thorough, rtol=0, atol=1e-3 + 1e-6)
    np.testing.assert_array_equal(quick <= 1 + 1e-5, thorough <= 1 + 1e-5)


def test_a_dip_just_within_reach_of_a_flat_dose_is_found() -> None:
    """Gamma is 0.9 on the spot; the dip, 0.8 criteria away, has less."""
    dose = np.full(60, 1.027)
    dose[22] = 1.0
    criteria = GammaCriteria(3, 10, 0, norm_gy=1.0)
    found = gamma(volume(np.ones((1, 1, 60))), volume(dose[None, None]), criteria)
    x = np.linspace(0, 59, 59 * 200 + 1)
    doses = np.interp(x, np.arange(60), dose)
    away = (x - np.arange(60)[:, None]) / 10
    expected = np.hypot(away, (doses - 1) / 0.03).min(axis=1)
    np.testing.assert_allclose(found.map.array[0, 0], expected, atol=1.1e-3)


@given(st.floats(0.3, 4), st.integers(0, 5))
def test_wider_criteria_scale_gamma(factor: float, seed: int) -> None:
    reference, evaluated = (volume(d) for d in random_doses(seed, (1, 12, 12), 0.03))
    one, other = (
        gamma(
            reference,
            evaluated,
            GammaCriteria(2 * k, 2 * k, threshold_percent=0, max_gamma=None),
        ).map.array
        for k in (1.0, factor)
    )
    np.testing.assert_allclose(other * factor, one, atol=1.5e-3 * max(1, factor))


def test_reference_and_evaluated_do_not_change_places() -> None:
    """A cold voxel in the evaluated dose is passed by, one in the reference is not."""
    flat = np.full((1, 9, 9), 2.0)
    cold = flat.copy()
    cold[0, 4, 4] = 1.0
    tight = GammaCriteria(3, 3)
    assert gamma(volume(flat), volume(cold), tight).result.pass_rate_percent == 100
    rate = gamma(volume(cold), volume(flat), tight).result.pass_rate_percent
    assert rate == pytest.approx(100 * 80 / 81)


def test_a_turned_grid_gives_the_gamma_of_the_upright_one() -> None:
    """One linear dose on two grids: what lies well inside agrees, 2 % apart."""

    def linear(one: Grid) -> np.ndarray:
        index = np.moveaxis(np.indices(one.shape, dtype=np.float64), 0, -1)
        return np.asarray(10 + one.to_patient(index) @ np.array([0.2, -0.1, 0.3]))

    here = grid((7, 7, 7), origin=(-3.0, -3.0, -3.0))
    axes = turned(25)
    corner = -np.array(axes).sum(axis=0) * 12.0
    there = grid((25, 25, 25), axes=axes, origin=tuple(corner.tolist()))
    criteria = GammaCriteria(3, 3, norm_gy=10.0)
    found = gamma(
        volume(linear(here), here),
        volume(linear(there) + 0.2, there),
        criteria,
    )
    slope = math.hypot(0.2, 0.1, 0.3)
    expected = 0.2 / math.hypot(0.3, 3 * slope)
    np.testing.assert_allclose(found.map.array, expected, atol=1e-6)


def test_grids_of_other_spacing_and_extent_are_searched_as_they_are() -> None:
    reference = volume(ramp((1, 1, 20), 0.1), grid((1, 1, 20), origin=(10.0, 0, 0)))
    coarse = grid((1, 1, 30), (1.0, 1.0, 2.5))
    evaluated = volume(30 + 0.1 * (np.arange(30) * 2.5 - 10 - 1.0)[None, None], coarse)
    criteria = GammaCriteria(3, 3, norm_gy=10.0)
    found = gamma(reference, evaluated, criteria)
    np.testing.assert_allclose(found.map.array, 0.1 / math.hypot(0.3, 0.3), atol=1e-6)


def test_points_beyond_the_evaluated_dose_are_counted() -> None:
    """Ten voxels too few: those up to 2 x 3 mm from the last have a gamma."""
    flat = np.ones((1, 1, 30))
    found = gamma(volume(flat), volume(flat[..., :20]), GammaCriteria(3, 3)).result
    assert (found.points, found.not_evaluable) == (30, 4)
    assert found.pass_rate_percent == pytest.approx(100 * 23 / 26)
    assert found.pass_rate_strict_percent == pytest.approx(100 * 23 / 30)
    assert found.verdict == "inconclusive"
    assert not found.passed


def test_a_grid_out_of_reach_has_no_gamma() -> None:
    far = grid((1, 4, 4), origin=(500.0, 0, 0))
    found = gamma(volume(np.ones((1, 4, 4))), volume(np.ones((1, 4, 4)), far)).result
    assert found.not_evaluable == found.points == 16
    assert found.pass_rate_percent is None
    assert found.mean is None


def test_without_a_largest_gamma_every_point_has_one() -> None:
    far = grid((1, 4, 4), origin=(500.0, 0, 0))
    found = gamma(volume(np.ones((1, 4, 4))), volume(np.ones((1, 4, 4)), far), WIDE)
    assert found.map.array[0, 0, 0] == pytest.approx(500 / 3, abs=1e-3)


def test_points_off_a_plane_are_not_evaluable() -> None:
    plane = grid((1, 5, 5), (3.0, 1.0, 1.0), origin=(0, 0, 2.0))
    reference = volume(np.ones((5, 5, 5)), grid((5, 5, 5)))
    found = gamma(reference, volume(np.ones((1, 5, 5)), plane))
    gone = np.isnan(found.map.array).all(axis=(1, 2))
    assert gone.tolist() == [True, False, False, False, True]


def test_missing_evaluated_dose_matters_beside_it_only() -> None:
    array = random_doses(5, (1, 15, 15), 0.0)[0]
    holed = array.copy()
    holed[0, 7, 7] = np.nan
    found = gamma(volume(array), volume(holed), WIDE).map.array[0]
    touched = np.zeros((15, 15), dtype=bool)
    touched[7, 7] = True  # its neighbors are corners of other cells, too
    assert (found[~touched] < 1e-6).all()
    assert 0 < found[7, 7] < 1


def test_missing_reference_dose_is_no_point_and_is_reported() -> None:
    array = np.ones((1, 6, 6))
    holed = array.copy()
    holed[0, 2, :3] = np.nan
    found = gamma(volume(holed), volume(array)).result
    assert (found.points, found.missing_reference) == (33, 3)
    assert "3 voxels of the reference have no dose." in found.notes


def test_a_local_criterion_leaves_out_where_there_is_no_dose() -> None:
    array = np.ones((1, 1, 10))
    array[..., :4] = 0
    found = gamma(volume(array), volume(array), GammaCriteria(3, 3, 0, "local")).result
    assert found.points == 6
    assert found.maximum == pytest.approx(0, abs=1e-12)


def test_a_local_criterion_is_of_the_dose_of_the_point() -> None:
    """Where the evaluated dose lies 2 % higher everywhere, gamma is 2/3 everywhere."""
    dose = np.repeat([[[1.0], [2.0], [4.0]]], 40, axis=2).repeat(30, axis=1)
    criteria = GammaCriteria(3, 1, 0, "local")
    found = gamma(volume(dose), volume(1.02 * dose), criteria).map.array
    np.testing.assert_allclose(found[0, [5, 45, 85]], 2 / 3, atol=1e-6)


def test_the_threshold_is_a_share_of_the_normalization_dose() -> None:
    dose = np.linspace(0, 2, 201)[None, None]
    for criteria, points in (
        (GammaCriteria(3, 3), 181),
        (GammaCriteria(3, 3, threshold_percent=50), 101),
        (GammaCriteria(3, 3, norm_gy=4.0), 161),
        (GammaCriteria(3, 3, 10, "local"), 181),
        (GammaCriteria(3, 3, threshold_percent=100), 1),
    ):
        assert gamma(volume(dose), volume(dose), criteria).result.points == points


def test_one_hot_voxel_is_found() -> None:
    """The tip of a peak of one voxel, wherever the reference has that dose."""
    dose = np.ones((1, 11, 11))
    hot = dose.copy()
    hot[0, 5, 5] = 3.0
    reference = dose.copy()
    reference[0, 5, 7] = 3.0
    found = gamma(volume(reference), volume(hot), GammaCriteria(3, 3)).map.array
    assert found[0, 5, 7] == pytest.approx(2 / 3, abs=1e-3)


def test_several_criteria_give_what_each_gives_alone() -> None:
    reference, evaluated = (volume(d) for d in random_doses(2, (6, 7, 8), 0.05))
    several = [
        GammaCriteria(3, 3),
        GammaCriteria(1, 1, 20),
        GammaCriteria(2, 2, 10, "local"),
    ]
    together = gamma(reference, evaluated, several)
    for criteria, found in zip(several, together, strict=True):
        alone = gamma(reference, evaluated, criteria)
        assert found.result.pass_rate_percent == alone.result.pass_rate_percent
        np.testing.assert_allclose(found.map.array, alone.map.array, atol=1e-3)


def test_asking_only_what_passes_gives_the_same_pass_rate() -> None:
    for seed in range(6):
        reference, evaluated = (volume(d) for d in random_doses(seed, (5, 9, 9), 0.06))
        whole = gamma(reference, evaluated, GammaCriteria(3, 2))
        quick = gamma(reference, evaluated, GammaCriteria(3, 2), pass_fail=True)
        passes = whole.map.array <= 1 + 1e-5
        np.testing.assert_array_equal(quick.map.array <= 1 + 1e-5, passes)
        assert quick.result.not_evaluable == whole.result.not_evaluable
        assert quick.result.pass_rate_percent == whole.result.pass_rate_percent
        assert quick.result.mean is None


def test_what_passes_is_decided_and_not_left_to_the_tolerance() -> None:
    """Asked for gamma or only for what passes, over 40 000 values."""
    reference, evaluated = (volume(d) for d in random_doses(3, (1, 20, 20), 0.05))
    for percent in np.linspace(0.5, 2.5, 100):
        criteria = GammaCriteria(float(percent), 1, 0)
        whole = gamma(reference, evaluated, criteria).map.array <= 1 + 1e-5
        quick = gamma(reference, evaluated, criteria, pass_fail=True).map.array
        np.testing.assert_array_equal(quick <= 1 + 1e-5, whole)


def test_asking_only_what_passes_counts_points_out_of_reach_alike() -> None:
    flat = np.ones((1, 1, 30))
    criteria = GammaCriteria(3, 3)
    quick = gamma(volume(flat), volume(flat[..., :20]), criteria, pass_fail=True).result
    assert quick.not_evaluable == 4
    assert quick.pass_rate_percent == pytest.approx(100 * 23 / 26)


def test_the_result_does_not_depend_on_the_threads() -> None:
    reference, evaluated = (volume(d) for d in random_doses(4, (9, 20, 20), 0.05))
    one, three = (gamma(reference, evaluated, threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.map.array, three.map.array)


def test_structures_have_rows_of_their_own() -> None:
    reference = volume(np.full((1, 10, 10), 2.0))
    array = np.full((1, 10, 10), 2.0)
    array[:, :, 5:] = 2.2
    left = np.zeros((1, 10, 10), dtype=bool)
    left[:, :, :2] = True
    none = np.zeros((1, 10, 10), dtype=bool)
    result = gamma(
        reference,
        volume(array),
        GammaCriteria(3, 1),
        structures={"left": left, "right": left[:, :, ::-1], "none": none},
    ).result
    assert [one.name for one in result.structures] == ["left", "right", "none"]
    assert [one.pass_rate_percent for one in result.structures] == [100, 0, None]
    assert [one.points for one in result.structures] == [20, 20, 0]


@pytest.mark.parametrize("order", [1, -1])
def test_profiles_may_be_uneven_and_descend(order: int) -> None:
    positions = np.array([0, 1, 2, 4, 8, 16.0])[::order]
    dose = np.array([1, 1.5, 2, 3, 2, 1.0])[::order]
    criteria = GammaCriteria(3, 3)
    found = gamma_of_profiles(
        (positions, dose), (positions[::-1], dose[::-1]), criteria
    )
    assert found.result.maximum == pytest.approx(0, abs=1e-6)
    found = gamma_of_profiles((positions, dose), (positions, 1.03 * dose), criteria)
    assert found.map.array.shape == (6, 1, 1)
    top = int(np.argmax(dose))
    assert found.map.array[top, 0, 0] < 1


def test_a_profile_that_turns_back_is_refused() -> None:
    dose = np.ones(4)
    with pytest.raises(InputError, match="must rise or fall"):
        gamma_of_profiles((np.array([0, 1, 3, 2.0]), dose), (np.arange(4.0), dose))
    with pytest.raises(InputError, match=r"as many positions as doses.*\(3,\)"):
        gamma_of_profiles((np.arange(3.0), dose), (np.arange(4.0), dose))


def test_doses_in_other_frames_of_reference_are_refused() -> None:
    array = np.ones((1, 3, 3))
    with pytest.raises(GeometryError, match=r"1\.2 and the evaluated one in 1\.3"):
        gamma(volume(array), volume(array, grid((1, 3, 3), frame="1.3")))


def test_a_sheared_evaluated_dose_is_refused() -> None:
    leaning = ((0.0, math.sin(0.2), math.cos(0.2)), *AXIAL[1:])
    array = np.ones((3, 3, 3))
    sheared = volume(array, grid((3, 3, 3), axes=leaning))
    with pytest.raises(GeometryError, match="sheared"):
        gamma(volume(array), sheared)
    assert gamma(sheared, volume(array)).result.points == 27


def test_what_cannot_be_normalized_or_compared_is_refused() -> None:
    array = np.ones((1, 3, 3))
    with pytest.raises(InputError, match="highest reference dose is 0 Gy"):
        gamma(volume(0 * array), volume(array))
    with pytest.raises(InputError, match="No reference dose reaches 1 Gy"):
        gamma(volume(0.5 * array), volume(array), GammaCriteria(norm_gy=10.0))
    with pytest.raises(InputError, match=r"'PTV' has the shape \(3, 3\)"):
        gamma(volume(array), volume(array), structures={"PTV": array[0] > 0})
    with pytest.raises(InputError, match="at least one set"):
        gamma(volume(array), volume(array), [])
    with pytest.raises(InputError, match="one thread"):
        gamma(volume(array), volume(array), threads=0)


def test_a_relative_dose_is_not_compared_with_one_in_gy() -> None:
    array = np.ones((1, 3, 3), np.float32)
    one = Dose(array, grid((1, 3, 3)))
    other = Dose(array, grid((1, 3, 3)), units=DoseUnits.RELATIVE)
    with pytest.raises(ScopeError, match="relative"):
        gamma(one, other)


def test_gamma_says_nothing_of_its_own_on_any_of_this() -> None:
    """No warning of a division by zero, of NaN, or of an empty slice."""
    array = np.full((1, 4, 4), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = gamma(volume(np.ones((1, 4, 4))), volume(array)).result
    assert found.not_evaluable == 16
