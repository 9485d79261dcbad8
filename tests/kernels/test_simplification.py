"""Polygons with fewer corners."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kerma.core.arrays import FloatArray
from kerma.kernels.simplification import corners_kept


def circle(count: int, radius: float) -> FloatArray:
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def distances(points: FloatArray, polygon: FloatArray) -> FloatArray:
    """Of points from the outline of a closed polygon, edge by edge."""
    ends = np.roll(polygon, -1, axis=0)
    nearest = np.full(len(points), np.inf)
    for a, b in zip(polygon, ends, strict=True):
        length = ((b - a) ** 2).sum()
        share = ((points - a) @ (b - a)) / length if length else np.zeros(len(points))
        foot = a + np.clip(share, 0, 1)[:, None] * (b - a)
        nearest = np.minimum(nearest, np.linalg.norm(points - foot, axis=1))
    return nearest


def test_a_square_keeps_its_four_corners() -> None:
    side = np.linspace(0, 1, 20, endpoint=False)
    zero, one = np.zeros(20), np.ones(20)
    square = np.concatenate(
        [
            np.stack([side, zero], 1), np.stack([one, side], 1),
            np.stack([1 - side, one], 1), np.stack([zero, 1 - side], 1),
        ]
    )  # fmt: skip

    assert np.flatnonzero(corners_kept(square, 1e-9)).tolist() == [0, 20, 40, 60]


def test_a_circle_keeps_as_many_corners_as_its_sagitta_asks_for() -> None:
    radius, tolerance = 50.0, 0.1
    points = circle(4096, radius)
    kept = corners_kept(points, tolerance)

    # An arc of angle a has the sagitta r (1 - cos(a / 2)); halving stops within a
    # factor of two of the longest that is allowed.
    least = np.pi / np.arccos(1 - tolerance / radius)
    assert least <= kept.sum() <= 2 * least
    assert distances(points, points[kept]).max() <= tolerance


@given(
    arrays(
        np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-9, 9)
    ),
    st.floats(0, 3),
)
def test_no_corner_left_out_lies_farther_than_the_tolerance(
    points: FloatArray, tolerance: float
) -> None:
    kept = corners_kept(points, tolerance)

    assert kept[0]
    assert distances(points, points[kept]).max() <= tolerance + 1e-9
