"""The histogram of cells."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.kernels.dvh import INSIDE, LARGEST, OUTSIDE, SMALLEST, TIMES_DOSE, add_cells

BINS = 1000
SCALE = 0.0, 0.01  # 10 Gy


def histogram(
    cover: np.ndarray, faces: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    changes = np.zeros(BINS + 1)
    totals = np.array([0.0, 0.0, 0.0, np.inf, -np.inf])
    add_cells(cover, faces.astype(np.float32), weights, SCALE, changes, totals)
    return np.cumsum(changes[:-1]), totals


def ramp(axis: int) -> np.ndarray:
    """1 Gy per cell along an axis, from 0 at the first center."""
    faces = np.zeros((5, 6, 7))
    return faces + np.arange(faces.shape[axis]).reshape(
        [-1 if n == axis else 1 for n in range(3)]
    )


def inner() -> np.ndarray:
    cover = np.zeros((6, 7))
    cover[1:-1, 1:-1] = 1
    return cover


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_even_rise_gives_a_flat_histogram(axis: int) -> None:
    """n cells in a row along a rise of 1 Gy per cell fill n Gy evenly."""
    bins, totals = histogram(inner(), ramp(axis), np.full(4, 2.0))
    count, start = {0: (4, 0.0), 1: (4, 0.5), 2: (5, 0.5)}[axis]
    volume = 4 * 5 * 4 * 2.0
    full = bins[round(start * 100) : round((start + count) * 100)]
    assert full == pytest.approx(np.full(count * 100, volume / count / 100), rel=0.02)
    assert bins.sum() == pytest.approx(volume, rel=1e-12)
    assert totals[INSIDE] == pytest.approx(volume)
    assert totals[TIMES_DOSE] / volume == pytest.approx(start + count / 2)


def test_a_share_of_a_cell_counts_as_such_and_makes_no_extremes() -> None:
    cover = np.zeros((6, 7))
    cover[2, 2:4] = 0.25, 0.75
    bins, totals = histogram(cover, ramp(2), np.array([1.0, 3.0, 0.0, 0.0]))
    assert bins.sum() == pytest.approx(4.0)
    assert totals[TIMES_DOSE] == pytest.approx(0.25 * 4 * 2 + 0.75 * 4 * 3)
    assert (totals[SMALLEST], totals[LARGEST]) == (3, 3)


def test_cells_without_a_dose_are_outside_and_do_not_spoil_their_neighbors() -> None:
    faces = ramp(2)
    faces[:, :, 4:] = np.nan
    bins, totals = histogram(inner(), faces, np.ones(4))
    assert totals[OUTSIDE] == 4 * 4 * 2
    assert totals[INSIDE] == bins.sum() == pytest.approx(4 * 4 * 3)


def test_doses_beyond_the_bins_go_into_the_outermost() -> None:
    bins, _ = histogram(inner(), ramp(2) * 100 - 200, np.ones(4))
    assert bins.sum() == pytest.approx(4 * 4 * 5)
