"""Which phantom is in the scan, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerma.core.phantom import Phantom
from kerma.errors import RecognitionError
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.evidence import Evidence, expected_of, weigh
from kerma.workflows.ct_calibration.fitting import place, refine
from kerma.workflows.ct_calibration.identity import Identity
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.rings import RingPattern, pattern_of
from kerma.workflows.ct_calibration.search import (
    Hypothesis,
    likely_hypotheses,
    more_hypotheses,
)

__all__ = ["Match", "recognize"]

# Real scans score 0.97 and more, patients and other phantoms mostly under 0.65. A wrong
# insert and much noise bring a phantom down to that; nearly all its inserts must then
# be right, and its outline too.
_SCORE, _FOUND_PART = 0.80, 0.6
_LOW_SCORE, _HIGH_FOUND_PART, _OUTLINE_PART = 0.60, 0.80, 0.7
_OUTLINE_LEAST = 0.3
_FLAWLESS_SCORE = 0.95
_FOUND_LEAST = 4
_MOST_SWAPPED = 4
_SCALE_RANGE = 0.05  # measured over nominal distances; a pixel size is better known
_SAME = 0.03  # models this close in weight cannot be told apart
_COARSE_MM = 2.0


@dataclass(frozen=True, eq=False)
class Match:
    """The model that explains the scan.

    Parameters
    ----------
    evidence
        The model in its place, and what speaks for it.
    others
        What was found for the other models, best first.
    undecided
        The others that explain the scan as well.
    ambiguous
        Whether the same model, turned or mirrored, explains it as well by another
        exchange of inserts.
    """

    evidence: Evidence
    others: tuple[Evidence, ...]
    undecided: tuple[Evidence, ...]
    ambiguous: bool

    @property
    def margin(self) -> float | None:
        """Lead over the best model that is not as good; ``None`` if none was tried."""
        rest = [other for other in self.others if other not in self.undecided]
        return self.evidence.weight - rest[0].weight if rest else None


def recognize(
    stack: AxialStack, phantoms: Sequence[Phantom], kv: float | None
) -> Match:
    """Find the model that explains the scan best, and refuse if none does.

    Parameters
    ----------
    stack
        The scan.
    phantoms
        The models to try.
    kv
        Tube voltage, for the expected CT numbers.

    Raises
    ------
    RecognitionError
        No model explains the scan; the message gives the scores.
    """
    coarse = stack.coarsened(_COARSE_MM)
    families = _families(phantoms, kv)
    patterns = [family[0] for family in families]

    def weighed(hypotheses: Iterable[Hypothesis]) -> list[Evidence]:
        return [
            weigh(stack, coarse, placement, kv)
            for hypothesis in hypotheses
            for placement in _placed(stack, coarse, hypothesis, families)
        ]

    tried = weighed(likely_hypotheses(coarse, patterns))
    if not any(_is_flawless(one) for one in tried):
        tried += weighed(more_hypotheses(coarse, patterns))
    ranked = _best_of_each(tried)
    if not ranked or not _explains(ranked[0]):
        raise RecognitionError(_refusal(phantoms, ranked))
    best, others = ranked[0], ranked[1:]
    undecided = [
        other
        for other in others
        if _explains(other) and best.weight - other.weight < _SAME
    ]
    shown = np.where(np.isfinite(best.measured), best.measured, best.expected)
    placement = refine(stack, coarse, best.placement, shown)
    refined = weigh(stack, coarse, placement, kv)
    ambiguous = any(_is_other_way(one, best) for one in tried)
    return Match(refined, tuple(others), tuple(undecided), ambiguous)


def _is_other_way(one: Evidence, best: Evidence) -> bool:
    """Whether a model explains the scan as well as the best, but turned otherwise."""
    first, second = one.placement, best.placement
    turned = abs((first.roll_deg - second.roll_deg + 180) % 360 - 180) > 5
    return (
        first.phantom is second.phantom
        and (turned or first.mirrored != second.mirrored)
        and best.weight - one.weight < _SAME
        and _explains(one)
    )


def _placed(
    stack: AxialStack,
    coarse: AxialStack,
    hypothesis: Hypothesis,
    families: Sequence[Sequence[RingPattern]],
) -> list[Placement]:
    """Place a hypothesis, for each model that looks like it."""
    placement = place(stack, coarse, hypothesis)
    family = next(one for one in families if one[0] is hypothesis.pattern)
    return [replace(placement, phantom=member.phantom) for member in family]


def _is_flawless(evidence: Evidence) -> bool:
    """Whether a model explains all that is seen, so that no other need be tried."""
    confirmed = all(one.identity is Identity.CONFIRMED for one in evidence.findings)
    as_delivered = all(
        key == insert.material
        for key, insert in zip(
            evidence.materials, evidence.placement.phantom.inserts, strict=True
        )
    )
    outline = evidence.outline_match
    return (
        _explains(evidence)
        and evidence.score >= _FLAWLESS_SCORE
        and confirmed
        and as_delivered
        and (outline is None or outline >= _OUTLINE_PART)
    )


def _families(phantoms: Sequence[Phantom], kv: float | None) -> list[list[RingPattern]]:
    """The patterns of all models from both ends, those that look alike together."""
    families: list[list[RingPattern]] = []
    for pattern in _patterns(phantoms, kv):
        for family in families:
            if _look_alike(family[0], pattern):
                family.append(pattern)
                break
        else:
            families.append([pattern])
    return families


def _patterns(phantoms: Sequence[Phantom], kv: float | None) -> Iterator[RingPattern]:
    """Every model from both ends, as delivered and with each optional material."""
    for phantom in phantoms:
        variants = [expected_of(phantom, kv)]
        for index, insert in enumerate(phantom.inserts):
            for key in insert.optional_materials:
                variant = variants[0].copy()
                variant[index] = phantom.materials[key].hu_at(kv)
                variants.append(variant)
        for expected in variants:
            for mirrored in (False, True):
                yield pattern_of(phantom, expected, mirrored=mirrored)


def _look_alike(first: RingPattern, second: RingPattern) -> bool:
    """Whether two models have the same inserts at the same places."""
    return (
        first.mirrored == second.mirrored
        and first.phantom.inserts == second.phantom.inserts
        and first.rings == second.rings
        and np.array_equal(first.hu, second.hu)
    )


def _best_of_each(tried: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence for each model, best model first; what explains comes first."""
    best: dict[str, Evidence] = {}
    ranked = sorted(tried, key=lambda one: (_explains(one), one.weight), reverse=True)
    for one in ranked:
        best.setdefault(one.placement.phantom.name, one)
    return list(best.values())


def _explains(evidence: Evidence) -> bool:
    """Whether a model can be what was scanned."""
    placement = evidence.placement
    count = len(placement.phantom.inserts)
    slack = max(insert.slack_mm for insert in placement.phantom.inserts)
    part = evidence.found / count
    swapped = sum(finding.partner is not None for finding in evidence.findings)
    alike = (evidence.score >= _SCORE and part >= _FOUND_PART) or (
        evidence.score >= _LOW_SCORE
        and part >= _HIGH_FOUND_PART
        and (evidence.outline_match or 0.0) >= _OUTLINE_PART
    )
    # Another outline is an annulus about the phantom, or another phantom: then every
    # insert must be right.
    outline = evidence.outline_match
    framed = outline is None or outline >= _OUTLINE_LEAST
    return (
        alike
        and (framed or (part == 1 and swapped == 0))
        and evidence.found >= min(_FOUND_LEAST, count)
        and swapped <= _MOST_SWAPPED
        and abs(placement.scale - 1) <= _SCALE_RANGE
        and placement.residual_mm <= 0.5 + slack
    )


def _refusal(phantoms: Sequence[Phantom], ranked: Sequence[Evidence]) -> str:
    """Say in one sentence what was tried and how far it came."""
    scores = "; ".join(
        f"{one.placement.phantom.name} {one.score:.2f} with {one.found} of "
        f"{len(one.placement.phantom.inserts)} inserts"
        for one in ranked[:3]
    )
    best = f" (best were: {scores})" if scores else " (nothing in it is like one)"
    if len(phantoms) == 1:
        return (
            f"This scan does not show the phantom {phantoms[0].name}{best}: is it the "
            f"right phantom, and is its module in the scan?"
        )
    return (
        f"No known phantom was found in this scan{best}. Scan the module with the "
        f"inserts, or describe your phantom in a file and name it."
    )
