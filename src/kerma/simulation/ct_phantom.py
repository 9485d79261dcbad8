"""Digital scans of calibration phantoms, whose right answer is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.phantom import Insert, Phantom
from kerma.core.volume import CT
from kerma.simulation.assembly import phantom_scene, rod_center
from kerma.simulation.changes import InsertChange, by_insert
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scan import scan
from kerma.simulation.scanner import Scanner
from kerma.simulation.shading import object_shading

__all__ = ["SimulatedCT", "TrueInsert", "Truth", "simulate_ct"]


@dataclass(frozen=True)
class TrueInsert:
    """What is truly at one insert.

    Parameters
    ----------
    name
        Name of the place.
    material
        Key of the material that is there; ``None`` if it is none of the phantom's.
    center_mm
        (x, y, z) of its center, in the middle of the module, LPS.
    hu
        Its CT number on the scale of this scanner, shading and noise apart, HU.
    shading_hu
        Cupping and gradient at its center, HU, which the scan shows on top.
    """

    name: str
    material: str | None
    center_mm: Vec3
    hu: float
    shading_hu: float


@dataclass(frozen=True)
class Truth:
    """The right answer to a simulated scan.

    Parameters
    ----------
    phantom
        Name of the phantom.
    placement
        How it lay; its center is the middle of the module.
    background_hu
        CT number between the inserts on the scale of this scanner, HU.
    inserts
        What is at each insert, by its name.
    """

    phantom: str
    placement: PhantomPlacement
    background_hu: float
    inserts: Mapping[str, TrueInsert]


@dataclass(frozen=True, eq=False)
class SimulatedCT:
    """A simulated scan and the right answer to it."""

    ct: CT
    truth: Truth


def simulate_ct(
    phantom: Phantom,
    *,
    placement: PhantomPlacement | None = None,
    scanner: Scanner | None = None,
    changes: Sequence[InsertChange] = (),
    seed: int,
) -> SimulatedCT:
    """Scan a phantom with a virtual scanner.

    Parameters
    ----------
    phantom
        The phantom as its maker describes it.
    placement
        How it lies; by default in the middle, not turned.
    scanner
        The scanner and its protocol; by default a clean one.
    changes
        What is different from the description, at most one change per insert.
    seed
        Seed of all that is random, not negative.
    """
    placement = placement or PhantomPlacement()
    scanner = scanner or Scanner()
    scene = phantom_scene(phantom, changes, kv=scanner.kv)
    return SimulatedCT(
        ct=scan(scene, placement=placement, scanner=scanner, seed=seed),
        truth=_truth(phantom, changes, placement, scanner),
    )


def _truth(
    phantom: Phantom,
    changes: Sequence[InsertChange],
    placement: PhantomPlacement,
    scanner: Scanner,
) -> Truth:
    change_of = by_insert(changes, phantom)
    inserts = {
        insert.name: _true_insert(
            insert, change_of[insert.name], phantom, placement, scanner
        )
        for insert in phantom.inserts
    }
    return Truth(
        phantom=phantom.name,
        placement=placement,
        background_hu=scanner.scale.of(phantom.background_hu),
        inserts=inserts,
    )


def _true_insert(
    insert: Insert,
    change: InsertChange,
    phantom: Phantom,
    placement: PhantomPlacement,
    scanner: Scanner,
) -> TrueInsert:
    p, q = rod_center(insert, change)
    x, y, z = placement.to_patient(np.array([p, q, 0.0]))
    shading = object_shading(
        np.array(p),
        np.array(q),
        artifacts=scanner.artifacts,
        outline=phantom.outline,
        placement=placement,
    )
    return TrueInsert(
        name=insert.name,
        material=change.material_key(insert),
        center_mm=(float(x), float(y), float(z)),
        hu=scanner.scale.of(change.true_hu(insert, phantom, scanner.kv)),
        shading_hu=float(shading),
    )
