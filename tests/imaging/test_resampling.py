"""Volumes brought onto other grids, against values known in closed form."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose, EmbeddedDVH
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.study import Study
from kerma.core.transform import AffineTransform, DeformableTransform, compose
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError
from kerma.imaging import coverage, covering_grid, resample, sample
from kerma.imaging.resampling import Interpolation
from kerma.simulation.positions import PATIENT_POSITIONS, image_axes

AXIAL = image_axes("HFS")
SLOPE = np.array([0.03, -0.05, 0.07])  # Gy/mm
UNEVEN = (0.0, 3.0, 5.0, 9.0, 12.0, 18.0, 19.5, 24.0, 27.0, 31.0)


def grid_of(
    axes: tuple[Vec3, Vec3, Vec3] = AXIAL,
    *,
    shape: tuple[int, int, int] = (10, 12, 14),
    spacing: Vec3 = (3.0, 2.5, 2.0),
    center: Vec3 = (5.0, -7.0, 11.0),
    offsets: tuple[float, ...] | None = None,
    frame: str = "1.1",
) -> Grid:
    half = (np.array(shape) - 1) / 2 * np.array(spacing)
    x, y, z = (np.array(center) - half @ np.array(axes)).tolist()
    return Grid(shape, (x, y, z), spacing, axes, frame, offsets)


def turned(degrees: float) -> tuple[Vec3, Vec3, Vec3]:
    """Axes turned about an oblique line."""
    line, angle = np.array([1, 2, 2]) / 3, np.radians(degrees)
    cross = np.cross(np.eye(3), line)
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    k, j, i = (np.array(AXIAL) @ turn).tolist()
    return (tuple(k), tuple(j), tuple(i))


def positions_on(grid: Grid) -> FloatArray:
    return grid.to_patient(np.moveaxis(np.indices(grid.shape, dtype=float), 0, -1))


def ramp_at(positions: FloatArray) -> FloatArray:
    return 20.0 + positions @ SLOPE


def ramp_on(grid: Grid) -> Dose:
    return Dose(ramp_at(positions_on(grid)).astype(np.float32), grid)


def noise_on(grid: Grid, seed: int = 1) -> Volume:
    array = np.random.default_rng(seed).normal(size=grid.shape).astype(np.float32)
    return Volume(array, grid)


def assert_ramp(values: Any, positions: FloatArray) -> None:
    """To within a few roundings of float32."""
    reached = np.isfinite(values)
    assert reached.mean() > 0.2
    np.testing.assert_allclose(
        values[reached], ramp_at(positions[reached]), rtol=3e-7, atol=0
    )


SOURCES = {
    **{position: grid_of(image_axes(position)) for position in PATIENT_POSITIONS},
    "tilted": grid_of(image_axes("HFS", tilt_deg=18.0)),
    "tilted FFP": grid_of(image_axes("FFP", tilt_deg=-12.0)),
    "uneven": grid_of(offsets=UNEVEN),
    "uneven, tilted": grid_of(image_axes("HFP", tilt_deg=9.0), offsets=UNEVEN),
    "oblique": grid_of(turned(33.0)),
    "one slice": grid_of(shape=(1, 12, 14), spacing=(30.0, 2.5, 2.0)),
}
TARGETS = {
    "fine": grid_of(shape=(17, 20, 19), spacing=(1.3, 1.1, 0.9)),
    "FFDR": grid_of(image_axes("FFDR"), shape=(8, 11, 9), spacing=(1.5, 2.1, 1.7)),
    "coarse": grid_of(shape=(5, 4, 6), spacing=(7.0, 6.0, 4.2)),
    "tilted": grid_of(image_axes("HFS", tilt_deg=18.0), spacing=(1.9, 1.3, 1.1)),
    "uneven": grid_of(offsets=tuple(np.multiply(UNEVEN, 0.7).tolist())),
    "oblique": grid_of(turned(-21.0), spacing=(1.1, 1.2, 1.3)),
}


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize("source", SOURCES)
def test_a_linear_dose_stays_linear_on_every_grid(
    source: str, interpolation: Interpolation, *, antialias: bool
) -> None:
    """D = 20 Gy + g . (x, y, z); a single slice has its own value over its thickness."""
    dose = ramp_on(SOURCES[source])
    for target in TARGETS.values():
        result = resample(
            dose,
            target,
            interpolation=interpolation,
            antialias=antialias,
            outside=np.nan,
        )
        positions = positions_on(target)
        if source == "one slice":
            positions[..., 2] = dose.grid.origin[2]
        assert_ramp(result.array, positions)


@pytest.mark.parametrize(("source", "target"), [*product(SOURCES, TARGETS)])
def test_covered_is_what_lies_between_the_outer_voxel_centers(
    source: str, target: str
) -> None:
    grid, onto = SOURCES[source], TARGETS[target]
    index = grid.to_index(positions_on(onto))
    last = np.array(grid.shape) - 1
    beyond = np.where(last == 0, 0.5, 0) + 1e-9
    expected = ((index >= -beyond) & (index <= last + beyond)).all(axis=-1)
    found = coverage(grid, onto)
    np.testing.assert_array_equal(found, expected)
    linear = resample(ramp_on(grid), onto, outside=np.nan)
    np.testing.assert_array_equal(np.isfinite(linear.array), found)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", ["HFS", "FFDL", "uneven", "oblique"])
def test_the_nearest_voxel_has_the_smallest_distance(source: str, target: str) -> None:
    """Where several are as near, within rounding, each of them will do."""
    grid, onto = SOURCES[source], TARGETS[target]
    numbers = np.arange(np.prod(grid.shape), dtype=np.uint16).reshape(grid.shape)
    found = resample(LabelMap(numbers, grid), onto, interpolation="nearest")
    assert found.array.dtype == np.uint16
    inside = coverage(grid, onto)
    here = positions_on(onto)[inside][::5]
    voxels = positions_on(grid).reshape(-1, 3)
    distances = np.linalg.norm(here[:, None] - voxels, axis=-1)
    taken = distances[np.arange(len(here)), found.array[inside][::5]]
    np.testing.assert_allclose(taken, distances.min(axis=1), atol=1e-5)
    assert (found.array[~inside] == 0).all()


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic"])
def test_a_volume_on_its_own_grid_keeps_every_bit(interpolation: Interpolation) -> None:
    for grid in SOURCES.values():
        volume = noise_on(grid)
        same = resample(volume, grid, interpolation=interpolation)
        np.testing.assert_array_equal(same.array, volume.array)


@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_a_patient_position_is_turned_upright_without_loss(position: str) -> None:
    volume = noise_on(grid_of(image_axes(position), spacing=(3.0, 2.0, 2.0)))
    upright = resample(volume, covering_grid(volume.grid))
    back = resample(upright, volume.grid)
    np.testing.assert_array_equal(back.array, volume.array)
    assert sorted(upright.array.ravel()) == sorted(volume.array.ravel())


def test_a_parabola_is_exact_with_cubic_interpolation_and_not_with_linear() -> None:
    for name in ("HFS", "uneven", "uneven, tilted", "oblique"):
        grid = SOURCES[name]

        def parabola(p: FloatArray) -> FloatArray:
            return 1e-2 * (p[..., 0] ** 2 - p[..., 1] * p[..., 2] + p[..., 2] ** 2)

        volume = Volume(parabola(positions_on(grid)), grid)  # float64
        onto = TARGETS["fine"]
        truth = parabola(positions_on(onto))
        cubic = resample(volume, onto, interpolation="cubic", antialias=False)
        assert cubic.array.dtype == np.float64
        inside = coverage(grid, onto)
        np.testing.assert_allclose(cubic.array[inside], truth[inside], atol=1e-10)
        linear = resample(volume, onto, antialias=False)
        assert np.abs(linear.array[inside] - truth[inside]).max() > 1e-3


def test_cubic_interpolation_does_not_make_a_dose_negative() -> None:
    grid = grid_of(shape=(6, 6, 6), spacing=(2.0, 2.0, 2.0))
    array = np.zeros(grid.shape, dtype=np.float32)
    array[:, :, 3:] = 50
    onto = grid_of(shape=(11, 11, 11), spacing=(0.9, 0.9, 0.9))
    assert resample(Dose(array, grid), onto, interpolation="cubic").array.min() == 0
    free = resample(Volume(array, grid), onto, interpolation="cubic", outside=0)
    assert free.array.min() < -1
    below = Dose(array - 1, grid)
    assert resample(below, onto, interpolation="cubic").array.min() < -2


def test_averaging_keeps_the_mean_and_quiets_the_noise() -> None:
    """A third of the voxels along each axis: each is a mean of three, its ends halved.

    The lines between voxels, averaged over three of them, weigh 1/8, 7/8, 1, 7/8, 1/8
    of a third: the variance falls by 9 / (1 + 2 (49 + 1) / 64) = 3.512 along each axis.
    """
    grid = grid_of(shape=(60, 60, 60), spacing=(1.0, 1.0, 1.0))
    onto = grid_of(shape=(18, 18, 18), spacing=(3.0, 3.0, 3.0))
    volume = noise_on(grid)
    mean = resample(volume, onto)
    factor = 9 / (1 + 2 * 50 / 64)
    assert mean.array.std() == pytest.approx(factor**-1.5, rel=0.05)
    assert resample(volume, onto, antialias=False).array.std() > 0.3

    # Inside, each voxel of the source enters the new ones with the same total weight.
    spot = np.zeros(grid.shape, dtype=np.float32)
    spot[30, 31, 32] = 27
    total = resample(Volume(spot, grid), onto).array.sum()
    assert total == pytest.approx(1.0, rel=1e-6)


def test_averaging_on_an_oblique_grid_quiets_the_noise_too() -> None:
    grid = grid_of(shape=(40, 40, 40), spacing=(1.0, 1.0, 1.0))
    onto = grid_of(turned(25.0), shape=(7, 7, 7), spacing=(3.0, 3.0, 3.0))
    volume = noise_on(grid)
    assert resample(volume, onto).array.std() < 0.2
    assert resample(volume, onto, antialias=False).array.std() > 0.3


def test_a_dose_is_averaged_on_request_only() -> None:
    grid = grid_of(shape=(20, 20, 20), spacing=(1.0, 1.0, 1.0))
    onto = grid_of(shape=(4, 4, 4), spacing=(4.0, 4.0, 4.0), center=(5.5, -6.5, 11.5))
    dose = Dose(np.abs(noise_on(grid).array), grid)
    plain = resample(dose, onto)
    np.testing.assert_allclose(plain.array, sample(dose, positions_on(onto)), rtol=1e-6)
    assert not np.allclose(resample(dose, onto, antialias=True).array, plain.array)


def test_slightly_larger_voxels_are_not_averaged() -> None:
    """A spacing rounded otherwise must not switch from a value to a mean."""
    volume = noise_on(grid_of(spacing=(1.0, 1.0, 1.0)))
    onto = grid_of(shape=(8, 9, 10), spacing=(1.2, 1.2, 1.2))
    np.testing.assert_array_equal(
        resample(volume, onto).array, resample(volume, onto, antialias=False).array
    )


def quarter_turn(source: str, target: str) -> AffineTransform:
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    matrix[:3, 3] = [3.0, -1.0, 2.0]
    return AffineTransform(matrix, source, target)


def rigid(source: str, target: str, degrees: float) -> AffineTransform:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(turned(degrees)).T @ np.array(AXIAL)
    matrix[:3, 3] = [3.0, -1.0, 2.0]
    return AffineTransform(matrix, source, target)


def moved(grid: Grid, by: AffineTransform) -> Grid:
    """The grid that a rigid transform makes of a grid."""
    x, y, z = by.apply(np.array(grid.origin)).tolist()
    k, j, i = (np.array(grid.axes) @ by.matrix[:3, :3].T).tolist()
    return replace(
        grid,
        origin=(x, y, z),
        axes=(tuple(k), tuple(j), tuple(i)),
        frame_of_reference=by.target_frame,
    )


@pytest.mark.parametrize("source", ["HFS", "tilted", "uneven", "oblique"])
@pytest.mark.parametrize("degrees", [0.0, 14.0])
def test_a_rigid_transform_is_the_grid_moved(source: str, degrees: float) -> None:
    volume = noise_on(SOURCES[source])
    onto = replace(TARGETS["fine"], frame_of_reference="1.2")
    for there in (rigid("1.1", "1.2", degrees), quarter_turn("1.1", "1.2")):
        expected = resample(
            Volume(volume.array, moved(volume.grid, there)), onto, antialias=False
        )
        for either_way in (there, there.inverse()):
            found = resample(volume, onto, transform=either_way, antialias=False)
            np.testing.assert_allclose(found.array, expected.array, atol=2e-5)
        reached = coverage(volume.grid, onto, transform=there)
        np.testing.assert_array_equal(reached, np.isfinite(expected.array))
        assert reached.mean() > 0.1


def test_within_one_frame_the_transform_moves_the_volume() -> None:
    grid = grid_of()
    matrix = np.eye(4)
    matrix[0, 3] = 4.0  # two columns to the left
    volume = noise_on(grid)
    result = resample(volume, grid, transform=AffineTransform(matrix, "1.1", "1.1"))
    np.testing.assert_allclose(
        result.array[:, :, 2:], volume.array[:, :, :-2], atol=1e-6
    )
    assert np.isnan(result.array[:, :, :2]).all()


@pytest.mark.parametrize("antialias", [False, True])
def test_a_linear_field_of_displacements_is_followed_exactly(
    *, antialias: bool
) -> None:
    """The field leads from the result (1.2) to the dose: D(x + S x), S constant."""
    slope = np.array([[0.1, 0.02, 0.0], [0.0, -0.05, 0.01], [0.03, 0.0, 0.08]])
    across = grid_of(shape=(9, 9, 9), spacing=(6.0, 6.0, 6.0), frame="1.2")
    field = DeformableTransform(across, positions_on(across) @ slope.T, "1.1")
    onto = replace(TARGETS["coarse"], frame_of_reference="1.2")
    positions = positions_on(onto)
    truth = positions + positions @ slope.T
    result = resample(
        ramp_on(SOURCES["HFS"]),
        onto,
        transform=field,
        antialias=antialias,
        outside=np.nan,
    )
    assert_ramp(result.array, truth)

    # The other way round the inverse is found by iteration, to a thousandth of a mm.
    back = resample(
        ramp_on(replace(SOURCES["HFS"], frame_of_reference="1.2")),
        replace(onto, frame_of_reference="1.1"),
        transform=field,
        outside=np.nan,
    )
    inverse = positions @ np.linalg.inv(np.eye(3) + slope).T
    reached = np.isfinite(back.array)
    assert reached.mean() > 0.2
    np.testing.assert_allclose(
        back.array[reached], ramp_at(inverse[reached]), atol=1e-3 * SLOPE.sum() + 1e-5
    )


def test_a_chain_of_transforms_is_followed_and_ends_where_its_field_ends() -> None:
    across = grid_of(shape=(3, 3, 3), spacing=(4.0, 4.0, 4.0), frame="1.3")
    shift = np.broadcast_to(np.array([1.0, 2.0, 3.0]), (3, 3, 3, 3)).copy()
    chain = compose(
        AffineTransform(np.eye(4), "1.2", "1.3"),
        DeformableTransform(across, shift, "1.1"),
    )
    onto = replace(TARGETS["fine"], frame_of_reference="1.2")
    result = resample(ramp_on(SOURCES["HFS"]), onto, transform=chain, outside=np.nan)
    positions = positions_on(onto)
    inside = np.abs(positions - (5.0, -7.0, 11.0)).max(axis=-1) <= 4.0
    np.testing.assert_array_equal(np.isfinite(result.array), inside)
    np.testing.assert_allclose(
        result.array[inside], ramp_at(positions[inside] + (1, 2, 3)), rtol=1e-6
    )


def test_different_frames_of_reference_need_a_transform() -> None:
    dose = ramp_on(grid_of())
    with pytest.raises(GeometryError, match=r"1\.1 and the grid in 1\.2.*transform"):
        resample(dose, grid_of(frame="1.2"))
    with pytest.raises(GeometryError, match=r"1\.1 and the grid in \(unknown\)"):
        resample(dose, grid_of(frame=""))
    with pytest.raises(GeometryError, match=r"from 1\.2 to 1\.3, which does not link"):
        resample(dose, grid_of(frame="1.2"), transform=quarter_turn("1.2", "1.3"))
    nowhere = ramp_on(grid_of(frame=""))
    assert resample(nowhere, grid_of(frame="")).array.shape == nowhere.array.shape


def test_labels_are_picked_and_never_mixed() -> None:
    array = np.random.default_rng(0).integers(0, 3, (10, 12, 14), dtype=np.uint8)
    labels = LabelMap(array, grid_of(), labels=(Label(2, "Heart"),))
    with pytest.raises(InputError, match=r"uint8 are numbers of regions.*'nearest'"):
        resample(labels, TARGETS["fine"])
    for target in TARGETS.values():
        result = resample(labels, target, interpolation="nearest")
        assert isinstance(result, LabelMap)
        assert result["Heart"].number == 2
        assert set(np.unique(result.array)) <= {0, 1, 2}


def test_a_mask_stays_a_mask() -> None:
    mask = np.zeros((10, 12, 14), dtype=bool)
    mask[3:7, 4:8, 5:9] = True
    for onto in (grid_of(), TARGETS["oblique"]):
        result = resample(Volume(mask, grid_of()), onto, interpolation="nearest")
        assert result.array.dtype == bool
        assert result.array.any()
    kept = resample(Volume(mask, grid_of()), grid_of(), interpolation="nearest")
    np.testing.assert_array_equal(kept.array, mask)


def test_a_ct_keeps_its_patient_and_loses_its_uids() -> None:
    study = Study(study_instance_uid="1.5")
    ct = CT(
        np.full((10, 12, 14), 40, dtype=np.int16),
        grid_of(),
        series_instance_uid="1.6",
        sop_instance_uids=tuple(f"1.7.{k}" for k in range(10)),
        study=study,
    )
    wide = grid_of(shape=(12, 14, 18))
    linear = resample(ct, wide)
    assert isinstance(linear, CT)
    assert linear.study == study
    assert (linear.series_instance_uid, linear.sop_instance_uids) == ("", ())
    assert linear.array.dtype == np.float32
    assert set(np.unique(linear.array)) == {-1024.0, 40.0}
    picked = resample(ct, wide, interpolation="nearest")
    assert picked.array.dtype == np.int16
    assert set(np.unique(picked.array)) == {-1024, 40}
    assert ct.array[0, 0, 0] == 40
    assert linear.sha256 != ct.sha256


def test_a_dose_keeps_its_plan_and_loses_its_histograms() -> None:
    histogram = EmbeddedDVH((1,), True, np.arange(3.0), np.ones(2), "CM3")
    dose = replace(
        ramp_on(grid_of()),
        plan_uid="1.8",
        sop_instance_uid="1.9",
        series_instance_uid="1.10",
        dvhs=(histogram,),
    )
    result = resample(dose, grid_of(shape=(12, 12, 14)))
    assert result.plan_uid == "1.8"
    assert (result.sop_instance_uid, result.series_instance_uid) == ("", "")
    assert result.dvhs == ()
    assert (result.array[[0, -1]] == 0).all()


def test_a_volume_of_unknown_kind_is_unknown_outside() -> None:
    away = grid_of(center=(500.0, 0.0, 0.0))
    assert np.isnan(resample(noise_on(grid_of()), away).array).all()
    oblique = replace(away, axes=turned(10.0))
    assert (resample(noise_on(grid_of()), oblique, outside=2.5).array == 2.5).all()


@pytest.mark.parametrize("outside", [np.nan, -1.0, 256.0, 0.5, np.inf])
def test_a_value_that_labels_cannot_hold_is_refused(outside: float) -> None:
    labels = LabelMap(np.zeros((10, 12, 14), dtype=np.uint8), grid_of())
    with pytest.raises(InputError, match="uint8 cannot hold"):
        resample(labels, grid_of(), interpolation="nearest", outside=outside)


def test_an_unknown_interpolation_is_refused() -> None:
    with pytest.raises(InputError, match="No interpolation 'spline'; there are: near"):
        resample(noise_on(grid_of()), grid_of(), interpolation="spline")  # type: ignore[arg-type]


def test_nan_spoils_only_the_voxels_it_has_weight_in() -> None:
    grid = grid_of(spacing=(2.0, 2.0, 2.0))
    array = np.ones(grid.shape, dtype=np.float32)
    array[5, 6, 7] = np.nan
    result = resample(Volume(array, grid), grid, interpolation="linear")
    assert np.isnan(result.array).sum() == 1
    x, y, z = grid.origin
    shifted = replace(grid, origin=(x + 1.0, y, z))
    half = resample(Volume(array, grid), shifted, outside=0)
    assert np.isnan(half.array).sum() == 2


def test_one_voxel_reaches_half_its_size_to_all_sides() -> None:
    grid = grid_of(shape=(1, 1, 1), spacing=(4.0, 4.0, 4.0))
    volume = Volume(np.full((1, 1, 1), 3, dtype=np.float32), grid)
    onto = grid_of(shape=(7, 7, 7), spacing=(1.0, 1.0, 1.0))
    for interpolation in ("nearest", "linear", "cubic"):
        result = resample(volume, onto, interpolation=interpolation, outside=0)
        assert (result.array[1:-1, 1:-1, 1:-1] == 3).all()
        assert (result.array != 0).sum() == 5**3


def test_samples_are_the_values_at_positions() -> None:
    points = np.array([[[5.0, -7.0, 11.0], [6.1, -5.0, 9.3]], [[900.0, 0, 0]] * 2])
    for grid in SOURCES.values():
        if grid.shape[0] == 1:
            continue
        for interpolation in ("linear", "cubic"):
            values = sample(ramp_on(grid), points, interpolation=interpolation)
            assert values.shape == (2, 2)
            np.testing.assert_allclose(values[0], ramp_at(points[0]), rtol=1e-6)
            assert np.isnan(values[1]).all()
    assert sample(ramp_on(grid_of()), np.zeros((0, 3))).shape == (0,)
    with pytest.raises(InputError, match=r"\(\.\.\., 3\)"):
        sample(ramp_on(grid_of()), np.zeros(2))


def test_big_endian_values_are_read_as_they_are() -> None:
    volume = noise_on(grid_of())
    swapped = Volume(volume.array.astype(">f4"), volume.grid)
    for onto in (TARGETS["fine"], TARGETS["oblique"]):
        np.testing.assert_array_equal(
            resample(swapped, onto).array, resample(volume, onto).array
        )
