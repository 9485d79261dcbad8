"""Doses at points and along lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose
from kerma.core.volume import Volume
from kerma.errors import InputError
from kerma.imaging import sample

__all__ = ["DoseProfile", "dose_at", "profile"]


@dataclass(frozen=True, eq=False)
class DoseProfile:
    """Dose along a straight line.

    Parameters
    ----------
    distance_mm
        (n,) from the start, mm.
    positions
        (n, 3), mm.
    gy
        (n,) dose, Gy; NaN outside the dose grid.
    """

    distance_mm: FloatArray
    positions: FloatArray
    gy: FloatArray


def dose_at(dose: Dose, positions: FloatArray) -> FloatArray:
    """Dose (...), Gy, at positions (..., 3) in mm; NaN outside the dose grid.

    Raises
    ------
    ScopeError
        The dose is relative.
    """
    return sample(Volume(dose.gy, dose.grid), positions)


def profile(dose: Dose, start: Vec3, end: Vec3, *, step_mm: float = 1.0) -> DoseProfile:
    """Dose along the line between two positions.

    Parameters
    ----------
    dose
        In Gy.
    start, end
        Positions ``(x, y, z)``, mm; both are on the profile.
    step_mm
        Largest distance of its points.

    Raises
    ------
    InputError
        The line has no length, or the step is too small for it.
    ScopeError
        The dose is relative.
    """
    length = float(np.linalg.norm(np.subtract(end, start)))
    if not (0 < length < np.inf and step_mm > 0 and length / step_mm < 1e6):
        raise InputError(
            f"A profile needs two different ends and a sensible step; got a length of "
            f"{length:g} mm and a step of {step_mm:g} mm."
        )
    share = np.linspace(0.0, 1.0, int(np.ceil(length / step_mm - 1e-9)) + 1)
    positions = np.array(start) + share[:, None] * np.subtract(end, start)
    return DoseProfile(share * length, positions, dose_at(dose, positions))
