"""What a wrong curve does to a plan: change of photon dose and of proton range."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kerma.errors import InputError
from kerma.physics.electrons import relative_electron_density
from kerma.physics.stopping_power import REFERENCE_ENERGY_MEV, stopping_power_ratio
from kerma.physics.tissues import Tissue, TissueGroup, tissue_of
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve
from kerma.workflows.ct_calibration.curves.quantity import Quantity, quantity_of
from kerma.workflows.ct_calibration.curves.shipped import read_shipped

__all__ = [
    "BeamPath",
    "PathEffect",
    "PathTable",
    "Segment",
    "effects_of_hu_changes",
    "effects_of_value_changes",
    "standard_paths",
]


@dataclass(frozen=True)
class Segment:
    """A part of a path: its tissue, by its name in the table, and its length in mm."""

    tissue: str
    length_mm: float

    def __post_init__(self) -> None:
        if not self.length_mm > 0:
            raise InputError(
                f"{self.tissue}: a length is positive, not {self.length_mm}."
            )


@dataclass(frozen=True)
class BeamPath:
    """A path of a beam through the body."""

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class PathTable:
    """Standard paths.

    Parameters
    ----------
    source
        Why these.
    attenuation_per_cm, attenuation_source
        Effective attenuation of the photon beam in water, 1/cm, and where it is from.
    paths
        The paths.
    """

    source: str
    attenuation_per_cm: float
    attenuation_source: str
    paths: tuple[BeamPath, ...]


@dataclass(frozen=True)
class PathEffect:
    """What a change of the conversion does along one path.

    Parameters
    ----------
    path
        Its name.
    photon_dose_percent
        Change of the calculated photon dose behind the path, percent.
    proton_range_mm
        Change of the calculated water-equivalent depth of the path, mm: by so much a
        proton beam would be planned too long.
    """

    path: str
    photon_dose_percent: float
    proton_range_mm: float

    def summary(self) -> str:
        """One line for a terminal."""
        return (
            f"{self.path:<34} photon dose {self.photon_dose_percent:+.2f} %  "
            f"proton range {self.proton_range_mm:+.2f} mm"
        )


def standard_paths() -> PathTable:
    """The paths that are shipped."""
    return read_shipped("paths.toml", PathTable)


def effects_of_value_changes(
    change_of: Callable[[Tissue], float],
    quantity: Quantity,
    *,
    table: PathTable | None = None,
    energy_mev: float = REFERENCE_ENERGY_MEV,
) -> tuple[PathEffect, ...]:
    r"""Effect of a wrong RED, density or SPR.

    .. math:: \frac{\Delta D}{D} = e^{-\mu \sum_i t_i \Delta\rho_{e,i}} - 1, \qquad
              \Delta R = \sum_i t_i \, \Delta\mathrm{SPR}_i

    A wrong quantity is taken as a wrong density of the same tissue: RED, density and SPR
    are wrong by the same percentage.

    Parameters
    ----------
    change_of
        Wrong minus right value of a tissue.
    quantity
        What `change_of` gives.
    table
        The paths; by default those that are shipped.
    energy_mev
        Proton energy, MeV.
    """
    paths = table or standard_paths()
    effects = []
    for path in paths.paths:
        red_mm = spr_mm = 0.0
        for segment in path.segments:
            tissue = tissue_of(segment.tissue)
            right = quantity_of(tissue.substance, quantity, energy_mev=energy_mev)
            part = change_of(tissue) / right * segment.length_mm
            red_mm += part * relative_electron_density(tissue.substance)
            spr_mm += part * stopping_power_ratio(
                tissue.substance, energy_mev=energy_mev
            )
        dose = math.expm1(-paths.attenuation_per_cm * red_mm / 10)
        effects.append(PathEffect(path.name, 100 * dose, spr_mm))
    return tuple(effects)


def effects_of_hu_changes(
    curve: ConversionCurve,
    changes_hu: Mapping[TissueGroup, float],
    *,
    table: PathTable | None = None,
    energy_mev: float = REFERENCE_ENERGY_MEV,
) -> tuple[PathEffect, ...]:
    """Effect of CT numbers that are off, read with a curve that is not.

    Parameters
    ----------
    curve
        The curve in use.
    changes_hu
        Wrong minus right CT number by tissue group, HU; groups left out do not change.
    table, energy_mev
        As for :func:`effects_of_value_changes`.
    """

    def change_of(tissue: Tissue) -> float:
        right = quantity_of(tissue.substance, curve.quantity, energy_mev=energy_mev)
        hu = float(curve.hu_of(right))
        wrong = float(curve.value_of(hu + changes_hu.get(tissue.group, 0.0)))
        return wrong - float(curve.value_of(hu))

    return effects_of_value_changes(
        change_of, curve.quantity, table=table, energy_mev=energy_mev
    )
