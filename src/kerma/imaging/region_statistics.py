"""Statistics of an image within a region: dose in Gy, CT numbers in HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.mask import Mask
from kerma.core.volume import Volume
from kerma.errors import GeometryError, InputError

__all__ = ["RegionStatistics", "statistics_in"]


@dataclass(frozen=True)
class RegionStatistics:
    """Values of an image within a region, in the unit of the image.

    Parameters
    ----------
    volume_cc
        Volume of the region, cm³.
    mean, standard_deviation
        Each voxel counts by the volume of it that lies in the region.
    minimum, median, maximum
        Over the voxels that lie in the region at least in part; the median by volume.
    """

    volume_cc: float
    mean: float
    standard_deviation: float
    minimum: float
    median: float
    maximum: float


def statistics_in(image: Volume, region: Mask) -> RegionStatistics:
    """Statistics of an image within a region on the same grid.

    Raises
    ------
    GeometryError
        The region lies on another grid.
    InputError
        The region is empty, or a value in it is not finite.
    """
    if not image.grid.is_same_as(region.grid):
        raise GeometryError(
            f"The region {region.name!r} lies on another grid than the image. Make its "
            f"mask on the grid of the image, or resample the image."
        )
    inside = region.fraction > 0
    if not inside.any():
        raise InputError(f"The region {region.name!r} is empty.")
    values = np.asarray(image.array[region.box][inside], dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"Not every value in {region.name!r} is a finite number.")
    of_slice = region.voxel_volumes_mm3[:, np.newaxis, np.newaxis]
    voxel_mm3 = np.broadcast_to(of_slice, inside.shape)
    weights = region.fraction[inside] * voxel_mm3[inside]
    total = float(weights.sum())
    mean = float(weights @ values / total)
    order = np.argsort(values)
    half = np.searchsorted(np.cumsum(weights[order]), total / 2)
    return RegionStatistics(
        volume_cc=total / 1000,
        mean=mean,
        standard_deviation=float(np.sqrt(weights @ (values - mean) ** 2 / total)),
        minimum=float(values.min()),
        median=float(values[order][half]),
        maximum=float(values.max()),
    )
