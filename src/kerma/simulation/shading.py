"""Shading of the body: cupping, gradients, rings, a bright rim."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Outline
from kerma.simulation.noise import ring_profile
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, Scanner

__all__ = ["field_shading", "object_shading"]

_RIM_MM = 4.0  # depth over which the rim of a cut-off body fades to 1/e


def object_shading(
    p: FloatArray,
    q: FloatArray,
    *,
    artifacts: Artifacts,
    outline: Outline,
    placement: PhantomPlacement,
) -> FloatArray:
    r"""Shading that goes with the phantom, zero on average over its cross-section.

    Cupping is :math:`c (r^2/R^2 - m)` with R half of the larger size of the outline
    and m the mean of :math:`r^2/R^2` over it, :math:`(a^2 + b^2)/4R^2` for an
    ellipse and :math:`(a^2 + b^2)/3R^2` for a rectangle of half sizes a and b.

    Parameters
    ----------
    p, q
        Positions across the phantom, mm.
    artifacts, outline, placement
        What shades, what is shaded, and where it is.

    Returns
    -------
    FloatArray
        Shading, HU.
    """
    a, b = outline.width_mm / 2, outline.height_mm / 2
    mean = (a**2 + b**2) / (4 if outline.shape == "ellipse" else 3)
    cupping = artifacts.cupping_hu * (p**2 + q**2 - mean) / max(a, b) ** 2
    left, posterior = artifacts.gradient_hu
    turn = placement.rotation[:2, :2] * placement.scale / 100  # per 100 mm
    slope_p, slope_q = np.array([left, posterior]) @ turn
    shading: FloatArray = cupping + slope_p * p + slope_q * q
    return shading


def field_shading(scanner: Scanner, *, seed: int) -> FloatArray:
    """Shading that goes with the field of view: rings and a bright rim, HU."""
    radius = field_radius(scanner)
    shading = np.zeros(scanner.matrix)
    if scanner.artifacts.rings_hu:
        pixel = min(scanner.pixel_mm)
        steps = np.arange(int(radius.max() / pixel) + 2)
        rings = ring_profile(steps.size, sd_hu=scanner.artifacts.rings_hu, seed=seed)
        shading += np.interp(radius, steps * pixel, rings)
    if scanner.artifacts.rim_hu:
        depth = np.abs(scanner.field_radius_mm - radius)
        shading += scanner.artifacts.rim_hu * np.exp(-depth / _RIM_MM)
    return shading.astype(np.float32)


def field_radius(scanner: Scanner) -> FloatArray:
    """Distance of every pixel from the middle of the image, mm."""
    down, right = (
        (np.arange(count) - (count - 1) / 2) * step
        for count, step in zip(scanner.matrix, scanner.pixel_mm, strict=True)
    )
    return np.hypot(down[:, None], right[None, :])
