"""Masks grown, shrunk and smoothed by a length; values smoothed within a mask."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.imaging.mask_regions import distance_inside

__all__ = ["dilated", "eroded", "opened", "smoothed_within"]


def eroded(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """The voxels of a mask that lie deeper than a radius; it goes on beyond the array.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    radius_mm
        To the center of the nearest voxel outside.
    """
    if mask.all():
        return mask.copy()
    return np.asarray(distance_inside(mask, spacing) > radius_mm)


def dilated(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """A mask with all voxels that lie within a radius of it; see `eroded`."""
    if not mask.any():
        return mask.copy()
    return np.asarray(distance_inside(~mask, spacing) <= radius_mm)


def opened(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """What is left of a mask without its parts thinner than a ball; see `eroded`."""
    return dilated(eroded(mask, spacing, radius_mm), spacing, radius_mm) & mask


def smoothed_within(
    values: FloatArray, mask: BoolArray, spacing: Vec3, sigma_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Gaussian mean over the voxels of a mask, and the weight it rests on.

    Both are float32 and reach beyond the mask; where nothing of it is near, the weight
    and the mean are zero. The array goes on as a mirror image.

    Parameters
    ----------
    values, mask
        (nk, nj, ni); values are only read in the mask.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    sigma_mm
        Standard deviation of the Gaussian, mm.
    """
    from scipy.ndimage import gaussian_filter

    sigma = [sigma_mm / step for step in spacing]
    weight = gaussian_filter(mask.astype(np.float32), sigma, truncate=3.0)
    sums = gaussian_filter(
        np.where(mask, values, 0).astype(np.float32), sigma, truncate=3.0
    )
    near = weight > 1e-4  # beyond that, rounding
    return np.where(near, sums / np.maximum(weight, 1e-4), 0), np.where(near, weight, 0)
