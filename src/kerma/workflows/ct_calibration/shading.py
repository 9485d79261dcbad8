"""Slow changes of the CT number across the phantom: cupping and tilted shading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Phantom
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.placement import Placement

__all__ = ["Shading", "measure_shading"]

_CLEARANCE_MM = 4.0  # from every edge
_MODEL_PART = 0.1  # of the shading: how far a parabola is from the truth
_REJECT = 3.0  # deviations from which a voxel counts as wire, hole or sphere


@dataclass(frozen=True, eq=False)
class Shading:
    """A parabola about the phantom's center, zero on average over its cross-section.

    Parameters
    ----------
    coefficients
        (3,) of x, y (HU/mm) and r² (HU/mm²).
    covariance
        (3, 3) of these.
    mean_square_mm2
        Mean of r² over the cross-section.
    """

    coefficients: FloatArray
    covariance: FloatArray
    mean_square_mm2: float

    def at(self, points: FloatArray) -> FloatArray:
        """(n,) shading at (n, 2) points relative to the center in mm, HU."""
        return self._design(points) @ self.coefficients

    def uncertainty_at(self, points: FloatArray) -> FloatArray:
        """(n,) standard uncertainty of that, HU."""
        design = self._design(points)
        fit = np.einsum("ni,ij,nj->n", design, self.covariance, design)
        return np.hypot(np.sqrt(fit), _MODEL_PART * np.abs(self.at(points)))

    def slope_at(self, points: FloatArray) -> FloatArray:
        """(n,) steepness of the shading, HU/mm."""
        slope_x, slope_y, square = self.coefficients
        x, y = points.T
        return np.hypot(slope_x + 2 * square * x, slope_y + 2 * square * y)

    def _design(self, points: FloatArray) -> FloatArray:
        x, y = points.T
        return np.column_stack([x, y, x**2 + y**2 - self.mean_square_mm2])


def measure_shading(
    coarse: AxialStack, placement: Placement, voxel_correlation: float = 4.0
) -> Shading:
    """Fit the shading to the phantom's own material between the inserts.

    Parameters
    ----------
    coarse
        The scan with pixels of about 2 mm.
    placement
        The model in it.
    voxel_correlation
        Pixels that share one independent value, for the uncertainty.
    """
    square = _mean_square(placement.phantom)
    x, y, hu = _between_inserts(coarse, placement)
    if hu.size < 50:
        return Shading(np.zeros(3), np.zeros((3, 3)), square)
    design = np.column_stack([np.ones_like(x), x, y, x**2 + y**2])
    kept = np.abs(hu - np.median(hu)) < 10 * _deviation(hu - np.median(hu)) + 1
    for _ in range(4):
        solution = np.linalg.lstsq(design[kept], hu[kept], rcond=None)[0]
        residual = hu - design @ solution
        deviation = _deviation(residual[kept])
        kept = np.abs(residual) <= _REJECT * deviation + 1e-6
    information = design[kept].T @ design[kept]
    covariance = np.linalg.inv(information) * deviation**2 * voxel_correlation
    return Shading(solution[1:], covariance[1:, 1:], square)


def _between_inserts(
    coarse: AxialStack, placement: Placement
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positions and CT numbers of the pixels of the phantom's own material."""
    phantom = placement.phantom
    reach = (phantom.module_diameter_mm or phantom.outline.width_mm) / 2 - _CLEARANCE_MM
    parts = []
    for k in placement.extent.slices:
        x, y, hu = coarse.disc(k, *placement.center_at(coarse.z[k]), reach)
        kept = _inside_outline(phantom, x, y, placement.roll_deg)
        for rod, insert in zip(placement.rods, phantom.inserts, strict=True):
            clear = insert.diameter_mm / 2 + _CLEARANCE_MM
            kept &= np.hypot(x - rod[0], y - rod[1]) > clear
        parts.append((x[kept], y[kept], hu[kept]))
    x, y, hu = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x, y, hu


def _inside_outline(
    phantom: Phantom, x: FloatArray, y: FloatArray, roll_deg: float
) -> BoolArray:
    """Which points lie inside the outline, clear of its edge."""
    back = np.exp(-1j * np.deg2rad(roll_deg)) * (x + 1j * y)
    half_width = phantom.outline.width_mm / 2 - _CLEARANCE_MM
    half_height = phantom.outline.height_mm / 2 - _CLEARANCE_MM
    across, down = back.real / half_width, back.imag / half_height
    if phantom.outline.shape == "rectangle":
        return np.maximum(np.abs(across), np.abs(down)) <= 1
    return np.hypot(across, down) <= 1


def _mean_square(phantom: Phantom) -> float:
    """Mean of r² over the outline, mm²: (w² + h²)/16, or /12 for a rectangle."""
    total = phantom.outline.width_mm**2 + phantom.outline.height_mm**2
    return total / (12 if phantom.outline.shape == "rectangle" else 16)


def _deviation(values: FloatArray) -> float:
    """Robust standard deviation about zero."""
    return float(1.4826 * np.median(np.abs(values)))
