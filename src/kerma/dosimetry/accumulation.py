"""Doses scaled, and summed over grids."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.transform import Transform
from kerma.errors import GeometryError, InputError
from kerma.imaging import resample
from kerma.imaging.dose_sum import sum_doses

__all__ = ["accumulate", "scaled"]


def accumulate(
    doses: Sequence[Dose],
    *,
    onto: Grid | None = None,
    transforms: Sequence[Transform | None] | None = None,
    fractions: Mapping[str, int] | None = None,
) -> Dose:
    """Sum doses that lie on different grids.

    Each is interpolated on one grid; then the rules of `sum_doses` hold, so that a
    plan is never added to its beams.

    Parameters
    ----------
    doses
        At least one.
    onto
        Grid of the sum; by default that of the first dose.
    transforms
        For each dose what links its frame of reference with that of the grid, or
        ``None``.
    fractions
        As for `sum_doses`.

    Returns
    -------
    Dose
        0 where no dose reaches. A note says how much of the grid not all of them
        reach: there the sum is too small.

    Raises
    ------
    InputError, ScopeError, GeometryError
        As for `sum_doses` and `resample`.
    """
    if not doses:
        raise InputError("There is no dose to sum.")
    links = transforms or [None] * len(doses)
    if len(links) != len(doses):
        raise InputError(f"{len(doses)} doses, but {len(links)} transforms.")
    grid = onto or doses[0].grid
    moved = [_on(dose, grid, link) for dose, link in zip(doses, links, strict=True)]
    gaps = np.logical_or.reduce([np.isnan(dose.array) for dose in moved])
    total = sum_doses(
        [
            replace(dose, array=np.nan_to_num(dose.gy, nan=0.0).astype(np.float32))
            for dose in moved
        ],
        fractions=fractions,
    )
    if not gaps.any():
        return total
    share = f"{100 * gaps.mean():.2g} %"
    note = (
        f"{share} of the grid is not reached by every dose: the sum lacks some there."
    )
    return replace(total, notes=(*total.notes, note))


def scaled(dose: Dose, factor: float) -> Dose:
    """A dose times a factor, as for fractions given of those planned.

    Raises
    ------
    InputError
        The factor is negative or not finite.
    """
    if not 0 <= factor < math.inf:
        raise InputError(f"A dose is scaled by 0 or more; got {factor}.")
    return replace(
        dose,
        array=(dose.array.astype(np.float64) * factor).astype(np.float32),
        sop_instance_uid="",
        series_instance_uid="",
        dvhs=(),
        notes=(*dose.notes, f"Scaled by {factor:g}."),
    )


def _on(dose: Dose, grid: Grid, link: Transform | None) -> Dose:
    """A dose on a grid; NaN where it does not reach."""
    if link is None and dose.grid.is_same_as(grid):
        return dose
    moved = resample(dose, grid, transform=link, outside=math.nan)
    if np.isnan(moved.array).all():
        raise GeometryError(
            "One of the doses does not reach the grid of the sum anywhere; check the "
            "frames of reference and the registration."
        )
    return moved
