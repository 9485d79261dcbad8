"""Phantoms put together from solids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kerma.core.phantom import Insert, Phantom
from kerma.core.phantom_parts import Mark
from kerma.simulation.changes import AIR_HU, InsertChange, Void, by_insert
from kerma.simulation.solids import Scene, Section, Solid
from kerma.simulation.wires import wires_of

__all__ = ["phantom_scene", "rod_center"]


def phantom_scene(
    phantom: Phantom, changes: Sequence[InsertChange] = (), *, kv: float = 120.0
) -> Scene:
    """A phantom as a sum of solids: modules, then marks, then rods; and its wires.

    Parameters
    ----------
    phantom
        The phantom.
    changes
        What is different from its description.
    kv
        Tube voltage, kV, at which its materials have their CT number.
    """
    solids = (
        *_modules(phantom),
        *_marks(phantom),
        *_rods(phantom, by_insert(changes, phantom), kv=kv),
    )
    return Scene(phantom.name, phantom.outline, solids, wires_of(phantom))


def rod_center(insert: Insert, change: InsertChange) -> tuple[float, float]:
    """(p, q) of the center of a rod in phantom coordinates, mm."""
    (p, q), (dp, dq) = insert.center_mm, change.shift_mm
    return p + dp, q + dq


def _modules(phantom: Phantom) -> list[Solid]:
    """The module and its neighbors along the axis, each within the housing."""
    half = phantom.length_mm / 2
    extents = [(-half, half, phantom.background_hu)]
    extents += [(part.from_mm, part.to_mm, part.hu) for part in phantom.neighbors]
    outline = phantom.outline
    body = Section(outline.shape, outline.width_mm, outline.height_mm)
    diameter = phantom.module_diameter_mm
    if diameter is None:
        return [Solid(body, a, b, hu - AIR_HU, is_body=True) for a, b, hu in extents]
    core = Section("ellipse", diameter, diameter)
    housing = (
        phantom.background_hu if phantom.housing_hu is None else phantom.housing_hu
    )
    return [
        solid
        for a, b, hu in extents
        for solid in (
            Solid(body, a, b, housing - AIR_HU, is_body=True),
            Solid(core, a, b, hu - housing),
        )
    ]


def _marks(phantom: Phantom) -> list[Solid]:
    half = phantom.length_mm / 2
    return [
        Solid(_mark_section(mark), -half, half, mark.hu - phantom.background_hu)
        for mark in phantom.marks
    ]


def _rods(
    phantom: Phantom, change_of: Mapping[str, InsertChange], *, kv: float
) -> list[Solid]:
    half = phantom.length_mm / 2
    solids = []
    for insert in phantom.inserts:
        change = change_of[insert.name]
        hu = change.true_hu(insert, phantom, kv)
        section = Section(
            "ellipse",
            insert.diameter_mm,
            insert.diameter_mm,
            rod_center(insert, change),
        )
        solids.append(Solid(section, -half, half, hu - phantom.background_hu))
        if change.void:
            solids.append(_bubble(change.void, section.center_mm, hu))
    return solids


def _mark_section(mark: Mark) -> Section:
    angle = np.deg2rad(mark.angle_deg)
    center = (
        float(mark.radius_mm * np.cos(angle)),
        float(mark.radius_mm * np.sin(angle)),
    )
    return Section("ellipse", mark.diameter_mm, mark.diameter_mm, center)


def _bubble(void: Void, rod: tuple[float, float], rod_hu: float) -> Solid:
    p, q, w = void.offset_mm
    center = (rod[0] + p, rod[1] + q)
    section = Section("ellipse", void.diameter_mm, void.diameter_mm, center)
    first, last = w - void.diameter_mm / 2, w + void.diameter_mm / 2
    return Solid(section, first, last, void.hu - rod_hu, is_ball=True)
