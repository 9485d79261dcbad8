"""Comparing a calibration with the accepted one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerma.errors import ScopeError
from kerma.workflows.ct_calibration.constancy import (
    Baseline,
    Constancy,
    Deviation,
    Scope,
    Tolerances,
    pearson,
)
from kerma.workflows.ct_calibration.identity import Identity
from kerma.workflows.ct_calibration.result import Calibration, InsertReading

__all__ = ["baseline_of", "check_constancy", "scope_of"]


def check_constancy(
    today: Calibration,
    baseline: Baseline,
    tolerances: Tolerances,
    *,
    any_scope: bool = False,
) -> Calibration:
    """The calibration with its comparison to the accepted CT numbers.

    Parameters
    ----------
    today, baseline
        What is compared with what.
    tolerances
        How much each material may change.
    any_scope
        Compare although scanner, tube voltage, kernel or phantom differ; the result
        then says so.

    Raises
    ------
    ScopeError
        The two were made under different conditions.
    """
    differences = scope_of(today).differences(_same_names(baseline.scope, today))
    if differences and not any_scope:
        raise ScopeError(
            f"This scan and the baseline {baseline.name} cannot be compared: "
            f"{'; '.join(differences)}. Choose the baseline of these conditions, or "
            f"say that they may differ."
        )
    deviations = [_deviation(one, baseline, tolerances) for one in today.readings]
    deviations += [_absent(name, "not in view today") for name in today.unseen]
    known = {name for one in today.readings for name in _names(one)} | set(today.unseen)
    deviations += [
        _absent(name, "in the baseline, but not in this phantom")
        for name in baseline.mean_hu
        if name not in known
    ]
    constancy = Constancy(
        baseline=baseline.name,
        tolerances=tolerances.name,
        deviations=tuple(deviations),
        pearson_r=_correlation(today, baseline),
        scope_differences=differences,
    )
    return replace(today, constancy=constancy)


def scope_of(calibration: Calibration) -> Scope:
    """The conditions under which a calibration was made."""
    acquisition = calibration.acquisition
    return Scope(
        manufacturer=acquisition.manufacturer,
        model=acquisition.model,
        station=acquisition.station,
        scanner_serial_number=acquisition.serial_number,
        kv=acquisition.kv,
        kernel=acquisition.kernel,
        phantom=calibration.recognition.phantom,
        phantom_serial_number=calibration.serial_number,
    )


def baseline_of(calibration: Calibration, name: str) -> Baseline:
    """An earlier calibration as a baseline; doubtful inserts have no value."""
    readings = calibration.readings
    return Baseline(
        name=name,
        mean_hu={
            one.name: one.mean_hu if one.identity is Identity.CONFIRMED else None
            for one in readings
        },
        uncertainty_hu={one.name: one.uncertainty.measurement_hu for one in readings},
        scope=scope_of(calibration),
    )


def _same_names(scope: Scope, today: Calibration) -> Scope:
    """The baseline's scope, its phantom by today's name where it is the seed's."""
    if scope.phantom == today.recognition.seed_name:
        return replace(scope, phantom=today.recognition.phantom)
    return scope


def _names(reading: InsertReading) -> tuple[str, str]:
    return reading.name, reading.seed_name


def _deviation(
    reading: InsertReading, baseline: Baseline, tolerances: Tolerances
) -> Deviation:
    """The change of one insert, or why there is none."""
    limits = tolerances.of(reading.material, reading.seed_name)
    deviation = Deviation(
        insert=reading.name,
        material=reading.material,
        change_hu=None,
        uncertainty_hu=None,
        tolerance_hu=limits[0] if limits else None,
        action_hu=limits[1] if limits else None,
    )
    name = next((n for n in _names(reading) if n in baseline.mean_hu), None)
    if reading.identity is not Identity.CONFIRMED:
        return replace(deviation, reason=reading.remark)
    if name is None:
        return replace(deviation, reason="not in the baseline")
    accepted = baseline.mean_hu[name]
    if accepted is None:
        return replace(deviation, reason="was not confirmed in the baseline")
    then = baseline.uncertainty_hu.get(name, 0.0)
    vague = 2 * float(np.hypot(reading.uncertainty.measurement_hu, then))
    reason = "" if limits else f"no tolerance for {reading.material}"
    if limits and vague > limits[0]:
        reason = f"the change is uncertain by {vague:.0f} HU"
    return replace(
        deviation,
        change_hu=reading.mean_hu - accepted,
        uncertainty_hu=vague,
        reason=reason,
    )


def _absent(name: str, reason: str) -> Deviation:
    return Deviation(name, "", None, None, None, None, reason)


def _correlation(today: Calibration, baseline: Baseline) -> float | None:
    """Pearson's r of today's CT numbers with the accepted ones."""
    pairs = [
        (reading.mean_hu, accepted)
        for reading in today.readings
        for name in _names(reading)[: 1 if reading.name in baseline.mean_hu else 2]
        if (accepted := baseline.mean_hu.get(name)) is not None
    ]
    return pearson([now for now, _ in pairs], [then for _, then in pairs])
