"""Margins."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.errors import GeometryError, InputError
from kerma.imaging.margins import (
    Margin,
    crop_away,
    crop_to,
    expand,
    ring,
    shrink,
)
from kerma.imaging.masks import mask_of
from kerma.simulation.rt_set import Layout, simulate_rt_set
from tests.imaging.solids import dice, sampled, sphere, square, structure, upright

FINE = upright((48, 50, 52), (1.0, 1.0, 1.0))
CT = upright((24, 50, 52), (2.5, 1.0, 1.0))
COARSE = upright((22, 34, 32), (3.0, 2.0, 2.0))


def volume(radius: float) -> float:
    return 4 / 3 * math.pi * radius**3


def extent(mask: Mask) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest x, y, z of the voxels that are filled by half."""
    index = np.argwhere(mask.full() >= 0.5).astype(float)
    places = mask.grid.to_patient(index)
    return places.min(axis=0), places.max(axis=0)


@pytest.mark.parametrize("grid", [FINE, CT, COARSE], ids=["1x1x1", "2.5x1x1", "3x2x2"])
@pytest.mark.parametrize("margin_mm", [2.0, 5.0])
def test_a_sphere_grows_by_its_margin_and_shrinks(grid: Grid, margin_mm: float) -> None:
    ball = sphere(grid, 14, (0.3, -0.2, 0.4))
    larger = expand(ball, margin_mm).volume_mm3
    assert larger == pytest.approx(volume(14 + margin_mm), rel=0.01)
    smaller = shrink(ball, margin_mm).volume_mm3
    # 0.1 mm of radius: what is curved is rounded off by the voxels.
    radius = (smaller / volume(1)) ** (1 / 3)
    assert radius == pytest.approx(14 - margin_mm, abs=0.1)


@pytest.mark.parametrize("margin_mm", [0.5, 1.0])
def test_margins_below_a_voxel_count(margin_mm: float) -> None:
    ball = sphere(CT, 10)
    assert expand(ball, margin_mm).volume_mm3 == pytest.approx(
        volume(10 + margin_mm), rel=0.01
    )


def test_each_side_of_a_box_moves_by_its_own_margin() -> None:
    """At the middle of its sides; edges are rounded off by ellipsoids."""
    box = mask_of(structure(square(6.5, z) for z in np.arange(-5.5, 6)), FINE)
    low, high = extent(box)
    margin = Margin(
        right_mm=3,
        left_mm=8,
        anterior_mm=2,
        posterior_mm=5,
        inferior_mm=0,
        superior_mm=10,
    )
    lower, higher = extent(expand(box, margin))
    np.testing.assert_allclose(low - lower, [3, 2, 0], atol=1e-6)
    np.testing.assert_allclose(higher - high, [8, 5, 10], atol=1e-6)
    lower, higher = extent(shrink(box, replace(margin, superior_mm=4)))
    np.testing.assert_allclose(lower - low, [3, 2, 0], atol=1e-6)
    np.testing.assert_allclose(high - higher, [8, 5, 4][:3], atol=3.1)


def test_a_point_grows_into_eight_eighths_of_ellipsoids() -> None:
    """Each has a volume of π abc / 6."""
    array = np.zeros(FINE.shape)
    array[24, 25, 26] = 0.01
    margin = Margin(9, 12, 6, 10, 8, 14)
    grown = expand(Mask.of(array, FINE, name="Point"), margin)
    expected = math.pi / 6 * (9 + 12) * (6 + 10) * (8 + 14)
    # A point counts as a voxel, which adds half a millimeter to each side.
    wider = math.pi / 6 * (10 + 12) * (7 + 10) * (9 + 14)
    assert expected < grown.volume_mm3 < wider
    low, high = extent(grown)
    center = FINE.to_patient(np.array([24.0, 25, 26]))
    np.testing.assert_allclose(center - low, [9, 6, 8], atol=0.6)
    np.testing.assert_allclose(high - center, [12, 10, 14], atol=0.6)


def test_sides_are_those_of_the_patient_in_any_position() -> None:
    for position in ("HFS", "FFS", "HFP", "FFP"):
        patient = simulate_rt_set(Layout(position=position))
        mask = mask_of(patient.structures["GTV"], patient.ct.grid)
        low, high = extent(mask)
        lower, higher = extent(expand(mask, Margin(0, 9, 0, 0, 6, 0)))
        np.testing.assert_allclose(low - lower, [0, 0, 6], atol=1e-6)
        np.testing.assert_allclose(higher - high, [9, 0, 0], atol=1e-6)


def test_uneven_slices_are_taken_where_they_lie() -> None:
    offsets = tuple(np.cumsum([0, *[1.0, 1.0, 2.0, 1.5] * 8]).tolist())
    grid = replace(upright((33, 50, 50), (1.0, 1.0, 1.0)), offsets=offsets)
    middle = (0.0, 0.0, grid.origin[2] + offsets[-1] / 2)
    ball = sampled(grid, lambda p: np.linalg.norm(p - np.array(middle), axis=-1) <= 10)
    assert expand(ball, 4.0).volume_mm3 == pytest.approx(volume(14), rel=0.01)


def test_a_ring_lies_between_its_distances() -> None:
    ball = sphere(FINE, 12)
    shell = ring(ball, inner_mm=3, outer_mm=7)
    assert shell.volume_mm3 == pytest.approx(volume(19) - volume(15), rel=0.02)
    wall = ring(ball, inner_mm=-3, outer_mm=0)
    assert wall.volume_mm3 == pytest.approx(volume(12) - volume(9), rel=0.02)
    with pytest.raises(InputError, match="got 3 mm to 3 mm"):
        ring(ball, inner_mm=3, outer_mm=3)


def test_cropping_leaves_a_gap() -> None:
    slab = mask_of(structure(square(20, z) for z in np.arange(-19.5, 20)), FINE)
    ball = sphere(FINE, 8)
    away = crop_away(slab, ball, gap_mm=4)
    assert away.volume_mm3 == pytest.approx(slab.volume_mm3 - volume(12), rel=0.005)
    assert crop_to(slab, ball, gap_mm=3).volume_mm3 == pytest.approx(
        volume(5), rel=0.06
    )


def test_no_margin_changes_nothing() -> None:
    ball = sphere(CT, 9)
    assert expand(ball, 0) is ball
    assert shrink(ball, Margin.of(0)) is ball
    empty = Mask.of(np.zeros(CT.shape), CT, name="S")
    assert expand(empty, 5) is empty


def test_what_is_thinner_than_a_margin_goes() -> None:
    assert shrink(sphere(FINE, 6), 7).is_empty


def test_the_border_of_the_grid_is_a_surface() -> None:
    whole = Mask.of(np.ones(FINE.shape), FINE, name="All")
    assert shrink(whole, 5).volume_mm3 == pytest.approx(38 * 40 * 42, rel=0.01)
    np.testing.assert_array_equal(expand(whole, 5).full(), whole.full())


def test_a_hair_grows_too() -> None:
    """A fifth of a voxel wide, it fills no voxel by half."""
    hair = mask_of(structure(square(0.1, z) for z in np.arange(-9.5, 10)), FINE)
    grown = expand(hair, 4.0)
    assert grown.volume_mm3 > math.pi * 16 * 20
    assert dice(grown.binary(), grown) > 0.9


def test_tilted_and_oblique_grids_are_refused_where_sides_are_not_known() -> None:
    patient = simulate_rt_set(Layout(tilt_deg=18.0))
    tilted = mask_of(patient.structures["GTV"], patient.ct.grid)
    with pytest.raises(GeometryError, match="stacked obliquely"):
        expand(tilted, 5)
    turned = (0.0, 0.0, 1.0), (-0.6, 0.8, 0.0), (0.8, 0.6, 0.0)
    oblique = sphere(replace(FINE, axes=turned, origin=(0, -30, -20)), 9, (0, 0, 0))
    grown = expand(oblique, 4.0)
    assert grown.volume_mm3 == pytest.approx(volume(13), rel=0.01)
    with pytest.raises(GeometryError, match="grid parallel to the patient"):
        expand(oblique, Margin(1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("margin_mm", [-1.0, 201.0, math.nan])
def test_margins_that_are_none_are_refused(margin_mm: float) -> None:
    with pytest.raises(InputError, match="right_mm"):
        expand(sphere(COARSE, 9), margin_mm)
