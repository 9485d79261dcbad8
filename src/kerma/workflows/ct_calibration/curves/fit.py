"""Fitting one curve: the scanner's response, the samples, the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kerma.errors import InputError
from kerma.physics.ct_number import Stoichiometry, fit_stoichiometry
from kerma.physics.substance import AIR
from kerma.physics.tissues import human_tissues
from kerma.workflows.ct_calibration.curves.consensus import consensus_curve
from kerma.workflows.ct_calibration.curves.conversion import (
    ConversionCurve,
    Model,
    extended,
)
from kerma.workflows.ct_calibration.curves.models import bilinear, isotonic, piecewise
from kerma.workflows.ct_calibration.curves.quantity import (
    NAMES,
    Quantity,
    quantity_of,
)
from kerma.workflows.ct_calibration.curves.sample import Sample
from kerma.workflows.ct_calibration.curves.sites import SiteReading

__all__ = ["CurveRequest", "SiteFit", "fit_site", "insert_samples"]

_FEWEST = 4  # materials of known composition that a stoichiometric fit needs
_AIR_DENSITY_G_CM3 = 0.01  # below it a rod says nothing of how its elements attenuate
_FITTERS: dict[
    Model, Callable[[Sequence[Sample], Quantity, float], ConversionCurve]
] = {
    "piecewise": piecewise,
    "bilinear": bilinear,
    "isotonic": isotonic,
    "consensus": consensus_curve,
}


@dataclass(frozen=True)
class CurveRequest:
    """What is to be fitted.

    Parameters
    ----------
    quantity, model
        What the curve gives, and how it is fitted.
    energy_mev
        Proton energy of the stopping-power ratios, MeV.
    top_hu
        Where the last slope is carried on to, HU; ``None`` not to.
    """

    quantity: Quantity
    model: Model
    energy_mev: float
    top_hu: float | None = None


@dataclass(frozen=True)
class SiteFit:
    """A scan, its scanner's response and its curve."""

    reading: SiteReading
    stoichiometry: Stoichiometry | None
    curve: ConversionCurve


def fit_site(reading: SiteReading, request: CurveRequest) -> SiteFit:
    """Fit the curve of one scan, or of the mean of two.

    Raises
    ------
    InputError
        Materials that the model cannot be fitted to.
    """
    response = _response(reading)
    samples = list(insert_samples(reading, request))
    if request.model == "consensus":
        samples = _consensus_samples(samples, response, request)
    air = quantity_of(AIR, request.quantity, energy_mev=request.energy_mev)
    curve = _FITTERS[request.model](samples, request.quantity, air)
    if request.top_hu is not None:
        curve = extended(curve, request.top_hu)
    return SiteFit(reading, response, curve)


def insert_samples(reading: SiteReading, request: CurveRequest) -> tuple[Sample, ...]:
    """The inserts whose value is known, with their measured CT numbers.

    Raises
    ------
    InputError
        Fewer than two.
    """
    found = []
    for key, rod in reading.rods.items():
        value = rod.value(request.quantity, energy_mev=request.energy_mev)
        if value is not None:
            point = reading.points[key]
            spread = rod.uncertainty(request.quantity, energy_mev=request.energy_mev)
            found.append(
                Sample(key, rod.group, point.hu, point.hu_uncertainty, value, spread)
            )
    if len(found) < 2:
        raise InputError(
            f"A curve of {NAMES[request.quantity]} needs two materials of known "
            f"{NAMES[request.quantity]}, or of known density and composition; the "
            f"phantom's file gives {len(found)} of {len(reading.rods)}."
        )
    return tuple(found)


def _response(reading: SiteReading) -> Stoichiometry | None:
    """How the scanner sees elements; ``None`` with too few known compositions."""
    known = [
        (rod.substance, reading.points[key].hu)
        for key, rod in reading.rods.items()
        if rod.substance is not None
        and rod.substance.density_g_cm3 > _AIR_DENSITY_G_CM3
    ]
    if len(known) < _FEWEST:
        return None
    return fit_stoichiometry([one for one, _ in known], [hu for _, hu in known])


def _consensus_samples(
    inserts: Sequence[Sample], response: Stoichiometry | None, request: CurveRequest
) -> list[Sample]:
    """Tissue substitutes as measured, and tissues as the scanner would see them.

    Tissue substitutes have the densities of plastics, so a table of mass density rests
    on tissues alone.
    """
    if response is None:
        raise InputError(
            f"The consensus table needs the composition of {_FEWEST} materials of the "
            f"phantom; its file gives fewer. Choose another model, or describe them."
        )
    tissues = [
        Sample(
            tissue.name,
            tissue.group,
            response.hu_of(tissue.substance),
            response.rms_hu,
            quantity_of(
                tissue.substance, request.quantity, energy_mev=request.energy_mev
            ),
            0.0,
        )
        for tissue in human_tissues()
    ]
    substitutes = [] if request.quantity == "density" else list(inserts)
    return [one for one in [*substitutes, *tissues] if one.group != "other"]
