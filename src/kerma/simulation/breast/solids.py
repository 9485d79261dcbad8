"""Solids within and beside a simulated breast, drawn over what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.simulation.breast.materials import Material

__all__ = ["Arc", "Capsule", "Ellipsoid", "Solid", "paint"]

Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


class Solid(Protocol):
    """Something of one material; positions are (z, y, x) in mm."""

    @property
    def material(self) -> Material:
        """What it consists of."""

    @property
    def over(self) -> frozenset[Material]:
        """What it takes the place of."""

    @property
    def box(self) -> Box:
        """Where it lies along z, y and x, mm."""

    def holds(self, z: FloatArray, y: FloatArray, x: FloatArray) -> BoolArray:
        """Whether points, broadcast against each other, lie in it."""


@dataclass(frozen=True)
class Capsule:
    """A rod with round ends; a ball where both ends are one."""

    start: Vec3
    end: Vec3
    radius_mm: float
    material: Material
    over: frozenset[Material]

    @property
    def box(self) -> Box:
        """Where it lies along z, y and x, mm."""
        z, y, x = (
            (min(pair) - self.radius_mm, max(pair) + self.radius_mm)
            for pair in zip(self.start, self.end, strict=True)
        )
        return z, y, x

    def holds(self, z: FloatArray, y: FloatArray, x: FloatArray) -> BoolArray:
        """Whether points lie in it."""
        a = np.array(self.start)
        along = np.array(self.end) - a
        dz, dy, dx = z - a[0], y - a[1], x - a[2]
        length2 = float(along @ along)
        if length2 > 0:
            t = np.clip((dz * along[0] + dy * along[1] + dx * along[2]) / length2, 0, 1)
            dz, dy, dx = dz - t * along[0], dy - t * along[1], dx - t * along[2]
        return np.asarray(dz**2 + dy**2 + dx**2 < self.radius_mm**2)


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid along the axes."""

    center: Vec3
    semi_mm: Vec3
    material: Material
    over: frozenset[Material]

    @property
    def box(self) -> Box:
        """Where it lies along z, y and x, mm."""
        z, y, x = (
            (middle - half, middle + half)
            for middle, half in zip(self.center, self.semi_mm, strict=True)
        )
        return z, y, x

    def holds(self, z: FloatArray, y: FloatArray, x: FloatArray) -> BoolArray:
        """Whether points lie in it."""
        parts = (
            ((value - middle) / half) ** 2
            for value, middle, half in zip(
                (z, y, x), self.center, self.semi_mm, strict=True
            )
        )
        return np.asarray(sum(parts) < 1)


@dataclass(frozen=True)
class Arc:
    """A tube bent about an axis along z, with round ends.

    Parameters
    ----------
    center
        (y, x) of the axis.
    bend_mm, radius_mm
        Distance of the tube's middle from the axis, and its own radius.
    half_angle_deg
        Half of the arc, about the direction of y.
    """

    center: tuple[float, float]
    bend_mm: float
    radius_mm: float
    half_angle_deg: float
    material: Material
    over: frozenset[Material]

    @property
    def box(self) -> Box:
        """Where it lies along z, y and x, mm."""
        y, x = self.center
        reach = self.bend_mm + self.radius_mm
        tube = (-self.radius_mm, self.radius_mm)
        return tube, (y - self.radius_mm, y + reach), (x - reach, x + reach)

    def holds(self, z: FloatArray, y: FloatArray, x: FloatArray) -> BoolArray:
        """Whether points lie in it."""
        y, x = y - self.center[0], x - self.center[1]
        half = np.deg2rad(self.half_angle_deg)
        angle = np.clip(np.arctan2(x, y), -half, half)  # of the nearest middle
        dy, dx = y - self.bend_mm * np.cos(angle), x - self.bend_mm * np.sin(angle)
        return np.asarray(z**2 + dy**2 + dx**2 < self.radius_mm**2)


def paint(
    slab: NDArray[np.uint8],
    positions: tuple[FloatArray, FloatArray, FloatArray],
    solids: Iterable[Solid],
) -> None:
    """Draw solids over the samples of a slab, in place.

    Parameters
    ----------
    slab
        (nz, ny, nx) materials.
    positions
        z, y and x of the samples, ascending, mm.
    solids
        In order; a later one may take the place of an earlier.
    """
    for solid in solids:
        spans = [
            slice(*np.searchsorted(values, span))
            for values, span in zip(positions, solid.box, strict=True)
        ]
        if any(span.start == span.stop for span in spans):
            continue
        z, y, x = (values[span] for values, span in zip(positions, spans, strict=True))
        part = slab[tuple(spans)]
        free = np.isin(np.arange(len(Material)), list(solid.over))[part]
        free &= solid.holds(z[:, None, None], y[None, :, None], x[None, None, :])
        part[free] = solid.material
