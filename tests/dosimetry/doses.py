"""Doses for the tests of gamma, and its minimum by brute force."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.dosimetry import GammaCriteria

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def grid(
    shape: tuple[int, int, int],
    spacing: Vec3 = (1.0, 1.0, 1.0),
    *,
    origin: Vec3 = (0.0, 0.0, 0.0),
    axes: tuple[Vec3, Vec3, Vec3] = AXIAL,
    frame: str = "1.2",
    offsets: tuple[float, ...] | None = None,
) -> Grid:
    return Grid(shape, origin, spacing, axes, frame, offsets)


def volume(array: FloatArray, on: Grid | None = None) -> Volume:
    array = np.array(array, dtype=np.float64)
    shape = (array.shape[0], array.shape[1], array.shape[2])
    return Volume(array, on or grid(shape))


def turned(angle_deg: float) -> tuple[Vec3, Vec3, Vec3]:
    """Axes of a grid turned about (1, 1, 1)."""
    n = np.full(3, 1 / np.sqrt(3))
    a = np.deg2rad(angle_deg)
    cross = np.array([[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]])
    turn = np.eye(3) + np.sin(a) * cross + (1 - np.cos(a)) * cross @ cross
    rows = [tuple((turn @ axis).tolist()) for axis in np.array(AXIAL)]
    return rows[0], rows[1], rows[2]


def smallest_gamma(
    point: FloatArray,
    dose: float,
    evaluated: Volume,
    criteria: GammaCriteria,
    norm: float,
) -> tuple[float, float]:
    """Gamma of a point of the axes of an upright evaluated grid, and its uncertainty.

    Samples of the whole grid, then finer ones wherever the steepest dose leaves the
    possibility of a lower value.
    """
    nodes = [
        np.arange(size) * step
        for size, step in zip(evaluated.grid.shape, evaluated.grid.spacing, strict=True)
    ]
    wide = [n for n in range(3) if nodes[n].size > 1]
    array = evaluated.array.squeeze()
    interpolant = RegularGridInterpolator([nodes[n] for n in wide], array)
    criterion = criteria.dose_percent / 100 * norm
    slopes = [
        np.abs(np.diff(array, axis=m)).max() / evaluated.grid.spacing[n]
        for m, n in enumerate(wide)
    ]
    steepest = np.hypot(1 / criteria.distance_mm, np.linalg.norm(slopes) / criterion)
    step = np.array([evaluated.grid.spacing[n] for n in wide]) / 4
    low = np.zeros(len(wide))
    high = np.array([nodes[n][-1] for n in wide])
    axes = [np.arange(0, b + 1e-9, s) for b, s in zip(high, step, strict=True)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(wide))
    best = np.inf
    shifts = np.array(
        list(itertools.product((-0.375, -0.125, 0.125, 0.375), repeat=len(wide)))
    )
    for _ in range(6):
        places = np.clip(places, low, high)
        away = np.linalg.norm(places - point[wide], axis=1) / criteria.distance_mm
        values = np.hypot(away, (interpolant(places) - dose) / criterion)
        best = min(best, float(values.min()))
        slack = steepest * np.linalg.norm(step) / 2
        near = places[values < best + slack]
        if len(near) > 4000:
            break
        places = (near[:, None] + shifts * step).reshape(-1, len(wide))
        step = step / 4
    return best, float(slack)
