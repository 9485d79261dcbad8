from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from kerma.core.arrays import FloatArray
from kerma.simulation.shapes import (
    blurred_disc,
    blurred_ellipse,
    blurred_rectangle,
    slab_fraction,
)

AXIS = np.arange(-30, 30.01, 0.25)
X, Y = np.meshgrid(AXIS, AXIS)


def sampled_sixteen_times(inside: FloatArray, sigma: float) -> FloatArray:
    """A shape on 16 x 16 points per 0.5 mm pixel, blurred, at the pixel centers."""
    blurred: FloatArray = gaussian_filter(inside, sigma * 32, truncate=6)
    return blurred[::16, ::16]


@given(radius=st.floats(0.5, 20), sigma=st.floats(0.3, 2))
def test_the_middle_of_a_blurred_disc_is_that_of_a_rayleigh_distribution(
    radius: float, sigma: float
) -> None:
    """The chance to end within R of where one started: 1 - exp(-R²/2σ²)."""
    middle = blurred_disc(np.zeros(1), radius=radius, sigma=sigma)
    assert middle[0] == pytest.approx(1 - np.exp(-((radius / sigma) ** 2) / 2))


@pytest.mark.parametrize(("radius", "sigma"), [(6.35, 0.7), (1.5, 1.2), (15.0, 0.5)])
def test_the_blur_of_a_disc_keeps_its_area(radius: float, sigma: float) -> None:
    """The table is good to 1.5e-5 of the contrast, about as much of the area."""
    pixels = blurred_disc(np.hypot(X, Y), radius=radius, sigma=sigma)
    assert pixels.sum() * 0.25**2 == pytest.approx(np.pi * radius**2, rel=4e-5)


@pytest.mark.parametrize(("radius", "sigma"), [(6.35, 0.7), (3.0, 1.2)])
def test_a_blurred_disc_is_a_finely_sampled_disc_through_a_gaussian_filter(
    radius: float, sigma: float
) -> None:
    """Samples lie 1/32 mm apart, those on the edge weighted by their distance to it.

    Along the diagonals that is good to 2e-4 itself, and to 5e-5 with 1/64 mm.
    """
    fine = np.arange(-12, 12 + 1e-9, 1 / 32)
    x, y = np.meshgrid(fine, fine)
    inside = np.clip((radius - np.hypot(x, y)) * 32 + 0.5, 0, 1)
    expected = sampled_sixteen_times(inside, sigma)
    closed = blurred_disc(np.hypot(x, y)[::16, ::16], radius=radius, sigma=sigma)
    assert np.abs(closed - expected).max() < 3e-4


def test_the_edge_of_a_large_disc_is_that_of_a_half_plane() -> None:
    """A disc of 100 mm curves by σ/R: 0.2 σ/R of the contrast."""
    distance = np.linspace(97, 103, 61)
    straight = (1 + erf((100 - distance) / np.sqrt(2) / 0.7)) / 2
    value = blurred_disc(distance, radius=100.0, sigma=0.7)
    assert np.abs(value - straight).max() < 0.2 * 0.7 / 100 + 1e-5


def test_an_ellipse_of_equal_axes_is_a_disc() -> None:
    disc = blurred_disc(np.hypot(X, Y), radius=10.0, sigma=0.8)
    ellipse = blurred_ellipse(X, Y, width=20.0, height=20.0, sigma=0.8)
    nearly = blurred_ellipse(X, Y, width=20.0, height=20.0 + 1e-9, sigma=0.8)
    assert np.array_equal(ellipse, disc)
    assert np.abs(nearly - disc).max() < 0.2 * 0.8 / 10


def test_the_blur_of_an_ellipse_keeps_its_area() -> None:
    """A straight edge misses the curvature, whose area is about π σ²."""
    pixels = blurred_ellipse(X, Y, width=50.0, height=36.0, sigma=0.8)
    area = np.pi * 50 * 36 / 4
    assert pixels.sum() * 0.25**2 == pytest.approx(area, abs=2 * np.pi * 0.8**2)


def test_an_ellipse_is_wide_where_it_says_so() -> None:
    """Half of the contrast is on the edge, at half of the width and height."""
    on_edge = blurred_ellipse(
        np.array([20.0, 0.0, -20.0]),
        np.array([0.0, 10.0, 0.0]),
        width=40.0,
        height=20.0,
        sigma=0.7,
    )
    assert on_edge == pytest.approx([0.5, 0.5, 0.5])


def test_the_blur_of_a_rectangle_keeps_its_area_and_its_corner_is_a_quarter() -> None:
    pixels = blurred_rectangle(X, Y, width=30.0, height=12.0, sigma=0.8)
    corner = blurred_rectangle(
        np.array([15.0]), np.array([-6.0]), width=30.0, height=12.0, sigma=0.8
    )
    assert pixels.sum() * 0.25**2 == pytest.approx(30 * 12, rel=1e-9)
    assert corner[0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("position", "expected"),
    [(0.0, 1.0), (10.0, 0.5), (11.0, 0.25), (9.5, 0.625), (12.0, 0.0), (-13.0, 0.0)],
)
def test_a_slice_at_the_end_of_a_rod_holds_a_part_of_it(
    position: float, expected: float
) -> None:
    """A slice of 4 mm at the end of a rod from -10 to 10 mm: (12 - z) / 4."""
    fraction = slab_fraction(np.array(position), first=-10, last=10, thickness=4)
    assert float(fraction) == pytest.approx(expected)


def test_a_rod_shorter_than_the_slice_fills_its_share_of_it() -> None:
    fraction = slab_fraction(np.array(0.3), first=-1, last=1, thickness=10)
    assert float(fraction) == pytest.approx(0.2)


@given(start=st.floats(-20, 20), thickness=st.floats(0.5, 10))
def test_contiguous_slices_together_hold_the_whole_rod(
    start: float, thickness: float
) -> None:
    slices = start + np.arange(-60, 200) * thickness
    fraction = slab_fraction(slices, first=-7, last=5, thickness=thickness)
    inside = slices[0] - thickness / 2 <= -7 and slices[-1] + thickness / 2 >= 5
    assert not inside or fraction.sum() * thickness == pytest.approx(12.0)
