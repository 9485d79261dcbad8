from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import CT
from kerma.errors import GeometryError
from kerma.imaging.axial import AxialStack, axial_stack
from kerma.simulation import Scanner

Thing = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
POSITIONS = ["HFS", "FFS", "HFP", "FFP", "HFDR", "HFDL", "FFDR", "FFDL"]


def ramp(x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """A different number at every position, linear in each direction."""
    return 3.0 * x - 5.0 * y + 7.0 * z


def ct_of(grid: Grid, thing: Thing = ramp) -> CT:
    """What a scanner with this grid would show of a thing."""
    index = np.moveaxis(np.indices(grid.shape), 0, -1).astype(float)
    values = thing(*np.moveaxis(grid.to_patient(index), -1, 0))
    return CT(array=values.astype(np.float32), grid=grid)


def stack_positions(stack: AxialStack) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where a stack says that its voxels lie."""
    nk, nj, ni = stack.hu.shape
    x = stack.x0[:, None, None] + np.arange(ni) * stack.dx
    y = stack.y0[:, None, None] + np.arange(nj)[:, None] * stack.dy
    z = np.broadcast_to(stack.z[:, None, None], (nk, nj, ni))
    return np.broadcast_to(x, z.shape), np.broadcast_to(y, z.shape), z


def even_grid(
    shape: tuple[int, int, int] = (4, 5, 6),
    axes: tuple[Vec3, Vec3, Vec3] = (
        (0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 0.0),
    ),
) -> Grid:
    return Grid(
        shape=shape,
        origin=(-7.0, 11.0, 50.0),
        spacing=(3.0, 0.5, 0.8),
        axes=axes,
        frame_of_reference="1.2.3",
    )


def flipped_axes() -> list[tuple[Vec3, Vec3, Vec3]]:
    """Slices up or down, rows and columns along x and y in any way: 16 layouts."""
    layouts = []
    for (first, second), signs in product(
        permutations(((0.0, 1.0, 0.0), (1.0, 0.0, 0.0))),
        product((1.0, -1.0), repeat=3),
    ):
        down = (signs[1] * first[0], signs[1] * first[1], 0.0)
        right = (signs[2] * second[0], signs[2] * second[1], 0.0)
        layouts.append(((0.0, 0.0, signs[0]), down, right))
    return layouts


@pytest.mark.parametrize("axes", flipped_axes())
def test_every_voxel_keeps_its_value_whatever_the_layout(
    axes: tuple[Vec3, Vec3, Vec3],
) -> None:
    stack = axial_stack(ct_of(even_grid(axes=axes)))
    np.testing.assert_allclose(stack.hu, ramp(*stack_positions(stack)), rtol=1e-6)
    assert min(stack.dx, stack.dy) > 0
    assert (np.diff(stack.z) > 0).all()


@pytest.mark.parametrize("position", POSITIONS)
def test_every_patient_position_gives_the_same_stack(position: str) -> None:
    """The field of view is square, so that its turned pixels lie on the same places."""
    scanner = Scanner(
        matrix=(8, 8), pixel_mm=(2.0, 2.0), slice_positions_mm=(0.0, 2.0, 5.0)
    )
    supine = axial_stack(ct_of(scanner.grid("1")))
    turned = replace(scanner, patient_position=position)
    stack = axial_stack(ct_of(turned.grid("1")))
    np.testing.assert_allclose(stack.hu, supine.hu)
    for name in ("x0", "y0", "z", "dx", "dy"):
        np.testing.assert_allclose(getattr(stack, name), getattr(supine, name))


@pytest.mark.parametrize("axes", flipped_axes())
def test_the_slice_indices_lead_back_to_the_ct(
    axes: tuple[Vec3, Vec3, Vec3],
) -> None:
    ct = ct_of(even_grid(axes=axes))
    stack = axial_stack(ct)
    for k, index in enumerate(stack.slice_indices):
        assert sorted(stack.hu[k].ravel()) == sorted(ct.hu[index].ravel())


def test_the_scan_is_not_copied() -> None:
    ct = ct_of(even_grid(axes=flipped_axes()[-1]))
    assert np.shares_memory(axial_stack(ct).hu, ct.hu)


def test_the_center_of_a_drifting_stack_follows_the_slices() -> None:
    """Slices that lie 0.3 mm further to the left for each of 3 mm up."""
    length = float(np.hypot(0.3, 3.0))
    up = (0.3 / length, 0.0, 3.0 / length)
    grid = replace(even_grid(), spacing=(length, 0.5, 0.8))
    stack = axial_stack(ct_of(replace(grid, axes=(up, *grid.axes[1:]))))
    assert np.diff(stack.x0) == pytest.approx([0.3] * 3)
    np.testing.assert_allclose(stack.hu, ramp(*stack_positions(stack)), rtol=1e-6)


@pytest.mark.parametrize(("angle", "fits"), [(4.9, True), (5.1, False), (-18.5, False)])
def test_inclined_slices_are_refused(angle: float, *, fits: bool) -> None:
    """Five degrees are allowed: the cosine of it shrinks a phantom by 0.4 %."""
    a = np.radians(angle)
    axes = (
        (0.0, float(-np.sin(a)), float(np.cos(a))),
        (0.0, float(np.cos(a)), float(np.sin(a))),
        (1.0, 0.0, 0.0),
    )
    ct = ct_of(even_grid(axes=axes))
    if fits:
        assert axial_stack(ct).hu.shape == ct.hu.shape
        return
    with pytest.raises(GeometryError, match=f"inclined by {abs(angle)} degrees"):
        axial_stack(ct)


def test_an_image_one_pixel_wide_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"\(5, 1\) pixels shows nothing"):
        axial_stack(ct_of(even_grid((4, 5, 1))))


def test_a_single_slice_has_no_spacing() -> None:
    assert axial_stack(ct_of(even_grid((1, 5, 6)))).slice_spacing == 0
    assert axial_stack(ct_of(even_grid())).slice_spacing == 3


def test_the_image_has_an_extent_and_a_middle() -> None:
    """Six columns of 0.8 mm from -7, five rows of 0.5 mm from 11."""
    stack = axial_stack(ct_of(even_grid()))
    assert stack.extent == pytest.approx((4.8, 2.5))
    assert stack.middle == pytest.approx((-7 + 2.5 * 0.8, 11 + 2 * 0.5))


def test_coarse_pixels_are_the_means_of_their_blocks_and_lie_in_their_middle() -> None:
    """The mean of a ramp over a block is its value in the block's middle."""
    stack = axial_stack(ct_of(even_grid((3, 13, 11))))
    coarse = stack.coarsened(2.0)
    assert (coarse.dx, coarse.dy) == pytest.approx((0.8 * 2, 0.5 * 4))
    assert coarse.hu.shape == (3, 3, 5)
    np.testing.assert_allclose(coarse.hu, ramp(*stack_positions(coarse)), rtol=1e-5)
    np.testing.assert_array_equal(coarse.z, stack.z)


def test_pixels_coarse_enough_stay_as_they_are() -> None:
    stack = axial_stack(ct_of(even_grid()))
    np.testing.assert_allclose(stack.coarsened(0.3).hu, stack.hu)


@given(st.integers(0, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_sample_of_a_ramp_is_exact_up_to_the_last_pixel(
    k: int, across: float, down: float
) -> None:
    stack = axial_stack(ct_of(even_grid()))
    x = stack.x0[k] + across * 5 * stack.dx
    y = stack.y0[k] + down * 4 * stack.dy
    value = stack.sample(np.array([k]), np.array([x]), np.array([y]))
    if max(across, down) == 1 and np.isnan(value).all():
        return  # the rounding of a sum put the point beyond the image
    assert value == pytest.approx([ramp(x, y, stack.z[k])], rel=1e-5)


@pytest.mark.parametrize(
    ("x", "y"), [(-0.01, 1.0), (4.01, 1.0), (1.0, -0.01), (1.0, 2.01)]
)
def test_nothing_is_sampled_outside_the_image(x: float, y: float) -> None:
    stack = axial_stack(ct_of(even_grid()))
    points = np.array([-7 + x]), np.array([11 + y])
    assert np.isnan(stack.sample(np.array([0]), *points)).all()


def test_sampled_points_broadcast_over_slices() -> None:
    stack = axial_stack(ct_of(even_grid()))
    values = stack.sample(np.arange(4)[:, None], np.array([-6.0, -5.0]), np.array(12.0))
    assert values.shape == (4, 2)
    assert np.diff(values, axis=0) == pytest.approx(np.full((3, 2), 21.0), rel=1e-5)
    assert np.diff(values, axis=1) == pytest.approx(np.full((4, 1), 3.0), rel=1e-5)


@given(
    st.floats(-3, 8), st.floats(-3, 6), st.floats(0.01, 4), st.sampled_from([0, 1, 3])
)
def test_a_disc_holds_the_pixels_whose_center_lies_in_it(
    across: float, down: float, radius: float, k: int
) -> None:
    """Wholly inside, cut off by the border, or outside the image."""
    stack = axial_stack(ct_of(even_grid()))
    x, y = -7 + across, 11 + down
    px, py, _ = (axis[k] for axis in stack_positions(stack))
    inside = (px - x) ** 2 + (py - y) ** 2 <= radius**2
    dx, dy, values = stack.disc(k, x, y, radius)
    assert dx + x == pytest.approx(px[inside])
    assert dy + y == pytest.approx(py[inside])
    assert values == pytest.approx(stack.hu[k][inside])
    assert values.dtype == np.float64


def test_a_disc_is_shown_only_where_all_of_it_is_in_the_image() -> None:
    """The outermost pixels lie at 0 and 4 mm across, 0 and 2 mm down."""
    stack = axial_stack(ct_of(even_grid()))
    assert stack.shows_disc(0, -7 + 1.0, 11 + 1.0, 0.999)
    assert not stack.shows_disc(0, -7 + 0.9, 11 + 1.0, 0.999)
    assert not stack.shows_disc(0, -7 + 3.1, 11 + 1.0, 0.999)
    assert not stack.shows_disc(0, -7 + 1.0, 11 + 0.9, 0.999)
    assert not stack.shows_disc(0, -7 + 1.0, 11 + 1.1, 0.999)
