"""What a material is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.physics.elements import element_data

__all__ = ["AIR", "WATER", "Substance"]

_SUM_TOLERANCE = 0.03  # printed fractions are rounded; more than this is a slip


@dataclass(frozen=True)
class Substance:
    """A material of known density and elemental composition.

    Parameters
    ----------
    name
        What it is called.
    density_g_cm3
        Mass density, g/cm³.
    composition
        Mass fraction by symbol of the element. The fractions sum to 1 within 3 %,
        the rounding of printed tables, and are used divided by their sum.
    known_excitation_energy_ev
        Mean excitation energy where it was measured, eV; else it follows from the
        elements.

    Raises
    ------
    InputError
        An unknown element, a fraction that is no fraction, a sum far from 1, or a
        density that is not positive.
    """

    name: str
    density_g_cm3: float
    composition: Mapping[str, float]
    known_excitation_energy_ev: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.density_g_cm3 < math.inf:
            raise InputError(
                f"{self.name}: its density must be positive; got "
                f"{self.density_g_cm3} g/cm³."
            )
        known = element_data()
        for symbol, fraction in self.composition.items():
            if symbol not in known:
                raise InputError(
                    f"{self.name}: there are no data for an element {symbol!r}; there "
                    f"are {', '.join(known)}."
                )
            if not 0 <= fraction <= 1:
                raise InputError(
                    f"{self.name}: a mass fraction lies between 0 and 1; got "
                    f"{fraction} of {symbol}."
                )
        total = math.fsum(self.composition.values())
        if not abs(total - 1) <= _SUM_TOLERANCE:
            raise InputError(
                f"{self.name}: its mass fractions sum to {total:.4g} instead of 1."
            )
        energy = self.known_excitation_energy_ev
        if energy is not None and not 0 < energy < math.inf:
            raise InputError(
                f"{self.name}: a mean excitation energy is positive; got {energy} eV."
            )

    @cached_property
    def z(self) -> FloatArray:
        """(n,) atomic numbers of its elements."""
        known = element_data()
        return np.array([known[symbol].z for symbol in self.composition], dtype=float)

    @cached_property
    def electrons_mol_g(self) -> FloatArray:
        r"""(n,) electrons that each element gives, mol/g: :math:`w_i Z_i / A_i`."""
        known = element_data()
        total = math.fsum(self.composition.values())
        return np.array(
            [
                fraction / total * known[symbol].z / known[symbol].atomic_weight
                for symbol, fraction in self.composition.items()
            ]
        )

    @property
    def electron_density_mol_cm3(self) -> float:
        """Electrons per volume, mol/cm³."""
        return self.density_g_cm3 * float(self.electrons_mol_g.sum())


WATER = Substance("Water", 1.0, {"H": 0.111894, "O": 0.888106})
"""Liquid water of 1 g/cm³, to which everything is relative."""

AIR = Substance(
    "Air",
    1.20479e-3,
    {"C": 0.000124, "N": 0.755267, "O": 0.231781, "Ar": 0.012827},
    known_excitation_energy_ev=85.7,
)
"""Dry air near sea level (NIST material 104; ICRU Report 37)."""
