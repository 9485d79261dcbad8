"""Discs in an image: how a blurred one looks, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chndtr, ndtr

from kerma.core.arrays import FloatArray

__all__ = ["DiscFit", "blurred_disc", "edge_loss", "fit_disc"]


def blurred_disc(
    distance_mm: FloatArray, radius_mm: float, sigma_mm: float
) -> FloatArray:
    r"""Unit disc blurred by an isotropic Gaussian, at a distance from its center.

    The blurred value is the chance that a point scattered by the Gaussian lands in
    the disc, and its squared distance is noncentral chi-square with two degrees of
    freedom:

    .. math:: f(d) = F_{\chi'^2}(R^2/\sigma^2;\; 2,\; d^2/\sigma^2)

    Parameters
    ----------
    distance_mm
        Any shape, mm.
    radius_mm, sigma_mm
        Radius of the disc and standard deviation of the Gaussian, mm.

    Returns
    -------
    FloatArray
        Between 0 and 1, shape of `distance_mm`.

    References
    ----------
    N. L. Johnson, S. Kotz, N. Balakrishnan, *Continuous Univariate Distributions*,
    vol. 2, 2nd ed., 1995, ch. 29.
    """
    scaled = np.square(np.asarray(distance_mm, dtype=np.float64) / sigma_mm)
    return np.asarray(chndtr((radius_mm / sigma_mm) ** 2, 2, scaled))


def edge_loss(
    region_mm: float, radius_mm: float, sigma_mm: float, shift_mm: float = 0.0
) -> float:
    """Fraction of a blurred disc's contrast that the mean over a region misses.

    Parameters
    ----------
    region_mm
        Radius of the circular region.
    radius_mm, sigma_mm
        Radius of the disc and standard deviation of its blur.
    shift_mm
        Distance of the region's center from the disc's.

    Returns
    -------
    float
        0 where the region sees only the plateau.
    """
    # Midpoints of rings of equal area: their mean is the mean over the region.
    radii = region_mm * np.sqrt((np.arange(48) + 0.5) / 48)
    if shift_mm == 0:
        distances = radii
    else:
        angle = (np.arange(16) + 0.5) * np.pi / 8
        distances = np.hypot(
            shift_mm + radii[:, None] * np.cos(angle), radii[:, None] * np.sin(angle)
        )
    return float(1 - blurred_disc(distances, radius_mm, sigma_mm).mean())


@dataclass(frozen=True)
class DiscFit:
    """A disc fitted to pixels.

    Parameters
    ----------
    x, y
        Its center in the coordinates of the pixels, mm.
    contrast, background
        Plateau minus surround, and surround, in the unit of the values.
    position_uncertainty
        Standard uncertainty of x and of y for uncorrelated noise, mm; infinite where
        the contrast is zero.
    noise
        Standard deviation of the residuals.
    """

    x: float
    y: float
    contrast: float
    background: float
    position_uncertainty: float
    noise: float


def fit_disc(
    x: FloatArray,
    y: FloatArray,
    values: FloatArray,
    *,
    radius_mm: float,
    sigma_mm: float,
) -> DiscFit:
    """Fit a blurred disc of known radius to pixels around it, by least squares.

    Gauss-Newton on center, contrast and background, the edge taken as the error
    function of the distance to the rim; started at the origin.

    Parameters
    ----------
    x, y, values
        (n,) positions in mm and values of the pixels, several slices together.
    radius_mm, sigma_mm
        Radius of the disc and standard deviation of its edge.
    """
    center = np.zeros(2)
    largest_step = radius_mm / 4
    for blur in (max(sigma_mm, radius_mm / 5), sigma_mm, sigma_mm, sigma_mm):
        jacobian, fitted, linear = _linearized(x, y, values, center, radius_mm, blur)
        step = _solve(jacobian, values - fitted)
        length = float(np.hypot(*step[:2]))
        center = center + step[:2] * min(1.0, largest_step / max(length, 1e-12))
    jacobian, fitted, linear = _linearized(x, y, values, center, radius_mm, sigma_mm)
    noise = float(np.std(values - fitted))
    information = float(np.square(jacobian[:, :2]).sum()) / 2
    spread = noise / np.sqrt(information) if information > 0 else np.inf
    contrast, background = linear
    return DiscFit(
        x=float(center[0]),
        y=float(center[1]),
        contrast=float(contrast),
        background=float(background),
        position_uncertainty=float(spread),
        noise=noise,
    )


def _linearized(
    x: FloatArray,
    y: FloatArray,
    values: FloatArray,
    center: FloatArray,
    radius_mm: float,
    sigma_mm: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Jacobian (n, 4), fitted values (n,), (contrast, background) at a center."""
    dx, dy = x - center[0], y - center[1]
    distance = np.maximum(np.hypot(dx, dy), 1e-9)
    depth = (radius_mm - distance) / sigma_mm
    shape = ndtr(depth)
    design = np.column_stack([shape, np.ones_like(shape)])
    linear = _solve(design, values)
    slope = np.exp(-0.5 * depth**2) / (np.sqrt(2 * np.pi) * sigma_mm) * linear[0]
    jacobian = np.column_stack([slope * dx / distance, slope * dy / distance, design])
    return jacobian, design @ linear, linear


def _solve(design: FloatArray, values: FloatArray) -> FloatArray:
    """Least squares by the normal equations, which are small and well scaled here."""
    normal = design.T @ design
    # A vanishing ridge keeps a disc without contrast from dividing by zero.
    normal[np.diag_indices_from(normal)] += 1e-9 * (1 + np.trace(normal))
    return np.linalg.solve(normal, design.T @ values)
