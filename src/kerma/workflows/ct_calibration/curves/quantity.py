"""What a curve converts CT numbers to."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from kerma.physics.electrons import relative_electron_density
from kerma.physics.stopping_power import REFERENCE_ENERGY_MEV, stopping_power_ratio
from kerma.physics.substance import Substance

__all__ = [
    "NAMES",
    "QUANTITIES",
    "SYMBOLS",
    "TITLES",
    "UNITS",
    "Quantity",
    "quantity_of",
]

Quantity: TypeAlias = Literal["red", "density", "spr"]

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)

TITLES: dict[Quantity, str] = {
    "red": "electron density relative to water",
    "density": "mass density (g/cm³)",
    "spr": "proton stopping power relative to water",
}
"""As on the axis of a figure."""

NAMES: dict[Quantity, str] = {"red": "RED", "density": "mass density", "spr": "SPR"}
"""As in a sentence."""

SYMBOLS: dict[Quantity, str] = {"red": "RED", "density": "g/cm3", "spr": "SPR"}
"""As in the head of a table."""

UNITS: dict[Quantity, str] = {"red": "RED", "density": "g/cm³", "spr": "SPR"}
"""As on a small axis."""


def quantity_of(
    substance: Substance,
    quantity: Quantity,
    *,
    energy_mev: float = REFERENCE_ENERGY_MEV,
) -> float:
    """RED, mass density in g/cm³ or SPR of a material, as a curve would give it."""
    if quantity == "density":
        return substance.density_g_cm3
    if quantity == "spr":
        return stopping_power_ratio(substance, energy_mev=energy_mev)
    return relative_electron_density(substance)
