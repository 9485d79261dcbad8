"""The HU scale of a breast CT: what fat and glands read on this scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.errors import InputError
from kerma.imaging.blocks import Blocks
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.peaks import find_peaks

__all__ = ["AIR_HU", "HUScale", "rough_scale"]

AIR_HU = -1000.0

# Gland minus fat: the AB-CT value; attenuation data give 190 to 260 HU for the spectra
# of breast CTs, and scanners differ in gain by some 10 %.
_CONTRAST_HU, _CONTRAST_SD_HU = 214.0, 25.0
_BLOCK_MM = 0.9
_TISSUE_HU = -600.0  # between air and any fat
_CALM_SHARE = 0.4  # of the blocks, those with the lowest gradient: no borders in them
_FEW_BLOCKS = 500
_CHEST_MM = 30.0  # muscle seldom reaches farther from the cut


@dataclass(frozen=True)
class HUScale:
    """CT numbers of pure fat and pure gland, by which all other thresholds are set.

    Breast CTs differ in their scale by tens of HU, and one scanner drifts; contrasts
    between the tissues stay. Thresholds are therefore fractions of the way from fat
    (0) to gland (1): muscle and skin lie somewhat above 1, bone and silicone near 2.

    Parameters
    ----------
    fat_hu, gland_hu
        CT numbers, HU.

    Raises
    ------
    InputError
        Gland does not lie above fat, or fat not above air.
    """

    fat_hu: float
    gland_hu: float

    def __post_init__(self) -> None:
        if not AIR_HU < self.fat_hu < self.gland_hu:
            raise InputError(
                f"Fat lies between air and gland; got {self.fat_hu:g} HU for fat and "
                f"{self.gland_hu:g} HU for gland."
            )

    @property
    def contrast_hu(self) -> float:
        """Gland minus fat, HU."""
        return self.gland_hu - self.fat_hu

    @property
    def surface_hu(self) -> float:
        """Halfway from air to fat, HU: where the skin's outer surface is drawn."""
        return (AIR_HU + self.fat_hu) / 2

    def at(self, fraction: float) -> float:
        """CT number, HU, at a fraction of the way from fat (0) to gland (1)."""
        return self.fat_hu + fraction * self.contrast_hu

    def fraction_of(self, hu: FloatArray) -> FloatArray:
        """Fraction of the way from fat to gland of CT numbers, any shape; not clipped."""
        return (hu - self.fat_hu) / self.contrast_hu


def rough_scale(image: BreastImage) -> HUScale:
    """Fat and gland of a scan to some 10 HU, for thresholds, from CT numbers alone.

    Nothing has to be known about the device's scale, nor where the breast lies.

    Raises
    ------
    InputError
        There is no breast tissue to be seen.
    """
    values, depth = _calm_blocks(image)
    if values.size < _FEW_BLOCKS:
        raise InputError(
            "Hardly anything in the scan reads between air and bone: is this a breast "
            "CT, in HU, and is its voxel size right?"
        )
    # Muscle lies at the chest wall; without it, gland stands out better.
    front = values[depth > _CHEST_MM]
    chosen = front if front.size > max(_FEW_BLOCKS, values.size // 5) else values
    peaks = find_peaks(chosen, contrast_hu=_CONTRAST_HU, contrast_sd_hu=_CONTRAST_SD_HU)
    if peaks is None:
        raise InputError("No peak of fat among the CT numbers: is this a breast CT?")
    gland = peaks.gland_hu
    return HUScale(
        peaks.fat_hu, peaks.fat_hu + _CONTRAST_HU if gland is None else gland
    )


def _calm_blocks(image: BreastImage) -> tuple[FloatArray, FloatArray]:
    """CT numbers of blocks of one tissue, HU, and their depth from the cut, mm."""
    from scipy.ndimage import minimum_filter

    blocks = Blocks.near(image.hu.shape, image.spacing, _BLOCK_MM)
    means, _ = blocks.means(image.hu, np.ones(image.hu.shape, bool))
    tissue = minimum_filter(means, 3) > _TISSUE_HU
    steepness = _gradient(means, blocks)[tissue]
    depth = (np.arange(means.shape[0]) * blocks.size[0])[:, None, None]
    calm = _calmest(steepness)
    return means[tissue][calm], np.broadcast_to(depth, means.shape)[tissue][calm]


def _gradient(means: FloatArray, blocks: Blocks) -> FloatArray:
    """Size of the gradient, HU/mm; 0 along an axis of one block."""
    total = np.zeros_like(means)
    for axis, step in enumerate(blocks.size):
        if means.shape[axis] > 1:
            total += np.gradient(means, step, axis=axis) ** 2
    return np.sqrt(total)


def _calmest(steepness: FloatArray) -> BoolArray:
    if not steepness.size:
        return np.zeros(0, bool)
    return np.asarray(steepness <= np.quantile(steepness, _CALM_SHARE))
