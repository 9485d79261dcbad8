"""The blur at the edge of the inserts, and the region that it leaves untouched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.special import ndtr

from kerma.core.arrays import FloatArray
from kerma.imaging.discs import edge_loss

__all__ = ["Edge", "EdgeCloud", "choose_fraction", "measure_edge"]

_BIN_MM = 0.15
# 70 % of the radius is what the European consensus guide reads (Peters et al.,
# Radiother. Oncol. 184, 109675, 2023); less where the edge reaches further in.
_FRACTIONS = (0.70, 0.65, 0.60, 0.55, 0.50, 0.45, 0.40, 0.35, 0.30)
_ALLOWED_LOSS = 1e-3  # of the contrast: 1 HU for a contrast of 1000 HU


@dataclass(frozen=True, eq=False)
class EdgeCloud:
    """Pixels about one insert.

    Parameters
    ----------
    distance_mm
        (n,) distance from the insert's center.
    values
        (n,) CT numbers, brought to 0 outside and 1 inside.
    radius_mm
        Nominal radius of the insert.
    weight
        How much these pixels count: the square of contrast over noise.
    """

    distance_mm: FloatArray
    values: FloatArray
    radius_mm: float
    weight: float


@dataclass(frozen=True)
class Edge:
    """How an edge is drawn: by the difference of two Gaussians.

    The line spread is ``(1 + overshoot) G(sigma) - overshoot G(2 sigma)``; a
    positive overshoot is what edge-enhancing kernels do.

    Parameters
    ----------
    sigma_mm
        Standard deviation of the narrow Gaussian, pixel included.
    overshoot
        Weight of the wide one.
    shift_mm
        Measured minus nominal radius of the inserts.
    """

    sigma_mm: float
    overshoot: float
    shift_mm: float

    def loss(self, region_mm: float, radius_mm: float, off_mm: float = 0.0) -> float:
        """Fraction of the contrast that the mean over a region misses.

        Parameters
        ----------
        region_mm, radius_mm
            Radius of the region and nominal radius of the insert.
        off_mm
            Distance of the region's center from the insert's.
        """
        radius = radius_mm + self.shift_mm
        narrow = edge_loss(region_mm, radius, self.sigma_mm, off_mm)
        wide = edge_loss(region_mm, radius, 2 * self.sigma_mm, off_mm)
        return (1 + self.overshoot) * narrow - self.overshoot * wide


def measure_edge(clouds: Iterable[EdgeCloud]) -> Edge | None:
    """Fit the edge to the pixels of all inserts with contrast.

    Returns
    -------
    Edge | None
        ``None`` where there are too few pixels to fit.
    """
    depth, value, weight = _edge_profile(list(clouds))
    if depth.size < 12:
        return None

    def residual(parameters: FloatArray) -> FloatArray:
        sigma, overshoot, shift = parameters
        reach = depth + shift
        shape = (1 + overshoot) * ndtr(reach / sigma)
        shape -= overshoot * ndtr(reach / (2 * sigma))
        design = np.column_stack([shape, np.ones_like(shape)]) * weight[:, None]
        linear = np.linalg.lstsq(design, value * weight, rcond=None)[0]
        return design @ linear - value * weight

    fit = least_squares(
        residual, x0=(0.8, 0.0, 0.0), bounds=((0.15, -0.05, -1.5), (3.0, 1.0, 1.5))
    )
    sigma, overshoot, shift = (float(parameter) for parameter in fit.x)
    return Edge(sigma, overshoot, shift)


def _edge_profile(
    clouds: list[EdgeCloud],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean value and weight by depth under the rim, all inserts together."""
    if not clouds:
        return np.empty(0), np.empty(0), np.empty(0)
    depth = np.concatenate([cloud.radius_mm - cloud.distance_mm for cloud in clouds])
    values = np.concatenate([cloud.values for cloud in clouds])
    weights = np.concatenate(
        [np.full(cloud.values.size, cloud.weight) for cloud in clouds]
    )
    bins = np.floor((depth - depth.min()) / _BIN_MM).astype(np.intp)
    total = np.bincount(bins, weights)
    filled = total > 0
    mean_depth = np.bincount(bins, weights * depth)[filled] / total[filled]
    mean_value = np.bincount(bins, weights * values)[filled] / total[filled]
    return mean_depth, mean_value, np.sqrt(total[filled] / total.max())


def choose_fraction(edge: Edge | None, radius_mm: float) -> float:
    """Largest part of the radius that may be read without the edge being seen."""
    if edge is None:
        return _FRACTIONS[0]
    for fraction in _FRACTIONS:
        if abs(edge.loss(fraction * radius_mm, radius_mm)) <= _ALLOWED_LOSS:
            return fraction
    return _FRACTIONS[-1]
