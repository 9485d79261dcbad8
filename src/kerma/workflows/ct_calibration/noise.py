"""How certain the mean over a region is, given the noise of the scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.placement import Placement

__all__ = ["RegionNoise", "region_noise"]

_MOST_DISCS = 48
_MOST_SLICES = 16
_MARGIN_MM = 1.5
_MAD = 1.4826  # median absolute deviation to standard deviation, normal noise


@dataclass(frozen=True)
class RegionNoise:
    """Noise of region means, relative to that of single voxels.

    Parameters
    ----------
    slice_ratio
        Variance of the mean over a region in one slice over the variance of a voxel.
    ratio
        The same for the mean over the region in all slices.
    """

    slice_ratio: float
    ratio: float


def region_noise(
    stack: AxialStack, placement: Placement, radius_mm: float, slices: IntArray
) -> RegionNoise:
    """Measure how means over discs of the region's size scatter.

    The phantom is the same in all slices of its module, so the differences between
    slices are noise alone, with all its correlation in the plane and along the axis.
    With one slice the scatter from place to place stands in.

    Parameters
    ----------
    stack, placement
        The scan and the model in it.
    radius_mm
        Radius of the region.
    slices
        Slices that are averaged.
    """
    chosen = slices[:: -(-slices.size // _MOST_SLICES)]
    places = _places(placement, radius_mm)
    means, deviations = _disc_means(stack, placement, places, radius_mm, chosen)
    voxel = float(np.median(deviations)) ** 2
    pixels = max(1.0, np.pi * radius_mm**2 / (stack.dx * stack.dy))
    white = RegionNoise(1 / pixels, 1 / pixels / slices.size)
    if voxel == 0 or len(places) < 4:
        return white
    if chosen.size == 1:
        single = _scatter(places, means[:, 0]) / voxel
        return RegionNoise(single, single)
    variogram = _variogram(means)
    # Slices further apart than two share no noise; nearer ones may.
    sill = float(np.mean(variogram[2:] if variogram.size > 2 else variogram))
    if sill == 0:
        return white  # every slice is a copy of the next
    count = slices.size
    lags = np.arange(1, min(2, variogram.size) + 1)
    covariance = sill - variogram[: lags.size]
    shared = max(0.0, 2 * float(np.sum((count - lags) * covariance)) / count**2)
    return RegionNoise(sill / voxel, (sill / count + shared) / voxel)


def _places(placement: Placement, radius_mm: float) -> FloatArray:
    """(n, 2) centers of discs that do not cross an edge, relative to the phantom's."""
    phantom = placement.phantom
    widest = phantom.module_diameter_mm or min(
        phantom.outline.width_mm, phantom.outline.height_mm
    )
    reach = widest / 2 - radius_mm - 4.0
    pitch = 2 * radius_mm
    line = np.arange(-reach, reach + 0.1, pitch)
    x, y = (axis.ravel() for axis in np.meshgrid(line, line))
    free = np.hypot(x, y) <= reach
    for (rod_x, rod_y), insert in zip(placement.rods, phantom.inserts, strict=True):
        distance = np.hypot(x - rod_x, y - rod_y)
        free &= distance > insert.diameter_mm / 2 + radius_mm + _MARGIN_MM
    places = np.column_stack([x[free], y[free]])
    step = max(1, -(-len(places) // _MOST_DISCS))
    return places[::step]


def _disc_means(
    stack: AxialStack,
    placement: Placement,
    places: FloatArray,
    radius_mm: float,
    slices: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """(discs, slices) mean and standard deviation of the voxels in each disc."""
    means = np.zeros((len(places), slices.size))
    deviations = np.zeros_like(means)
    for column, k in enumerate(slices):
        x, y = placement.center_at(stack.z[k])
        for row, (dx, dy) in enumerate(places):
            values = stack.disc(k, x + dx, y + dy, radius_mm)[2]
            if values.size > 1:
                means[row, column] = values.mean()
                deviations[row, column] = values.std(ddof=1)
    return means, deviations


def _variogram(means: FloatArray) -> FloatArray:
    """Half the variance of differences between slices 1, 2, ... apart, robust."""
    count = means.shape[1]
    return np.array(
        [
            (_MAD * np.median(np.abs(means[:, lag:] - means[:, :-lag]))) ** 2 / 2
            for lag in range(1, count)
        ]
    )


def _scatter(places: FloatArray, means: FloatArray) -> float:
    """Variance of disc means about a smooth surface, robust."""
    x, y = places.T
    design = np.column_stack([np.ones_like(x), x, y, x**2 + y**2])
    residual = means - design @ np.linalg.lstsq(design, means, rcond=None)[0]
    freedom = max(1.0, means.size - design.shape[1]) / means.size
    return float((_MAD * np.median(np.abs(residual))) ** 2 / freedom)
