"""Peaks in the CT numbers of a breast: fat, and the gland above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray

__all__ = ["Peaks", "find_peaks", "mean_shift"]

_LOWEST_HU, _HIGHEST_HU = -600.0, 400.0  # tissue, whatever the device's scale
_KERNEL_HU = 8.0  # joins the ripples of one peak, keeps gland and muscle apart
_FAT_SHARE = 0.06  # of the highest peak; ripples on the way from air to fat are lower
_GLAND_SHARE = 0.15  # of the best candidate
_REACH_SD = 3.5  # how far from the expected contrast a gland may lie
_WINDOW_HU = 10.0
_PASSES = 200
_STILL_HU = 0.01


@dataclass(frozen=True)
class Peaks:
    """Where the CT numbers of a breast heap up, HU; ``None`` for no peak of gland."""

    fat_hu: float
    gland_hu: float | None


def find_peaks(
    values: FloatArray, *, contrast_hu: float, contrast_sd_hu: float
) -> Peaks | None:
    """The peak of fat and that of gland among CT numbers, to some HU.

    Fat is the lowest strong peak. Gland is the lowest of the peaks and shoulders that
    lie about as far above it as expected: muscle and a saline implant lie a little
    higher and may hold more voxels.

    Parameters
    ----------
    values
        (n,) CT numbers of voxels away from borders, HU.
    contrast_hu, contrast_sd_hu
        Expected distance of gland from fat and its standard deviation, HU.

    Returns
    -------
    ``None`` if nothing is between -600 and 400 HU.
    """
    centers, heights = _histogram(values)
    tops = _tops(heights)
    if not tops.size:
        return None
    strong = tops[heights[tops] >= _FAT_SHARE * heights[tops].max()]
    fat = float(centers[strong[0]])
    away = (centers - fat - contrast_hu) / contrast_sd_hu
    return Peaks(fat, _gland(centers, _bulges(heights), away))


def _gland(centers: FloatArray, bulges: FloatArray, away: FloatArray) -> float | None:
    """Lowest bulge about as far away as expected, HU."""
    tops = _tops(bulges)
    tops = tops[(np.abs(away[tops]) <= _REACH_SD) & (bulges[tops] > 0)]
    if not tops.size:
        return None
    scores = bulges[tops] * np.exp(-(away[tops] ** 2) / 2)
    return float(centers[tops[scores >= _GLAND_SHARE * scores.max()][0]])


def mean_shift(
    values: FloatArray, start_hu: float, window_hu: float = _WINDOW_HU
) -> float:
    """Where the values near a start heap up, HU: the mean within a window, followed.

    The start itself if the window is empty.
    """
    # Every pass needs the sums of a part of the sorted values only.
    near = values[np.abs(values - start_hu) <= 6 * window_hu]
    ordered = np.sort(near).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    here = start_hu
    for _ in range(_PASSES):
        window = [here - window_hu, here + window_hu]
        first, last = np.searchsorted(ordered, window)
        if last == first:
            return here
        before, here = here, float((sums[last] - sums[first]) / (last - first))
        if abs(here - before) < _STILL_HU:
            return here
    return here


def _histogram(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centers of bins of 1 HU, and smoothed counts."""
    from scipy.ndimage import gaussian_filter1d

    edges = np.arange(_LOWEST_HU, _HIGHEST_HU + 1)
    counts, _ = np.histogram(values, edges)
    heights = gaussian_filter1d(counts.astype(np.float64), _KERNEL_HU, mode="constant")
    return (edges[1:] + edges[:-1]) / 2, heights


def _bulges(heights: FloatArray) -> FloatArray:
    """How much the counts bend downward: a shoulder shows like a peak.

    Beside much muscle or a saline implant, gland is but a shoulder.
    """
    bulges = np.zeros_like(heights)
    step = round(_KERNEL_HU)
    inner = heights[step:-step]
    bulges[step:-step] = 2 * inner - heights[: -2 * step] - heights[2 * step :]
    return bulges


def _tops(heights: FloatArray) -> IntArray:
    """Indices of the maxima."""
    inner = heights[1:-1]
    return np.flatnonzero((inner > heights[:-2]) & (inner >= heights[2:])) + 1
