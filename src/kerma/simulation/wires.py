r"""Slanted wires, as the slice ramps of a phantom: thin lines, blurred in closed form.

A wire of diameter d that rises at an angle :math:`\alpha` fills, at a point along its
way, :math:`\pi d^2 / (4 \cos\alpha)` mm² of the plane that holds its radius and the
axis. A slice of thickness T sees the stretch of it that lies between its faces, and
spreads that area over T; the blur makes it a Gaussian across and a strip with blurred
ends along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.simulation.cuts import Cut

__all__ = ["Blur", "Wire", "add_wires", "wires_of"]

Blur: TypeAlias = tuple[tuple[float, float], ...]
"""Weight and standard deviation, mm, of each Gaussian of a point spread function."""

_WINDOW_SIGMAS = 6.0


@dataclass(frozen=True)
class Wire:
    """A straight thin wire through a phantom.

    Parameters
    ----------
    middle_mm
        (p, q) of its middle, which lies at w = 0.
    along
        (p, q) of the unit vector in which it runs, seen along the axis.
    rise
        What it gains along the axis for every mm of its way across.
    length_mm
        Its length across the axis.
    diameter_mm
        Its diameter.
    contrast_hu
        What it adds to what is there without it, HU.
    """

    middle_mm: tuple[float, float]
    along: tuple[float, float]
    rise: float
    length_mm: float
    diameter_mm: float
    contrast_hu: float


def wires_of(phantom: Phantom) -> tuple[Wire, ...]:
    """The slice ramps of a phantom as wires."""
    wires = []
    for ramp in phantom.ramps:
        angle = np.deg2rad(ramp.angle_deg)
        out = np.array([np.cos(angle), np.sin(angle)])
        wires.append(
            Wire(
                middle_mm=(
                    float(ramp.radius_mm * out[0]),
                    float(ramp.radius_mm * out[1]),
                ),
                along=(float(-out[1]), float(out[0])),
                rise=float(np.tan(np.deg2rad(ramp.incline_deg))),
                length_mm=ramp.length_mm,
                diameter_mm=ramp.wire_mm,
                contrast_hu=ramp.hu - phantom.background_hu,
            )
        )
    return tuple(wires)


def add_wires(hu: FloatArray, wires: Iterable[Wire], cut: Cut, *, blur: Blur) -> None:
    """Add to a slice what it shows of wires, in place.

    Parameters
    ----------
    hu
        (rows, columns) of the slice, HU.
    wires
        In phantom coordinates.
    cut
        The slice.
    blur
        Weight and standard deviation, mm, of each Gaussian of the point spread.
    """
    for wire in wires:
        first, last = _stretch(wire, cut)
        if first >= last:
            continue
        along, middle = np.array(wire.along), np.array(wire.middle_mm)
        center = middle + (first + last) / 2 * along
        reach = (last - first) / 2 + _WINDOW_SIGMAS * max(sigma for _, sigma in blur)
        window = cut.plane.window((float(center[0]), float(center[1])), reach=reach)
        p, q = cut.plane.positions(*window)
        p, q = p - middle[0], q - middle[1]
        way = p * along[0] + q * along[1]
        off = q * along[0] - p * along[1]
        share = sum(
            weight * _strip(way, first, last, sigma) * _line(off, wire, sigma)
            for weight, sigma in blur
        )
        area = np.pi / 4 * wire.diameter_mm**2 * np.hypot(1, wire.rise)
        hu[window] += np.float32(wire.contrast_hu * area / cut.thickness) * share


def _stretch(wire: Wire, cut: Cut) -> tuple[float, float]:
    """From where to where, along its way, a wire lies inside a slice, mm."""
    p, q = wire.middle_mm
    depth = cut.depth_at((p, q))
    climb = wire.rise - (
        cut.depth_at((p + wire.along[0], q + wire.along[1])) - depth
    )  # relative to a slice that may be inclined itself
    ends = (depth + np.array([-0.5, 0.5]) * cut.thickness) / climb
    half = wire.length_mm / 2
    return float(max(ends.min(), -half)), float(min(ends.max(), half))


def _strip(way: FloatArray, first: float, last: float, sigma: float) -> FloatArray:
    """A strip with blurred ends, between 0 and 1."""
    return np.asarray(ndtr((way - first) / sigma) - ndtr((way - last) / sigma))


def _line(off: FloatArray, wire: Wire, sigma: float) -> FloatArray:
    """A Gaussian across the wire, per mm; its own width adds d²/16 to the variance."""
    spread = np.hypot(sigma, wire.diameter_mm / 4)
    return np.asarray(
        np.exp(-0.5 * (off / spread) ** 2) / (np.sqrt(2 * np.pi) * spread)
    )
