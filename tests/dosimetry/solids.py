"""Solids and doses whose histograms fit on one line, drawn as a planner would."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy.optimize import brentq

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure
from kerma.simulation.dose_field import LinearDose, dose_on

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
FRAME = "1.2.3"
CENTER = np.array([0.37, -0.21, 0.13])  # on no grid
R, H = 12.0, 24.0  # mm, as in Nelms et al., Med Phys 2015;42:4435
POINTS = 360
# A polygon with the area of its circle, so that only the engine is judged.
EQUAL_AREA = np.sqrt((2 * np.pi / POINTS) / np.sin(2 * np.pi / POINTS))

Radius = Callable[[float], float]


def sphere(z: float) -> float:
    return float(np.sqrt(max(0.0, R**2 - z**2)))


def cylinder(z: float) -> float:
    return R if abs(z) <= H / 2 else 0.0


def cone(z: float) -> float:
    """Base at -H/2, apex at H/2."""
    return max(0.0, R * (H / 2 - z) / H) if z >= -H / 2 else 0.0


def drawn(radius: Radius, heights: Iterable[float], name: str = "solid") -> Structure:
    """A body of revolution about z, cut at heights above its center."""
    angle = 2 * np.pi * np.arange(POINTS) / POINTS
    contours = []
    for z in heights:
        r = radius(z) * EQUAL_AREA
        if r < 1e-6:
            continue
        circle = [r * np.cos(angle), r * np.sin(angle), np.full(POINTS, z)]
        contours.append(Contour(np.stack(circle, axis=1) + CENTER))
    return Structure(1, name, tuple(contours), frame_of_reference=FRAME)


def slab_centers(spacing: float) -> FloatArray:
    """Heights in the middle of slabs that end where the solid ends."""
    count = round(H / spacing)
    return (np.arange(count) + 0.5) * spacing - H / 2


def linear_dose(
    gradient: tuple[float, float, float], spacing: float, at_center_gy: float = 16.0
) -> Dose:
    """A dose that rises evenly, in Gy/mm, on a grid that shares no point with it."""
    count = int(44 / spacing) + 2
    half = -(count - 1) / 2 * spacing
    grid = Grid((count,) * 3, (half + 0.1, half, half), (spacing,) * 3, AXIAL, FRAME)
    offset = at_center_gy - float(np.dot(gradient, CENTER))
    return dose_on(grid, LinearDose(offset, gradient))


def dose_at(
    volume_above: Callable[[float], float], percent: float, reach: float = R
) -> float:
    """Height at which a solid has so many percent of its volume above it."""
    whole = volume_above(-reach)
    return float(
        brentq(lambda t: volume_above(t) - whole * percent / 100, -reach, reach)
    )


def sphere_above(t: float) -> float:
    return float(np.pi * (R - t) ** 2 * (2 * R + t) / 3)


def cylinder_beyond(t: float) -> float:
    """Volume of the cylinder on one side of a plane along its axis."""
    return float(H * (R**2 * np.arccos(t / R) - t * np.sqrt(R**2 - t**2)))


def cylinder_above(t: float) -> float:
    return float(np.pi * R**2 * (H / 2 - t))


def cone_above(t: float) -> float:
    """Volume towards the apex; t from the middle of the axis."""
    return float(np.pi * R**2 * (H / 2 - t) ** 3 / (3 * H**2))


def cone_beyond(t: float) -> float:
    """Volume of the cone on one side of a plane along its axis."""
    if t < 0:
        return float(np.pi * R**2 * H / 3 - cone_beyond(-t))
    if t == 0:
        return float(np.pi * R**2 * H / 6)
    q = np.sqrt(R**2 - t**2)
    cap = R**3 / 3 * np.arccos(t / R) - 2 / 3 * t * R * q
    return float(H / R * (cap + t**3 / 3 * np.log((R + q) / t)))
