"""Distances of contours from grids, planes and polygons, known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.workflows.plan_check.surfaces import beyond_mm, outside_mm

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])
HOLE = np.array([[4.0, 4], [6, 4], [6, 6], [4, 6]])


@pytest.mark.parametrize(
    ("point", "distance"),
    [((5, 3), 0), ((12, 5), 2), ((13, 14), 5), ((5, 5), 1), ((-1, 0), 1)],
)
def test_the_distance_from_a_square_with_a_hole(
    point: tuple[float, float], distance: float
) -> None:
    assert outside_mm(np.array([point]), [SQUARE, HOLE])[0] == pytest.approx(distance)


def test_many_points_are_taken_in_parts() -> None:
    """A polygon of 2**19 points lets two points through at a time."""
    angle = np.linspace(0, 2 * np.pi, 2**19, endpoint=False)
    circle = 10 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.array([[0.0, 0], [0, 9.99], [0, 11], [-14, 0], [3, -4]])
    np.testing.assert_allclose(outside_mm(points, [circle]), [0, 0, 1, 4, 0], atol=1e-6)


def test_beyond_a_grid_is_measured_from_its_border() -> None:
    axes = ((0.0, 0, 1), (0.0, 1, 0), (1.0, 0, 0))
    grid = Grid((3, 4, 5), (0, 0, 0), (2, 3, 4), axes, "1")
    places = np.array([[16.0, 9, 4], [18, 9, 4], [20, 12, 4], [0, 0, -3]])
    np.testing.assert_allclose(beyond_mm(grid, places, margin=0.0), [0, 2, 5, 3])
    np.testing.assert_allclose(beyond_mm(grid, places, margin=0.5), [0, 0, 2.5, 2])
