"""What the tissues consist of, for Monte Carlo codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from kerma.core.label_map import LabelMap
from kerma.errors import InputError
from kerma.io import read_record
from kerma.physics.substance import Substance
from kerma.physics.tissues import tissue_of
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["TissueMaterial", "materials_json", "materials_of"]

_DATA = resources.files("kerma.reports.breast_ct") / "data"


@dataclass(frozen=True)
class TissueMaterial:
    """What one label number stands for in a simulation.

    Parameters
    ----------
    tissue
        The label.
    substance
        Its density and composition.
    source
        Where these are from.
    note
        What to know of it; may be empty.
    """

    tissue: Tissue
    substance: Substance
    source: str
    note: str = ""


@dataclass(frozen=True)
class _Row:
    label: int
    material: str
    tissue: str = ""
    density_g_cm3: float = 0.0
    percent: Mapping[str, float] | None = None
    source: str = ""
    filling: str = ""
    note: str = ""

    def material_of(self) -> TissueMaterial:
        source, density, composition = self.source, self.density_g_cm3, {}
        if self.tissue:
            known = tissue_of(self.tissue)
            composition = dict(known.substance.composition)
            density = known.substance.density_g_cm3
            source = f"{self.tissue}, {known.source}"
        for symbol, percent in (self.percent or {}).items():
            composition[symbol] = percent / 100
        substance = Substance(self.material, density, composition)
        return TissueMaterial(Tissue(self.label), substance, source, self.note)


@dataclass(frozen=True)
class _Table:
    materials: tuple[_Row, ...]


def materials_of(result: BreastCT, label_map: LabelMap) -> tuple[TissueMaterial, ...]:
    """The material of each number that a label map holds, air too.

    Raises
    ------
    InputError
        The breast has implants of silicone and of saline: they share a number.
    """
    present = {0, *(label.number for label in label_map.labels)}
    fillings = {implant.filling for implant in result.implants}
    if len(fillings) > 1:
        raise InputError(
            f"The implants are filled with {' and '.join(sorted(fillings))}, but a "
            f"label map has one number for all; split it by hand first."
        )
    filling = next(iter(fillings), "silicone")
    return tuple(
        row.material_of()
        for row in _table().materials
        if row.label in present
        and (row.label != Tissue.IMPLANT or (row.filling or "silicone") == filling)
    )


def materials_json(materials: tuple[TissueMaterial, ...]) -> str:
    """Materials by label number: name, density, composition by mass, source."""
    rows: dict[str, dict[str, Any]] = {
        str(int(one.tissue)): {
            "tissue": one.tissue.title,
            "material": one.substance.name,
            "density_g_cm3": one.substance.density_g_cm3,
            "mass_fractions": {
                symbol: round(fraction, 6)
                for symbol, fraction in one.substance.composition.items()
            },
            "source": one.source,
            **({"note": one.note} if one.note else {}),
        }
        for one in materials
    }
    return json.dumps({"labels": rows}, indent=2, ensure_ascii=False) + "\n"


@cache
def _table() -> _Table:
    with resources.as_file(_DATA / "materials.toml") as file:
        return read_record(file, _Table)
