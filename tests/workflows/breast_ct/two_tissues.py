"""Boxes of fat and gland whose right answer is known on paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

SCALE = HUScale(-255.0, -41.0)


@dataclass(frozen=True, eq=False)
class Box:
    """A box of fat with a slab of gland, in air; skin and muscle where asked for."""

    image: BreastImage
    tissue: BoolArray
    gland: BoolArray
    skin: BoolArray
    muscle: BoolArray

    @property
    def fraction(self) -> float:
        """Gland's share of fat and gland, exactly."""
        return float(self.gland.sum() / self.tissue.sum())


def box_of(
    gland_planes: int = 20,
    *,
    scale: HUScale = SCALE,
    noise_hu: float = 0.0,
    blur_mm: float = 0.0,
    skin_hu: float | None = None,
    muscle_hu: float | None = None,
    spacing: Vec3 = (0.6, 0.6, 0.6),
) -> Box:
    """64 x 64 x 64 voxels, 8 of air on all sides, gland planes wide in the middle."""
    hu: FloatArray = np.full((64, 64, 64), -1000.0)
    tissue = np.zeros(hu.shape, bool)
    tissue[8:-8, 8:-8, 8:-8] = True
    gland = np.zeros(hu.shape, bool)
    first = 32 - gland_planes // 2
    gland[16:-16, 16:-16, first : first + gland_planes] = True
    hu[tissue], hu[gland] = scale.fat_hu, scale.gland_hu
    skin, muscle = np.zeros(hu.shape, bool), np.zeros(hu.shape, bool)
    if skin_hu is not None:
        skin[:, 8:-8, 8:10] = tissue[:, 8:-8, 8:10]
        hu[skin] = skin_hu
    if muscle_hu is not None:
        muscle[8:11] = tissue[8:11] & ~skin[8:11]
        hu[muscle] = muscle_hu
    tissue &= ~skin & ~muscle
    if blur_mm:
        hu = gaussian_filter(hu, [blur_mm / step for step in spacing])
    noise = np.random.default_rng(1).normal(0.0, noise_hu, hu.shape)
    image = BreastImage(np.rint(hu + noise).astype(np.int16), spacing)
    return Box(image, tissue, gland & tissue, skin, muscle)
