"""Human tissues as the reports tabulate them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from kerma.errors import InputError
from kerma.physics.substance import Substance
from kerma.physics.tables import read_table

__all__ = ["TISSUE_GROUPS", "Tissue", "TissueGroup", "human_tissues", "tissue_of"]

TissueGroup: TypeAlias = Literal["lung", "adipose", "soft", "bone", "other"]
"""Part of a look-up table; "other" belongs to none."""

TISSUE_GROUPS: tuple[TissueGroup, ...] = ("lung", "adipose", "soft", "bone")
"""The parts of a look-up table, from thin to dense."""


@dataclass(frozen=True)
class Tissue:
    """A human tissue.

    Parameters
    ----------
    substance
        Its name, density and composition.
    group
        The part of a look-up table that it belongs to.
    source
        The publications that list it.
    """

    substance: Substance
    group: TissueGroup
    source: str

    @property
    def name(self) -> str:
        """Its name in the table."""
        return self.substance.name


@dataclass(frozen=True)
class _Row:
    name: str
    group: TissueGroup
    density_g_cm3: float
    percent: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class _Table:
    source: str
    tissues: tuple[_Row, ...]


@cache
def human_tissues() -> tuple[Tissue, ...]:
    """The tissues of Woodard and White (1986, 1987) and ICRU Reports 44 and 46."""
    return tuple(
        Tissue(
            Substance(
                row.name,
                row.density_g_cm3,
                {symbol: percent / 100 for symbol, percent in row.percent.items()},
            ),
            row.group,
            row.source,
        )
        for row in read_table("tissues.toml", _Table).tissues
    )


def tissue_of(name: str) -> Tissue:
    """The tissue of a name.

    Raises
    ------
    InputError
        There is none.
    """
    for tissue in human_tissues():
        if tissue.name == name:
            return tissue
    names = ", ".join(tissue.name for tissue in human_tissues())
    raise InputError(f"There is no tissue {name!r}; there are {names}.")
