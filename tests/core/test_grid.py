from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.errors import GeometryError

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
TILT_DEG = 18.5
TILTED = (
    (0.0, float(np.sin(np.radians(TILT_DEG))), float(np.cos(np.radians(TILT_DEG)))),
    *AXIAL[1:],
)


def grid(
    shape: tuple[int, int, int] = (4, 5, 6),
    *,
    axes: tuple[Vec3, Vec3, Vec3] = AXIAL,
    spacing: Vec3 = (3.0, 0.5, 0.7),
    offsets: tuple[float, ...] | None = None,
) -> Grid:
    return Grid(
        shape=shape,
        origin=(-10.0, 20.0, 30.0),
        spacing=spacing,
        axes=axes,
        frame_of_reference="1.2.3",
        offsets=offsets,
    )


def _vector(values: FloatArray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any orientation, sheared or not, evenly spaced or not."""
    seed = draw(st.integers(0, 2**32 - 1))
    turned = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    shear = np.array([1.0, *(draw(st.floats(-0.6, 0.6)) for _ in range(2))]) @ turned
    count = draw(st.integers(1, 8))
    steps = draw(st.lists(st.floats(0.1, 9.0), min_size=count - 1, max_size=count - 1))
    uneven = count > 1 and draw(st.booleans())
    spacing = st.floats(0.1, 9.0)
    return Grid(
        shape=(count, 7, 9),
        origin=(draw(st.floats(-500, 500)), 3.0, -70.0),
        spacing=(draw(spacing), draw(spacing), draw(spacing)),
        axes=(
            _vector(shear / np.linalg.norm(shear)),
            _vector(turned[1]),
            _vector(turned[2]),
        ),
        frame_of_reference="1.2.3",
        offsets=(0.0, *np.cumsum(steps).tolist()) if uneven else None,
    )


@given(grids(), st.lists(st.floats(-20, 30), min_size=3, max_size=3))
def test_an_index_comes_back_from_its_position(one: Grid, index: list[float]) -> None:
    """Inside the grid and beyond its ends, whole and fractional."""
    position = one.to_patient(np.array(index))
    assert one.to_index(position) == pytest.approx(index, abs=1e-7)


def test_a_voxel_lies_at_the_origin_plus_its_steps() -> None:
    """k steps of 3 mm up, j of 0.5 mm back, i of 0.7 mm to the left."""
    position = grid().to_patient(np.array([2, 3, 4]))
    assert position == pytest.approx([-10 + 4 * 0.7, 20 + 3 * 0.5, 30 + 2 * 3])


def test_uneven_slices_lie_at_their_offsets() -> None:
    """Between two slices by interpolation, beyond the ends by the last distance."""
    uneven = grid(offsets=(0.0, 2.0, 3.0, 7.0))
    k = np.array([0.0, 1.0, 1.5, 3.0, 4.0, -1.0])
    z = uneven.to_patient(np.column_stack([k, k * 0, k * 0]))[:, 2]
    assert z - 30 == pytest.approx([0.0, 2.0, 2.5, 7.0, 11.0, -2.0])


def test_the_slices_of_a_tilted_gantry_are_sheared() -> None:
    """Each slice lies sin(tilt) of the distance further back than the last."""
    tilted = grid(axes=TILTED)
    first, second = tilted.to_patient(np.array([[0, 0, 0], [1, 0, 0]]))
    angle = np.radians(TILT_DEG)
    assert second - first == pytest.approx([0, 3 * np.sin(angle), 3 * np.cos(angle)])
    assert tilted.is_sheared
    assert not grid().is_sheared
    assert tilted.normal == pytest.approx([0, 0, 1])


def test_the_affine_says_the_same_as_to_patient() -> None:
    one = grid(axes=TILTED)
    index = np.array([1.5, 2.0, -3.0])
    assert (one.affine @ [*index, 1])[:3] == pytest.approx(one.to_patient(index))


def test_uneven_slices_have_no_affine() -> None:
    with pytest.raises(GeometryError, match="unevenly spaced, so no single matrix"):
        _ = grid(offsets=(0.0, 2.0, 3.0, 7.0)).affine


def test_what_a_grid_hands_out_cannot_be_changed() -> None:
    one = grid()
    for shared in (one.affine, one.normal, one.slice_offsets):
        with pytest.raises(ValueError, match="read-only"):
            shared[0] = 1.0


def test_a_spacing_error_shows_at_the_far_corner() -> None:
    """0.001 mm of spacing is 0.5 mm after 500 voxels, but only 0.004 mm after 4."""
    wide, narrow = grid((4, 501, 6)), grid((4, 5, 6))
    for one, error in ((wide, 0.5), (narrow, 0.004)):
        other = replace(one, spacing=(3.0, 0.501, 0.7))
        assert not one.is_same_as(other, tolerance_mm=error * 0.99)
        assert one.is_same_as(other, tolerance_mm=error * 1.01)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_spacing_error_shows_along_every_axis(axis: int) -> None:
    spacing = [3.0, 0.5, 0.7]
    spacing[axis] += 0.01
    other = grid(spacing=(spacing[0], spacing[1], spacing[2]))
    assert not grid().is_same_as(other)


def test_one_displaced_slice_makes_another_grid() -> None:
    """The first and the last slice agree; the one between does not."""
    one, other = (grid(offsets=(0.0, 3.0, z, 9.0)) for z in (6.0, 6.5))
    assert not one.is_same_as(other)
    assert one.is_same_as(other, tolerance_mm=0.6)


def test_even_offsets_are_the_same_grid_as_none() -> None:
    assert grid(offsets=(0.0, 3.0, 6.0, 9.0)).is_same_as(grid())


def test_another_frame_of_reference_is_another_grid() -> None:
    assert grid().is_same_as(grid())
    assert not grid().is_same_as(replace(grid(), frame_of_reference="1.2.4"))


def test_another_shape_is_another_grid() -> None:
    assert not grid((4, 5, 6)).is_same_as(grid((4, 5, 7)))


@pytest.mark.parametrize("shape", [(0, 5, 6), (4, -1, 6)])
def test_a_grid_without_voxels_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match=r"at least one voxel.*got shape \("):
        grid(shape)


@pytest.mark.parametrize("spacing", [(0.0, 0.5, 0.7), (3.0, -0.5, 0.7)])
def test_a_spacing_that_is_not_positive_is_refused(spacing: Vec3) -> None:
    with pytest.raises(GeometryError, match=r"positive spacing.*-?0\.[05]"):
        grid(spacing=spacing)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_grid_needs_finite_numbers(number: float) -> None:
    with pytest.raises(GeometryError, match="finite numbers"):
        grid(spacing=(3.0, number, 0.7))
    with pytest.raises(GeometryError, match="finite numbers"):
        replace(grid(), origin=(0.0, 0.0, number))


@pytest.mark.parametrize(
    "axes",
    [
        ((0.0, 0.0, 2.0), *AXIAL[1:]),
        (AXIAL[0], (0.0, 0.8, 0.6), (0.6, 0.8, 0.0)),
    ],
)
def test_axes_are_unit_vectors_and_rows_perpendicular_to_columns(
    axes: tuple[Vec3, Vec3, Vec3],
) -> None:
    with pytest.raises(GeometryError, match="unit vectors, rows perpendicular"):
        grid(axes=axes)


def test_slices_stacked_in_their_own_plane_are_refused() -> None:
    with pytest.raises(GeometryError, match="stacked across their plane"):
        grid(axes=((1.0, 0.0, 0.0), *AXIAL[1:]))


@pytest.mark.parametrize(
    "offsets",
    [
        (0.0, 2.0, 4.0),
        (1.0, 2.0, 3.0, 4.0),
        (0.0, 2.0, 2.0, 4.0),
        (0.0, 4.0, 2.0, 6.0),
        (0.0, np.nan, 4.0, 6.0),
    ],
)
def test_offsets_that_do_not_ascend_from_zero_are_refused(
    offsets: tuple[float, ...],
) -> None:
    with pytest.raises(GeometryError, match="ascend from zero, one for each of the 4"):
        grid(offsets=offsets)


def test_a_single_slice_may_have_its_offset_written_down() -> None:
    """It is where it is, whichever way that is said."""
    written, silent = grid((1, 5, 6), offsets=(0.0,)), grid((1, 5, 6))
    index = np.array([0.0, 2.0, 3.0])
    assert written.to_patient(index) == pytest.approx(silent.to_patient(index))
    assert written.to_index(silent.to_patient(index)) == pytest.approx(index)
