"""Judging curves as the consensus guide does: inserts, tissues, one curve for all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.physics.electrons import (
    effective_atomic_number,
    relative_electron_density,
)
from kerma.physics.stopping_power import mean_excitation_energy_ev, stopping_power_ratio
from kerma.physics.substance import Substance
from kerma.physics.tissues import TISSUE_GROUPS, Tissue, human_tissues
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve
from kerma.workflows.ct_calibration.curves.fit import CurveRequest, SiteFit
from kerma.workflows.ct_calibration.curves.quantity import quantity_of
from kerma.workflows.ct_calibration.curves.result import (
    GroupAccuracy,
    HUAtSite,
    InsertRow,
    TissueRow,
)
from kerma.workflows.ct_calibration.curves.rods import Rod

__all__ = ["accuracy_of", "insert_row", "tissue_row"]


def insert_row(rod: Rod, fits: Sequence[SiteFit], request: CurveRequest) -> InsertRow:
    """A material of the phantom: what it is, and what each curve makes of it."""
    made = rod.substance
    like = _tissue_like(rod)
    return InsertRow(
        material=rod.key,
        name=rod.name,
        group=rod.group,
        red=rod.red,
        composition_red=relative_electron_density(made) if made else None,
        density_g_cm3=rod.density_g_cm3,
        effective_atomic_number=effective_atomic_number(made) if made else None,
        excitation_energy_ev=mean_excitation_energy_ev(made) if made else None,
        tissue_atomic_number=like[0] if like else None,
        tissue_excitation_energy_ev=like[1] if like else None,
        value=rod.value(request.quantity, energy_mev=request.energy_mev),
        measured_spr=rod.measured_spr,
        calculated_spr=stopping_power_ratio(made, energy_mev=request.energy_mev)
        if made
        else None,
        readings=tuple(
            _at_site(rod, fit) for fit in fits if rod.key in fit.reading.rods
        ),
    )


def _at_site(rod: Rod, fit: SiteFit) -> HUAtSite:
    point = fit.reading.points[rod.key]
    return HUAtSite(
        site=fit.reading.site,
        measured_hu=point.hu,
        uncertainty_hu=point.hu_uncertainty,
        estimated_hu=_estimate(rod.substance, fit),
        curve_value=float(fit.curve.value_of(point.hu)),
        expected_hu=fit.reading.expected_hu[rod.key],
    )


def _estimate(substance: Substance | None, fit: SiteFit) -> float | None:
    if substance is None or fit.stoichiometry is None:
        return None
    return fit.stoichiometry.hu_of(substance)


def _tissue_like(rod: Rod) -> tuple[float, float] | None:
    """Z and I of human tissue of the same group at the RED of a tissue substitute.

    Between the tissues of the group it is interpolated, beyond them the nearest counts.
    """
    group = [t.substance for t in human_tissues() if t.group == rod.group != "other"]
    if not group:
        return None
    ordered = sorted(group, key=relative_electron_density)
    red = [relative_electron_density(one) for one in ordered]
    return (
        float(np.interp(rod.red, red, [effective_atomic_number(o) for o in ordered])),
        float(np.interp(rod.red, red, [mean_excitation_energy_ev(o) for o in ordered])),
    )


def tissue_row(
    tissue: Tissue, fits: Sequence[SiteFit], request: CurveRequest
) -> TissueRow:
    """A human tissue: its value, and what each curve makes of its CT number."""
    readings = []
    for fit in fits:
        hu = _estimate(tissue.substance, fit)
        value = None if hu is None else float(fit.curve.value_of(hu))
        readings.append(HUAtSite(fit.reading.site, None, None, hu, value))
    value = quantity_of(
        tissue.substance, request.quantity, energy_mev=request.energy_mev
    )
    return TissueRow(tissue.name, tissue.group, value, tuple(readings))


def accuracy_of(
    fit: SiteFit, average: ConversionCurve | None, tissues: Sequence[TissueRow]
) -> tuple[GroupAccuracy, ...]:
    """How well a curve gives back human tissues, group by group.

    Empty without a stoichiometric fit, since then nothing says at which CT numbers
    tissues would appear.

    Parameters
    ----------
    fit
        The curve and its scan.
    average
        The curve for all body sizes, whose deviation at this size is given too
        (evaluation box 5); ``None`` for a single scan.
    tissues
        The rows with their estimated CT numbers.
    """
    found = []
    for group in TISSUE_GROUPS:
        rows = [
            (row, reading.estimated_hu)
            for row in tissues
            for reading in row.readings
            if row.group == group
            and reading.site == fit.reading.site
            and reading.estimated_hu is not None
        ]
        if not rows:
            continue
        true = np.array([row.value for row, _ in rows])
        hu = np.array([at for _, at in rows])
        percent = 100 * (fit.curve.value_of(hu) / true - 1)
        worst = int(np.argmax(np.abs(percent)))
        other = None
        if average is not None:
            other = float(np.mean(100 * (average.value_of(hu) / true - 1)))
        found.append(
            GroupAccuracy(
                group=group,
                tissues=len(rows),
                mean_percent=float(percent.mean()),
                sd_percent=float(percent.std()),
                largest_percent=float(percent[worst]),
                largest_tissue=rows[worst][0].name,
                average_mean_percent=other,
            )
        )
    return tuple(found)
