"""The procedure: from one or two calibrations to conversion curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.physics.stopping_power import REFERENCE_ENERGY_MEV
from kerma.physics.tissues import TissueGroup, human_tissues
from kerma.workflows.ct_calibration.comparison import scope_of
from kerma.workflows.ct_calibration.curves.conversion import Model
from kerma.workflows.ct_calibration.curves.difference import (
    CurveLimits,
    compare_curves,
)
from kerma.workflows.ct_calibration.curves.effect import effects_of_hu_changes
from kerma.workflows.ct_calibration.curves.evaluation import (
    accuracy_of,
    insert_row,
    tissue_row,
)
from kerma.workflows.ct_calibration.curves.fit import CurveRequest, SiteFit, fit_site
from kerma.workflows.ct_calibration.curves.installed import InstalledCurve
from kerma.workflows.ct_calibration.curves.quantity import Quantity
from kerma.workflows.ct_calibration.curves.result import (
    CurveScope,
    CurveSet,
    InsertRow,
    SiteCurve,
)
from kerma.workflows.ct_calibration.curves.sample import Sample
from kerma.workflows.ct_calibration.curves.sites import Site, read_sites
from kerma.workflows.ct_calibration.result import Calibration
from kerma.workflows.ct_calibration.scale import CT_NUMBERS

__all__ = ["compare_with_installed", "fit_curves", "with_hu_changes"]

_POOR_FIT_HU = 20.0  # of the scanner's response, rms; twice that of a good phantom
# In soft and adipose tissue, most of a path, what changes dose or range by 2 %; in lung
# and bone beyond what good inserts and tissues differ by.
_POOR_ACCURACY_PERCENT = {"lung": 4.0, "adipose": 2.0, "soft": 2.0, "bone": 4.0}
_AIR_RED = 0.01  # below it a material is as good as air
_DISAGREEMENT = 0.01  # of a declared RED with that of the composition


def fit_curves(
    scans: Sequence[tuple[Calibration, Phantom]],
    *,
    quantity: Quantity = "red",
    model: Model = "piecewise",
    energy_mev: float = REFERENCE_ENERGY_MEV,
    top_hu: float | None = None,
) -> CurveSet:
    """Fit the conversion curves of a scanner.

    Parameters
    ----------
    scans
        A calibration with the phantom that it was made with; or two, of a head and of a
        body phantom, which give a curve for each and one for their mean.
    quantity, model
        What the curves give, and how they are fitted.
    energy_mev
        Proton energy of the stopping-power ratios, MeV.
    top_hu
        Where the last slope is to be carried on to, HU; by default a curve is held
        beyond its last node.

    Raises
    ------
    ScopeError
        Two scans that were not made alike.
    InputError
        Scans or materials that the model cannot be fitted to.
    """
    request = CurveRequest(quantity, model, energy_mev, top_hu)
    if model == "consensus":
        _check_scale([calibration for calibration, _ in scans])
    fits = [fit_site(reading, request) for reading in read_sites(scans)]
    rods = {key: rod for fit in fits for key, rod in fit.reading.rods.items()}
    inserts = tuple(insert_row(rod, fits, request) for rod in rods.values())
    tissues = tuple(tissue_row(tissue, fits, request) for tissue in human_tissues())
    average = fits[-1].curve if len(fits) > 1 else None
    curves = tuple(
        SiteCurve(
            fit.reading.site,
            fit.curve,
            fit.stoichiometry,
            accuracy_of(fit, average, tissues),
        )
        for fit in fits
    )
    calibrations = [calibration for calibration, _ in scans]
    return CurveSet(
        quantity=quantity,
        model=model,
        energy_mev=energy_mev,
        scope=_scope(calibrations),
        curves=curves,
        inserts=inserts,
        tissues=tissues,
        notes=_notes(inserts, model, calibrations, fits, curves),
    )


def compare_with_installed(
    curves: CurveSet,
    installed: InstalledCurve,
    *,
    site: Site | None = None,
    limits: CurveLimits | None = None,
) -> CurveSet:
    """The curves with the comparison of one of them to an installed curve.

    Parameters
    ----------
    curves, installed
        What is compared with what.
    site
        Which of the curves; by default the average, or the only one.
    limits
        How far they may differ; by default the limits that are shipped.

    Raises
    ------
    InputError
        There is no such curve, or the two have no CT number in common.
    """
    ours = curves.main if site is None else curves.of(site)
    samples = [
        Sample(row.material, row.group, reading.measured_hu, 0.0, row.value, 0.0)
        for row in curves.ascending
        if (reading := row.at(ours.site)) is not None
        and reading.measured_hu is not None
        and row.value is not None
    ]
    comparison = compare_curves(
        ours.curve,
        installed,
        samples,
        site=ours.site,
        energy_mev=curves.energy_mev,
        limits=limits,
    )
    return replace(curves, comparison=comparison)


def with_hu_changes(
    curves: CurveSet, changes_hu: Mapping[TissueGroup, float]
) -> CurveSet:
    """The curves with the effect on a plan of CT numbers that are off, by group, HU."""
    effects = effects_of_hu_changes(
        curves.main.curve, changes_hu, energy_mev=curves.energy_mev
    )
    return replace(curves, hu_changes=tuple(changes_hu.items()), effects=effects)


def _check_scale(calibrations: Sequence[Calibration]) -> None:
    """Refuse values that are no CT numbers: tissues could not be placed among them."""
    for one in calibrations:
        scale = one.acquisition.rescale_type
        if scale not in CT_NUMBERS:
            raise InputError(
                f"The consensus table needs CT numbers; this scan is on a scale that it "
                f"calls {str(scale)[:16]!r}, Rescale Type (0028,1054). Choose a curve "
                f"through the inserts."
            )


def _scope(calibrations: Sequence[Calibration]) -> CurveScope:
    """The conditions that all scans share, and the phantoms."""
    first = scope_of(calibrations[0])
    return CurveScope(
        manufacturer=first.manufacturer,
        model=first.model,
        station=first.station,
        scanner_serial_number=first.scanner_serial_number,
        kv=first.kv,
        kernel=first.kernel,
        phantoms=tuple(one.recognition.phantom for one in calibrations),
        phantom_serial_numbers=tuple(one.serial_number or "" for one in calibrations),
        scan_dates=tuple(one.acquisition.study_date or "" for one in calibrations),
    )


def _plastics_note(
    inserts: Sequence[InsertRow], model: Model, fits: Iterable[SiteFit]
) -> str:
    """What materials that are no tissue substitutes do to a curve; empty for nothing."""
    others = [row for row in inserts if row.group == "other"]
    if model == "consensus" and others:
        names = ", ".join(row.material for row in others)
        return f"No tissue substitutes, so not on the lines of the table: {names}."
    unlike = ", ".join(row.material for row in others if row.red > _AIR_RED)
    if unlike and any(fit.stoichiometry is None for fit in fits):
        return (
            f"The curve goes through materials that are no tissue substitutes "
            f"({unlike}), and too few compositions are known to tell how far it misses "
            f"human tissue: do not plan with it."
        )
    return ""


def _notes(
    inserts: Sequence[InsertRow],
    model: Model,
    calibrations: Sequence[Calibration],
    fits: Iterable[SiteFit],
    curves: Iterable[SiteCurve],
) -> tuple[str, ...]:
    """What a user should know before the curves go to a planning system."""
    notes = []
    for row in inserts:
        made = row.composition_red
        if made is not None and abs(made - row.red) > _DISAGREEMENT * max(row.red, 0.1):
            notes.append(
                f"{row.material}: its RED is declared as {row.red:.3f}, but its density "
                f"and composition give {made:.3f}; the phantom's certificate decides."
            )
        if row.value is None:
            notes.append(
                f"{row.material}: its value is not known, so it is not on the curve."
            )
    if plastics := _plastics_note(inserts, model, fits):
        notes.append(plastics)
    doubtful = [r.name for one in calibrations for r in one.doubtful]
    if doubtful:
        notes.append(f"Not confirmed in the scan, and left out: {', '.join(doubtful)}.")
    notes += [
        f"The compositions explain the CT numbers ({fit.reading.site}) only to "
        f"{fit.stoichiometry.rms_hu:.0f} HU rms: is this the delivered phantom?"
        for fit in fits
        if fit.stoichiometry is not None and fit.stoichiometry.rms_hu > _POOR_FIT_HU
    ]
    notes += [
        f"The curve ({one.site}) misses human tissue of the group {part.group} by "
        f"{part.mean_percent:+.0f} % on average, since its inserts are not like tissue: "
        f"do not use it there; the consensus model is for that."
        for one in curves
        for part in one.accuracy
        if abs(part.mean_percent) > _POOR_ACCURACY_PERCENT[part.group]
    ]
    return tuple(notes)
