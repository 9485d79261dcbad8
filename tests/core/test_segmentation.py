"""Segments on a grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kerma.core.arrays import BoolArray
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.segmentation import Segment, Segmentation, crop
from kerma.errors import GeometryError, InputError

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = Grid((3, 4, 5), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), AXIAL, "1.2")


def segment(number: int, label: str, *indices: tuple[int, int, int]) -> Segment:
    whole = np.zeros(GRID.shape, np.bool_)
    for index in indices:
        whole[index] = True
    return Segment(number, label, *crop(whole))


@given(arrays(np.bool_, (3, 4, 5), elements=st.booleans()))
def test_a_cropped_segment_is_whole_again_on_its_grid(whole: BoolArray) -> None:
    box, corner = crop(whole)
    assert box.size <= whole.size
    one = Segmentation(GRID, (Segment(1, "a", box, corner),))
    np.testing.assert_array_equal(one.mask(1), whole)


def test_a_segment_is_found_by_number_and_by_label() -> None:
    both = Segmentation(GRID, (segment(1, "a", (0, 0, 0)), segment(2, "a", (1, 1, 1))))
    assert both[2].corner == (1, 1, 1)
    with pytest.raises(
        InputError, match="2 segments are named 'a'; choose one by its number"
    ):
        both["a"]
    with pytest.raises(InputError, match="No segment 3"):
        both.mask(3)


def test_segments_apart_make_a_label_map_and_come_back() -> None:
    both = Segmentation(
        GRID, (segment(1, "a", (0, 0, 0)), segment(300, "b", (1, 1, 1), (2, 3, 4)))
    )
    labels = both.to_label_map()
    assert labels.array.dtype == np.uint16
    assert (labels.array[0, 0, 0], labels.array[2, 3, 4]) == (1, 300)
    again = Segmentation.from_label_map(labels)
    assert [s.name for s in again.segments] == ["a", "b"]
    np.testing.assert_array_equal(again.mask("b"), both.mask("b"))


def test_segments_that_overlap_make_no_label_map() -> None:
    both = Segmentation(GRID, (segment(1, "a", (1, 1, 1)), segment(2, "b", (1, 1, 1))))
    with pytest.raises(InputError, match=r"Segment 2 overlaps with \[1\]"):
        both.to_label_map()


def test_a_fraction_counts_from_the_threshold() -> None:
    array = np.array([[[0.0, 0.49, 0.5, 1.0]]], np.float32)
    part = Segmentation(GRID, (Segment(1, "a", array, (1, 2, 1)),))
    assert part.segments[0].is_fractional
    assert part.to_label_map().array[1, 2].tolist() == [0, 0, 0, 1, 1]
    assert part.to_label_map(threshold=0.4).array[1, 2].tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_a_fraction_beyond_its_range_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="A fraction lies from 0 to 1"):
        Segment(1, "a", np.full((1, 1, 1), value, np.float32))


def test_what_is_no_segment_is_refused() -> None:
    array = np.ones((1, 1, 2), np.bool_)
    with pytest.raises(InputError, match="number from 1"):
        Segment(0, "a", array)
    with pytest.raises(InputError, match="bool or float32"):
        Segment(1, "a", array.astype(np.float64))
    with pytest.raises(GeometryError, match="does not fit a grid"):
        Segmentation(GRID, (Segment(1, "a", array, (0, 0, 4)),))
    with pytest.raises(InputError, match="its own number"):
        Segmentation(GRID, (Segment(1, "a", array), Segment(1, "b", array)))


def test_a_number_without_a_label_becomes_no_segment() -> None:
    labels = LabelMap(np.full(GRID.shape, 2, np.uint8), GRID, labels=(Label(1, "a"),))
    with pytest.raises(InputError, match=r"the numbers \[2\], which have no label"):
        Segmentation.from_label_map(labels)
