"""Size and shape of boxes and cylinders, whose answers fit on a line."""

import numpy as np
import pytest

from kerma.core.arrays import LabelArray
from kerma.workflows.breast_ct.shape import (
    gland_by_radius,
    quadrants,
    shape_of,
    volumes_ml,
)
from kerma.workflows.breast_ct.tissues import Tissue

SPACING = (0.5, 0.4, 0.3)
VOXEL_ML = 0.5 * 0.4 * 0.3 / 1000


def cylinder() -> LabelArray:
    """Fat in a disc of 6 mm radius for 40 slices, with muscle in the first ten."""
    down = (np.arange(41) - 20)[:, None] * 0.4
    across = (np.arange(51) - 25)[None, :] * 0.3
    numbers = np.zeros((60, 41, 51), np.uint8)
    numbers[:40, np.hypot(down, across) <= 6.0] = Tissue.FAT
    numbers[:10][numbers[:10] > 0] = Tissue.MUSCLE
    return numbers


def test_volumes_count_each_tissue_and_leave_air_out() -> None:
    numbers = cylinder()
    volumes = volumes_ml(numbers, SPACING)
    assert "air" not in volumes
    assert volumes["fat"] == pytest.approx((numbers == 1).sum() * VOXEL_ML)
    assert volumes["implant"] == 0


def test_a_cylinder_has_its_diameter_and_length() -> None:
    shape = shape_of(cylinder(), SPACING)
    assert shape.length_mm == 20.0
    # The pixels of a disc of 6 mm have its area to 1 %.
    assert shape.chest_wall_diameter_mm == pytest.approx(12.0, rel=0.01)
    assert shape.depths_mm == (0.0, 5.0, 10.0, 15.0)
    assert shape.effective_diameters_mm == pytest.approx([12.0] * 4, rel=0.01)


def test_muscle_is_no_part_of_the_breasts_volume() -> None:
    numbers = cylinder()
    shape = shape_of(numbers, SPACING)
    assert shape.volume_ml == pytest.approx((numbers == 1).sum() * VOXEL_ML)


def test_an_empty_map_has_no_length() -> None:
    shape = shape_of(np.zeros((3, 4, 5), np.uint8), SPACING)
    assert (shape.length_mm, shape.volume_ml, shape.depths_mm) == (0.0, 0.0, ())


@pytest.mark.parametrize(("laterality", "where"), [("L", "outer"), ("R", "inner")])
def test_gland_at_the_patients_left_is_outer_in_the_left_breast_only(
    laterality: str, where: str
) -> None:
    numbers = np.full((4, 10, 10), Tissue.FAT, np.uint8)
    numbers[:, :5, 5:] = Tissue.GLAND
    parts = quadrants(numbers, (3, 5, 5), SPACING, laterality)
    found = {part.name: part.gland_fraction for part in parts}
    assert found.pop(f"upper {where}") == 1.0
    assert set(found.values()) == {0.0}
    assert sum(part.tissue_ml for part in parts) == pytest.approx(400 * VOXEL_ML)


def test_a_quadrant_without_tissue_has_no_fraction() -> None:
    numbers = np.zeros((4, 10, 10), np.uint8)
    assert quadrants(numbers, (3, 5, 5), SPACING, "L")[0].gland_fraction is None


def test_gland_within_five_millimeters_shows_in_the_first_ring_only() -> None:
    numbers = cylinder()
    down = (np.arange(41) - 20)[:, None] * 0.4
    across = (np.arange(51) - 25)[None, :] * 0.3
    core = np.hypot(down, across) < 5.0
    numbers[10:40, core] = Tissue.GLAND
    first, second = gland_by_radius(numbers, (39, 20, 25), SPACING)
    assert (first.name, first.gland_fraction) == ("0-5 mm", 1.0)
    assert (second.name, second.gland_fraction) == ("5-10 mm", 0.0)
