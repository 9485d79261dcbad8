"""Coverage of the pixels of one plane."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.imaging.plane_coverage import area_of_plane, plane_coverage

SHAPE = (20, 22)


def box(j0: float, i0: float, j1: float, i1: float) -> FloatArray:
    return np.array([[j0, i0], [j0, i1], [j1, i1], [j1, i0]])


def area(*contours: FloatArray, overlap: str = "xor") -> float:
    cover = plane_coverage(contours, SHAPE, overlap=overlap)  # type: ignore[arg-type]
    return float(cover.sum(dtype=float))


def test_no_contours_cover_nothing() -> None:
    assert area() == 0
    assert area(np.zeros((0, 2))) == 0


def test_a_turned_square_has_its_area() -> None:
    turn = np.radians(27)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = (box(-3, -3, 3, 3) @ rotation.T) + [9.3, 8.7]
    assert area(turned) == pytest.approx(36, rel=1e-6)


def test_a_partial_overlap_is_left_out_or_taken_in_and_its_size_told() -> None:
    pair = box(0, 0, 6, 6), box(3, 3, 9, 9)
    assert area(*pair) == pytest.approx(54)
    assert area(*pair, overlap="union") == pytest.approx(63)
    assert area_of_plane(pair, SHAPE).doubtful_pixels == pytest.approx(9)


def test_a_union_leaves_holes_and_islands_as_they_are() -> None:
    rings = box(0, 0, 12, 12), box(2, 2, 10, 10), box(4, 4, 8, 8)
    assert area(*rings, overlap="union") == pytest.approx(144 - 64 + 16)
    two = box(0, 0, 12, 12), box(6, 6, 18, 18), box(2, 2, 4, 4)
    assert area(*two, overlap="union") == pytest.approx(144 + 144 - 36 - 4)


def test_a_hole_that_rounding_moves_over_the_edge_is_still_a_hole() -> None:
    """A union would fill it."""
    pair = box(0, 0, 12, 12), box(4, 6, 8, 12.01)
    assert area(*pair, overlap="union") == pytest.approx(144 - 24, abs=0.05)
    assert area_of_plane(pair, SHAPE).doubtful_pixels == 0


def test_nested_and_separate_contours_are_not_doubtful() -> None:
    contours = box(0, 0, 9, 9), box(2, 2, 7, 7), box(11, 11, 15, 16)
    assert area_of_plane(contours, SHAPE).doubtful_pixels == 0
    keyhole = np.concatenate(
        [box(0, 0, 9, 9), [[0, 0]], box(3, 3, 6, 6)[::-1], [[3, 0]]]
    )
    assert area_of_plane([keyhole], SHAPE).doubtful_pixels < 5


def test_a_contour_across_itself_is_doubtful_within_the_image_and_beyond() -> None:
    eight = np.array([[0, 0], [6, 6], [6, 0], [0, 6.0]])
    assert area_of_plane([eight], SHAPE).doubtful_pixels == pytest.approx(18)
    beyond = area_of_plane([eight + np.array([16, 0])], SHAPE)
    assert beyond.doubtful_pixels == pytest.approx(18)
    assert beyond.pixels < 18


def test_a_contour_far_below_a_pixel_keeps_its_area_alone_and_beside_others() -> None:
    dot = box(5.1, 5.1, 5.22, 5.22)
    assert area(dot) == pytest.approx(0.0144, rel=1e-5)
    assert area(box(2, 2, 5, 5), dot) == pytest.approx(9.0144, rel=1e-6)
    assert area(box(2, 2, 8, 8), dot) == pytest.approx(36 - 0.0144, rel=1e-6)


def test_points_and_lines_cover_nothing() -> None:
    assert area(np.array([[3.0, 3.0]])) == 0
    assert area(np.array([[3.0, 3.0], [7.0, 9.0]])) == pytest.approx(0, abs=1e-9)
    line = np.array([[3.0, 3.0], [7.0, 9.0], [5.0, 6.0], [3.0, 3.0]])
    assert area(line) == pytest.approx(0, abs=1e-9)


def test_an_unknown_way_with_overlaps_is_refused() -> None:
    with pytest.raises(InputError, match="'xor' or 'union'; got 'or'"):
        area(box(0, 0, 1, 1), overlap="or")


def test_only_the_box_of_the_contours_is_worked_on() -> None:
    contour = box(3, 4, 7, 9)
    area = area_of_plane([contour + 10], SHAPE, first=(10, 10))
    assert area.changes.size < 0.5 * SHAPE[0] * SHAPE[1]
    image = np.full(SHAPE, 0.25, np.float32)
    area.add_to(image, 0.5)
    whole = plane_coverage([contour], SHAPE)
    np.testing.assert_allclose(image, 0.25 + 0.5 * whole, atol=1e-7)


def test_a_contour_beyond_the_image_covers_nothing_of_it() -> None:
    for shift in (-50.0, 50.0):
        assert not plane_coverage([box(1, 1, 5, 5) + shift], SHAPE).any()
