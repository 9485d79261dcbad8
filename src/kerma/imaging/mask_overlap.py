"""How much of two masks lies in the same place, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.mask import Mask, slice_borders
from kerma.kernels.packing import add_common

__all__ = ["Overlap", "overlap_of"]


@dataclass(frozen=True)
class Overlap:
    """Volumes of two masks and of what they have in common, mm³.

    Parameters
    ----------
    volumes_mm3, binary_volumes_mm3
        Of the first and of the second: by fractions, and of the voxels that are at
        least half full.
    common_mm3, binary_common_mm3
        In both; of each voxel the smaller fraction counts.
    centroid_distance_mm
        Between the centers of volume; ``None`` where one of them is empty.
    """

    volumes_mm3: tuple[float, float]
    binary_volumes_mm3: tuple[float, float]
    common_mm3: float
    binary_common_mm3: float
    centroid_distance_mm: float | None

    @property
    def dice(self) -> float | None:
        """Common volume over the mean of both; without a value where both are empty."""
        total = sum(self.volumes_mm3)
        return 2 * self.common_mm3 / total if total else None

    @property
    def jaccard(self) -> float | None:
        """Common volume over that of both together."""
        total = sum(self.volumes_mm3)
        return self.common_mm3 / (total - self.common_mm3) if total else None

    @property
    def binary_dice(self) -> float | None:
        """As `dice`, of the voxels that are at least half full."""
        total = sum(self.binary_volumes_mm3)
        return 2 * self.binary_common_mm3 / total if total else None

    @property
    def binary_jaccard(self) -> float | None:
        """As `jaccard`, of the voxels that are at least half full."""
        total = sum(self.binary_volumes_mm3)
        common = self.binary_common_mm3
        return common / (total - common) if total else None


def overlap_of(one: Mask, other: Mask) -> Overlap:
    """Compare two masks on one grid."""
    sums = [mask.voxels.moments() for mask in (one, other)]
    voxels = [mask.voxel_volumes_mm3 for mask in (one, other)]
    volumes, binary = (
        tuple(float(s[:, n] @ mm3) for s, mm3 in zip(sums, voxels, strict=True))
        for n in (0, 3)
    )
    distance = None
    if min(volumes) > 0:
        way = _centroid(other, sums[1]) - _centroid(one, sums[0])
        distance = float(np.linalg.norm(way))
    common, binary_common = _common_mm3(one, other)
    return Overlap(
        (volumes[0], volumes[1]),
        (binary[0], binary[1]),
        common,
        binary_common,
        distance,
    )


def _common_mm3(one: Mask, other: Mask) -> tuple[float, float]:
    """Volume that two masks share, by fractions and of voxels half full in both."""
    corner = np.maximum(one.corner, other.corner)
    ends = np.minimum(np.add(one.corner, one.shape), np.add(other.corner, other.shape))
    if (ends <= corner).any():
        return 0.0, 0.0
    boxes = [
        tuple(
            slice(int(low - first), int(high - first))
            for low, high, first in zip(corner, ends, mask.corner, strict=True)
        )
        for mask in (one, other)
    ]
    sums = np.zeros((ends[0] - corner[0], 2))
    parts = (
        m.voxels.slices(box[0]) for m, box in zip((one, other), boxes, strict=True)
    )
    pairs = zip(*parts, sums, strict=True)
    for first, second, both in pairs:
        add_common(first[boxes[0][1:]], second[boxes[1][1:]], both)
    common, halves = one.voxel_volumes_mm3[boxes[0][0]] @ sums
    return float(common), float(halves)


def _centroid(mask: Mask, sums: FloatArray) -> FloatArray:
    """(3,) center of volume, mm."""
    grid = mask.grid
    borders = slice_borders(grid)
    middles = ((borders[1:] + borders[:-1]) / 2)[mask.box[0]]
    voxels = mask.voxel_volumes_mm3
    volume = voxels @ sums[:, 0]
    row, column = (voxels @ sums[:, n] / volume for n in (1, 2))
    along = [
        (voxels * middles) @ sums[:, 0] / volume,
        (row + mask.corner[1]) * grid.spacing[1],
        (column + mask.corner[2]) * grid.spacing[2],
    ]
    return np.array(grid.origin) + np.array(along) @ np.array(grid.axes)
