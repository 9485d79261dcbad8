"""Small breasts whose surface is known in closed form, drawn in a moment.

A cylinder of 8 mm that ends in a half ball. An edge is a plane's, blurred by 0.25 mm, so
that voxels are filled by parts without being sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

RADIUS, SLAB = 24.0, 8.0
_AROUND, _AHEAD = 24.0, 8.0  # of air
_BLUR = 0.25
_FOLD_RADIUS = 9.0
_NIPPLE_RADIUS = 4.0
_ROOT = 2.0  # of the nipple, in the breast


def step(depth: FloatArray) -> FloatArray:
    """The part of a voxel that lies below a surface."""
    return np.asarray(ndtr(depth / _BLUR))


@dataclass(frozen=True)
class Hanging:
    """A breast in the breast's frame, with what a test wants to have on it."""

    spacing: Vec3 = (0.5, 0.5, 0.5)
    skin_mm: float = 1.5
    gland: float = 0.3
    """Part of what lies deeper than 2 mm below the skin."""
    muscle_mm: float = 0.0
    nipple_mm: float = 4.0
    fold_gap_mm: float | None = None
    off_center_mm: float = 0.0
    field_mm: float | None = None
    cylinder: bool = False
    noise_hu: float = 30.0
    cupping_hu: float = 0.0
    gain: float = 1.0
    offset_hu: float = 0.0

    @property
    def scale(self) -> HUScale:
        """The HU scale of the scan."""
        return HUScale(
            -255 * self.gain + self.offset_hu, -41 * self.gain + self.offset_hu
        )

    @cached_property
    def positions(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """z from the cut, y and x from the middle of the slices, mm, for broadcasting."""
        size = (SLAB + RADIUS + self.nipple_mm + _AHEAD, *(2 * (RADIUS + _AROUND),) * 2)
        z, y, x = (
            np.arange(round(length / step)) * step
            for length, step in zip(size, self.spacing, strict=True)
        )
        return z[:, None, None], (y - y.mean())[:, None], x - x.mean()

    @cached_property
    def radius(self) -> FloatArray:
        """Distance from the middle of the field, mm."""
        return np.hypot(*self.positions[1:])

    @cached_property
    def depth(self) -> FloatArray:
        """Below the surface of the rounded breast, mm."""
        z, y, x = self.positions
        ahead = np.clip(z - SLAB, 0, None)
        return RADIUS - np.sqrt(y**2 + (x - self.off_center_mm) ** 2 + ahead**2)

    @cached_property
    def nipple_depth(self) -> FloatArray:
        """Below the surface of the nipple, a rod with a round end, mm."""
        z, y, x = self.positions
        ahead = np.clip(z - (SLAB + RADIUS + self.nipple_mm - _NIPPLE_RADIUS), 0, None)
        depth = _NIPPLE_RADIUS - np.sqrt(
            y**2 + (x - self.off_center_mm) ** 2 + ahead**2
        )
        behind = z < SLAB + RADIUS - _ROOT
        return np.where(behind | (self.nipple_mm == 0), -99.0, depth)

    @cached_property
    def fold_depth(self) -> FloatArray:
        """Below the surface of a ball beside the breast, cut in half as it is, mm."""
        if self.fold_gap_mm is None:
            return np.full(self.depth.shape, -99.0)
        z, y, x = self.positions
        away = RADIUS + self.fold_gap_mm + _FOLD_RADIUS
        return np.asarray(_FOLD_RADIUS - np.sqrt(z**2 + (y - away) ** 2 + x**2))

    @property
    def seen(self) -> BoolArray:
        """(nj, ni) the field of view."""
        whole = self.field_mm or np.inf
        return np.asarray(self.radius < whole / 2)

    @property
    def ring(self) -> FloatArray:
        """(nj, ni) part of the voxels that a cylinder of 4 mm about the breast fills."""
        inner = RADIUS + 14
        return self.cylinder * (
            step(self.radius - inner) - step(self.radius - inner - 4)
        )

    @property
    def breast(self) -> BoolArray:
        """The breast with its nipple."""
        return (np.maximum(self.depth, self.nipple_depth) > 0) & self.seen

    @property
    def fold(self) -> BoolArray:
        """The fold; what is breast is not."""
        return (self.fold_depth > 0) & ~self.breast

    @property
    def skin(self) -> BoolArray:
        """The skin of the breast with the nipple."""
        outside = self.depth < self.skin_mm
        return self.breast & (outside | (self.nipple_depth > 0))

    @cached_property
    def image(self) -> BreastImage:
        """The scan."""
        generator = np.random.default_rng(7)
        inner = np.full(self.depth.shape, -255.0)
        if self.gland:
            grain = gaussian_filter(generator.standard_normal(inner.shape), 4)
            deep = self.depth > self.skin_mm + 2
            inner[deep & (grain > np.quantile(grain, 1 - self.gland))] = -41
        inner[np.broadcast_to(self.positions[0] < self.muscle_mm, inner.shape)] = 10
        tissue = inner * step(self.depth - self.skin_mm)
        fold = -255 * step(self.fold_depth - self.skin_mm)
        filled = step(np.maximum(self.depth, self.nipple_depth))
        hu = np.where(self.breast | (self.fold_depth < -2), tissue, fold)
        filled = np.maximum(filled, step(self.fold_depth))
        hu = -1000 + filled * (1000 + self.gain * hu + self.offset_hu)
        hu += 1100 * self.ring
        hu += self.cupping_hu * (self.radius / RADIUS) ** 2 * filled
        hu += self.noise_hu * generator.standard_normal(hu.shape)
        hu = np.clip(np.rint(hu), -1024, 3000).astype(np.int16)
        hu[:, ~self.seen] = -1024
        return BreastImage(hu, self.spacing)


def dice(a: BoolArray, b: BoolArray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
