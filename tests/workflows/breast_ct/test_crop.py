"""What is cut out of a scan can be put back."""

import numpy as np

from kerma.core.grid import Grid
from kerma.workflows.breast_ct.crop import Crop
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.skin import Skin

SHAPE = (6, 7, 8)
CROP = Crop((slice(0, 4), slice(2, 6), slice(3, 8)), SHAPE)
AXES = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))


def test_a_part_put_back_lies_where_it_was_and_nothing_else_does() -> None:
    hu = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    part = CROP.of_image(BreastImage(hu, (1.0, 1.0, 1.0))).hu
    back = CROP.placed(part)
    np.testing.assert_array_equal(back[CROP.bounds], hu[CROP.bounds])
    back[CROP.bounds] = 0
    assert not back.any()


def test_a_voxel_of_the_part_keeps_its_position() -> None:
    grid = Grid(SHAPE, (10.0, 20.0, 30.0), (0.5, 0.4, 0.3), AXES, "1.2")
    part = CROP.of_grid(grid)
    assert part.shape == (4, 4, 5)
    inside = np.array([1, 1, 1])
    np.testing.assert_allclose(
        part.to_patient(inside), grid.to_patient(inside + CROP.corner)
    )


def test_the_skins_places_move_with_it() -> None:
    skin = Skin(
        mask=np.ones((4, 4, 5), bool),
        positions=np.array([[0.0, 1.0, 2.0]]),
        thickness_mm=np.array([1.5]),
        measured=np.array([True]),
        mean_mm=1.5,
        sd_mm=0.0,
        coverage=1.0,
        nipple=(3.0, 2.0, 2.0),
    )
    moved = CROP.placed_skin(skin)
    assert moved.positions.tolist() == [[0.0, 3.0, 5.0]]
    assert moved.nipple == (3.0, 4.0, 5.0)
    assert moved.mask.sum() == skin.mask.sum()
