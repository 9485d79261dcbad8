"""The constancy check: today's CT numbers against the accepted ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kerma.core.result import Verdict
from kerma.errors import InputError

__all__ = ["Baseline", "Constancy", "Deviation", "Scope", "Tolerances", "pearson"]


@dataclass(frozen=True)
class Tolerances:
    """A tolerance profile: what change of a CT number is allowed.

    Parameters
    ----------
    name, source
        What it is called, and where the numbers are from.
    tolerance_hu
        Up to this change, the limit included, a material passes; by material, HU.
    action_hu
        Up to this change it calls for action, beyond it fails; by material, HU. A
        material that is not listed fails as soon as it leaves its tolerance.
    other_tolerance_hu
        Tolerance of a material that is not listed; ``None`` refuses to judge it.
    """

    name: str
    source: str
    tolerance_hu: Mapping[str, float]
    action_hu: Mapping[str, float] = field(default_factory=dict)
    other_tolerance_hu: float | None = None

    def __post_init__(self) -> None:
        for material, tolerance in self.tolerance_hu.items():
            if not tolerance > 0:
                raise InputError(
                    f"{self.name}: the tolerance of {material} must be positive; got "
                    f"{tolerance} HU."
                )
            if not self.action_hu.get(material, tolerance) >= tolerance:
                raise InputError(
                    f"{self.name}: the action level of {material} "
                    f"({self.action_hu[material]} HU) lies below its tolerance "
                    f"({tolerance} HU)."
                )
        if self.other_tolerance_hu is not None and not self.other_tolerance_hu > 0:
            raise InputError(
                f"{self.name}: the tolerance of other materials must be positive; got "
                f"{self.other_tolerance_hu} HU."
            )
        unknown = set(self.action_hu) - set(self.tolerance_hu)
        if unknown:
            raise InputError(
                f"{self.name}: action levels without a tolerance: "
                f"{', '.join(sorted(unknown))}."
            )

    def of(self, *names: str) -> tuple[float, float] | None:
        """(tolerance, action level) in HU of a material by any of its names.

        ``None`` where the profile does not judge it.
        """
        for name in names:
            if name in self.tolerance_hu:
                tolerance = self.tolerance_hu[name]
                return tolerance, self.action_hu.get(name, tolerance)
        if self.other_tolerance_hu is None:
            return None
        return self.other_tolerance_hu, self.other_tolerance_hu


@dataclass(frozen=True)
class Deviation:
    """Change of one insert since the baseline.

    Parameters
    ----------
    insert, material
        Position and key of its material.
    change_hu
        Today minus baseline, HU; ``None`` where it could not be had.
    uncertainty_hu
        Half-width of the 95 % interval of the change by noise and position, HU.
    tolerance_hu, action_hu
        The limits; ``None`` where the profile has none for this material.
    reason
        Why there is no change or no limit.
    """

    insert: str
    material: str
    change_hu: float | None
    uncertainty_hu: float | None
    tolerance_hu: float | None
    action_hu: float | None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """Judgement; the limit itself passes.

        A change within tolerance that is less certain than the tolerance is wide is
        inconclusive.
        """
        if self.change_hu is None or self.tolerance_hu is None:
            return Verdict.INCONCLUSIVE
        if abs(self.change_hu) <= self.tolerance_hu:
            vague = (self.uncertainty_hu or 0.0) > self.tolerance_hu
            return Verdict.INCONCLUSIVE if vague else Verdict.PASS
        if self.action_hu is not None and abs(self.change_hu) <= self.action_hu:
            return Verdict.ACTION
        return Verdict.FAIL


@dataclass(frozen=True)
class Scope:
    """The conditions under which two calibrations can be compared."""

    manufacturer: str | None = None
    model: str | None = None
    station: str | None = None
    scanner_serial_number: str | None = None
    kv: float | None = None
    kernel: str | None = None
    phantom: str | None = None
    phantom_serial_number: str | None = None

    def differences(self, other: Scope) -> tuple[str, ...]:
        """What differs, in words; a condition that one side does not know is left."""
        words = []
        for name, mine in vars(self).items():
            theirs = getattr(other, name)
            if mine is not None and theirs is not None and mine != theirs:
                words.append(f"{name.replace('_', ' ')} {theirs} then, {mine} now")
        return tuple(words)


@dataclass(frozen=True)
class Baseline:
    """The accepted CT numbers.

    Parameters
    ----------
    name
        File it was read from.
    mean_hu
        By the name of the insert, or by the seed's name of its material, HU; ``None``
        for one that was not confirmed then.
    uncertainty_hu
        Standard uncertainty of their measurement where known, HU.
    scope
        Under which conditions they were measured.
    """

    name: str
    mean_hu: Mapping[str, float | None]
    uncertainty_hu: Mapping[str, float]
    scope: Scope


@dataclass(frozen=True)
class Constancy:
    """Outcome of a constancy check.

    Parameters
    ----------
    baseline, tolerances
        Names of the baseline and of the tolerance profile.
    deviations
        One for each insert of today and of the baseline.
    pearson_r
        Correlation of today's CT numbers with the baseline's; ``None`` with fewer
        than three pairs. It is near 1 for any scanner that works at all and takes
        no part in the verdict.
    scope_differences
        Conditions that differ and were allowed to.
    """

    baseline: str
    tolerances: str
    deviations: tuple[Deviation, ...]
    pearson_r: float | None
    scope_differences: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all inserts; one that cannot be judged never passes."""
        verdicts = {deviation.verdict for deviation in self.deviations}
        order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ACTION)
        return next(
            (verdict for verdict in order if verdict in verdicts),
            Verdict.PASS if verdicts else Verdict.INCONCLUSIVE,
        )

    def summary(self) -> str:
        """One line per insert."""
        return "\n".join(
            f"{d.insert:<20} {'' if d.change_hu is None else f'{d.change_hu:+7.1f} HU'}"
            f"  (±{d.tolerance_hu if d.tolerance_hu is not None else '-'})  "
            f"{d.verdict}{': ' + d.reason if d.reason else ''}"
            for d in self.deviations
        )


def pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Pearson correlation; ``None`` with under three pairs or without spread."""
    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])
