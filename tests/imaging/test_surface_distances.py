from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.imaging.surface_distances import (
    Surface,
    SurfaceDistances,
    added_path_length_mm,
    surface_distances,
    surface_of,
)
from tests.imaging.balls import axial_grid, ball

ROTATED = ((0.36, -0.48, 0.8), (0.48, -0.64, -0.6), (0.8, 0.6, 0.0))


def slab_mask(normal: FloatArray, offset: float) -> Mask:
    """A half space x n <= offset on 1 mm voxels, exact for planes along an axis."""
    grid = axial_grid((12, 12, 12), (1.0, 1.0, 1.0))
    steps = (np.arange(12) + 0.5) / 12 - 0.5
    fine = np.array(np.meshgrid(*[steps] * 3, indexing="ij")).reshape(3, -1).T
    voxels = np.moveaxis(np.indices(grid.shape), 0, -1)
    fractions = sum(
        (grid.to_patient(voxels + step) @ normal <= offset).astype(np.float32)
        for step in fine
    )
    return Mask.of(np.asarray(fractions) / len(fine), grid, name="half space")


def inner_points(surface: Surface) -> FloatArray:
    """The points well away from the border of the grid, where a half space is cut."""
    return surface.points[np.abs(surface.points).max(axis=1) < 3.5]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("filled", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_a_plane_across_an_axis_lies_where_the_fractions_say(
    axis: int, filled: float
) -> None:
    """Interpolating one half between voxels of 1, f and 0 would be off by 0.08."""
    fractions = np.zeros((9, 9, 9), np.float32)
    layers = np.moveaxis(fractions, axis, 0)
    layers[1:4], layers[4] = 1, filled
    points = surface_of(Mask.of(fractions, axial_grid((9, 9, 9), (1, 1, 1)), name="p"))
    inner = points.points[np.abs(points.points).max(axis=1) < 2]
    assert inner[:, 2 - axis] == pytest.approx(-0.5 + filled, abs=1e-6)


@pytest.mark.parametrize(
    "normal", [(1, 1, 0), (1, 1, 1), (0.3, 0.2, 0.93), (1, 0.4, 0.1), (0.2, 1, 0.5)]
)
def test_an_oblique_plane_is_found(normal: tuple[float, float, float]) -> None:
    """Within 0.02 voxels, of which 0.005 are the samples that the fractions are from."""
    unit = np.array(normal) / np.linalg.norm(normal)
    for offset in (0.0, 0.13, 0.31, 0.47):
        points = inner_points(surface_of(slab_mask(unit, offset)))
        assert len(points) > 30
        assert np.abs(points @ unit - offset).max() < 0.03


def test_the_surface_of_a_ball_is_that_of_the_ball() -> None:
    surface = surface_of(ball(axial_grid(), 20.0, (0.3, -0.2, 0.4)))
    radii = np.linalg.norm(surface.points - (0.3, -0.2, 0.4), axis=1)
    assert np.average(radii, weights=surface.area_mm2) == pytest.approx(20, abs=0.02)
    assert np.abs(radii - 20).max() < 0.15
    assert surface.area_mm2.sum() == pytest.approx(4 * np.pi * 400, rel=0.005)


def test_contours_in_slices_are_joined_without_terraces() -> None:
    """Terraces would share their planes, which lie no distance apart."""
    grid = axial_grid()
    surfaces = [
        surface_of(ball(grid, 20.0, (x, 0.2, 0.4), in_slices=True)) for x in (-2, 2)
    ]
    assert surfaces[0].area_mm2.sum() == pytest.approx(4 * np.pi * 400, rel=0.02)
    found = surface_distances(surfaces[0], surfaces[1])
    assert found.pooled_mean_mm == pytest.approx(2.0, abs=0.03)
    assert found.pooled_percentile_mm(95) == pytest.approx(3.8, abs=0.03)


def test_the_surface_is_closed_also_at_the_border_of_the_grid() -> None:
    """Euler: corners less sides plus triangles of a closed surface without holes is 2."""
    filled = Mask.of(np.ones((4, 5, 6)), axial_grid((4, 5, 6), (1, 1, 1)), name="full")
    for mask in (filled, ball(axial_grid(), 20.0), ball(axial_grid(), 40.0)):
        surface = surface_of(mask)
        sides = Counter(
            frozenset((int(t[n]), int(t[(n + 1) % 3])))
            for t in surface.triangles
            for n in range(3)
        )
        assert set(sides.values()) == {2}
    assert len(filled.fraction.ravel()) == 120
    surface = surface_of(filled)
    assert len(surface.points) - 3 * len(surface.triangles) / 2 + len(
        surface.triangles
    ) == pytest.approx(2)
    assert np.abs(surface.points).max(axis=0).tolist() == [3.0, 2.5, 2.0]


def test_noise_gives_a_closed_surface_too() -> None:
    rng = np.random.default_rng(3)
    mask = Mask.of(rng.random((9, 9, 9)), axial_grid((9, 9, 9), (1, 1, 1)), name="n")
    surface = surface_of(mask)
    sides = Counter(
        frozenset((int(t[n]), int(t[(n + 1) % 3])))
        for t in surface.triangles
        for n in range(3)
    )
    assert all(count % 2 == 0 for count in sides.values())


def test_an_oblique_grid_carries_the_surface_with_it() -> None:
    straight = axial_grid()
    mask = ball(straight, 15.0)
    turned = Grid(straight.shape, (5, 6, 7), straight.spacing, ROTATED, "1.2.3")
    moved = replace(mask, grid=turned)
    middle = turned.to_patient((np.array(turned.shape) - 1) / 2)
    away = np.linalg.norm(surface_of(moved).points - middle, axis=1)
    assert away == pytest.approx(
        np.linalg.norm(surface_of(mask).points, axis=1), abs=1e-9
    )


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (3, -5, 8)])
def test_two_balls_shifted_agree_with_the_closed_form(
    direction: tuple[float, float, float],
) -> None:
    """Shifted by d, distances are spread evenly from 0 to d (d <= R).

    A point at an angle t from the shift lies about d cos t from the other ball, and cos
    t is spread evenly over a sphere; exactly so, in pairs of points before and behind.
    """
    unit = np.array(direction) / np.linalg.norm(direction)
    center = np.array([0.31, -0.22, 0.4])
    grid = axial_grid()
    first = surface_of(ball(grid, 20.0, center - 2 * unit))
    second = surface_of(ball(grid, 20.0, center + 2 * unit))
    found = surface_distances(first, second)
    assert found.hausdorff_mm == pytest.approx(4.0, abs=0.05)
    assert found.pooled_percentile_mm(95) == pytest.approx(3.8, abs=0.05)
    assert max(found.directed_percentiles_mm(95)) == pytest.approx(3.8, abs=0.05)
    assert found.pooled_mean_mm == pytest.approx(2.0, abs=0.02)
    assert found.directed_means_mm == pytest.approx((2.0, 2.0), abs=0.02)
    for tolerance in (1.0, 2.0, 3.0):
        assert found.share_within(tolerance) == pytest.approx(tolerance / 4, abs=0.02)
    assert found.share_within(4.2) == 1.0


def test_two_balls_with_one_center_are_the_difference_of_radii_apart() -> None:
    found = surface_distances(
        surface_of(ball(axial_grid(), 20.0)), surface_of(ball(axial_grid(), 17.0))
    )
    assert found.from_reference_mm == pytest.approx(3.0, abs=0.15)
    assert found.from_test_mm == pytest.approx(3.0, abs=0.15)
    assert found.pooled_mean_mm == pytest.approx(3.0, abs=0.03)


def test_a_surface_lies_at_no_distance_from_itself() -> None:
    surface = surface_of(ball(axial_grid(), 12.0))
    found = surface_distances(surface, surface)
    assert found.hausdorff_mm == 0
    assert found.share_within(0.0) == 1.0


def nearest_of_all(queries: FloatArray, surface: Surface) -> FloatArray:
    """Distances to every triangle by its sides and its plane; the least of them."""
    a, b, c = surface.points[surface.triangles].transpose(1, 0, 2)
    squares = [squares_to_lines(queries, *ends) for ends in ((a, b), (b, c), (c, a))]
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    away = np.einsum("qtx,tx->qt", queries[:, None] - a, normal)
    feet = queries[:, None] - away[..., None] * normal
    within = np.ones(away.shape, bool)
    for start, end in ((a, b), (b, c), (c, a)):
        turn = np.cross(end - start, feet - start)
        within &= np.einsum("qtx,tx->qt", turn, normal) > 0
    squares.append(np.where(within, away**2, np.inf))
    return np.asarray(np.sqrt(np.min(squares, axis=(0, 2))))


def squares_to_lines(
    queries: FloatArray, starts: FloatArray, ends: FloatArray
) -> FloatArray:
    ways, off = ends - starts, queries[:, None] - starts
    lengths = np.maximum((ways**2).sum(axis=-1), 1e-300)
    part = np.clip((off * ways).sum(axis=-1) / lengths, 0, 1)
    return np.asarray(((off - part[..., None] * ways) ** 2).sum(axis=-1))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16))
def test_distances_are_those_to_the_nearest_of_all_triangles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = axial_grid((10, 14, 14), (2.5, 1.0, 1.0))
    first, second = (
        surface_of(ball(grid, radius, rng.uniform(-2, 2, 3).tolist()))
        for radius in (5, 3)
    )
    found = surface_distances(first, second)
    assert found.from_reference_mm == pytest.approx(
        nearest_of_all(first.points, second), abs=1e-6
    )
    assert found.from_test_mm == pytest.approx(
        nearest_of_all(second.points, first), abs=1e-6
    )


def test_the_nearest_triangle_is_found_far_away_and_in_noise() -> None:
    """Where neighbors in space have nothing in common, and where all are far."""
    rng = np.random.default_rng(5)
    grid = axial_grid((6, 6, 30), (1, 1, 1))
    noise, there = rng.random((6, 6, 30)), np.zeros((6, 6, 30))
    noise[:, :, 12:], there[3, 3, 25] = 0, 1
    first, second = (surface_of(Mask.of(m, grid, name="m")) for m in (noise, there))
    found = surface_distances(first, second)
    for queries, surface, distances in (
        (first.points, second, found.from_reference_mm),
        (second.points, first, found.from_test_mm),
    ):
        assert distances == pytest.approx(nearest_of_all(queries, surface), abs=1e-6)


def test_percentiles_and_means_weigh_by_area() -> None:
    """A quarter of the area of one surface is 4 mm away, none of the other is."""
    found = SurfaceDistances(
        np.array([0.0, 4.0]), np.array([3.0, 1.0]), np.zeros(3), np.full(3, 4.0)
    )
    assert found.directed_means_mm == (1.0, 0.0)
    assert found.pooled_mean_mm == pytest.approx(0.25)
    assert found.share_within(1.0) == pytest.approx(15 / 16)
    assert found.directed_percentiles_mm(100) == (4.0, 0.0)
    assert found.pooled_percentile_mm(90) < found.directed_percentiles_mm(90)[0]


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31), percent=st.sampled_from([0, 30, 50, 90, 95, 100]))
def test_percentiles_are_those_of_all_points_in_order(seed: int, percent: int) -> None:
    """Also where many are as far away as each other, which may come in any order."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 300))
    distances = rng.random(count).round(int(rng.integers(0, 4)))
    areas = np.full(count, 0.5) if seed % 2 else rng.random(count) ** 3 + 0.01
    found = SurfaceDistances(distances, areas, np.zeros(1), np.ones(1))
    order = np.argsort(distances, kind="stable")
    middles = np.cumsum(areas[order]) - areas[order] / 2
    expected = np.interp(percent / 100 * areas.sum(), middles, distances[order])
    # Between two distances it matters which of the equal points comes last.
    step = np.diff(np.sort(distances)).max(initial=0) if seed % 2 == 0 else 0
    found_mm = found.directed_percentiles_mm(percent)[0]
    assert found_mm == pytest.approx(expected, abs=1e-9 + step)


def cylinder(radius: float, shift: float = 0.0, slices: int = 6) -> Mask:
    grid = axial_grid((8, 60, 60), (2.0, 1.0, 1.0))
    disc = ball(grid, radius, (shift, 0, -7.0), in_slices=True).full()[0]
    array = np.zeros(grid.shape)
    array[1 : 1 + slices] = disc
    return Mask.of(array, grid, name="cylinder")


def test_the_added_path_is_the_outline_where_all_of_it_is_missed() -> None:
    small, large = surface_of(cylinder(10.0)), surface_of(cylinder(14.0))
    for tolerance in (0.0, 2.0, 3.5):
        added = added_path_length_mm(large, small, tolerance_mm=tolerance)
        assert added == pytest.approx(6 * 2 * np.pi * 14, rel=0.005)
    assert added_path_length_mm(large, small, tolerance_mm=4.5) == 0
    # The outline of the small one is what would be drawn in the other direction.
    added = added_path_length_mm(small, large, tolerance_mm=1.0)
    assert added == pytest.approx(6 * 2 * np.pi * 10, rel=0.005)


def test_the_added_path_of_a_shifted_disc_leaves_out_what_is_near_enough() -> None:
    """Shifted by d, a point at angle t is about d |cos t| away; exactly as for balls.

    Farther than the tolerance s is the part with cos t > (s² + d² + 2 s R) / (2 d (R +
    s)) behind and its counterpart before, from the law of cosines.
    """
    radius, shift, limit = 20.0, 4.0, 2.0
    found = added_path_length_mm(
        surface_of(cylinder(radius)), surface_of(cylinder(radius, shift)),
        tolerance_mm=limit,
    )  # fmt: skip
    # |p - c| for p = R (cos t, sin t), c = (d, 0) is R + s or R - s at the limit.
    angles = [
        np.arccos(
            (radius**2 + shift**2 - (radius + side * limit) ** 2) / (2 * radius * shift)
        )
        for side in (1, -1)
    ]
    missed = 2 * radius * ((np.pi - angles[0]) + angles[1])
    assert found == pytest.approx(6 * missed, rel=0.02)


def test_a_slice_without_an_outline_is_added_as_a_whole() -> None:
    whole, part = surface_of(cylinder(10.0)), surface_of(cylinder(10.0, slices=4))
    added = added_path_length_mm(whole, part, tolerance_mm=1.0)
    assert added == pytest.approx(2 * 2 * np.pi * 10, rel=0.005)
    assert added_path_length_mm(part, whole, tolerance_mm=1.0) == 0


def test_the_added_path_of_an_absent_structure_is_its_whole_outline() -> None:
    grid = axial_grid((8, 60, 60), (2.0, 1.0, 1.0))
    nothing = surface_of(Mask.of(np.zeros(grid.shape), grid, name="nothing"))
    there = surface_of(cylinder(10.0))
    added = added_path_length_mm(there, nothing, tolerance_mm=1.0)
    assert added == pytest.approx(6 * 2 * np.pi * 10, rel=0.005)
    assert added_path_length_mm(nothing, there, tolerance_mm=1.0) == 0


@pytest.mark.slow
def test_two_liters_are_compared_at_once() -> None:
    """0.3 s of CPU time are asked for; half as much again leaves room for others."""
    import time

    grid = axial_grid((90, 200, 160), (2.5, 0.98, 0.98))
    first = ball(grid, 78.0)
    second = ball(grid, 78.0, (1, 2, 3))
    surface_distances(surface_of(first), surface_of(second))
    took = []
    for _ in range(3):
        started = time.process_time()
        surface_distances(surface_of(first), surface_of(second))
        took.append(time.process_time() - started)
    assert min(took) < 0.45
