"""Where in the scan a known pattern of inserts may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.rings import Ring, RingPattern, profiles

__all__ = ["Hypothesis", "body_threshold", "likely_hypotheses", "more_hypotheses"]

_STEP_MM = 4.0  # between centers tried; an insert of 12 mm survives half of it
_NEAR = 1  # steps to each side tried first
_FAR = 6  # steps tried where the first look is not convincing
_FAR_SLICES = 16  # in which that is done
_DOUBTFUL = 0.85  # under it the body's middle may be misjudged
_CLOSE = 0.15  # to the best score
_WORTH_A_LOOK = 0.35
_PEAKS = 10  # rolls kept for each model: wrong inserts may raise a wrong one
_PEAK_DISTANCE_DEG = 8
_KEPT = 16
_STEEP_PART = 0.4  # of the steepest edge: the outline, not the inserts' rims


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
    presence
        Whether the score is by where inserts are, whatever their material.
    """

    pattern: RingPattern
    score: float
    k: int
    x: float
    y: float
    roll_deg: float
    presence: bool

    def scores(self, measured: FloatArray) -> FloatArray:
        """(n, 360) correlation of its pattern with (n, rings, 360) profiles."""
        if self.presence:
            return self.pattern.presence_correlations(measured)
        return self.pattern.correlations(measured)


def likely_hypotheses(
    stack: AxialStack, patterns: Sequence[RingPattern]
) -> list[Hypothesis]:
    """Places that correlate well with a pattern about the body's middle, best first.

    Enough where every insert is right.

    Parameters
    ----------
    stack
        A coarse stack, pixels of about 2 mm.
    patterns
        The models, from both ends.
    """
    slices, centers = _body_centers(stack, spacing_mm=4.0)
    found = _try(stack, patterns, _Grid(slices, centers, _NEAR))
    return [one for one in found if one.score > found[0].score - _CLOSE]


def more_hypotheses(
    stack: AxialStack, patterns: Sequence[RingPattern]
) -> list[Hypothesis]:
    """Further places, where inserts may be wrong or a couch hides the body's middle.

    The same about the middle of the round outline, then for inserts of whatever
    material, and at last far from any middle.
    """
    slices, centers = _body_centers(stack, spacing_mm=4.0)
    found = _kept(_try(stack, patterns, _Grid(slices, centers, _NEAR)))
    for radius in _radii(patterns):
        about = _Grid(slices, _circle_centers(stack, slices, radius), _NEAR)
        found += _kept(_try(stack, patterns, about))
        present = _try(stack, patterns, about, presence=True)
        close = [one for one in present if one.score > present[0].score - _CLOSE]
        found += close[: 3 * _KEPT]
    if any(one.score >= _DOUBTFUL for one in found):
        return found
    some = np.linspace(0, slices.size - 1, min(slices.size, _FAR_SLICES)).astype(
        np.intp
    )
    slices, centers = slices[some], centers[some]
    middle = np.broadcast_to(stack.middle, centers.shape)
    further = [
        one
        for start in (centers, middle)
        for one in _try(stack, patterns, _Grid(slices, start, _FAR))
    ]
    further.sort(key=lambda hypothesis: -hypothesis.score)
    return found + further[:_KEPT]


def _kept(found: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The best hypotheses, and the best of each pattern, lest one crowd out others."""
    first: dict[int, Hypothesis] = {}
    for one in found:
        first.setdefault(id(one.pattern), one)
    best = list(found[:_KEPT])
    near = [one for one in first.values() if one.score > found[0].score - 2 * _CLOSE]
    return best + [one for one in near if one not in best]


def _radii(patterns: Sequence[RingPattern]) -> list[float]:
    """Radii of the models' round outlines, those within a few mm only once."""
    radii: list[float] = []
    for outline in (pattern.phantom.outline for pattern in patterns):
        radius = (outline.width_mm + outline.height_mm) / 4
        if all(abs(radius - other) > _STEP_MM for other in radii):
            radii.append(radius)
    return radii


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


def _circle_centers(
    stack: AxialStack, slices: IntArray, radius_mm: float
) -> FloatArray:
    """(n, 2) centers of the circle of a radius that the edges in each slice speak for.

    Every edge votes for the point one radius away on its bright side (the Hough
    transform for circles: C. Kimme, D. Ballard, J. Sklansky, Commun. ACM 18, 120,
    1975), so that a couch, a jig or a side that is cut off are outvoted.
    """
    centers = np.empty((slices.size, 2))
    for row, k in enumerate(slices):
        smooth = ndimage.gaussian_filter(np.clip(stack.hu[k], -1000.0, 200.0), 1.5)
        down, across = np.gradient(smooth, stack.dy, stack.dx)
        steep = np.hypot(across, down)
        j, i = np.nonzero(steep > _STEEP_PART * steep.max())
        part = radius_mm / steep[j, i]
        column = i + part * across[j, i] / stack.dx
        line = j + part * down[j, i] / stack.dy
        votes, lines, columns = np.histogram2d(
            line, column, bins=[np.arange(n + 1) - 0.5 for n in smooth.shape]
        )
        peak = ndimage.gaussian_filter(votes, 1.5).argmax()
        at = np.unravel_index(peak, votes.shape)
        centers[row] = (
            stack.x0[k] + (columns[at[1]] + 0.5) * stack.dx,
            stack.y0[k] + (lines[at[0]] + 0.5) * stack.dy,
        )
    return centers


def _middle_of_lines(mask: BoolArray) -> float:
    """Median over the rows of the middle between the first and the last pixel."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    return float(np.median((first + last) / 2))


class _Grid:
    """Centers to try in some slices, and the profiles read about them so far."""

    def __init__(self, slices: IntArray, centers: FloatArray, reach: int) -> None:
        offsets = np.arange(-reach, reach + 1) * _STEP_MM
        shift = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)
        self.k = np.repeat(slices, len(shift))
        self.x, self.y = (centers[:, None, :] + shift).reshape(-1, 2).T
        self._read: dict[Ring, FloatArray] = {}

    def profiles(self, stack: AxialStack, rings: Sequence[Ring]) -> FloatArray:
        """(n, rings, 360) CT numbers along rings about every center, read once."""
        for ring in rings:
            if ring not in self._read:
                self._read[ring] = profiles(stack, [ring], self.k, self.x, self.y)
        return np.concatenate([self._read[ring] for ring in rings], axis=1)


def _try(
    stack: AxialStack,
    patterns: Sequence[RingPattern],
    grid: _Grid,
    *,
    presence: bool = False,
) -> list[Hypothesis]:
    """Correlate every pattern about every center of a grid, best first."""
    if grid.k.size == 0:
        return []
    found = []
    for pattern in patterns:
        measured = grid.profiles(stack, pattern.rings)
        correlate = pattern.presence_correlations if presence else pattern.correlations
        scores = correlate(measured)
        at_roll = scores.argmax(axis=0)
        for roll in _peaks(scores.max(axis=0)):
            best = int(at_roll[roll])
            score = float(scores[best, roll])
            place = (int(grid.k[best]), float(grid.x[best]), float(grid.y[best]))
            found.append(Hypothesis(pattern, score, *place, float(roll), presence))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def _peaks(scores: FloatArray) -> list[int]:
    """Rolls of the highest local maxima around the circle, some way apart."""
    higher = (scores >= np.roll(scores, 1)) & (scores > np.roll(scores, -1))
    rolls = np.flatnonzero(higher & (scores > _WORTH_A_LOOK))
    kept: list[int] = []
    for roll in rolls[np.argsort(-scores[rolls])].tolist():
        away = (abs((roll - other + 180) % 360 - 180) for other in kept)
        if all(distance >= _PEAK_DISTANCE_DEG for distance in away):
            kept.append(roll)
    return kept[:_PEAKS]
