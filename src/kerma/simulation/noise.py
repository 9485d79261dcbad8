"""Noise and rings, drawn from a seed."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from kerma.core.arrays import FloatArray

__all__ = ["noise_plane", "ring_profile"]

_NOISE, _RINGS = 1, 2  # streams of random numbers that never meet


def _white(seed: int, k: int, shape: tuple[int, int]) -> FloatArray:
    generator = np.random.default_rng([seed, _NOISE, k])
    return generator.standard_normal(shape, dtype=np.float32)


def _between_slices(
    seed: int, k: int, shape: tuple[int, int], share: float
) -> FloatArray:
    r"""White noise of one slice that correlates with that of its two neighbors.

    A moving average :math:`(w_k + c\,w_{k+1})/\sqrt{1 + c^2}` has the correlation
    :math:`\rho = c/(1 + c^2)`. Each :math:`w_k` has its own seed, so that a slice
    does not depend on how many there are.
    """
    own = _white(seed, k, shape)
    if share == 0:
        return own
    weight = (1 - np.sqrt(1 - 4 * share**2)) / (2 * share)
    mixed = own + np.float32(weight) * _white(seed, k + 1, shape)
    return mixed / np.float32(np.hypot(1, weight))


def _kept_sd(correlation_px: float) -> float:
    """Standard deviation that white noise keeps through the Gaussian filter."""
    impulse = np.zeros(2 * int(np.ceil(8 * correlation_px)) + 9)
    impulse[impulse.size // 2] = 1.0
    # The filter is separable, so the two directions give the square of a root.
    return float(np.sum(gaussian_filter1d(impulse, correlation_px) ** 2))


def noise_plane(
    shape: tuple[int, int],
    *,
    sd_hu: float,
    correlation_px: float = 0.0,
    slice_correlation: float = 0.0,
    seed: int,
    k: int,
) -> FloatArray:
    """Noise of one slice, of the same standard deviation at every pixel.

    Parameters
    ----------
    shape
        Rows and columns.
    sd_hu
        Standard deviation after the correlation, HU.
    correlation_px
        Standard deviation of the Gaussian filter that white noise has passed,
        pixels; the correlation at distance d is then exp(-d²/4σ²).
    slice_correlation
        Correlation of neighboring slices, 0 to 0.5.
    seed, k
        Seed of the scan and number of the slice.
    """
    white = _between_slices(seed, k, shape, slice_correlation)
    if correlation_px == 0:
        return white * np.float32(sd_hu)
    # Wrapped around, so that the pixels at the border are as noisy as all others.
    smooth = gaussian_filter(white, correlation_px, mode="wrap")
    return smooth * np.float32(sd_hu / _kept_sd(correlation_px))


def ring_profile(count: int, *, sd_hu: float, seed: int) -> FloatArray:
    """(count,) errors of the detector's elements, the same in every slice, HU."""
    generator = np.random.default_rng([seed, _RINGS])
    return sd_hu * generator.standard_normal(count)
