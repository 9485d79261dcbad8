"""Sections through a breast: which one, and which way up."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.reports.breast_ct.sections import Plane, Section, largest_section
from kerma.workflows.breast_ct.tissues import Tissue

SHAPE = (4, 5, 6)  # chest wall to nipple, head to feet, right to left


@pytest.mark.parametrize("plane", list(Plane))
def test_a_voxel_is_drawn_where_its_place_says(plane: Plane) -> None:
    index = (1, 3, 4)
    array = np.zeros(SHAPE)
    array[index] = 1
    section = Section(plane, index[plane.axis])
    picture = section.of(array)
    row, column = section.place(index, SHAPE)
    assert picture[int(row), int(column)] == 1
    assert picture.sum() == 1


@pytest.mark.parametrize(
    ("plane", "index", "corner"),
    [
        (Plane.CORONAL, (0, 0, 5), (0, -1)),  # head and left: top right, face to face
        (Plane.TRANSVERSAL, (3, 0, 0), (0, 0)),  # nipple and right: top left
        (Plane.SAGITTAL, (3, 4, 0), (-1, 0)),  # nipple and feet: bottom left
    ],
)
def test_pictures_stand_as_a_radiologist_expects(
    plane: Plane, index: tuple[int, int, int], corner: tuple[int, int]
) -> None:
    array = np.zeros(SHAPE)
    array[index] = 1
    assert Section(plane, index[plane.axis]).of(array)[corner] == 1


def test_the_largest_section_holds_most_of_the_breast_not_of_muscle_and_fold() -> None:
    numbers = np.zeros(SHAPE, np.uint8)
    numbers[0] = Tissue.MUSCLE
    numbers[1, :, :4] = Tissue.FOLD
    numbers[2, :2, 2] = Tissue.FAT
    numbers[3, 1, 2] = Tissue.SKIN
    assert largest_section(numbers, Plane.CORONAL).index == 2
    assert largest_section(numbers, Plane.TRANSVERSAL).index == 1
    assert largest_section(numbers, Plane.SAGITTAL).index == 2


def test_without_a_breast_it_is_the_middle() -> None:
    assert largest_section(np.zeros(SHAPE, np.uint8), Plane.SAGITTAL).index == 3


def test_pixels_have_the_size_of_the_voxels() -> None:
    spacing = (0.6, 0.3, 0.4)
    sizes = {plane: Section(plane, 0).pixel_mm(spacing) for plane in Plane}
    assert sizes == {
        Plane.CORONAL: (0.3, 0.4),
        Plane.SAGITTAL: (0.3, 0.6),
        Plane.TRANSVERSAL: (0.6, 0.4),
    }
