"""What the rods of a phantom are, as far as a curve needs it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from kerma.core.phantom import Material
from kerma.physics.stopping_power import stopping_power_ratio
from kerma.physics.substance import Substance
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.certificates import CertifiedMaterial
from kerma.workflows.ct_calibration.curve import CurvePoint
from kerma.workflows.ct_calibration.curves.quantity import Quantity
from kerma.workflows.ct_calibration.curves.shipped import read_shipped

__all__ = ["Rod", "mean_rod", "rod_of"]


@dataclass(frozen=True)
class Rod:
    """A material of a phantom, with what is known of the rods that were scanned.

    Parameters
    ----------
    key, name
        Key in the phantom and name on the certificate.
    group
        The part of a look-up table that it belongs to.
    red, red_uncertainty
        Electron density relative to water, and its standard uncertainty.
    density_g_cm3, density_uncertainty_g_cm3
        Mass density, g/cm³, likewise; ``None`` where it is not known.
    substance
        Density and composition; ``None`` where they are not known.
    measured_spr, measured_spr_uncertainty
        Stopping-power ratio that somebody measured, likewise.
    """

    key: str
    name: str
    group: TissueGroup
    red: float
    red_uncertainty: float
    density_g_cm3: float | None
    density_uncertainty_g_cm3: float
    substance: Substance | None
    measured_spr: float | None
    measured_spr_uncertainty: float

    def value(self, quantity: Quantity, *, energy_mev: float) -> float | None:
        """RED, density, or SPR: the measured one, else that of the composition."""
        if quantity == "red":
            return self.red
        if quantity == "density":
            return self.density_g_cm3
        if self.measured_spr is not None or self.substance is None:
            return self.measured_spr
        return stopping_power_ratio(self.substance, energy_mev=energy_mev)

    def uncertainty(self, quantity: Quantity, *, energy_mev: float) -> float:
        """Standard uncertainty of that; a calculated SPR has that of the density."""
        if quantity == "red":
            return self.red_uncertainty
        if quantity == "spr" and self.measured_spr is not None:
            return self.measured_spr_uncertainty
        if quantity == "density" or self.density_g_cm3 is None:
            return self.density_uncertainty_g_cm3
        spr = self.value("spr", energy_mev=energy_mev) or 0.0
        return spr * self.density_uncertainty_g_cm3 / self.density_g_cm3


@dataclass(frozen=True)
class _Groups:
    source: str
    lung: frozenset[str]
    adipose: frozenset[str]
    soft: frozenset[str]
    bone: frozenset[str]
    other: frozenset[str]


@cache
def _groups() -> _Groups:
    return read_shipped("groups.toml", _Groups)


def rod_of(
    key: str,
    material: Material,
    point: CurvePoint,
    certified: CertifiedMaterial | None = None,
) -> Rod:
    """A material as it was delivered.

    What the certificate says counts. What it does not say is the phantom's, density and
    SPR in proportion to the RED that is used in place of the phantom's: the composition
    of a rod varies less than its density.

    Parameters
    ----------
    key, material
        The material as the phantom's file has it.
    point
        The RED that the calibration used.
    certified
        What the certificate of its phantom says of it.
    """
    known = certified or CertifiedMaterial(point.red)
    share = point.red / material.red if material.red else 1.0
    spread = point.red_uncertainty / point.red if point.red > 0 else 0.0
    density, density_spread = _certain(
        known.density_g_cm3,
        known.density_uncertainty_g_cm3,
        _scaled(material.density_g_cm3, share),
        spread,
    )
    spr, spr_spread = _certain(
        known.spr,
        known.spr_uncertainty,
        _scaled(material.spr, share),
        _relative(material.spr_uncertainty, material.spr) or spread,
    )
    return Rod(
        key=key,
        name=material.name,
        group=_group(key),
        red=point.red,
        red_uncertainty=point.red_uncertainty,
        density_g_cm3=density,
        density_uncertainty_g_cm3=density_spread,
        substance=Substance(material.name, density, material.composition)
        if density and material.composition
        else None,
        measured_spr=spr,
        measured_spr_uncertainty=spr_spread,
    )


def _certain(
    certified: float | None,
    uncertainty: float | None,
    nominal: float | None,
    spread: float,
) -> tuple[float | None, float]:
    """The certified value, else the nominal one; with its standard uncertainty.

    Where the uncertainty is not given, it is the relative one `spread`.
    """
    value = nominal if certified is None else certified
    if certified is not None and uncertainty is not None:
        return value, uncertainty
    return value, spread * (value or 0.0)


def _scaled(value: float | None, share: float) -> float | None:
    return None if value is None else share * value


def _relative(uncertainty: float, value: float | None) -> float:
    return uncertainty / value if value else 0.0


def mean_rod(first: Rod, second: Rod, point: CurvePoint, weight: float) -> Rod:
    """The mean of one material in two phantoms.

    Parameters
    ----------
    first, second
        The rods; both of one composition.
    point
        Their mean on the curve.
    weight
        Part of the first in the mean, 0 to 1.
    """
    density = _mean(first.density_g_cm3, second.density_g_cm3, weight)
    made = first.substance
    return replace(
        first,
        red=point.red,
        red_uncertainty=point.red_uncertainty,
        density_g_cm3=density,
        # Rods of one material may come from one batch: their errors do not average out.
        density_uncertainty_g_cm3=_mean(
            first.density_uncertainty_g_cm3, second.density_uncertainty_g_cm3, weight
        )
        or 0.0,
        substance=replace(made, density_g_cm3=density) if made and density else None,
        measured_spr=_mean(first.measured_spr, second.measured_spr, weight),
        measured_spr_uncertainty=_mean(
            first.measured_spr_uncertainty, second.measured_spr_uncertainty, weight
        )
        or 0.0,
    )


def _mean(first: float | None, second: float | None, weight: float) -> float | None:
    """Weighted mean; the one that is known, where only one is."""
    if first is None or second is None:
        return second if first is None else first
    return weight * first + (1 - weight) * second


def _group(key: str) -> TissueGroup:
    groups = _groups()
    named: tuple[tuple[TissueGroup, frozenset[str]], ...] = (
        ("lung", groups.lung),
        ("adipose", groups.adipose),
        ("soft", groups.soft),
        ("bone", groups.bone),
    )
    return next((group for group, keys in named if key in keys), "other")
