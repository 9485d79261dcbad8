"""Doses in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose
from kerma.core.grid import Grid

__all__ = ["BOX_FIELDS", "DoseFunction", "FourFieldBox", "LinearDose", "dose_on"]

DoseFunction = Callable[[FloatArray], FloatArray]
"""Dose (...) in Gy at positions (..., 3) in mm."""

BOX_FIELDS: tuple[tuple[str, Vec3], ...] = (
    ("Front", (0, -1, 0)),
    ("Back", (0, 1, 0)),
    ("Right", (-1, 0, 0)),
    ("Left", (1, 0, 0)),
)
"""Name of each field of the box, and from where in the patient it comes."""


@dataclass(frozen=True)
class LinearDose:
    """A dose that rises evenly: linear interpolation gives it back exactly.

    Parameters
    ----------
    at_origin_gy
        Dose at (0, 0, 0).
    gradient_gy_mm
        Rise along ``(x, y, z)``, Gy/mm.
    """

    at_origin_gy: float
    gradient_gy_mm: Vec3

    def __call__(self, position: FloatArray) -> FloatArray:
        """Dose (...) in Gy at positions (..., 3) in mm."""
        return self.at_origin_gy + position @ np.array(self.gradient_gy_mm)


@dataclass(frozen=True)
class FourFieldBox:
    """Four fields from front, back and both sides, that meet in a box.

    Across each field the profile is the difference of two error functions; along it
    the dose falls exponentially. It has the shape of a real plan, not its physics.

    Parameters
    ----------
    center_mm
        Isocenter, ``(x, y, z)``.
    half_width_mm
        Half the box along ``(x, y, z)``.
    dose_gy
        At the isocenter.
    penumbra_mm
        Standard deviation of the blur of the edges.
    attenuation_mm
        Attenuation along the beam, 1/mm.
    """

    center_mm: Vec3
    half_width_mm: Vec3
    dose_gy: float = 60.0
    penumbra_mm: float = 4.0
    attenuation_mm: float = 0.004

    def __call__(self, position: FloatArray) -> FloatArray:
        """Dose (...) in Gy at positions (..., 3) in mm."""
        return np.asarray(np.sum(self.fields(position), axis=0))

    def fields(self, position: FloatArray) -> list[FloatArray]:
        """Dose (...) of each of `BOX_FIELDS` in Gy at positions (..., 3) in mm."""
        away = position - np.array(self.center_mm)
        across = [self._profile(away[..., a], self.half_width_mm[a]) for a in range(3)]
        return [
            self.dose_gy
            / 4
            * (across[1] if source[0] else across[0])
            * across[2]
            * np.exp(self.attenuation_mm * (away @ np.array(source)))
            for _, source in BOX_FIELDS
        ]

    def _profile(self, distance: FloatArray, half_width: float) -> FloatArray:
        """1 inside a field, 0 outside, blurred."""
        scale = np.sqrt(2) * self.penumbra_mm
        edges = (
            erf((half_width - distance) / scale),
            erf((half_width + distance) / scale),
        )
        return np.asarray(0.5 * (edges[0] + edges[1]))


def dose_on(grid: Grid, function: DoseFunction) -> Dose:
    """A dose function at the voxel centers of a grid."""
    gy = np.empty(grid.shape, dtype=np.float32)
    plane = np.moveaxis(np.indices((1, *grid.shape[1:]), dtype=np.float64)[:, 0], 0, -1)
    for k in range(grid.shape[0]):
        gy[k] = function(grid.to_patient(plane + np.array([k, 0.0, 0.0])))
    return Dose(gy, grid)
