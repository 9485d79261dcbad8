"""Solids of known volume, as contours and as masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.structures import Contour, Structure

FRAME = "1.2.3"


def upright(
    shape: tuple[int, int, int] = (40, 60, 64),
    spacing: tuple[float, float, float] = (2.0, 1.0, 1.0),
) -> Grid:
    """A grid parallel to the patient, centered on (0, 0, 0)."""
    z, y, x = (-(n - 1) / 2 * s for n, s in zip(shape, spacing, strict=True))
    axes = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)
    return Grid(shape, (x, y, z), spacing, axes, FRAME)


def structure(contours: Iterable[FloatArray], name: str = "S") -> Structure:
    drawn = tuple(Contour(np.asarray(points, dtype=float)) for points in contours)
    return Structure(1, name, drawn, frame_of_reference=FRAME)


def circle(
    radius: float, z: float, center: tuple[float, float] = (0.37, -0.21)
) -> FloatArray:
    """(360, 3) a polygon of the area of the circle."""
    turn = 2 * np.pi / 360
    radius *= math.sqrt(turn / math.sin(turn))
    angle = turn * np.arange(360)
    x, y = center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)
    return np.stack([x, y, np.full(360, z)], axis=1)


def square(half: float, z: float, center: tuple[float, float] = (0, 0)) -> FloatArray:
    x, y = center
    return np.array(
        [
            [x - half, y - half, z],
            [x + half, y - half, z],
            [x + half, y + half, z],
            [x - half, y + half, z],
        ]
    )


def ball(radius: float, zs: Iterable[float]) -> Structure:
    rims = ((z, radius**2 - z**2) for z in zs)
    return structure(circle(math.sqrt(s), z) for z, s in rims if s > 0)


def sampled(
    grid: Grid, inside: Callable[[FloatArray], BoolArray], parts: int = 3
) -> Mask:
    """A mask by counting points in each voxel; `inside` takes (..., 3) positions."""
    shifts = (np.arange(parts) + 0.5) / parts - 0.5
    index = np.moveaxis(np.indices(grid.shape), 0, -1).astype(float)
    fraction = np.zeros(grid.shape, np.float32)
    for dk in shifts:
        for dj in shifts:
            for di in shifts:
                fraction += inside(grid.to_patient(index + np.array([dk, dj, di])))
    return Mask.of(fraction / parts**3, grid, name="S")


def sphere(
    grid: Grid, radius: float, center: tuple[float, float, float] = (0.3, -0.2, 0.4)
) -> Mask:
    return sampled(
        grid, lambda p: np.linalg.norm(p - np.array(center), axis=-1) <= radius
    )


def dice(one: Mask, other: Mask) -> float:
    a, b = one.full(), other.full()
    return float(2 * np.minimum(a, b).sum() / (a.sum() + b.sum()))
