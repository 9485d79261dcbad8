from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.errors import GeometryError, InputError

GRID = Grid(
    shape=(1, 2, 3),
    origin=(0.0, 0.0, 0.0),
    spacing=(2.0, 1.0, 1.0),
    axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
    frame_of_reference="1.2.3",
)
NUMBERS = np.array([[[0, 1, 1], [2, 2, 300]]], dtype=np.uint16)
LABELS = (Label(1, "lung"), Label(2, "heart", (255, 0, 0)), Label(300, "lung"))


def test_the_mask_of_a_region_goes_by_name_or_number() -> None:
    regions = LabelMap(NUMBERS.copy(), GRID, LABELS)
    assert regions.mask("heart").tolist() == [[[False] * 3, [True, True, False]]]
    assert regions.mask(300).sum() == 1
    assert regions[2] is LABELS[1]


def test_a_number_without_a_label_has_a_mask_too() -> None:
    assert LabelMap(NUMBERS.copy(), GRID).mask(1).sum() == 2


def test_a_name_that_no_label_or_several_have_is_refused() -> None:
    regions = LabelMap(NUMBERS.copy(), GRID, LABELS)
    with pytest.raises(
        InputError, match="No label 'liver'; there are: 1 'lung', 2 'heart'"
    ):
        regions.mask("liver")
    with pytest.raises(InputError, match="2 labels are named 'lung'"):
        regions.mask("lung")


@pytest.mark.parametrize("number", [0, -1, 65536])
def test_a_label_needs_a_number_that_voxels_can_have(number: int) -> None:
    with pytest.raises(InputError, match=f"from 1 to 65535; got {number}"):
        Label(number, "x")


@pytest.mark.parametrize("color", [(0, 0, 256), (-1, 0, 0)])
def test_a_color_out_of_range_is_refused(color: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="from 0 to 255; label 7"):
        Label(7, "x", color)


def test_numbers_of_another_type_are_refused() -> None:
    with pytest.raises(InputError, match="uint8 or uint16; got int16"):
        LabelMap(NUMBERS.astype(np.int16), GRID)  # type: ignore[arg-type]


def test_two_labels_of_one_number_are_refused() -> None:
    with pytest.raises(InputError, match=r"its own number; got \[1, 1\]"):
        LabelMap(NUMBERS.copy(), GRID, (Label(1, "a"), Label(1, "b")))


def test_a_label_that_the_voxels_cannot_hold_is_refused() -> None:
    with pytest.raises(InputError, match="Label 256 does not fit voxels of uint8"):
        LabelMap(np.zeros((1, 2, 3), np.uint8), GRID, (Label(256, "a"),))


def test_a_label_map_has_the_shape_of_its_grid() -> None:
    with pytest.raises(GeometryError, match="does not fit a grid"):
        LabelMap(np.zeros((1, 2, 4), np.uint8), GRID)
