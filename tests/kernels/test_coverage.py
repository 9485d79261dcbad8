"""Exact coverage of pixels by polygons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.kernels.coverage import (
    add_polygon,
    is_inside,
    signed_area,
    sum_along_rows,
)


def cover_of(*polygons: FloatArray, shape: tuple[int, int] = (12, 14)) -> FloatArray:
    """Coverage by polygons, those after the first being holes."""
    changes = np.zeros((shape[0], shape[1] + 1))
    for number, polygon in enumerate(polygons):
        add_polygon(polygon, -1.0 if number else 1.0, changes)
    cover = np.empty(shape)
    sum_along_rows(changes, cover)
    return cover


def box(j0: float, i0: float, j1: float, i1: float) -> FloatArray:
    return np.array([[j0, i0], [j0, i1], [j1, i1], [j1, i0]])


def circle(j: float, i: float, radius: float, count: int = 60) -> FloatArray:
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack([j + radius * np.sin(angle), i + radius * np.cos(angle)], axis=1)


def test_a_box_covers_its_pixels_and_parts_of_those_at_its_edge() -> None:
    """From the middle of pixel 2 to a quarter of pixel 5: a half, 2 wholes, 3/4."""
    cover = cover_of(box(2.0, 3.0, 5.25, 6.0))
    np.testing.assert_allclose(cover[1:7, 4], [0, 0.5, 1, 1, 0.75, 0])
    np.testing.assert_allclose(cover[3, 2:8], [0, 0.5, 1, 1, 0.5, 0])
    assert cover[2, 3] == pytest.approx(0.25)


def test_a_triangle_covers_half_of_the_pixels_on_its_long_side() -> None:
    cover = cover_of(np.array([[-0.5, -0.5], [3.5, -0.5], [3.5, 3.5]]))
    np.testing.assert_allclose(
        cover[:4, :4], np.tril(np.ones((4, 4)), -1) + np.eye(4) / 2
    )


@given(st.floats(-3, 14), st.floats(-3, 16), st.floats(0.05, 9), st.integers(3, 40))
def test_what_lies_inside_adds_up_to_the_area(
    j: float, i: float, radius: float, count: int
) -> None:
    polygon = circle(j, i, radius, count)
    cover = cover_of(polygon, shape=(40, 44))
    whole = cover_of(polygon + 12, shape=(40, 44))
    assert whole.sum() == pytest.approx(abs(signed_area(polygon)), rel=1e-9)
    assert cover.min() >= -1e-9
    assert cover.max() <= 1 + 1e-9
    # Cut off at the border, not squeezed into it.
    np.testing.assert_allclose(cover[:20, :20], whole[12:32, 12:32], atol=1e-9)


def test_coverage_agrees_with_counting_fine_samples() -> None:
    star = np.array(
        [[1.2, 6.1], [4.7, 7.9], [9.3, 6.4], [6.1, 4.4], [8.8, 1.3], [3.1, 3.0]]
    )
    fine = (np.arange(200) + 0.5) / 200 - 0.5
    counted = np.zeros((12, 14))
    for j in range(12):
        for i in range(14):
            offsets = fine[::10]
            counted[j, i] = np.mean(
                [
                    is_inside(np.array([j + a, i + b]), star)
                    for a in offsets
                    for b in offsets
                ]
            )
    np.testing.assert_allclose(cover_of(star), counted, atol=0.06)


def test_the_direction_of_a_polygon_does_not_matter() -> None:
    polygon = circle(5.3, 6.1, 3.7)
    np.testing.assert_allclose(
        cover_of(polygon), cover_of(polygon[::-1].copy()), atol=1e-12
    )
    assert signed_area(polygon) == pytest.approx(-signed_area(polygon[::-1].copy()))


def test_a_hole_takes_away_what_it_covers() -> None:
    ring = cover_of(circle(5.5, 6.5, 4.0), circle(5.5, 6.5, 2.0))
    expected = abs(signed_area(circle(0, 0, 4.0))) - abs(signed_area(circle(0, 0, 2.0)))
    assert ring.sum() == pytest.approx(expected)
    assert ring[5:7, 6:8].max() == pytest.approx(0, abs=1e-12)


def test_a_keyhole_is_a_ring() -> None:
    """Outer ring, along a bridge of no width to the inner one, and back."""
    outer, inner = circle(5.5, 6.5, 4.0), circle(5.5, 6.5, 2.0)
    keyhole = np.concatenate([outer, outer[:1], inner[::-1], inner[-1:]])
    # The bridge runs from outer[0] to inner[-1] and back.
    ring = cover_of(outer, inner)
    np.testing.assert_allclose(cover_of(keyhole), ring, atol=0.02)
    assert cover_of(keyhole).sum() == pytest.approx(ring.sum(), rel=1e-2)


def test_a_sliver_neither_vanishes_nor_takes_a_pixel() -> None:
    assert cover_of(box(4.01, 5.0, 4.13, 5.12)).sum() == pytest.approx(0.0144)


def test_a_polygon_beside_the_image_leaves_no_trace() -> None:
    for place in ((-9, 4), (30, 4), (5, -9), (5, 40)):
        assert np.abs(cover_of(circle(*place, 3.0))).max() < 1e-12
