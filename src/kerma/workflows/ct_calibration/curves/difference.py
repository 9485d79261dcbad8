"""Comparing a curve with the one that a planning system uses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.physics.tissues import Tissue, TissueGroup
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve
from kerma.workflows.ct_calibration.curves.effect import (
    PathEffect,
    effects_of_value_changes,
)
from kerma.workflows.ct_calibration.curves.installed import InstalledCurve
from kerma.workflows.ct_calibration.curves.quantity import (
    SYMBOLS,
    Quantity,
    quantity_of,
)
from kerma.workflows.ct_calibration.curves.sample import Sample
from kerma.workflows.ct_calibration.curves.shipped import read_shipped
from kerma.workflows.ct_calibration.curves.sites import Site

__all__ = [
    "Comparison",
    "CurveLimits",
    "MaterialDifference",
    "compare_curves",
    "shipped_limits",
]


@dataclass(frozen=True)
class CurveLimits:
    """How far an installed curve may differ, by quantity and tissue group."""

    source: str
    red: dict[TissueGroup, float]
    density: dict[TissueGroup, float]
    spr: dict[TissueGroup, float]

    def of(self, quantity: Quantity, group: TissueGroup) -> float:
        """The limit for a group; that of soft tissue for what is none."""
        limits: dict[TissueGroup, float] = getattr(self, quantity)
        return limits.get(group, limits["soft"])

    def __post_init__(self) -> None:
        for name in ("red", "density", "spr"):
            limits: dict[TissueGroup, float] = getattr(self, name)
            if "soft" not in limits or not all(limit > 0 for limit in limits.values()):
                raise InputError(
                    f"The limits of {name} need one of soft tissue, and all of them "
                    f"positive; got {limits}."
                )


@dataclass(frozen=True)
class MaterialDifference:
    """The two curves at one material.

    Parameters
    ----------
    material, group, hu
        Which, and its CT number, HU.
    curve_value, installed_value
        What the two curves give for it.
    limit
        How far they may differ.
    """

    material: str
    group: TissueGroup
    hu: float
    curve_value: float
    installed_value: float
    limit: float

    @property
    def difference(self) -> float:
        """Installed minus measured."""
        return self.installed_value - self.curve_value

    @property
    def passed(self) -> bool:
        """Whether they agree within the limit; the limit itself passes."""
        return abs(self.difference) <= self.limit + 1e-12  # not undone by rounding


@dataclass(frozen=True)
class Comparison:
    """An installed curve beside the measured one.

    Parameters
    ----------
    installed, site, quantity
        The installed curve, the curve of the set that it is compared with, and what
        both give.
    materials
        The difference at every insert.
    largest_difference, largest_at_hu
        Installed minus measured where it is largest in size, among the whole CT numbers
        from `from_hu` to `to_hu`, HU.
    from_hu, to_hu
        Where both curves are defined.
    effects
        What the installed curve does to dose and range if the measured one is right.
    limits_source
        Where the limits are from.
    """

    installed: InstalledCurve
    site: Site
    quantity: Quantity
    materials: tuple[MaterialDifference, ...]
    largest_difference: float
    largest_at_hu: int
    from_hu: int
    to_hu: int
    effects: tuple[PathEffect, ...]
    limits_source: str

    @property
    def verdict(self) -> Verdict:
        """Pass if the curves agree at every material."""
        if not self.materials:
            return Verdict.INCONCLUSIVE
        agree = all(one.passed for one in self.materials)
        return Verdict.PASS if agree else Verdict.FAIL

    def summary(self) -> str:
        """One line per material, the largest difference, and the effects."""
        rows = [f"{self.installed.name} minus the measured curve ({self.site}):"]
        rows += [
            f"{m.material:<20} {m.hu:>8.1f} HU  {m.curve_value:.4f}  "
            f"{m.installed_value:.4f}  {m.difference:+.4f}  (±{m.limit:g})"
            f"  {'pass' if m.passed else 'FAIL'}"
            for m in self.materials
        ]
        rows.append(
            f"largest difference {self.largest_difference:+.4f} "
            f"{SYMBOLS[self.quantity]} at {self.largest_at_hu} HU"
        )
        rows.append("a plan made with it, if the measured curve is right:")
        return "\n".join([*rows, *(effect.summary() for effect in self.effects)])


def shipped_limits() -> CurveLimits:
    """The limits that are shipped."""
    return read_shipped("limits.toml", CurveLimits)


def compare_curves(
    curve: ConversionCurve,
    installed: InstalledCurve,
    samples: Sequence[Sample],
    *,
    site: Site,
    energy_mev: float,
    limits: CurveLimits | None = None,
) -> Comparison:
    """Difference of an installed curve from a measured one.

    Parameters
    ----------
    curve, site
        The measured curve and what it is for.
    installed
        The other.
    samples
        The inserts, with their measured CT numbers.
    energy_mev
        Proton energy for the range, MeV.
    limits
        By default those that are shipped.

    Raises
    ------
    InputError
        The two have no CT number in common.
    """
    limits = limits or shipped_limits()
    low = math.ceil(max(curve.nodes[0].hu, installed.hu[0]))
    high = math.floor(min(curve.nodes[-1].hu, installed.hu[-1]))
    if low > high:
        raise InputError(
            f"{installed.name}: it reaches from {installed.hu[0]:g} to "
            f"{installed.hu[-1]:g} HU and has no CT number in common with the measured "
            f"curve, {curve.nodes[0].hu:g} to {curve.nodes[-1].hu:g} HU."
        )
    grid = np.arange(low, high + 1, dtype=float)
    differences = installed.value_of(grid) - curve.value_of(grid)
    worst = int(np.argmax(np.abs(differences)))

    def change_of(tissue: Tissue) -> float:
        right = quantity_of(tissue.substance, curve.quantity, energy_mev=energy_mev)
        hu = float(curve.hu_of(right))
        return float(installed.value_of(hu) - curve.value_of(hu))

    return Comparison(
        installed=installed,
        site=site,
        quantity=curve.quantity,
        materials=tuple(
            MaterialDifference(
                sample.name,
                sample.group,
                sample.hu,
                float(curve.value_of(sample.hu)),
                float(installed.value_of(sample.hu)),
                limits.of(curve.quantity, sample.group),
            )
            for sample in samples
        ),
        largest_difference=float(differences[worst]),
        largest_at_hu=int(grid[worst]),
        from_hu=low,
        to_hu=high,
        effects=effects_of_value_changes(
            change_of, curve.quantity, energy_mev=energy_mev
        ),
        limits_source=limits.source,
    )
