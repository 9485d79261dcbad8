"""What comes out: the curves, what they rest on, and how they differ from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerma.core.result import Result, Verdict
from kerma.errors import InputError
from kerma.physics.ct_number import Stoichiometry
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve, Model
from kerma.workflows.ct_calibration.curves.difference import Comparison
from kerma.workflows.ct_calibration.curves.effect import PathEffect
from kerma.workflows.ct_calibration.curves.quantity import SYMBOLS, Quantity
from kerma.workflows.ct_calibration.curves.sites import Site

__all__ = [
    "CurveScope",
    "CurveSet",
    "GroupAccuracy",
    "HUAtSite",
    "InsertRow",
    "SiteCurve",
    "TissueRow",
]


@dataclass(frozen=True)
class CurveScope:
    """What a curve holds for; it must not be used for anything else.

    Parameters
    ----------
    manufacturer, model, station, scanner_serial_number
        The scanner.
    kv, kernel
        Tube voltage in kV and reconstruction kernel.
    phantoms
        Phantom of each scan.
    phantom_serial_numbers
        Their serial numbers; empty where none was given.
    scan_dates
        Study date of each scan, YYYYMMDD; empty where the scan does not say.
    """

    manufacturer: str | None
    model: str | None
    station: str | None
    scanner_serial_number: str | None
    kv: float | None
    kernel: str | None
    phantoms: tuple[str, ...]
    phantom_serial_numbers: tuple[str, ...]
    scan_dates: tuple[str, ...]


@dataclass(frozen=True)
class HUAtSite:
    """A material on one curve.

    Parameters
    ----------
    site
        Which curve.
    measured_hu, uncertainty_hu
        CT number read and its standard uncertainty, HU; ``None`` for a tissue.
    estimated_hu
        CT number that the stoichiometric fit of this scan expects, HU; ``None`` without
        a fit or a composition.
    curve_value
        What the curve gives for the CT number: the measured one, else the estimated.
    expected_hu
        CT number that the phantom's file expects at this tube voltage, on this
        scanner's own scale, HU; ``None`` for a tissue.
    """

    site: Site
    measured_hu: float | None
    uncertainty_hu: float | None
    estimated_hu: float | None
    curve_value: float | None
    expected_hu: float | None = None


@dataclass(frozen=True)
class InsertRow:
    """A material of the phantom, as consensus evaluation boxes 1 to 4 look at it.

    Parameters
    ----------
    material, name, group
        Key, name on the certificate, and part of the look-up table.
    red
        Electron density relative to water, as declared.
    composition_red
        The same from density and composition.
    density_g_cm3, effective_atomic_number, excitation_energy_ev
        Mass density, Z of a like element, mean excitation energy in eV.
    tissue_atomic_number, tissue_excitation_energy_ev
        Those of human tissue of the same RED and group.
    value
        What the curve ought to give; ``None`` where it is not known.
    measured_spr, calculated_spr
        Stopping-power ratio as somebody measured it and from the composition.
    readings
        Its CT number on each curve.
    """

    material: str
    name: str
    group: TissueGroup
    red: float
    composition_red: float | None
    density_g_cm3: float | None
    effective_atomic_number: float | None
    excitation_energy_ev: float | None
    tissue_atomic_number: float | None
    tissue_excitation_energy_ev: float | None
    value: float | None
    measured_spr: float | None
    calculated_spr: float | None
    readings: tuple[HUAtSite, ...]

    def at(self, site: Site) -> HUAtSite | None:
        """Its reading on one curve; ``None`` where it was not on that scan."""
        return next((one for one in self.readings if one.site == site), None)

    @property
    def beam_hardening_hu(self) -> float | None:
        """CT number in the head phantom minus that in the body phantom, HU."""
        head, body = self.at("head"), self.at("body")
        if not (head and body) or head.measured_hu is None or body.measured_hu is None:
            return None
        return head.measured_hu - body.measured_hu


@dataclass(frozen=True)
class TissueRow:
    """A tabulated human tissue: its value, and its CT number on each curve."""

    name: str
    group: TissueGroup
    value: float
    readings: tuple[HUAtSite, ...]


@dataclass(frozen=True)
class GroupAccuracy:
    """How well a curve gives back the tissues of one group.

    Parameters
    ----------
    group, tissues
        Which, and how many.
    mean_percent, sd_percent
        Mean and standard deviation of (curve minus true) over true, percent.
    largest_percent, largest_tissue
        The deviation of largest size, and whose it is.
    average_mean_percent
        Mean with the average curve in place of this one; ``None`` for a single scan.
    """

    group: TissueGroup
    tissues: int
    mean_percent: float
    sd_percent: float
    largest_percent: float
    largest_tissue: str
    average_mean_percent: float | None


@dataclass(frozen=True)
class SiteCurve:
    """One curve of the set, with the fit that it rests on and its accuracy."""

    site: Site
    curve: ConversionCurve
    stoichiometry: Stoichiometry | None
    accuracy: tuple[GroupAccuracy, ...]


@dataclass(frozen=True, kw_only=True)
class CurveSet(Result):
    """Conversion curves of a scanner, and how an installed curve compares.

    Parameters
    ----------
    quantity, model, energy_mev
        What the curves give, how they were fitted, the proton energy of the SPR in MeV.
    scope
        What they hold for.
    curves
        One for one scan; head, body and average for two.
    inserts, tissues
        The materials they were fitted to, or may be judged by.
    comparison
        With the curve installed in a planning system, where it was given.
    hu_changes, effects
        Changes of CT number that were asked about, (tissue group, HU), and their effect
        on standard paths.
    notes
        What was odd, one sentence each.
    """

    kind: ClassVar[str] = "hu_curves/1"

    quantity: Quantity
    model: Model
    energy_mev: float
    scope: CurveScope
    curves: tuple[SiteCurve, ...]
    inserts: tuple[InsertRow, ...]
    tissues: tuple[TissueRow, ...]
    comparison: Comparison | None = None
    hu_changes: tuple[tuple[TissueGroup, float], ...] = ()
    effects: tuple[PathEffect, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """That of the comparison; without one nothing is judged, and it passes."""
        return Verdict.PASS if self.comparison is None else self.comparison.verdict

    @property
    def passed(self) -> bool:
        """Whether nothing needs attention."""
        return self.verdict is Verdict.PASS

    def of(self, site: Site) -> SiteCurve:
        """The curve for a site.

        Raises
        ------
        InputError
            There is none.
        """
        for one in self.curves:
            if one.site == site:
                return one
        sites = ", ".join(one.site for one in self.curves)
        raise InputError(f"There is no curve for {site!r}; there are {sites}.")

    @property
    def main(self) -> SiteCurve:
        """The average of two scans, or the only one."""
        return self.curves[-1]

    @property
    def ascending(self) -> tuple[InsertRow, ...]:
        """The inserts by CT number, on the last curve that has them."""
        return tuple(
            sorted(self.inserts, key=lambda row: row.readings[-1].measured_hu or 0.0)
        )

    def summary(self) -> str:
        """The nodes of each curve, the comparison, the notes and a verdict."""
        rows = []
        for one in self.curves:
            fit = one.stoichiometry
            tail = f", CT numbers fitted to {fit.rms_hu:.1f} HU rms" if fit else ""
            rows.append(f"{SYMBOLS[self.quantity]}, {self.model}, {one.site}{tail}")
            rows += [f"{n.hu:>9.1f} HU  {n.value:.4f}" for n in one.curve.nodes]
            rows += [
                f"  {a.group:<8} {a.tissues:>2} tissues  {a.mean_percent:+6.2f} % ± "
                f"{a.sd_percent:.2f}, largest {a.largest_percent:+.2f} % "
                f"({a.largest_tissue})"
                for a in one.accuracy
            ]
        if self.comparison is not None:
            rows.append(self.comparison.summary())
        if self.effects:
            changes = ", ".join(f"{g} {change:+g} HU" for g, change in self.hu_changes)
            rows.append(f"CT numbers off by {changes}:")
            rows += [effect.summary() for effect in self.effects]
        rows += [f"note: {note}" for note in self.notes]
        return "\n".join([*rows, self.verdict.upper()])
