"""Where a dose lies on a CT, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.imaging import coverage
from kerma.reports.overlay.cuts import reach_of

__all__ = ["Survey", "survey"]

_HIGH = 0.9  # of the maximum: what counts as the high dose
_BETTER_HALF = 0.5  # of the maximum, that the CT has to hold to be cut for its dose


@dataclass(frozen=True)
class Survey:
    """Where a dose lies on a CT.

    Parameters
    ----------
    maximum
        Highest dose of the grid, in Gy or, for a relative dose, in its own unit.
    maximum_at_mm
        Its voxel center, ``(x, y, z)``.
    middle_mm
        Middle of the high dose (from 90 % of the maximum on) inside the CT, at the
        nearest voxel center of the CT, ``(x, y, z)``; of all the high dose where the
        CT leaves out the better half.
    outside_share
        Share of the dose voxels that lie outside the CT, 0 to 1.
    maximum_outside
        Highest dose among them; zero where there are none.
    empty
        ROI numbers of the structures that have no contours.
    """

    maximum: float
    maximum_at_mm: Vec3
    middle_mm: Vec3
    outside_share: float
    maximum_outside: float
    empty: tuple[int, ...]


def survey(ct: CT, dose: Dose, structures: StructureSet | None = None) -> Survey:
    """See where a dose lies on a CT.

    Raises
    ------
    GeometryError
        CT, dose and structures are not all in one frame of reference, or the dose
        lies wholly outside the CT.
    InputError
        The dose is nowhere positive, or not finite.
    """
    _require_one_frame(ct, dose, structures)
    values = dose.array
    maximum = float(values.max())
    if not np.isfinite(values).all() or maximum <= 0:
        raise InputError(
            f"A dose to be drawn has to be finite and positive somewhere; its highest "
            f"value is {maximum:g}."
        )
    covered = coverage(ct.grid, dose.grid)
    if not covered.any() and not coverage(dose.grid, ct.grid).any():
        raise GeometryError(
            f"The dose, {reach_of(dose.grid)}, lies wholly outside the CT, "
            f"{reach_of(ct.grid)}, though both are in one frame of reference. Are they "
            f"of the same plan?"
        )
    at = np.unravel_index(int(values.argmax()), values.shape)
    outside = values[~covered]
    return Survey(
        maximum=maximum,
        maximum_at_mm=_vec3(dose.grid.to_patient(np.array(at))),
        middle_mm=_middle(ct.grid, dose, covered),
        outside_share=outside.size / values.size,
        maximum_outside=float(outside.max(initial=0.0)),
        empty=tuple(s.number for s in structures or () if s.is_empty),
    )


def _require_one_frame(ct: CT, dose: Dose, structures: StructureSet | None) -> None:
    here = ct.grid.frame_of_reference
    frames = [("dose", dose.grid.frame_of_reference)]
    frames += [
        (f"structure of ROI number {structure.number}", structure.frame_of_reference)
        for structure in structures or ()
        if not structure.is_empty
    ]
    for what, there in frames:
        if there != here:
            raise GeometryError(
                f"The CT lies in the frame of reference {here or '(unknown)'} and the "
                f"{what} in {there or '(unknown)'}, so their positions cannot be "
                f"compared. Use the CT that the plan was made on, or register one to "
                f"the other first."
            )


def _middle(ct: Grid, dose: Dose, covered: BoolArray) -> Vec3:
    inside = np.where(covered, dose.array, 0.0)
    is_shown = inside.max() >= _BETTER_HALF * dose.array.max()
    seen = inside if is_shown else dose.array
    high = np.argwhere(seen >= _HIGH * seen.max())
    middle = dose.grid.to_patient(high.mean(axis=0))
    if is_shown:  # at a voxel of the CT, where nothing is interpolated
        index = np.rint(ct.to_index(middle))
        middle = ct.to_patient(np.clip(index, 0, np.array(ct.shape) - 1))
    return _vec3(middle)


def _vec3(position: FloatArray) -> Vec3:
    x, y, z = position.tolist()
    return x, y, z
