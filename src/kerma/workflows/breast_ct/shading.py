"""Cupping and other slow drifts of the CT numbers within a breast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.blocks import Blocks
from kerma.imaging.mask_morphology import eroded
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["Shading", "corrected", "find_shading"]

_BLOCK_MM = 3.0
_FAT_BELOW = 0.25  # of the way from fat to gland, twice the noise of the smoothed scan
_FROM_GLAND_MM = 0.9  # beyond the blur of glands
_FILLED = 0.3  # of a block that is pure fat
_ROUNDS = 2
_ORDER = 2
_FEW_BLOCKS = 200


@dataclass(frozen=True, eq=False)
class Shading:
    """What has to be taken from the CT numbers, by block.

    Parameters
    ----------
    blocks
        How the scan is cut into blocks.
    hu
        Of the blocks' shape, float32 HU; its mean over the fat is zero.
    largest_hu
        Largest size of it in the tissue, HU.
    """

    blocks: Blocks
    hu: FloatArray
    largest_hu: float


def find_shading(image: BreastImage, tissue: BoolArray, scale: HUScale) -> Shading:
    """Fit a second-order polynomial in space to what fat reads.

    Fat reads the same wherever it lies. It is told from gland by the CT numbers, these
    are corrected, and it is told and fitted once more. After A Ghazi et al., Med Phys 46
    (2019) 3414, who segment and correct in turns. Where there is too little fat, the
    shading is zero.

    Parameters
    ----------
    image
        The scan.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    scale
        What fat and gland read, roughly.
    """
    blocks = Blocks.near(image.hu.shape, image.spacing, _BLOCK_MM)
    shading = Shading(blocks, np.zeros(blocks.shape, np.float32), 0.0)
    for _ in range(_ROUNDS):
        fat = _pure_fat(image, tissue, scale, shading)
        means, share = blocks.means(image.hu, fat)
        used = share >= _FILLED
        if np.count_nonzero(used) < _FEW_BLOCKS:
            return shading
        hu = _fitted(means, share, used)
        shading = Shading(blocks, hu, 0.0)
    return replace(shading, largest_hu=_largest(shading, tissue))


def _largest(shading: Shading, tissue: BoolArray) -> float:
    """Largest size in the tissue, HU."""
    planes = np.flatnonzero(tissue.any(axis=(1, 2))).tolist()
    return max(float(np.abs(_plane(shading, k)[tissue[k]]).max()) for k in planes)


def corrected(image: BreastImage, shading: Shading, tissue: BoolArray) -> BreastImage:
    """The scan with the shading taken from the voxels of a mask.

    Parameters
    ----------
    image
        The scan.
    shading
        As found on it.
    tissue
        (nk, nj, ni) where to correct: the body. Air has no shading of its own.
    """
    hu = image.hu.copy()
    for k in range(hu.shape[0]):
        plane = _plane(shading, k)
        if hu.dtype == np.int16:
            plane = np.rint(plane)
        hu[k] -= np.where(tissue[k], plane, 0).astype(hu.dtype)
    hu.flags.writeable = False
    return replace(image, hu=hu)


def _plane(shading: Shading, k: int) -> FloatArray:
    _, rows, columns = shading.blocks.voxels
    box = (slice(k, k + 1), slice(0, rows), slice(0, columns))
    return shading.blocks.spread(shading.hu, box)[0]


def _pure_fat(
    image: BreastImage, tissue: BoolArray, scale: HUScale, shading: Shading
) -> BoolArray:
    """Fat away from gland and from what is not tissue."""
    below = scale.at(_FAT_BELOW)
    fat = np.zeros(tissue.shape, bool)
    for k in range(tissue.shape[0]):
        fat[k] = tissue[k] & (image.smooth[k] - _plane(shading, k) < below)
    return eroded(fat, image.spacing, _FROM_GLAND_MM)


def _fitted(means: FloatArray, share: FloatArray, used: BoolArray) -> FloatArray:
    """The polynomial through the blocks of fat, zero on their mean."""
    terms = _terms(means.shape)
    weights = np.sqrt(share[used])
    rows = np.stack([term[used] for term in terms], axis=1)
    drift = means[used] - np.average(means[used], weights=share[used])
    factors, *_ = np.linalg.lstsq(rows * weights[:, None], drift * weights, rcond=None)
    total = sum(factor * term for factor, term in zip(factors, terms, strict=True))
    return np.asarray(total, np.float32)


def _terms(shape: tuple[int, ...]) -> list[FloatArray]:
    """Products of the coordinates, -1 to 1 over the scan, up to the order."""
    axes = [np.linspace(-1, 1, count) if count > 1 else np.zeros(1) for count in shape]
    k, j, i = np.meshgrid(*axes, indexing="ij")
    powers = range(_ORDER + 1)
    return [
        k**a * j**b * i**c
        for a in powers
        for b in powers
        for c in powers
        if a + b + c <= _ORDER
    ]
