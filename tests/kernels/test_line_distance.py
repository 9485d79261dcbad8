"""Distances along lines."""

from __future__ import annotations

import numpy as np

from kerma.kernels.line_distance import distance_along_lines, spread_along_lines


def test_the_surface_lies_where_the_fractions_put_it() -> None:
    """Voxels 1 and 2 full, 3 to a quarter: from 0.5 to 3 - 0.5 + 0.25."""
    fraction = np.array([[0, 1, 1, 0.25, 0, 0]], np.float32)
    squares = np.full((1, 6), 100, np.float32)
    distance_along_lines(fraction, np.arange(6.0), 1.0, 1.0, squares)
    np.testing.assert_allclose(
        np.sqrt(squares[0]), [0.5, 0.5, 0.75, 0.25, 1.25, 2.25], rtol=1e-6
    )


def test_a_way_up_and_a_way_down_are_scaled_each_by_its_length() -> None:
    squares = np.array([[100, 100, 0, 100, 100]], np.float32)
    spread_along_lines(squares, np.arange(5.0) * 2, 4.0, 0.5)
    np.testing.assert_allclose(squares[0], [64, 16, 0, 0.25, 1])


def test_the_nearest_of_several_ways_counts_and_the_limit_stays() -> None:
    squares = np.array([[9, 0.5, 9, 9, 9, 0]], np.float32)
    spread_along_lines(squares, np.arange(6.0), 1.0, 1.0)
    np.testing.assert_allclose(squares[0], [1.5, 0.5, 1.5, 4, 1, 0])
