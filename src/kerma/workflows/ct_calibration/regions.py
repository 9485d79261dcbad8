"""The region inside each insert, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.edges import choose_fraction
from kerma.workflows.ct_calibration.noise import RegionNoise
from kerma.workflows.ct_calibration.placement import Placement

__all__ = ["RegionValues", "has_void", "read_regions", "region_radii"]

# A bubble or a crack pulls the mean away from the median, or one slice from the rest;
# noise alone does so by less than these with near certainty.
_VOID_HU = 6.0
_VOID_DEVIATIONS = 6.0


@dataclass(frozen=True, eq=False)
class RegionValues:
    """The voxels of one region.

    Parameters
    ----------
    slices
        One array of CT numbers for each slice, HU.
    """

    slices: tuple[FloatArray, ...]

    @property
    def values(self) -> FloatArray:
        """All voxels together, HU."""
        return np.concatenate(self.slices)

    @property
    def slice_means(self) -> tuple[float, ...]:
        """Mean in each slice, HU."""
        return tuple(float(values.mean()) for values in self.slices)


def region_radii(placement: Placement) -> FloatArray:
    """(n,) radius to read in each insert, mm.

    The part of the insert's radius that the model asks for, or else the largest that
    the measured blur of the edge leaves untouched.
    """
    fraction = placement.phantom.region_fraction
    shift = placement.edge.shift_mm if placement.edge else 0.0
    radii = np.array([item.diameter_mm / 2 for item in placement.phantom.inserts])
    if fraction is None:
        # One fraction for all inserts, so that they are read alike.
        fraction = choose_fraction(placement.edge, float(radii.min()))
    return fraction * (radii + min(shift, 0.0))


def read_regions(
    stack: AxialStack, placement: Placement, radii: FloatArray, slices: IntArray
) -> list[RegionValues | None]:
    """Read every region in the slices; ``None`` for one that is not wholly in view."""
    readings: list[RegionValues | None] = []
    for index, radius in enumerate(radii):
        parts = []
        for k in slices:
            x, y = placement.rods_at(stack.z[k])[index]
            if not stack.shows_disc(k, x, y, radius):
                break
            parts.append(stack.disc(k, x, y, radius)[2])
        complete = len(parts) == slices.size and all(part.size for part in parts)
        readings.append(RegionValues(tuple(parts)) if complete else None)
    return readings


def has_void(region: RegionValues, noise: RegionNoise, edge_bias_hu: float) -> bool:
    """Whether a region holds something that its material does not explain."""
    values = region.values
    median = float(np.median(values))
    # Scatter about the median as the middle half of the voxels has it.
    lower, upper = np.percentile(values, (25, 75))
    deviation = (upper - lower) / 1.349
    certain = _VOID_DEVIATIONS * deviation
    allowed = _VOID_HU + abs(edge_bias_hu) + 1.3 * certain * np.sqrt(noise.ratio)
    if abs(float(values.mean()) - median) > allowed:
        return True
    means = np.array(region.slice_means)
    spread = np.abs(means - np.median(means)).max()
    return bool(spread > 2 * _VOID_HU + certain * np.sqrt(noise.slice_ratio))
