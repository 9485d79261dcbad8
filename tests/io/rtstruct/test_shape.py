"""Flatness and width of contours, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.io.rtstruct.shape import measure_shapes


def ring(count: int, a: float, b: float) -> FloatArray:
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([a * np.cos(angle), b * np.sin(angle), 0 * angle], axis=1)


@given(
    st.floats(1, 300),
    st.floats(0.1, 1),
    st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    st.integers(3, 60),
)
def test_the_width_of_an_ellipse_is_its_short_semi_axis_over_root_two(
    a: float, ratio: float, quaternion: list[float], count: int
) -> None:
    """Mean of sin² over even angles is 1/2, however the ellipse is turned."""
    axis = np.array(quaternion) + np.array([2, 0, 0, 0])
    w, x, y, z = axis / np.linalg.norm(axis)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    points = ring(count, a, ratio * a) @ turn.T + [500, -800, 1200]
    shapes = measure_shapes(points, np.array([count]))
    assert shapes.width_mm[0] == pytest.approx(ratio * a / np.sqrt(2), rel=1e-6)
    assert shapes.off_plane_mm[0] < 1e-5


def test_a_line_has_no_width_and_a_figure_of_eight_has() -> None:
    line = np.array([[0, 0, 0], [1, 2, 3], [2, 4, 6], [5, 10, 15]], np.float64) * 7.3
    eight = np.array([[0, 0, 0], [2, 2, 0], [2, 0, 0], [0, 2, 0]], np.float64)
    point = np.array([[1, 2, 3]], np.float64)
    shapes = measure_shapes(np.concatenate([line, eight, point]), np.array([4, 4, 1]))
    assert shapes.width_mm[0] < 1e-5
    assert shapes.width_mm[1] == pytest.approx(1.0)
    assert shapes.width_mm[2] == 0


def test_a_saddle_leaves_its_plane_by_its_height() -> None:
    """Corners of a square, up and down by h in turn: the best plane is the square."""
    saddle = np.array([[9, 9, 0.3], [-9, 9, -0.3], [-9, -9, 0.3], [9, -9, -0.3]])
    shapes = measure_shapes(saddle + 100, np.array([4]))
    assert shapes.off_plane_mm[0] == pytest.approx(0.3)
    assert measure_shapes(np.zeros((0, 3)), np.zeros(0, int)).width_mm.size == 0
