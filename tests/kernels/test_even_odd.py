"""Exact coverage by polygons that lie in any way to each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.kernels.even_odd import add_contours, add_rows


def cover_of(
    *contours: FloatArray,
    shape: tuple[int, int] = (12, 14),
    groups: tuple[int, ...] = (),
) -> tuple[FloatArray, list[bool]]:
    starts = np.cumsum([0, *(len(contour) for contour in contours)])
    together = np.array(groups) if groups else np.arange(len(contours))
    changes = np.zeros((shape[0], shape[1] + 1))
    overlaps = np.zeros(len(contours), np.bool_)
    points = np.concatenate(contours).astype(float)
    add_contours(points, starts, together, changes, overlaps)
    cover = np.zeros(shape, np.float32)
    add_rows(changes, 1.0, cover)
    return cover, overlaps.tolist()


def box(j0: float, i0: float, j1: float, i1: float) -> FloatArray:
    return np.array([[j0, i0], [j0, i1], [j1, i1], [j1, i0]])


def counted(
    contours: Sequence[FloatArray], shape: tuple[int, int], parts: int
) -> FloatArray:
    """Coverage by counting points whose ray crosses an odd number of edges."""
    at = (np.arange(shape[0] * parts) + 0.5) / parts - 0.5
    across = (np.arange(shape[1] * parts) + 0.5) / parts - 0.5
    inside = np.zeros((at.size, across.size), bool)
    for contour in contours:
        for (y0, x0), (y1, x1) in zip(
            np.roll(contour, 1, axis=0), contour, strict=True
        ):
            rows = (y0 > at) != (y1 > at)
            x = x0 + (at[rows] - y0) * (x1 - x0) / (y1 - y0)
            inside[rows] ^= across < x[:, np.newaxis]
    blocks = inside.reshape(shape[0], parts, shape[1], parts)
    return np.asarray(blocks.mean(axis=(1, 3)))


def test_boxes_and_triangles_cover_known_shares() -> None:
    cover, overlaps = cover_of(box(2.0, 3.0, 5.25, 6.0))
    np.testing.assert_allclose(cover[1:7, 4], [0, 0.5, 1, 1, 0.75, 0])
    triangle, _ = cover_of(np.array([[-0.5, -0.5], [3.5, -0.5], [3.5, 3.5]]))
    np.testing.assert_allclose(
        triangle[:4, :4], np.tril(np.ones((4, 4))) - np.eye(4) / 2
    )
    assert overlaps == [False]


def test_three_boxes_one_in_the_other_are_hole_and_island() -> None:
    cover, overlaps = cover_of(
        box(0, 0, 9, 9), box(2, 2, 7, 7)[::-1], box(4, 4, 5.5, 5.5)
    )
    assert cover.sum(dtype=float) == pytest.approx(81 - 25 + 2.25)
    assert not any(overlaps)


def test_a_keyhole_is_a_ring_without_a_trace_of_its_bridge() -> None:
    """Out along the outer box, over the bridge, around the inner one, and back."""
    outer, inner = box(0.3, 0.3, 9.3, 9.3), box(3.3, 3.3, 6.3, 6.3)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner, inner[:1]])
    expected, _ = cover_of(outer, inner)
    np.testing.assert_allclose(cover_of(keyhole)[0], expected, atol=1e-6)


def test_a_figure_of_eight_has_both_its_halves_and_is_told() -> None:
    cover, overlaps = cover_of(np.array([[0, 0], [4, 4], [4, 0], [0, 4.0]]))
    assert cover.sum(dtype=float) == pytest.approx(8)
    assert overlaps == [True]


def test_what_two_contours_share_is_left_out_apart_and_taken_in_as_a_group() -> None:
    pair = box(0, 0, 4, 4), box(2, 2, 6, 6)
    apart, overlaps = cover_of(*pair)
    assert apart.sum(dtype=float) == pytest.approx(16 + 16 - 2 * 4)
    assert overlaps == [True, True]
    united, _ = cover_of(*pair, groups=(0, 0))
    assert united.sum(dtype=float) == pytest.approx(16 + 16 - 4)


def test_contours_side_by_side_share_an_edge_and_nothing_else() -> None:
    cover, _ = cover_of(box(1, 1, 4, 4.2), box(1, 4.2, 4, 8))
    np.testing.assert_allclose(cover, cover_of(box(1, 1, 4, 8))[0], atol=1e-6)


def test_what_lies_beyond_the_image_is_cut_off() -> None:
    cover, _ = cover_of(box(-7, -7, 30, 30), box(-9, 3, 2, 40))
    expected, _ = cover_of(box(-0.5, -0.5, 11.5, 13.5), box(-0.5, 3, 2, 13.5))
    np.testing.assert_allclose(cover, expected, atol=1e-6)
    assert not cover_of(box(20, 3, 24, 5), box(-8, 3, -2, 5), box(1, 30, 4, 33))[
        0
    ].any()


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(3, 14), st.integers(1, 3))
def test_any_tangle_is_covered_as_points_in_it_are_counted(
    seed: int, corners: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    contours = [random.uniform(-2, 13, (corners, 2)) for _ in range(count)]
    cover, _ = cover_of(*contours, shape=(10, 11))
    # 40 x 40 points in a pixel: each edge through it is off by 1/80 at most or so.
    np.testing.assert_allclose(cover, counted(contours, (10, 11), 40), atol=0.08)
    assert abs(cover.sum() - counted(contours, (10, 11), 40).sum()) < 0.35


@given(st.floats(0, 0.999))
def test_a_weight_counts_and_no_sum_goes_over_one(shift: float) -> None:
    changes = np.zeros((12, 15))
    flags = np.zeros(1, np.bool_)
    starts = np.array([0, 4])
    add_contours(box(1, 1 + shift, 5, 5), starts, np.zeros(1, int), changes, flags)
    cover = np.zeros((12, 14), np.float32)
    for _ in range(5):
        add_rows(changes, 0.3, cover)
    assert cover.max() == 1
    assert cover.min() == 0
