"""Masks grown, shrunk and smoothed by a length; values smoothed within a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
    box = _box(mask, (1, 1, 1))
    shrunk = np.zeros_like(mask)
    if box is not None:
        shrunk[box] = True
        if not mask[box].all():
            shrunk[box] = distance_inside(mask[box], spacing) > radius_mm
    return shrunk


def dilated(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """A mask with all voxels that lie within a radius of it; see `eroded`."""
    box = _box(mask, [math.ceil(radius_mm / step) for step in spacing])
    grown = np.zeros_like(mask)
    if box is not None:
        grown[box] = distance_inside(~mask[box], spacing) <= radius_mm
    return grown


def opened(mask: BoolArray, spacing: Vec3, radius_mm: float) -> BoolArray:
    """What is left of a mask without its parts thinner than a ball; see `eroded`."""
    return dilated(eroded(mask, spacing, radius_mm), spacing, radius_mm) & mask


def _box(mask: BoolArray, margins: Sequence[int]) -> tuple[slice, ...] | None:
    """The part of the array that a mask takes with some voxels around, if any.

    Distances take time for each voxel, and muscle or clips take few.
    """
    box = []
    for axis, margin in enumerate(margins):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        if filled.size == 0:
            return None
        box.append(slice(max(0, int(filled[0]) - margin), int(filled[-1]) + 1 + margin))
    return tuple(box)


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
