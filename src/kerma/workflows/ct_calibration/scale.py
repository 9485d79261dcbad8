"""The scanner's own HU scale: expected against measured CT numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray

__all__ = ["CT_NUMBERS", "HUScale", "fit_scale", "tolerances"]

CT_NUMBERS = (None, "", "HU", "US")
"""Rescale Type (0028,1054) of Hounsfield units; US is "unspecified"."""

# CT numbers of one material differ by some tens of HU between scanners (the range of
# 94 scanners in the Catphan manual is +-11 to +-60 HU), more so far from water.
_TOLERANCE_HU = 60.0
_TOLERANCE_PART = 0.12
_GAINS = (0.4, 1.6)
_OFFSETS_HU = (-250.0, 250.0)
_LOWEST_HU = -1024.0
_AT_THE_END_HU = 4.0
_LEVER_HU = 150.0  # two inserts nearer than this say nothing about the gain


@dataclass(frozen=True, eq=False)
class HUScale:
    """A straight line from expected to measured CT numbers.

    Parameters
    ----------
    gain, offset_hu
        measured = gain * expected + offset.
    floor_hu
        Lowest CT number that the scanner writes, where the scan shows one.
    agrees
        (n,) which inserts lie on the line to within their tolerance.
    """

    gain: float
    offset_hu: float
    floor_hu: float
    agrees: BoolArray

    def apply(self, expected: FloatArray | float) -> FloatArray:
        """CT numbers that this scanner gives for expected ones, HU."""
        line = self.gain * np.asarray(expected) + self.offset_hu
        return np.asarray(np.maximum(line, self.floor_hu))


def _floor(measured: FloatArray) -> float:
    """-1024 HU where a reading stands there, as 12 bits have it; else no floor."""
    lowest = float(np.nanmin(measured)) if np.isfinite(measured).any() else 0.0
    return _LOWEST_HU if abs(lowest - _LOWEST_HU) <= _AT_THE_END_HU else -np.inf


def tolerances(expected: FloatArray, background_hu: float) -> FloatArray:
    """How far a CT number may lie from the expected one, HU."""
    contrast = np.abs(np.asarray(expected) - background_hu)
    return np.maximum(_TOLERANCE_HU, _TOLERANCE_PART * contrast)


def fit_scale(
    expected: FloatArray, measured: FloatArray, background_hu: float
) -> HUScale | None:
    """The line that most inserts agree with, wrong and missing ones left out.

    Every pair of inserts proposes a line; the one with the most inserts within their
    tolerance wins, and is then fitted to them. Nothing is drawn at random.

    Parameters
    ----------
    expected, measured
        (n,) CT numbers, HU; NaN in `measured` where an insert is not in view.
    background_hu
        CT number of the phantom between its inserts.

    Returns
    -------
    HUScale | None
        ``None`` where no sensible line goes through any two inserts.
    """
    seen = np.flatnonzero(np.isfinite(measured))
    allowed = tolerances(expected, background_hu)
    best: HUScale | None = None
    best_key = (0, -np.inf)
    for pair in combinations(seen, 2):
        line = _line(expected, measured, np.array(pair))
        if line is None:
            continue
        scale = _held_against(line, expected, measured, allowed)
        off = (measured - scale.apply(expected))[scale.agrees] / allowed[scale.agrees]
        key = (int(scale.agrees.sum()), -float(np.sum(off**2)))
        if key > best_key:
            best_key, best = key, scale
    return None if best is None else _refined(best, expected, measured, allowed)


def _line(
    expected: FloatArray, measured: FloatArray, among: IntArray
) -> tuple[float, float] | None:
    """Gain and offset through some inserts; ``None`` where they make no sense."""
    # A value at the end of the scale may have been cut off there.
    among = among[measured[among] > _floor(measured) + 2 * _AT_THE_END_HU]
    x, y = expected[among], measured[among]
    if x.size < 2 or np.ptp(x) < _LEVER_HU:
        return None
    gain = float(np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2))
    offset = float(y.mean() - gain * x.mean())
    if not _GAINS[0] <= gain <= _GAINS[1]:
        return None
    return (gain, offset) if _OFFSETS_HU[0] <= offset <= _OFFSETS_HU[1] else None


def _refined(
    scale: HUScale, expected: FloatArray, measured: FloatArray, allowed: FloatArray
) -> HUScale:
    """Fit the line to the inserts that agree, and see again which agree."""
    line = _line(expected, measured, np.flatnonzero(scale.agrees))
    if line is None:
        return scale
    refined = _held_against(line, expected, measured, allowed)
    return refined if refined.agrees.sum() >= scale.agrees.sum() else scale


def _held_against(
    line: tuple[float, float],
    expected: FloatArray,
    measured: FloatArray,
    allowed: FloatArray,
) -> HUScale:
    """A line, and which inserts lie on it."""
    gain, offset = line
    floor = _floor(measured)
    off = np.abs(measured - np.maximum(gain * expected + offset, floor))
    # A small gain shrinks all differences; a large one makes none more plausible.
    near = allowed * min(1.0, gain)
    return HUScale(gain, offset, floor, np.nan_to_num(off, nan=np.inf) <= near)
