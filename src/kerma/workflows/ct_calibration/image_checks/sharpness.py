r"""Sharpness: the modulation transfer function from the rims of the inserts.

The rims of all inserts with contrast, in all slices of the module, sample the edge far
more finely than the pixels. Its line spread is fitted by a difference of two Gaussians,
:math:`(1+a)G(\sigma) - aG(2\sigma)`, whose transform is in closed form:

.. math:: M(f) = (1+a)e^{-2\pi^2\sigma^2f^2} - a e^{-8\pi^2\sigma^2f^2}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.workflows.ct_calibration.edges import Edge, EdgeCloud, measure_edge
from kerma.workflows.ct_calibration.identity import Identity
from kerma.workflows.ct_calibration.image_checks.frame import PhantomFrame
from kerma.workflows.ct_calibration.image_checks.result import EdgeSpread, ImageCheck

__all__ = ["Sharpness", "check_sharpness", "measure_sharpness", "mtf"]

_WINDOW = 1.4  # radii about an insert
_MOST_SLICES = 6
_GROUPS = 5  # of inserts, each left out once
_CLEAR_HU = 100.0
_BIN_MM = 0.2
_HIGHEST_PER_MM = 4.0


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The edge of all inserts, and of all but some.

    Parameters
    ----------
    edge
        Fitted to all.
    others
        Fitted with a part of the inserts left out each time.
    spread
        For the result.
    """

    edge: Edge
    others: tuple[Edge, ...]
    spread: EdgeSpread


def mtf(frequency_per_mm: FloatArray, sigma_mm: float, overshoot: float) -> FloatArray:
    """Modulation transfer function of a difference of two Gaussians.

    Parameters
    ----------
    frequency_per_mm
        Any shape, cycles per mm.
    sigma_mm, overshoot
        Of the line spread ``(1 + overshoot) G(sigma) - overshoot G(2 sigma)``.
    """
    square = 2 * np.square(np.pi * sigma_mm * np.asarray(frequency_per_mm))
    return np.asarray(
        (1 + overshoot) * np.exp(-square) - overshoot * np.exp(-4 * square)
    )


def measure_sharpness(frame: PhantomFrame) -> Sharpness | None:
    """Fit the rims of the inserts; ``None`` where none has contrast enough."""
    clouds = _clouds(frame)
    edge = measure_edge(clouds)
    if edge is None:
        return None
    groups = min(_GROUPS, len(clouds))
    parts = [
        measure_edge([c for n, c in enumerate(clouds) if n % groups != left_out])
        for left_out in range(groups)
        if len(clouds) > 1
    ]
    others = tuple(part for part in parts if part is not None)
    return Sharpness(edge, others, _spread(edge, clouds))


def check_sharpness(sharpness: Sharpness | None) -> tuple[ImageCheck, ...]:
    """Frequencies at which half and a tenth of the contrast are left.

    The uncertainty is that of a jackknife over groups of inserts (B. Efron, *The
    Jackknife, the Bootstrap and Other Resampling Plans*, 1982, ch. 3).
    """
    levels = (0.5, 0.1)
    names = [f"MTF {100 * level:.0f} %" for level in levels]
    if sharpness is None:
        reason = "no insert has an edge clear enough"
        return tuple(ImageCheck(name, "1/cm", None, reason=reason) for name in names)
    return tuple(
        ImageCheck(
            name=name,
            unit="1/cm",
            value=10 * _frequency_at(sharpness.edge, level),
            uncertainty=_jackknife(
                [10 * _frequency_at(other, level) for other in sharpness.others]
            ),
            method="edge spread at the rims of the inserts, pixel included",
        )
        for name, level in zip(names, levels, strict=True)
    )


def _clouds(frame: PhantomFrame) -> list[EdgeCloud]:
    """The pixels about every confirmed insert with contrast."""
    clouds = []
    slices = frame.spread(frame.slices, _MOST_SLICES)
    middle = frame.slices[frame.slices.size // 2]
    for reading in frame.readings:
        radius = reading.insert_radius_mm
        offset = np.array(reading.center_mm[:2]) - frame.center_at(middle)
        parts = []
        for k in slices:
            x, y = frame.center_at(k) + offset
            dx, dy, values = frame.stack.disc(k, x, y, _WINDOW * radius)
            parts.append((np.hypot(dx, dy), values))
        distance, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        outside = values[distance > 1.25 * radius]
        inside = values[distance < 0.6 * radius]
        if min(outside.size, inside.size) < 2:
            continue
        background = float(np.median(outside))
        contrast = float(np.median(inside)) - background
        sure = reading.identity is Identity.CONFIRMED
        if sure and abs(contrast) >= _CLEAR_HU:
            noise = max(float(inside.std(ddof=1)), 1e-6)
            clouds.append(
                EdgeCloud(
                    distance_mm=distance,
                    values=(values - background) / contrast,
                    radius_mm=radius,
                    weight=(contrast / noise) ** 2,
                )
            )
    return clouds


def _spread(edge: Edge, clouds: Sequence[EdgeCloud]) -> EdgeSpread:
    """The mean edge of all inserts, for a figure."""
    depth = np.concatenate([c.radius_mm - c.distance_mm for c in clouds])
    values = np.concatenate([c.values for c in clouds])
    weight = np.concatenate([np.full(c.values.size, c.weight) for c in clouds])
    near = np.abs(depth) <= max(3.0, 4 * edge.sigma_mm)
    depth, values, weight = depth[near], values[near], weight[near]
    bins = np.round(depth / _BIN_MM).astype(np.intp)
    bins -= bins.min()
    total = np.bincount(bins, weight)
    kept = total > 0
    mean_depth = np.bincount(bins, weight * depth)[kept] / total[kept]
    share = np.bincount(bins, weight * values)[kept] / total[kept]
    return EdgeSpread(
        sigma_mm=edge.sigma_mm,
        overshoot=edge.overshoot,
        shift_mm=edge.shift_mm,
        depth_mm=tuple(np.round(mean_depth, 3).tolist()),
        share=tuple(np.round(share, 4).tolist()),
    )


def _frequency_at(edge: Edge, level: float) -> float:
    """Highest frequency at which the modulation is still at a level, cycles per mm."""
    frequency = np.linspace(0.0, _HIGHEST_PER_MM / edge.sigma_mm / np.pi, 4001)
    left = mtf(frequency, edge.sigma_mm, edge.overshoot)
    last = int(np.flatnonzero(left >= level)[-1])
    if last + 1 == left.size:
        return float(frequency[-1])
    part = (left[last] - level) / (left[last] - left[last + 1])
    return float(frequency[last] + part * (frequency[1] - frequency[0]))


def _jackknife(values: Sequence[float]) -> float | None:
    """Standard uncertainty from estimates that leave a group out each."""
    count = len(values)
    if count < 2:
        return None
    squares = np.square(np.array(values) - np.mean(values)).sum()
    return float(np.sqrt((count - 1) / count * squares))
