"""Things that are no calibration phantom, or not the right one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Outline
from kerma.simulation.changes import AIR_HU
from kerma.simulation.solids import Scene, Section, Solid

__all__ = [
    "crude_patient",
    "empty_field",
    "end_to_end",
    "hollow_cube",
    "rod_cylinder",
    "water_cylinder",
]


def empty_field() -> Scene:
    """Nothing but air, and the couch if there is one."""
    return Scene("empty field", Outline("ellipse", 200.0, 200.0), ())


def water_cylinder(
    diameter_mm: float = 200.0, *, length_mm: float = 200.0, hu: float = 0.0
) -> Scene:
    """A uniform cylinder, by default of water."""
    section = Section("ellipse", diameter_mm, diameter_mm)
    half = length_mm / 2
    return Scene(
        "water cylinder",
        Outline("ellipse", diameter_mm, diameter_mm),
        (Solid(section, -half, half, hu - AIR_HU, is_body=True),),
    )


def hollow_cube(
    size_mm: float = 150.0, *, wall_mm: float = 10.0, ball_mm: float = 20.0
) -> Scene:
    """An acrylic cube full of air with a heavy ball in it, as for geometry checks."""
    half, inner = size_mm / 2, size_mm - 2 * wall_mm
    wall_hu, ball_hu = 115.0, 2500.0
    walls = Section("rectangle", size_mm, size_mm)
    hollow = Section("rectangle", inner, inner)
    ball = Section("ellipse", ball_mm, ball_mm)
    return Scene(
        "hollow cube",
        Outline("rectangle", size_mm, size_mm),
        (
            Solid(walls, -half, half, wall_hu - AIR_HU, is_body=True),
            Solid(hollow, -inner / 2, inner / 2, AIR_HU - wall_hu),
            Solid(ball, -ball_mm / 2, ball_mm / 2, ball_hu - AIR_HU, is_ball=True),
        ),
    )


def crude_patient(length_mm: float = 500.0) -> Scene:
    """A chest of ellipses: skin and fat, muscle, lungs, heart, spine with its canal."""
    # Size and place of each in mm, and what it adds to what it lies in, HU.
    parts = (
        (Section("ellipse", 380.0, 250.0), -90.0 - AIR_HU),
        (Section("ellipse", 340.0, 215.0), 140.0),
        (Section("ellipse", 105.0, 160.0, (-92.0, -5.0)), -850.0),
        (Section("ellipse", 95.0, 150.0, (95.0, -5.0)), -850.0),
        (Section("ellipse", 60.0, 80.0, (10.0, -30.0)), -10.0),
        (Section("ellipse", 42.0, 36.0, (0.0, 60.0)), 250.0),
        (Section("ellipse", 16.0, 16.0, (0.0, 86.0)), -40.0),
    )
    half = length_mm / 2
    solids = tuple(
        Solid(section, -half, half, contrast, is_body=k == 0)
        for k, (section, contrast) in enumerate(parts)
    )
    return Scene("crude patient", Outline("ellipse", 380.0, 250.0), solids)


def rod_cylinder(
    rods: int = 8,
    *,
    diameter_mm: float = 200.0,
    rod_mm: float = 20.0,
    length_mm: float = 60.0,
    seed: int,
) -> Scene:
    """A water cylinder with rods of any CT number at any place: an unknown phantom.

    Parameters
    ----------
    rods
        Number of rods; fewer if there is no room left for them.
    diameter_mm, rod_mm, length_mm
        Diameter of the cylinder and of its rods, and the length of both.
    seed
        Seed of places and CT numbers.
    """
    generator = np.random.default_rng(seed)
    body = water_cylinder(diameter_mm, length_mm=length_mm)
    half = length_mm / 2
    reach = (diameter_mm - rod_mm) / 2 - 5
    centers = _apart(generator, rods, reach=reach, distance=1.2 * rod_mm)
    return replace(
        body,
        name="unknown phantom",
        solids=(
            *body.solids,
            *(
                Solid(
                    Section("ellipse", rod_mm, rod_mm, (float(p), float(q))),
                    -half,
                    half,
                    float(generator.uniform(-900, 1200)),
                )
                for p, q in centers
            ),
        ),
    )


def _apart(
    generator: np.random.Generator, count: int, *, reach: float, distance: float
) -> list[FloatArray]:
    """Random points in a circle, no two of them closer than a distance, mm."""
    points: list[FloatArray] = []
    for _ in range(100 * count):  # a full cylinder takes no more
        point = generator.uniform(-reach, reach, size=2)
        clear = all(np.hypot(*(point - other)) >= distance for other in points)
        if clear and np.hypot(*point) <= reach and len(points) < count:
            points.append(point)
    return points


def end_to_end(first: Scene, second: Scene, *, gap_mm: float = 0.0) -> Scene:
    """Two things on one axis, the second behind the end of the first.

    The middle of the first stays in the middle, and it is its outline that lies on
    the couch.
    """
    end = max(solid.last_mm for solid in first.solids)
    shift = end + gap_mm - min(solid.first_mm for solid in second.solids)
    moved = (
        replace(solid, first_mm=solid.first_mm + shift, last_mm=solid.last_mm + shift)
        for solid in second.solids
    )
    return Scene(
        name=f"{first.name} and {second.name}",
        outline=first.outline,
        solids=(*first.solids, *moved),
    )
