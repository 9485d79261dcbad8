"""Masks."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.mask import Mask, slice_borders
from kerma.core.packed_fractions import PackedFractions
from kerma.errors import GeometryError, InputError

AXES = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)
UNEVEN = Grid((3, 4, 5), (0, 0, 0), (2.0, 1.5, 1.0), AXES, "", offsets=(0, 2, 6))
packed = PackedFractions.of


def test_slices_meet_half_way_and_end_as_far_out_as_in() -> None:
    np.testing.assert_allclose(slice_borders(UNEVEN), [-1, 1, 4, 8])
    single = Grid((1, 4, 5), (0, 0, 0), (3.0, 1.5, 1.0), AXES, "")
    np.testing.assert_allclose(slice_borders(single), [-1.5, 1.5])


def test_each_voxel_counts_with_its_fraction_and_thickness() -> None:
    """Thicknesses 2, 3 and 4 mm, pixels of 1.5 mm²."""
    array = np.zeros((3, 4, 5))
    array[:, 1, 2] = [0.5, 1, 0.25]
    mask = Mask.of(array, UNEVEN, name="S")
    assert mask.volume_mm3 == pytest.approx(1.5 * (1 + 3 + 1))
    assert (mask.corner, mask.fraction.shape) == ((0, 1, 2), (3, 1, 1))
    np.testing.assert_array_equal(mask.full(), array)


def test_the_volume_across_oblique_slices_is_that_of_the_slanted_voxels() -> None:
    slanted = (0.0, 0.6, 0.8), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)
    grid = Grid((2, 2, 2), (0, 0, 0), (2.0, 1.0, 1.0), slanted, "")
    mask = Mask.of(np.ones((2, 2, 2)), grid, name="S")
    assert mask.volume_mm3 == pytest.approx(8 * 2 * 0.8)


def test_half_full_voxels_are_whole_in_a_binary_mask() -> None:
    array = np.zeros((3, 4, 5))
    array[1, 1, 1:4] = [0.49, 0.5, 1]
    assert Mask.of(array, UNEVEN, name="S").binary().full().sum() == 2
    with pytest.raises(InputError, match="threshold lies from 0 to 1; got 0"):
        Mask.of(array, UNEVEN, name="S").binary(0)


def test_nothing_is_an_empty_mask() -> None:
    mask = Mask.of(np.zeros((3, 4, 5)), UNEVEN, name="S")
    assert mask.is_empty
    assert mask.volume_mm3 == 0
    assert not mask.full().any()


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_a_fraction_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        Mask("S", UNEVEN, packed(np.full((1, 1, 1), value, np.float32)))


def test_a_box_beyond_the_grid_or_of_another_type_is_refused() -> None:
    with pytest.raises(GeometryError, match="does not fit"):
        Mask("S", UNEVEN, packed(np.ones((1, 1, 1), np.float32)), (3, 0, 0))
    with pytest.raises(InputError, match="float64"):
        packed(np.ones((1, 1, 1)))
