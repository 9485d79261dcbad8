"""The stretch of slices that shows the module."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.imaging.axial import AxialStack

__all__ = ["Extent", "contrast_along_axis", "find_extent"]


@dataclass(frozen=True, eq=False)
class Extent:
    """Where the module begins and ends along the axis.

    Parameters
    ----------
    low_mm, high_mm
        Its ends, mm LPS; ``None`` where the scan or a gap in it hides the end.
    middle_mm
        Its middle, from both ends, or from one end and the nominal length, or else
        the middle of the slices that show it.
    slices
        (n,) slices of the stack in its central half, one at least.
    """

    low_mm: float | None
    high_mm: float | None
    middle_mm: float
    slices: IntArray


def contrast_along_axis(
    stack: AxialStack,
    centers: FloatArray,
    radii_mm: FloatArray,
    expected: FloatArray,
    lift_mm: FloatArray | None = None,
) -> FloatArray:
    """Contrast of the inserts in each slice, relative to what is expected.

    The slope of the straight line through measured over expected CT numbers: near
    one inside the module, near zero where the inserts are not.

    Parameters
    ----------
    stack
        The scan.
    centers
        (n, 2) places of the inserts, mm.
    radii_mm, expected
        (n,) radii, mm, and expected CT numbers, HU.
    lift_mm
        (n,) how much higher the middle of each insert lies than the module's, as in
        an inclined phantom; none by default.

    Returns
    -------
    FloatArray
        (nk,) slope.
    """
    angle = np.arange(8) * np.pi / 4
    spots_x = np.concatenate([[0.0], 0.5 * np.cos(angle)])
    spots_y = np.concatenate([[0.0], 0.5 * np.sin(angle)])
    values = stack.sample(
        np.arange(stack.z.size)[:, None, None],
        centers[:, 0, None] + radii_mm[:, None] * spots_x,
        centers[:, 1, None] + radii_mm[:, None] * spots_y,
    ).mean(axis=2)
    if lift_mm is not None and stack.z.size > 1:
        lifted = zip(values.T, lift_mm, strict=True)
        values = np.column_stack(
            [
                np.interp(stack.z + up, stack.z, along, left=np.nan, right=np.nan)
                for along, up in lifted
            ]
        )
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    values = np.where(seen, values, 0.0)
    spread = np.where(seen, expected, 0.0)
    spread = np.where(seen, spread - spread.sum(axis=1, keepdims=True) / count, 0.0)
    power = np.square(spread).sum(axis=1)
    return (spread * values).sum(axis=1) / np.maximum(power, 1e-9)


def find_extent(
    stack: AxialStack, contrast: FloatArray, k: int, length_mm: float
) -> Extent:
    """Find the ends of the module about a slice known to be inside it.

    An end is where the contrast falls to half, between two slices; partial volume
    makes the fall a straight line, so that this is sharper than the spacing.
    """
    low = high = k
    level = contrast[k] / 2
    while low > 0 and contrast[low - 1] > level:
        low -= 1
    while high < stack.z.size - 1 and contrast[high + 1] > level:
        high += 1
    level = float(np.median(contrast[low : high + 1])) / 2
    longest_gap = max(1.5 * stack.slice_spacing, length_mm / 5)
    ends = [
        _crossing(stack.z, contrast, inner, step, level, longest_gap)
        for inner, step in ((low, -1), (high, 1))
    ]
    middle = _middle(ends[0], ends[1], stack.z[low : high + 1], length_mm)
    run = np.arange(low, high + 1)
    central = run[np.abs(stack.z[run] - middle) <= length_mm / 4]
    if central.size == 0:
        central = run[[np.abs(stack.z[run] - middle).argmin()]]
    return Extent(ends[0], ends[1], middle, central)


def _crossing(
    z: FloatArray,
    contrast: FloatArray,
    inner: int,
    step: int,
    level: float,
    longest_gap: float,
) -> float | None:
    """Position where the contrast passes the level; ``None`` where it is not seen."""
    outer = inner + step
    while 0 <= inner < z.size and contrast[inner] < level:
        inner, outer = inner - step, inner
    if not 0 <= min(inner, outer) <= max(inner, outer) < z.size:
        return None
    if contrast[inner] <= contrast[outer]:
        return None  # nothing like the module is here
    if abs(z[outer] - z[inner]) > longest_gap:
        return None
    part = (contrast[inner] - level) / (contrast[inner] - contrast[outer])
    return float(z[inner] + part * (z[outer] - z[inner]))


def _middle(
    low: float | None, high: float | None, shown: FloatArray, length: float
) -> float:
    if low is not None and high is not None:
        return (low + high) / 2
    if low is not None:
        return low + length / 2
    if high is not None:
        return high - length / 2
    return float(shown.mean())
