"""Whether each insert is what the model has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import linear_sum_assignment

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.scale import HUScale, fit_scale, tolerances

__all__ = ["Finding", "Identity", "identify", "undecided_pairs"]

_DISTINCT_HU = 60.0  # materials nearer than this cannot be told apart by one scan
_SUSPECT_HU = 30.0  # half of that: nearer to another material than to its own
_AIR_HU = -1000.0
_LIKE_AIR_HU = 150.0


class Identity(StrEnum):
    """What the scan says of the material at one position."""

    CONFIRMED = "confirmed"
    SWAPPED = "swapped"
    MISSING = "missing"
    VOID = "void"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    """The identity of one insert, with the reason where it is not confirmed."""

    identity: Identity
    remark: str = ""
    partner: int | None = None
    """Index of the insert whose material is there, where two are exchanged."""


def identify(
    phantom: Phantom,
    materials: Sequence[str],
    expected: FloatArray,
    measured: FloatArray,
) -> tuple[list[Finding], HUScale | None]:
    """Compare every insert with its own material and with all the others.

    Parameters
    ----------
    phantom
        The model.
    materials
        (n,) key of the material expected at each insert.
    expected, measured
        (n,) CT numbers, HU, free of shading; NaN in `measured` where out of view.

    Returns
    -------
    findings : list of Finding
        One for each insert.
    scale : HUScale | None
        The line from expected to measured CT numbers, wrong inserts left out.
    """
    scale = fit_scale(expected, measured, phantom.background_hu)
    gain = 1.0 if scale is None else min(1.0, scale.gain)
    own = expected if scale is None else scale.apply(expected)
    allowed = tolerances(expected, phantom.background_hu) * gain
    partner = _exchanged(phantom, own, measured, allowed, gain)
    air = _AIR_HU if scale is None else float(scale.apply(_AIR_HU))
    names = [phantom.materials[key].name for key in materials]
    findings = []
    for index, insert in enumerate(phantom.inserts):
        value = measured[index]
        if not np.isfinite(value):
            findings.append(Finding(Identity.UNEXPECTED, "not in view"))
        elif partner[index] != index:
            other = phantom.inserts[partner[index]].name
            remark = f"reads like {names[partner[index]]}, which belongs to {other}"
            findings.append(Finding(Identity.SWAPPED, remark, partner[index]))
        elif abs(value - own[index]) <= allowed[index]:
            findings.append(Finding(Identity.CONFIRMED))
        elif abs(value - air) <= _LIKE_AIR_HU * gain:
            remark = f"reads {value:.0f} HU, like air: {insert.name} is not there"
            findings.append(Finding(Identity.MISSING, remark))
        else:
            remark = f"reads {value:.0f} HU where {own[index]:.0f} HU was expected"
            findings.append(Finding(Identity.UNEXPECTED, remark))
    return findings, scale


def undecided_pairs(
    phantom: Phantom, materials: Sequence[str], expected: FloatArray
) -> tuple[tuple[str, str], ...]:
    """Pairs of material names whose exchange would not show in a scan."""
    values = {
        phantom.materials[key].name: float(value)
        for key, value in zip(materials, expected, strict=True)
    }
    names = sorted(values, key=lambda name: values[name])
    return tuple(
        (first, second)
        for index, first in enumerate(names)
        for second in names[index + 1 :]
        if values[second] - values[first] < _DISTINCT_HU
    )


def _exchanged(
    phantom: Phantom,
    own: FloatArray,
    measured: FloatArray,
    allowed: FloatArray,
    gain: float,
) -> list[int]:
    """For each insert the one whose material it has; itself unless proven otherwise.

    Among the suspects the assignment with the least squared residuals is sought. A
    cycle of it counts only if every insert then agrees, and by much better than
    before.
    """
    partner = list(range(own.size))
    suspects = np.flatnonzero(np.abs(measured - own) > _SUSPECT_HU * gain)
    if suspects.size < 2:
        return partner
    diameters = np.array([phantom.inserts[index].diameter_mm for index in suspects])
    residual = measured[suspects, None] - own[None, suspects]
    # A misfit beyond the tolerance is as bad as any other: no insert is sacrificed
    # to make another one less wrong.
    capped = np.minimum(residual**2, (2 * allowed[suspects]) ** 2)
    capped[diameters[:, None] != diameters] = np.inf
    capped[~np.isfinite(capped)] = 1e12
    # Staying is preferred, lest an insert that is a little off joins an exchange.
    moving = (_SUSPECT_HU * gain) ** 2 * (1 - np.eye(suspects.size))
    assigned = linear_sum_assignment(capped + moving)[1]
    fits = np.abs(residual) <= allowed[suspects]
    for cycle in _cycles(assigned):
        before = capped[cycle, cycle].sum()
        after = capped[cycle, assigned[cycle]].sum()
        enough = len(cycle) * _DISTINCT_HU * _SUSPECT_HU * gain**2
        apart = np.abs(own[suspects[cycle]] - own[suspects[assigned[cycle]]])
        distinct = apart.min() >= 0.999 * _DISTINCT_HU * gain
        fit = bool(fits[cycle, assigned[cycle]].all())
        if distinct and fit and before - after >= enough:
            for row in cycle:
                partner[suspects[row]] = int(suspects[assigned[row]])
    return partner


def _cycles(permutation: Sequence[int]) -> list[list[int]]:
    """The cycles of a permutation that move something."""
    seen: BoolArray = np.zeros(len(permutation), dtype=bool)
    cycles = []
    for start in range(len(permutation)):
        cycle = []
        at = start
        while not seen[at]:
            seen[at] = True
            cycle.append(at)
            at = int(permutation[at])
        if len(cycle) > 1:
            cycles.append(cycle)
    return cycles
