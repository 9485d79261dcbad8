"""What lies in and beside a simulated breast, as solids."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.errors import InputError
from kerma.kernels.breast import Meridian
from kerma.simulation.breast.design import BreastDesign, Implant
from kerma.simulation.breast.materials import Material
from kerma.simulation.breast.shape import (
    NIPPLE_RADIUS_MM,
    axis_at,
    depth_at,
    muscle_front,
)
from kerma.simulation.breast.solids import Arc, Capsule, Ellipsoid, Solid

__all__ = ["large_solids", "small_solids", "solids_outside"]

_STREAM = 4
_FOLD_SKIN_MM = 1.8
_RIB_MM, _RIB_BEHIND_MM = 7.0, 2.0  # radius; its middle lies behind the cut
_COVER_MM = 3.0  # of tissue over an implant, skin and all
_CLIP_MM, _CLIP_LENGTH_MM = 0.5, 2.0
_VESSEL_MM, _STEP_MM, _STEPS = 0.7, 5.0, 12
_AIR = frozenset({Material.AIR})
_FREE = frozenset({Material.FAT, Material.LIGAMENT})
_PARENCHYMA = _FREE | {Material.GLAND}
_WITHIN = _PARENCHYMA | {Material.MUSCLE}


def solids_outside(design: BreastDesign) -> tuple[Solid, ...]:
    """Nipple and fold, which the breast is drawn over."""
    solids: list[Solid] = []
    if design.nipple_mm > 0:
        length = np.array([design.length_mm])
        y, x = (float(value[0]) for value in axis_at(design, length))
        radius = min(NIPPLE_RADIUS_MM, design.nipple_mm)
        base = (design.length_mm - NIPPLE_RADIUS_MM, y, x)
        tip = (design.length_mm + design.nipple_mm - radius, y, x)
        solids.append(Capsule(base, tip, radius, Material.SKIN, _AIR))
    if design.fold is not None:
        fold = design.fold
        bend = design.radius_mm + fold.gap_mm + fold.radius_mm
        tube = partial(
            Arc, design.off_center_mm, bend, half_angle_deg=fold.half_angle_deg
        )
        inner = max(fold.radius_mm - _FOLD_SKIN_MM, 0.0)
        skin = frozenset({Material.FOLD_SKIN})
        solids += [
            tube(radius_mm=fold.radius_mm, material=Material.FOLD_SKIN, over=_AIR),
            tube(radius_mm=inner, material=Material.FOLD_FAT, over=skin),
        ]
    return tuple(solids)


def large_solids(design: BreastDesign, meridian: Meridian) -> tuple[Solid, ...]:
    """Implant and rib.

    Raises
    ------
    InputError
        The implant does not fit into the breast.
    """
    solids: list[Solid] = []
    if design.implant is not None:
        implant = _ellipsoid(design, design.implant)
        outline = _surface_of(implant)
        cover = float(depth_at(design, meridian, outline).min())
        if cover < _COVER_MM:
            raise InputError(
                f"An implant of {design.implant.volume_ml:g} ml is too large or too far "
                f"forward for this breast: {cover:.1f} mm below the skin's surface "
                f"where {_COVER_MM:g} mm are needed."
            )
        solids.append(implant)
    if design.rib:
        solids.append(_rib(design))
    return tuple(solids)


def small_solids(
    design: BreastDesign, meridian: Meridian, avoid: tuple[Solid, ...], *, seed: int
) -> tuple[Solid, ...]:
    """Vessels, calcifications and clips, at random places."""
    generator = np.random.default_rng([seed, _STREAM])
    solids: list[Solid] = []
    for _ in range(design.vessels):
        solids.extend(_vessel(design, meridian, generator))
    for _ in range(design.calcifications):
        at = _place(design, meridian, avoid, generator)
        radius = float(generator.uniform(0.15, 0.4))
        solids.append(Capsule(at, at, radius, Material.CALCIFICATION, _PARENCHYMA))
    for _ in range(design.clips):
        at = _place(design, meridian, avoid, generator)
        end = _vector(np.array(at) + _CLIP_LENGTH_MM * _direction(generator))
        solids.append(Capsule(at, end, _CLIP_MM, Material.CLIP, _WITHIN))
    return tuple(solids)


def _ellipsoid(design: BreastDesign, implant: Implant) -> Ellipsoid:
    y, x = design.off_center_mm
    return Ellipsoid(
        center=(implant.back_mm + implant.thickness_mm / 2, y, x),
        semi_mm=(implant.thickness_mm / 2, implant.radius_mm, implant.radius_mm),
        material=Material[implant.filling.upper()],
        over=_WITHIN,
    )


def _surface_of(solid: Ellipsoid) -> FloatArray:
    """(n, 3) points on an ellipsoid before the cut, mm."""
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 61), np.linspace(0, 2 * np.pi, 73))
    unit = [np.cos(polar), np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn)]
    points = np.stack(unit, axis=-1) * solid.semi_mm + solid.center
    return points[points[..., 0] >= 0]


def _rib(design: BreastDesign) -> Capsule:
    """A rib across the breast, half of it behind the cut."""
    y, x = design.off_center_mm
    half = 0.6 * design.radius_mm
    return Capsule(
        start=(-_RIB_BEHIND_MM, y + 0.25 * half, x - half),
        end=(-_RIB_BEHIND_MM, y - 0.25 * half, x + half),
        radius_mm=_RIB_MM,
        material=Material.BONE,
        over=_WITHIN,
    )


def _vessel(
    design: BreastDesign, meridian: Meridian, generator: np.random.Generator
) -> Iterator[Capsule]:
    """A winding vessel under the skin, from the chest wall forward."""
    turn = generator.uniform(0, 2 * np.pi)
    r = design.radius_mm - max(design.subcutaneous_mm, 3.0)
    y, x = design.off_center_mm
    at = np.array([0.0, y + r * np.sin(turn), x + r * np.cos(turn)])
    goal = np.array([design.length_mm * 0.8, y, x])
    for _ in range(_STEPS):
        ahead = goal - at
        step = ahead / np.linalg.norm(ahead) + 0.5 * _direction(generator)
        # Steered away from the skin, along which it runs.
        step[0] += 0.5
        end = at + _STEP_MM * step / np.linalg.norm(step)
        if depth_at(design, meridian, end[None])[0] < design.skin_mm + 2 * _VESSEL_MM:
            return
        yield Capsule(_vector(at), _vector(end), _VESSEL_MM, Material.VESSEL, _FREE)
        at = end


def _place(
    design: BreastDesign,
    meridian: Meridian,
    avoid: tuple[Solid, ...],
    generator: np.random.Generator,
) -> Vec3:
    """A point well within gland and fat.

    Raises
    ------
    InputError
        A thousand points were tried in vain.
    """
    y, x = design.off_center_mm
    reach = design.radius_mm
    low, high = (0.0, y - reach, x - reach), (design.length_mm, y + reach, x + reach)
    for _ in range(1000):
        point = generator.uniform(low, high)
        front = muscle_front(design, point[1:2], point[2:3])[0, 0]
        deep = depth_at(design, meridian, point[None])[0] > 3 * design.skin_mm
        if deep and point[0] > front + 3 and not any(s.holds(*point) for s in avoid):
            return _vector(point)
    raise InputError("This breast has no room for clips or calcifications.")


def _direction(generator: np.random.Generator) -> FloatArray:
    vector = generator.standard_normal(3)
    return np.asarray(vector / np.linalg.norm(vector))


def _vector(point: FloatArray) -> Vec3:
    z, y, x = (float(value) for value in point)
    return z, y, x
