"""Voxels in the midst of fat and gland, away from every border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray, Vec3
from kerma.imaging.mask_morphology import eroded
from kerma.workflows.breast_ct.image import BreastImage

__all__ = ["CalmVoxels", "calm_voxels", "without_rim"]

_RIM_MM = 0.6  # how far the blur of skin and muscle reaches; one voxel at least
_CALM_SHARE = 0.2
_APART_MM = 0.6  # nearer voxels of the smoothed image say the same
_PARTS = 3  # along each axis, to see whether a peak holds throughout the breast


@dataclass(frozen=True, eq=False)
class CalmVoxels:
    """Voxels that hold one tissue each.

    Parameters
    ----------
    smooth, own
        (n,) float32 smoothed and own CT numbers, HU.
    part
        (n,) number of the part of the breast that each lies in, of 27.
    """

    smooth: FloatArray
    own: FloatArray
    part: IntArray


def calm_voxels(image: BreastImage, tissue: BoolArray) -> CalmVoxels:
    """The 20 % with the lowest gradient of the voxels out of reach of skin and muscle.

    Voxels are taken every 0.6 mm.

    Parameters
    ----------
    image
        The scan.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    """
    inner = without_rim(tissue, image.spacing)
    steps = [max(1, round(_APART_MM / step)) for step in image.spacing]
    every = tuple(slice(None, None, step) for step in steps)
    inner = inner[every]
    steepness = _gradient(image.smooth, image.spacing, steps)[inner]
    if not steepness.size:
        none = np.zeros(0, np.float32)
        return CalmVoxels(none, none, np.zeros(0, np.int64))
    calm = steepness <= np.quantile(steepness, _CALM_SHARE)
    return CalmVoxels(
        smooth=image.smooth[every][inner][calm],
        own=image.hu[every][inner][calm].astype(np.float32),
        part=_parts(np.argwhere(inner)[calm]),
    )


def without_rim(tissue: BoolArray, spacing: Vec3) -> BoolArray:
    """The tissue that the blur of skin, muscle and implant beside it does not reach."""
    return eroded(tissue, spacing, max(_RIM_MM, *spacing))


def _gradient(smooth: FloatArray, spacing: Vec3, steps: list[int]) -> FloatArray:
    """Size of the gradient at every so many voxels, HU/mm, from their neighbors."""
    picked = [
        np.arange(0, count, step)
        for count, step in zip(smooth.shape, steps, strict=True)
    ]
    total = np.zeros([len(part) for part in picked], np.float32)
    for axis, step in enumerate(spacing):
        last = smooth.shape[axis] - 1
        below, above = list(picked), list(picked)
        below[axis] = np.maximum(picked[axis] - 1, 0)
        above[axis] = np.minimum(picked[axis] + 1, last)
        apart = ((above[axis] - below[axis]) * step).astype(np.float32)
        apart = np.maximum(apart, np.float32(step))  # one voxel only: no difference
        shape = [-1 if other == axis else 1 for other in range(3)]
        rise = smooth[np.ix_(*above)] - smooth[np.ix_(*below)]
        total += (rise / apart.reshape(shape)) ** 2
    return np.sqrt(total)


def _parts(places: IntArray) -> IntArray:
    """Number of the part of the breast that each place lies in."""
    number = np.zeros(len(places), np.int64)
    for axis in range(3):
        cuts = np.quantile(places[:, axis], np.arange(1, _PARTS) / _PARTS)
        number = number * _PARTS + np.searchsorted(cuts, places[:, axis])
    return number
