from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ive, ndtr

from kerma.core.arrays import FloatArray
from kerma.imaging.discs import DiscFit, blurred_disc, edge_loss, fit_disc

PIXEL_MM = 0.9


def convolved(distance: float, radius: float, sigma: float) -> float:
    """A disc convolved with a Gaussian, by integration over the disc's rings.

    On a ring of radius r the Gaussian about a point at distance d has the mean
    exp(-(r² + d²)/2σ²) I₀(rd/σ²) / 2πσ².
    """

    def ring(r: float) -> float:
        scaled = ive(0, r * distance / sigma**2)
        return float(
            r / sigma**2 * np.exp(-((r - distance) ** 2) / 2 / sigma**2) * scaled
        )

    nearest = min(distance, radius)
    return float(quad(ring, 0, radius, points=[nearest], epsabs=1e-10, limit=200)[0])


@pytest.mark.parametrize(("radius", "sigma"), [(6.35, 0.7), (6.35, 2.0), (15.0, 1.0)])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.8, 0.95, 1.0, 1.1, 1.5])
def test_a_blurred_disc_is_its_convolution_with_a_gaussian(
    radius: float, sigma: float, part: float
) -> None:
    distance = np.array([part * radius])
    expected = convolved(part * radius, radius, sigma)
    assert blurred_disc(distance, radius, sigma) == pytest.approx([expected], abs=1e-7)


def test_the_middle_of_a_blurred_disc_has_a_closed_form() -> None:
    """1 - exp(-R²/2σ²) at the center."""
    value = blurred_disc(np.zeros(1), 3.0, 2.0)
    assert value == pytest.approx([1 - np.exp(-9 / 8)], abs=1e-9)


def test_the_edge_of_a_large_disc_is_an_error_function() -> None:
    """Against a straight edge the disc's own bend counts σ/2R of the slope."""
    depth = np.linspace(-3, 3, 25)
    value = blurred_disc(2000.0 - depth, 2000.0, 1.0)
    assert value == pytest.approx(ndtr(depth), abs=2e-4)


@given(st.floats(0.3, 3), st.floats(4, 20))
def test_a_blurred_disc_only_falls_outwards(sigma: float, radius: float) -> None:
    value = blurred_disc(np.linspace(0, 2 * radius, 60), radius, sigma)
    assert (np.diff(value) <= 1e-12).all()
    assert value.min() >= 0
    assert value.max() <= 1


@given(st.floats(0.2, 0.95), st.floats(0.4, 2.5), st.floats(5, 20))
@settings(max_examples=30)
def test_the_edge_loss_is_the_mean_of_what_the_blur_takes_away(
    part: float, sigma: float, radius: float
) -> None:
    """Over a region of radius ρ: 2/ρ² ∫ (1 - f(r)) r dr."""
    region = part * radius

    def lost(r: float) -> float:
        return r * (1 - float(blurred_disc(np.array(r), radius, sigma)))

    expected = 2 / region**2 * quad(lost, 0, region, epsabs=1e-9, limit=100)[0]
    assert edge_loss(region, radius, sigma) == pytest.approx(expected, abs=2e-4)


def test_a_point_in_the_middle_loses_what_the_disc_lacks_there() -> None:
    """exp(-R²/2σ²)."""
    loss = edge_loss(1e-6, 3.0, 2.0)
    assert loss == pytest.approx(np.exp(-9 / 8), abs=1e-9)


@pytest.mark.parametrize(
    ("radius", "sigma", "fraction", "lost"),
    [
        (6.1, 0.7, 0.70, 0.5),
        (6.1, 1.0, 0.60, 1.6),
        (6.1, 1.0, 0.70, 7.3),
        (6.1, 1.5, 0.65, 32.0),
        (15.0, 1.5, 0.70, 0.1),
        (15.0, 1.0, 0.90, 4.5),
        (15.0, 1.5, 0.90, 19.0),
    ],
)
def test_the_edge_loss_agrees_with_an_independent_table(
    radius: float, sigma: float, fraction: float, lost: float
) -> None:
    """HU lost of 1000, to one unit of the last digit that the table gives."""
    found = 1000 * edge_loss(fraction * radius, radius, sigma)
    assert found == pytest.approx(lost, rel=1 / 30, abs=0.1)


def test_a_displaced_region_loses_more() -> None:
    """Directly: the mean over the pixels of a fine raster."""
    radius, region, sigma, shift = 6.35, 4.5, 0.8, 1.2
    line = np.linspace(-region, region, 501)
    x, y = np.meshgrid(line, line)
    inside = np.hypot(x, y) <= region
    distance = np.hypot(x[inside] + shift, y[inside])
    expected = 1 - blurred_disc(distance, radius, sigma).mean()
    found = edge_loss(region, radius, sigma, shift)
    assert found == pytest.approx(expected, rel=0.02)
    assert found > 2 * edge_loss(region, radius, sigma)


def window(radius: float) -> tuple[FloatArray, FloatArray]:
    """Pixels within 1.4 radii, as a fit of an insert takes them."""
    count = int(1.4 * radius / PIXEL_MM) + 1
    line = np.arange(-count, count + 1) * PIXEL_MM
    x, y = (axis.ravel() for axis in np.meshgrid(line, line))
    kept = np.hypot(x, y) <= 1.4 * radius
    return x[kept], y[kept]


def image_of(
    x: FloatArray, y: FloatArray, center: tuple[float, float], contrast: float
) -> FloatArray:
    distance = np.hypot(x - center[0], y - center[1])
    values: FloatArray = 95.0 + contrast * blurred_disc(distance, 6.35, 0.8)
    return values


def fit(x: FloatArray, y: FloatArray, values: FloatArray) -> DiscFit:
    return fit_disc(x, y, values, radius_mm=6.35, sigma_mm=0.8)


@given(
    st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.sampled_from([-1090, -140, 20, 890])
)
def test_the_center_of_a_disc_is_found_to_a_hundredth_of_a_millimeter(
    across: float, down: float, contrast: float
) -> None:
    x, y = window(6.35)
    found = fit(x, y, image_of(x, y, (across, down), contrast))
    assert (found.x, found.y) == pytest.approx((across, down), abs=0.01)
    # The edge is taken as straight, which costs σ/2R of the edge's width.
    assert found.contrast == pytest.approx(contrast, rel=0.02)
    assert found.background == pytest.approx(95, abs=0.03 * abs(contrast))


def test_a_better_guess_of_the_blur_does_not_move_the_center() -> None:
    """The center is where the disc is symmetric, whatever the edge."""
    x, y = window(6.35)
    values = image_of(x, y, (0.7, -0.4), 890.0)
    for sigma in (0.5, 0.8, 1.4):
        found = fit_disc(x, y, values, radius_mm=6.35, sigma_mm=sigma)
        assert (found.x, found.y) == pytest.approx((0.7, -0.4), abs=0.02)


def test_the_stated_uncertainty_is_the_scatter_of_the_centers() -> None:
    """Of 2 n centers the scatter is good to 1/sqrt(4 n): 3.5 % for 200."""
    rng = np.random.default_rng(3)
    x, y = window(6.35)
    clean = image_of(x, y, (0.3, -0.5), -300.0)
    fits = [fit(x, y, clean + rng.normal(0, 25, x.size)) for _ in range(200)]
    centers = np.array([(one.x - 0.3, one.y + 0.5) for one in fits])
    stated = np.mean([one.position_uncertainty for one in fits])
    assert centers.std() == pytest.approx(stated, rel=4 * 0.035)
    assert np.abs(centers.mean(axis=0)).max() < 4 * stated / np.sqrt(200)
    assert np.mean([one.noise for one in fits]) == pytest.approx(25, rel=0.03)


def test_a_disc_without_contrast_has_no_center() -> None:
    x, y = window(6.35)
    found = fit(x, y, np.full(x.size, 95.0))
    assert found.contrast == pytest.approx(0, abs=1e-3)
    assert found.background == pytest.approx(95, abs=1e-3)
    assert abs(found.x) + abs(found.y) < 1e-3
