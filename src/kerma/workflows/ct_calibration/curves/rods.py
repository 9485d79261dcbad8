"""What the rods of a phantom are, as far as a curve needs it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kerma.core.phantom import Material
from kerma.physics.stopping_power import stopping_power_ratio
from kerma.physics.substance import Substance
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.curves.quantity import Quantity
from kerma.workflows.ct_calibration.curves.shipped import read_shipped

__all__ = ["Rod", "rod_of"]


@dataclass(frozen=True)
class Rod:
    """A material of a phantom, with the RED of the rods that were scanned.

    Parameters
    ----------
    key, name
        Key in the phantom and name on the certificate.
    group
        The part of a look-up table that it belongs to.
    red, relative_uncertainty
        Electron density relative to water, and its standard uncertainty as a part of it.
    density_g_cm3
        Mass density, g/cm³; ``None`` where it is not known.
    substance
        Density and composition; ``None`` where they are not known.
    measured_spr
        Stopping-power ratio that somebody measured.
    """

    key: str
    name: str
    group: TissueGroup
    red: float
    relative_uncertainty: float
    density_g_cm3: float | None
    substance: Substance | None
    measured_spr: float | None

    def value(self, quantity: Quantity, *, energy_mev: float) -> float | None:
        """RED, density, or SPR: the measured one, else that of the composition."""
        if quantity == "red":
            return self.red
        if quantity == "density":
            return self.density_g_cm3
        if self.measured_spr is not None or self.substance is None:
            return self.measured_spr
        return stopping_power_ratio(self.substance, energy_mev=energy_mev)


@dataclass(frozen=True)
class _Groups:
    source: str
    lung: frozenset[str]
    adipose: frozenset[str]
    soft: frozenset[str]
    bone: frozenset[str]


@cache
def _groups() -> _Groups:
    return read_shipped("groups.toml", _Groups)


def rod_of(key: str, material: Material, *, red: float, red_uncertainty: float) -> Rod:
    """A material with the RED of the delivered rods.

    Its density is the phantom's, in proportion to a RED that a certificate gives in
    place of the phantom's: the composition of a rod varies less than its density.
    """
    density = material.density_g_cm3
    if density is not None and material.red:
        density *= red / material.red
    known = density is not None and density > 0 and bool(material.composition)
    return Rod(
        key=key,
        name=material.name,
        group=_group(key),
        red=red,
        relative_uncertainty=red_uncertainty / red if red > 0 else 0.0,
        density_g_cm3=density,
        substance=Substance(material.name, density or 0.0, material.composition)
        if known
        else None,
        measured_spr=material.spr,
    )


def _group(key: str) -> TissueGroup:
    groups = _groups()
    named: tuple[tuple[TissueGroup, frozenset[str]], ...] = (
        ("lung", groups.lung),
        ("adipose", groups.adipose),
        ("soft", groups.soft),
        ("bone", groups.bone),
    )
    return next((group for group, keys in named if key in keys), "other")
