"""The chemical elements that bodies and phantoms are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kerma.physics.tables import read_table

__all__ = ["Element", "element_data"]


@dataclass(frozen=True)
class Element:
    """One element as part of a compound.

    Parameters
    ----------
    z
        Atomic number.
    atomic_weight
        Standard atomic weight.
    excitation_energy_ev
        Mean excitation energy in a liquid or solid compound, eV.
    """

    z: int
    atomic_weight: float
    excitation_energy_ev: float


@dataclass(frozen=True)
class ElementTable:
    """The elements by symbol, and where their data are from."""

    source: str
    elements: Mapping[str, Element]


@cache
def element_data() -> Mapping[str, Element]:
    """The elements by their symbol."""
    return read_table("elements.toml", ElementTable).elements
