"""Where in the scan a known pattern of inserts may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.rings import Ring, RingPattern, profiles

__all__ = ["Hypothesis", "body_threshold", "find_hypotheses"]

_STEP_MM = 4.0  # between centers tried; an insert of 12 mm survives half of it
_NEAR = 1  # steps to each side tried first
_FAR = 6  # steps tried where the first look is not convincing
_CONVINCING = 0.85
_WORTH_A_LOOK = 0.4
_PEAKS = 3  # rolls kept for each model: a missing insert may move the highest
_KEPT = 12


@dataclass(frozen=True)
class Hypothesis:
    """A model at a place, to be looked at closely.

    Parameters
    ----------
    pattern
        The model and the end it is seen from.
    score
        Correlation of the ring profiles.
    k
        Slice where it shows best.
    x, y
        Center, mm LPS.
    roll_deg
        Turn about the axis.
    """

    pattern: RingPattern
    score: float
    k: int
    x: float
    y: float
    roll_deg: float


def find_hypotheses(
    stack: AxialStack, patterns: Sequence[RingPattern]
) -> list[Hypothesis]:
    """The most likely places of known patterns, best first.

    Parameters
    ----------
    stack
        A coarse stack, pixels of about 2 mm.
    patterns
        The models, from both ends.
    """
    slices, centers = _body_centers(stack, spacing_mm=4.0)
    found = _try(stack, patterns, slices, centers, reach=_NEAR)
    if not found or found[0].score < _CONVINCING:
        slices, centers = _body_centers(stack, spacing_mm=8.0)
        middle = np.broadcast_to(stack.middle, centers.shape)
        for start in (centers, middle):
            found += _try(stack, patterns, slices, start, reach=_FAR)
    found.sort(key=lambda hypothesis: -hypothesis.score)
    return _distinct(found)[:_KEPT]


def body_threshold(stack: AxialStack) -> float:
    """CT number halfway between the two main groups of pixels, air and body.

    The threshold that separates the histogram best: N. Otsu, IEEE Trans. Syst. Man
    Cybern. 9, 62 (1979).
    """
    thinned = stack.hu[:: max(1, stack.z.size // 16)]
    counts, edges = np.histogram(thinned, bins=170, range=(-1200.0, 500.0))
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = (sums[-1] - sums) / above - sums / below
        between = np.nan_to_num(below * above * gap**2)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(middles[best].mean())


def _body_centers(stack: AxialStack, spacing_mm: float) -> tuple[IntArray, FloatArray]:
    """Slices (n,) that show a body, some distance apart, and its center (n, 2) mm."""
    step = max(1, int(spacing_mm / max(stack.slice_spacing, 1e-3)))
    if stack.z.size == 1:
        step = 1
    threshold = body_threshold(stack)
    slices, centers = [], []
    for k in range(step // 2 if stack.z.size > step else 0, stack.z.size, step):
        center = _body_center(stack, k, threshold)
        if center is not None:
            slices.append(k)
            centers.append(center)
    return np.array(slices, dtype=np.intp), np.array(centers).reshape(-1, 2)


def _body_center(
    stack: AxialStack, k: int, threshold: float
) -> tuple[float, float] | None:
    """Middle of the largest body in a slice, by the middles of its rows and columns.

    Their median does not mind a couch that touches, nor a side that is cut off.
    """
    mask = ndimage.binary_opening(stack.hu[k] > threshold, np.ones((5, 5)))
    labels, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == sizes.argmax()
    i = _middle_of_lines(body)
    j = _middle_of_lines(body.T)
    return stack.x0[k] + i * stack.dx, stack.y0[k] + j * stack.dy


def _middle_of_lines(mask: BoolArray) -> float:
    """Median over the rows of the middle between the first and the last pixel."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    return float(np.median((first + last) / 2))


def _try(
    stack: AxialStack,
    patterns: Sequence[RingPattern],
    slices: IntArray,
    centers: FloatArray,
    reach: int,
) -> list[Hypothesis]:
    """Correlate every pattern about a grid of centers in every slice."""
    if slices.size == 0:
        return []
    offsets = np.arange(-reach, reach + 1) * _STEP_MM
    shift = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)
    k = np.repeat(slices, len(shift))
    x, y = (centers[:, None, :] + shift).reshape(-1, 2).T
    sampled: dict[Ring, FloatArray] = {}
    found = []
    for pattern in patterns:
        for ring in pattern.rings:
            if ring not in sampled:
                sampled[ring] = profiles(stack, [ring], k, x, y)
        measured = np.concatenate([sampled[ring] for ring in pattern.rings], axis=1)
        scores = pattern.correlations(measured)
        best = int(scores.max(axis=1).argmax())
        found += [
            Hypothesis(pattern, score, int(k[best]), x[best], y[best], roll)
            for roll, score in _peaks(scores[best])
            if score > _WORTH_A_LOOK
        ]
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def _peaks(scores: FloatArray) -> list[tuple[float, float]]:
    """(roll, score) of the highest local maxima around the circle."""
    higher = (scores >= np.roll(scores, 1)) & (scores > np.roll(scores, -1))
    rolls = np.flatnonzero(higher)
    rolls = rolls[np.argsort(-scores[rolls])][:_PEAKS]
    return [(float(roll), float(scores[roll])) for roll in rolls]


def _distinct(found: Sequence[Hypothesis]) -> list[Hypothesis]:
    """One of each group that says the same model at about the same roll."""
    kept: list[Hypothesis] = []
    for one in found:
        same = (
            other.pattern is one.pattern
            and abs((other.roll_deg - one.roll_deg + 180) % 360 - 180) < 5
            for other in kept
        )
        if not any(same):
            kept.append(one)
    return kept
