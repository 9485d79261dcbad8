"""How a phantom may differ from its description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kerma.core.arrays import Vec3
from kerma.core.phantom import Insert, Material, Phantom
from kerma.errors import InputError

__all__ = ["AIR_HU", "InsertChange", "Void", "missing", "swapped"]

AIR_HU = -1000.0


@dataclass(frozen=True)
class Void:
    """A spherical bubble in a rod.

    Parameters
    ----------
    diameter_mm
        Its diameter.
    offset_mm
        Its center from the middle of the rod, in phantom coordinates.
    hu
        What it is filled with.
    """

    diameter_mm: float
    offset_mm: Vec3 = (0.0, 0.0, 0.0)
    hu: float = AIR_HU


@dataclass(frozen=True)
class InsertChange:
    """What is different at one insert.

    Parameters
    ----------
    insert
        Name of the insert.
    material
        Key of the material that is there instead.
    hu
        CT number of what is there instead, where it is no material of the
        phantom: air, metal.
    deviation_hu
        By how much this delivered rod differs from its material.
    shift_mm
        (x, y) from its nominal place, in phantom coordinates.
    void
        A bubble in it.
    """

    insert: str
    material: str | None = None
    hu: float | None = None
    deviation_hu: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    void: Void | None = None

    def __post_init__(self) -> None:
        if self.material is not None and self.hu is not None:
            raise InputError(
                f"{self.insert}: give either a material ({self.material!r}) or a CT "
                f"number ({self.hu} HU), not both."
            )

    def material_key(self, insert: Insert) -> str | None:
        """Key of what is there; ``None`` if it is no material of the phantom."""
        if self.hu is not None:
            return None
        return insert.material if self.material is None else self.material

    def true_hu(self, insert: Insert, phantom: Phantom, kv: float | None) -> float:
        """CT number of what is there at a tube voltage in kV, HU."""
        key = self.material_key(insert)
        nominal = self.hu if key is None else _material(phantom, key).hu_at(kv)
        return (AIR_HU if nominal is None else nominal) + self.deviation_hu


def _material(phantom: Phantom, key: str) -> Material:
    if key not in phantom.materials:
        raise InputError(
            f"{phantom.name}: there is no material {key!r}; there are "
            f"{', '.join(phantom.materials)}."
        )
    return phantom.materials[key]


def missing(insert: str) -> InsertChange:
    """A rod that was left out: its hole is full of air."""
    return InsertChange(insert, hu=AIR_HU)


def swapped(phantom: Phantom, first: str, second: str) -> tuple[InsertChange, ...]:
    """Two rods of a phantom, by the names of their places, one for the other."""
    at = {insert.name: insert.material for insert in phantom.inserts}
    _require_known((first, second), phantom)
    return (
        InsertChange(first, material=at[second]),
        InsertChange(second, material=at[first]),
    )


def by_insert(
    changes: Sequence[InsertChange], phantom: Phantom
) -> dict[str, InsertChange]:
    """The change of every insert of a phantom; an empty one where there is none."""
    names = [change.insert for change in changes]
    _require_known(names, phantom)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{phantom.name}: insert {twice[0]!r} is changed twice; put both into one "
            f"change."
        )
    unchanged = {insert.name: InsertChange(insert.name) for insert in phantom.inserts}
    return unchanged | {change.insert: change for change in changes}


def _require_known(names: Sequence[str], phantom: Phantom) -> None:
    known = [insert.name for insert in phantom.inserts]
    for name in names:
        if name not in known:
            raise InputError(
                f"{phantom.name}: there is no insert {name!r}; there are "
                f"{', '.join(known)}."
            )
