from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.imaging.axial import axial_stack
from kerma.imaging.discs import edge_loss
from kerma.simulation import Noise, Scanner, SimulatedCT
from kerma.workflows.ct_calibration.edges import (
    Edge,
    EdgeCloud,
    choose_fraction,
    measure_edge,
)
from kerma.workflows.ct_calibration.recognition import recognize

RADIUS_MM = 6.35


def cloud(*, sigma: float, overshoot: float = 0.0, shift: float = 0.0) -> EdgeCloud:
    """Pixels of 0.7 mm about a rod whose edge is drawn as the model says."""
    line = np.arange(-13, 14) * 0.7 + 0.13
    x, y = np.meshgrid(line, line)
    distance = np.hypot(x, y).ravel()
    distance = distance[distance <= 1.4 * RADIUS_MM]
    values = profile(RADIUS_MM + shift - distance, sigma, overshoot)
    return EdgeCloud(distance, values, RADIUS_MM, 1.0)


def profile(depth: FloatArray, sigma: float, overshoot: float) -> FloatArray:
    wide = ndtr(depth / (2 * sigma))
    return (1 + overshoot) * ndtr(depth / sigma) - overshoot * wide


@given(st.floats(0.4, 1.8), st.sampled_from([0.0, 0.2, 0.5]), st.floats(-0.8, 0.8))
@settings(max_examples=30)
def test_the_edge_is_found_as_it_was_drawn(
    sigma: float, overshoot: float, shift: float
) -> None:
    """Blur, overshoot and radius, to the width of a bin of 0.15 mm and less."""
    found = measure_edge([cloud(sigma=sigma, overshoot=overshoot, shift=shift)])
    assert found is not None
    assert found.sigma_mm == pytest.approx(sigma, abs=0.03)
    assert found.overshoot == pytest.approx(overshoot, abs=0.05)
    assert found.shift_mm == pytest.approx(shift, abs=0.02)


def test_rods_of_all_sizes_share_one_edge() -> None:
    """They are brought together by the depth under their rims."""
    small = cloud(sigma=0.8)
    large = replace(small, distance_mm=small.distance_mm + 8.65, radius_mm=15.0)
    found = measure_edge([small, large])
    assert found is not None
    assert (found.sigma_mm, found.shift_mm) == pytest.approx((0.8, 0.0), abs=0.03)


def test_a_rod_without_weight_does_not_count() -> None:
    good, bad = cloud(sigma=0.8), replace(cloud(sigma=2.5, shift=0.9), weight=1e-9)
    found = measure_edge([good, bad])
    assert found is not None
    assert (found.sigma_mm, found.shift_mm) == pytest.approx((0.8, 0.0), abs=0.03)


def test_too_few_pixels_have_no_edge() -> None:
    assert measure_edge([]) is None
    few = EdgeCloud(np.linspace(0, 8, 8), np.ones(8), RADIUS_MM, 1.0)
    assert measure_edge([few]) is None


@pytest.mark.parametrize("psf_mm", [0.5, 0.8, 1.2])
@pytest.mark.parametrize("overshoot", [0.0, 0.3])
def test_the_blur_of_a_scan_is_that_of_its_scanner(
    models: Mapping[str, Phantom],
    scan: Callable[..., SimulatedCT],
    scanner: Scanner,
    psf_mm: float,
    overshoot: float,
) -> None:
    """The pixel included, to 3 %, for a straight edge stands for the rim.

    A rim bent by the radius R looks moved inwards by half of σ²/R, overshoot or not
    to about a tenth of it.
    """
    sharp = replace(scanner, noise=Noise(), psf_mm=psf_mm, overshoot=overshoot)
    stack = axial_stack(scan(scanner=sharp).ct)
    edge = recognize(stack, [models["catphan504"]], 120.0).evidence.placement.edge
    assert edge is not None
    sigma = sharp.blur[0][1]
    assert edge.sigma_mm == pytest.approx(sigma, rel=0.03)
    assert edge.overshoot == pytest.approx(overshoot, abs=0.05)
    assert edge.shift_mm == pytest.approx(-(sigma**2) / 2 / RADIUS_MM, abs=0.03)


def test_the_loss_of_an_edge_is_that_of_its_two_gaussians() -> None:
    edge = Edge(sigma_mm=0.8, overshoot=0.3, shift_mm=-0.1)
    narrow, wide = (edge_loss(4.0, 6.25, sigma, 0.5) for sigma in (0.8, 1.6))
    assert edge.loss(4.0, 6.35, 0.5) == pytest.approx(1.3 * narrow - 0.3 * wide)


def test_without_an_edge_seventy_percent_are_read() -> None:
    """Peters et al., Radiother. Oncol. 184, 109675 (2023)."""
    assert choose_fraction(None, RADIUS_MM) == 0.70
    assert choose_fraction(Edge(0.5, 0.0, 0.0), 15.0) == 0.70


@given(st.floats(0.3, 1.6), st.floats(0, 0.5), st.sampled_from([6.0, 6.35, 15.0]))
@settings(max_examples=40)
def test_what_is_read_loses_a_thousandth_of_the_contrast_at_most(
    sigma: float, overshoot: float, radius: float
) -> None:
    """And the next larger part would lose more."""
    edge = Edge(sigma, overshoot, 0.0)
    fraction = choose_fraction(edge, radius)
    assert 0.30 <= fraction <= 0.70
    if fraction > 0.30:
        assert abs(edge.loss(fraction * radius, radius)) <= 1e-3
    if fraction < 0.70:
        assert abs(edge.loss((fraction + 0.05) * radius, radius)) > 1e-3


def test_more_blur_never_reads_more() -> None:
    fractions = [
        choose_fraction(Edge(sigma, 0.0, 0.0), RADIUS_MM)
        for sigma in np.linspace(0.3, 3.0, 28)
    ]
    assert fractions == sorted(fractions, reverse=True)
    assert (fractions[0], fractions[-1]) == (0.70, 0.30)
