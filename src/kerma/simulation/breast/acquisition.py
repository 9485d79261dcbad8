"""From drawn samples to a scan and its right answer, a few slices at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, HUArray, IntArray, LabelArray, Vec3
from kerma.errors import InputError
from kerma.kernels.breast import bin_samples
from kerma.simulation.breast.materials import (
    AIR,
    CYLINDER,
    FAT,
    GLAND,
    SKIN,
    TISSUE_OF,
    BreastHU,
    Material,
)
from kerma.simulation.breast.scanner import VirtualBreastCT

__all__ = ["Painter", "Sampling", "Scanned", "acquire"]

Positions = tuple[FloatArray, FloatArray, FloatArray]
Painter = Callable[[NDArray[np.uint8], Positions], None]
"""Draws materials over the samples of a slab, given their z, y and x, mm."""

_SAMPLES_MM = 0.2  # most distance of samples, an eighth of the thickness of skin
_MOST_SAMPLES = 6  # along an axis, so that a voxel's fit a byte
_SLAB_BYTES = 48 << 20
_MOST_VOXELS = 1 << 29
KEPT = (FAT, GLAND, SKIN)


@dataclass(frozen=True)
class Sampling:
    """Voxels of a scan in the frame of the breast, and the samples in each.

    Parameters
    ----------
    shape
        Number of voxels along ``(k, j, i)``.
    spacing
        Between their centers, mm. The first slice begins at z = 0; rows and columns
        have the field's middle in theirs.
    """

    shape: tuple[int, int, int]
    spacing: Vec3

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or np.prod(self.shape, dtype=float) > _MOST_VOXELS:
            raise InputError(
                f"A simulated scan has 1 to {_MOST_VOXELS} voxels; this one would have "
                f"{self.shape}. Choose a larger spacing or a smaller field."
            )

    @property
    def samples(self) -> tuple[int, int, int]:
        """Samples in a voxel along ``(k, j, i)``."""
        k, j, i = (
            int(np.clip(np.ceil(step / _SAMPLES_MM - 1e-6), 2, _MOST_SAMPLES))
            for step in self.spacing
        )
        return k, j, i

    @property
    def samples_per_voxel(self) -> int:
        """Samples in a voxel."""
        return int(np.prod(self.samples))

    @property
    def sample_ml(self) -> float:
        """Volume that a sample stands for, ml."""
        return float(np.prod(self.spacing)) / self.samples_per_voxel / 1000

    def positions(self, axis: int) -> FloatArray:
        """Positions of all samples along an axis, ascending, mm."""
        count = self.shape[axis] * self.samples[axis]
        pitch = self.spacing[axis] / self.samples[axis]
        first = 0.0 if axis == 0 else -self.shape[axis] * self.spacing[axis] / 2
        return first + (np.arange(count) + 0.5) * pitch


@dataclass(frozen=True, eq=False)
class Scanned:
    """A scan, and what truly is in its voxels.

    Parameters
    ----------
    hu
        (nk, nj, ni) int16 image, HU.
    labels
        (nk, nj, ni) uint8 tissue that most of a voxel consists of; 0 outside the field.
    counts
        For fat, gland and skin: (nk, nj, ni) uint8 number of a voxel's samples.
    totals
        Number of samples of each material in the field.
    """

    hu: HUArray
    labels: LabelArray
    counts: dict[int, NDArray[np.uint8]]
    totals: IntArray


def acquire(
    painter: Painter,
    sampling: Sampling,
    scanner: VirtualBreastCT,
    *,
    hu: BreastHU,
    field_mm: float,
    seed: int,
) -> Scanned:
    """Draw, sample and scan.

    Memory is bounded: samples exist for a few slices at a time.
    """
    shape = sampling.shape
    radius = scanner.radius_mm((shape[1], shape[2]))
    seen = radius <= field_mm / 2
    z, y, x = (sampling.positions(axis) for axis in range(3))
    ground = _ground(scanner, y, x, field_mm)
    hu_of = hu.by_material(gain=scanner.gain, offset_hu=scanner.offset_hu)

    mean = np.empty(shape, np.float32)
    body = np.zeros(shape, np.float32)
    labels = np.zeros(shape, np.uint8)
    counts = {tissue: np.zeros(shape, np.uint8) for tissue in KEPT}
    totals = np.zeros(len(Material), np.int64)
    step = max(1, _SLAB_BYTES // (ground.size * sampling.samples[0]))
    for first in range(0, shape[0], step):
        part = slice(first, min(first + step, shape[0]))
        depths = z[part.start * sampling.samples[0] : part.stop * sampling.samples[0]]
        slab = np.repeat(ground[None], depths.size, axis=0)
        painter(slab, (depths, y, x))
        number = np.zeros((CYLINDER + 1, part.stop - first, *shape[1:]), np.uint8)
        totals += bin_samples(
            slab, TISSUE_OF, hu_of, seen, mean[part], number, labels[part]
        )
        for tissue, count in counts.items():
            count[part] = number[tissue]
        empty = (number[AIR] + number[CYLINDER]) / sampling.samples_per_voxel
        body[part] = np.where(seen, 1 - empty, 0)
    image = scanner.image_of(mean, body, field_mm=field_mm, seed=seed)
    return Scanned(image, labels, counts, totals)


def _ground(
    scanner: VirtualBreastCT, y: FloatArray, x: FloatArray, field_mm: float
) -> NDArray[np.uint8]:
    """(ny, nx) materials where there is nothing: air, and the cylinder."""
    ring = scanner.cylinder_at(np.hypot(y[:, None], x), field_mm=field_mm)
    return np.where(ring, Material.CYLINDER, Material.AIR).astype(np.uint8)
