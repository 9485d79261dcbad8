"""Transforms between a registered frame and others."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.registration import Registration
from kerma.core.transform import AffineTransform, DeformableTransform
from kerma.errors import GeometryError

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
POINT = np.array([1.0, 2.0, 3.0])


def shift(x: float, source: str, target: str) -> AffineTransform:
    matrix = np.eye(4)
    matrix[0, 3] = x
    return AffineTransform(matrix, source, target)


def moved(registration: Registration, source: str, target: str) -> FloatArray:
    return registration.transform(source, target).apply(POINT) - POINT


def test_any_two_frames_are_joined_by_way_of_the_registered_one() -> None:
    """B to A is 10 mm, C to A is 3 mm, so B to C is 7 mm and C to B -7 mm."""
    both = Registration("A", (shift(10, "B", "A"), shift(3, "C", "A")))
    assert both.frames == ("A", "B", "C")
    for source, target, expected in [
        ("B", "A", 10),
        ("A", "B", -10),
        ("B", "C", 7),
        ("C", "B", -7),
        ("A", "A", 0),
    ]:
        np.testing.assert_allclose(moved(both, source, target), [expected, 0, 0])
        ways = both.transform(source, target)
        assert (ways.source_frame, ways.target_frame) == (source, target)


def test_the_direction_of_a_stored_transform_does_not_matter() -> None:
    one = Registration("A", (shift(10, "B", "A"),))
    other = Registration("A", (shift(-10, "A", "B"),))
    np.testing.assert_allclose(moved(one, "B", "A"), moved(other, "B", "A"))


def test_displacements_are_followed_both_ways() -> None:
    grid = Grid((5, 5, 5), (-20.0, -20.0, -20.0), (10.0, 10.0, 10.0), AXIAL, "A")
    bend = DeformableTransform(grid, np.full((5, 5, 5, 3), 2.0), "B")
    both = Registration("A", (bend,))
    assert both.is_deformable
    np.testing.assert_allclose(moved(both, "A", "B"), [2, 2, 2])
    np.testing.assert_allclose(moved(both, "B", "A"), [-2, -2, -2], atol=1e-3)


def test_a_frame_that_is_not_there_is_named_with_those_that_are() -> None:
    both = Registration("A", (shift(10, "B", "A"),))
    with pytest.raises(
        GeometryError, match=r"does not know .* X; it ties together A, B"
    ):
        both.transform("X", "A")


def test_transforms_that_contradict_each_other_are_not_chosen_from() -> None:
    same = Registration("A", (shift(10, "B", "A"), shift(-10, "A", "B")))
    np.testing.assert_allclose(moved(same, "B", "A"), [10, 0, 0])
    other = Registration("A", (shift(10, "B", "A"), shift(11, "B", "A")))
    with pytest.raises(GeometryError, match="2 different transforms between B and A"):
        other.transform("A", "B")


def test_a_transform_within_one_frame_is_not_taken_for_the_identity() -> None:
    within = Registration("A", (shift(10, "A", "A"),))
    with pytest.raises(GeometryError, match="start and end in the same frame"):
        within.transform("A", "A")


def test_a_transform_that_misses_the_registered_frame_is_refused() -> None:
    with pytest.raises(GeometryError, match="does not touch the registered"):
        Registration("A", (shift(1, "B", "C"),))
    with pytest.raises(GeometryError, match="at least one transform"):
        Registration("A", ())
