"""Parts, holes, gaps and roughness of masks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.mask import Mask
from kerma.errors import InputError
from kerma.imaging.mask_shape import (
    fill_holes,
    fill_slices,
    largest_part,
    remove_small_parts,
    smooth,
)
from kerma.imaging.masks import mask_of
from kerma.imaging.structure_algebra import subtraction, union
from tests.imaging.solids import circle, sphere, structure, upright

GRID = upright((40, 50, 52), (1.0, 1.0, 1.0))
BIG, SMALL = sphere(GRID, 9, (-8, 0, 0)), sphere(GRID, 4, (14, 3, 2))
NOTHING = Mask.of(np.zeros(GRID.shape), GRID, name="S")


def test_the_largest_part_stays_with_its_partly_filled_voxels() -> None:
    kept = largest_part(union(SMALL, BIG))
    np.testing.assert_array_equal(kept.full(), BIG.full())
    assert largest_part(NOTHING).is_empty


def test_parts_below_a_volume_go() -> None:
    both = union(BIG, SMALL)
    small = SMALL.volume_mm3
    assert remove_small_parts(both, least_mm3=small - 1).volume_mm3 == pytest.approx(
        both.volume_mm3
    )
    kept = remove_small_parts(both, least_mm3=small + 1)
    np.testing.assert_array_equal(kept.full(), BIG.full())
    assert remove_small_parts(both, least_mm3=1e6).is_empty


def test_a_hole_is_filled_and_the_surface_stays() -> None:
    hollow = subtraction(BIG, sphere(GRID, 4, (-8.3, 0.4, 0.2)))
    np.testing.assert_allclose(fill_holes(hollow).full(), BIG.full(), atol=1e-6)
    assert fill_holes(NOTHING).is_empty


def test_the_lumen_of_a_tube_is_filled_within_slices_only() -> None:
    zs = np.arange(-9.5, 10)
    tube = mask_of(structure(circle(r, z) for z in zs for r in (10, 6)), GRID)
    assert fill_holes(tube).volume_mm3 == pytest.approx(tube.volume_mm3)
    filled = fill_holes(tube, in_slices=True)
    assert filled.volume_mm3 == pytest.approx(20 * math.pi * 100, rel=1e-4)


def test_empty_slices_are_filled_in_with_the_shape_between() -> None:
    """A cone drawn on every fourth slice: its radius goes from 20 to 8 over 12 mm."""
    zs = [-5.5, -1.5, 2.5, 6.5]
    thin = union(
        *(
            mask_of(
                structure(circle(20 - (z + 5.5), z) for z in pair), GRID, fill_gaps=0
            ).binary()
            for pair in ((zs[0], zs[2]), (zs[1], zs[3]))
        )
    )
    array = thin.full()
    for k in range(GRID.shape[0]):
        if GRID.origin[2] + k not in zs:
            array[k] = 0
    filled = fill_slices(Mask.of(array, GRID, name="Cone"))
    areas = filled.full().sum(axis=(1, 2), dtype=float)
    at = np.arange(-5.5, 7)
    first = round(zs[0] - GRID.origin[2])
    np.testing.assert_allclose(
        areas[first : first + 13], np.pi * (20 - (at + 5.5)) ** 2, rtol=0.02
    )
    assert areas[:first].sum() == areas[first + 13 :].sum() == 0
    assert fill_slices(NOTHING) is NOTHING


def test_smoothing_takes_a_spike_and_keeps_the_volume() -> None:
    array = BIG.full()
    array[20, 25, 27:45] = 1
    spiked = Mask.of(array, GRID, name="S")
    smoothed = smooth(spiked, sigma_mm=2.0)
    assert smoothed.volume_mm3 == pytest.approx(spiked.volume_mm3, rel=1e-4)
    assert smoothed.full()[20, 25, 38:].sum() < 0.01
    assert smooth(NOTHING, sigma_mm=2.0).is_empty


def test_smoothing_leaves_a_sphere_a_sphere() -> None:
    smoothed = smooth(BIG, sigma_mm=1.5).full()
    np.testing.assert_allclose(smoothed, BIG.full(), atol=0.12)


def test_smoothing_at_the_border_of_the_grid_stays_within_it() -> None:
    cut = sphere(GRID, 9, (-24.0, 0, 0))
    assert smooth(cut, sigma_mm=2.0).volume_mm3 == pytest.approx(
        cut.volume_mm3, rel=1e-4
    )


def test_smoothing_needs_a_width_and_even_slices() -> None:
    with pytest.raises(InputError, match="got 0 mm on even slices"):
        smooth(BIG, sigma_mm=0)
    uneven = (*range(39), 40.5)
    with pytest.raises(InputError, match="uneven slices"):
        smooth(Mask.of(BIG.full(), replace(GRID, offsets=uneven), name="S"), sigma_mm=1)
