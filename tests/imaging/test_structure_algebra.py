"""Union, intersection and differences of structures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.mask import Mask
from kerma.errors import GeometryError
from kerma.imaging.masks import mask_of
from kerma.imaging.structure_algebra import (
    difference,
    intersection,
    subtraction,
    union,
)
from tests.imaging.solids import sphere, square, structure, upright

GRID = upright((20, 50, 50), (1.0, 1.0, 1.0))
ZS = [-3.5, -2.5, -1.5, -0.5]


def prism(half: float, center: tuple[float, float] = (0.3, 0.3)) -> Mask:
    return mask_of(structure(square(half, z, center) for z in ZS), GRID)


def test_one_prism_within_another_is_taken_out_of_it_exactly() -> None:
    """Their walls stand in one voxel, 0.2 mm apart; only edges are not flat."""
    inner, outer = prism(8.0), prism(8.2)
    common = intersection(inner, outer)
    assert common.volume_mm3 == pytest.approx(inner.volume_mm3, rel=5e-4)
    flat = np.s_[7:9, 20:30]
    np.testing.assert_allclose(common.full()[flat], inner.full()[flat], atol=1e-6)
    shell = 4 * 4 * (8.2**2 - 8.0**2)
    assert subtraction(outer, inner).volume_mm3 == pytest.approx(shell, abs=0.5)
    assert union(inner, outer).volume_mm3 == pytest.approx(outer.volume_mm3, rel=5e-4)


def test_prisms_wall_to_wall_have_nothing_in_common() -> None:
    """The wall stands at 0.3 mm from the middle of a voxel."""
    left, right = prism(4.0, (-3.7, 0)), prism(4.0, (4.3, 0))
    together = left.volume_mm3 + right.volume_mm3
    common = intersection(left, right).volume_mm3
    # The edges, where two walls of each meet, are what is not exact.
    assert common == pytest.approx(0, abs=0.005 * together)
    flat = intersection(left, right).full()[7:9, 23:28]
    np.testing.assert_allclose(flat, 0, atol=1e-6)
    np.testing.assert_allclose(
        union(left, right).full()[7:9, 22:28, 20:30], 1, atol=1e-6
    )


def test_walls_across_each_other_cut_out_a_rectangle() -> None:
    one, other = prism(6.0, (0.2, 0.1)), prism(6.0, (5.6, 4.8))
    common = intersection(one, other).volume_mm3
    assert common == pytest.approx(4 * (12 - 5.4) * (12 - 4.7), rel=0.005)


def test_volumes_add_up_whatever_the_shapes() -> None:
    one, other = sphere(GRID, 8), sphere(GRID, 7, (4.2, 1.1, -2.0))
    both, common = union(one, other), intersection(one, other)
    total = one.volume_mm3 + other.volume_mm3
    assert both.volume_mm3 + common.volume_mm3 == pytest.approx(total, rel=1e-6)
    rest = subtraction(one, other).volume_mm3 + common.volume_mm3
    assert rest == pytest.approx(one.volume_mm3, rel=1e-6)
    assert difference(one, other).volume_mm3 == pytest.approx(
        both.volume_mm3 - common.volume_mm3, rel=1e-5
    )


def test_the_lens_of_two_spheres_has_its_volume() -> None:
    """V = π (4R + d) (2R - d)² / 12."""
    one, other = sphere(GRID, 8, (0, 0, 0)), sphere(GRID, 8, (5.0, 0, 0))
    lens = np.pi * (4 * 8 + 5) * (2 * 8 - 5) ** 2 / 12
    assert intersection(one, other).volume_mm3 == pytest.approx(lens, rel=0.005)


def test_with_nothing_a_structure_stays_and_with_itself_it_goes() -> None:
    ball = sphere(GRID, 6)
    nothing = Mask.of(np.zeros(GRID.shape), GRID, name="None")
    assert union(ball, nothing).volume_mm3 == pytest.approx(ball.volume_mm3)
    assert union(nothing, ball).volume_mm3 == pytest.approx(ball.volume_mm3)
    assert intersection(ball, nothing).is_empty
    assert subtraction(nothing, nothing).is_empty
    assert difference(ball, ball).volume_mm3 == pytest.approx(0, abs=1e-3)


def test_masks_on_different_grids_are_refused() -> None:
    ball = sphere(GRID, 6)
    moved = replace(GRID, origin=(0.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="'S' and 'T' lie on different grids"):
        union(ball, Mask.of(ball.full(), moved, name="T"))
