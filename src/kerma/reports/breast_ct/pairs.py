"""Left and right breast of one patient, side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from kerma.workflows.breast_ct.result import BreastCT

__all__ = ["Pair", "find_pairs"]

_COVERAGE = 1.96  # normal distribution, 95 %
_POINTS = 10.0
_TIMES = 2.0
_SIDE_WORDS = re.compile(
    r"(?<![a-z])(l|r|lt|rt|left|right|links|rechts)(?![a-z])", re.IGNORECASE
)


@dataclass(frozen=True)
class Pair:
    """Two breasts of one study.

    Parameters
    ----------
    left, right
        Names of the scans.
    left_percent, right_percent
        Gland by volume, %.
    difference, interval
        Left minus right and the half width of its 95 % interval, percentage points.
        What both share, as the scale of the scanner, is taken to add nothing in common.
    volume_ratio
        Volume of the larger breast over that of the smaller.
    """

    left: str
    right: str
    left_percent: float
    right_percent: float
    difference: float
    interval: float
    volume_ratio: float

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is unusual about the two."""
        remarks = []
        if abs(self.difference) > _POINTS:
            remarks.append(
                f"The breasts differ by {abs(self.difference):.0f} points of gland."
            )
        if self.volume_ratio > _TIMES:
            remarks.append(
                f"One breast has {self.volume_ratio:.1f} times the other's volume."
            )
        return tuple(remarks)


def find_pairs(results: Sequence[BreastCT], studies: Sequence[str]) -> tuple[Pair, ...]:
    """Left and right breasts that belong together, in the order of the names.

    They belong together where they are the only left and the only right one of a study;
    where no study is known, of scans that are called the same but for the side.

    Parameters
    ----------
    results
        The breasts.
    studies
        Study Instance UID of each, empty where there is none.
    """
    groups: dict[str, list[BreastCT]] = defaultdict(list)
    for result, study in zip(results, studies, strict=True):
        groups[f"study {study}" if study else _without_side(result.scan)].append(result)
    pairs = []
    for group in groups.values():
        lefts = [one for one in group if one.laterality == "L"]
        rights = [one for one in group if one.laterality == "R"]
        if len(lefts) == len(rights) == 1:
            pairs.append(_pair(lefts[0], rights[0]))
    return tuple(sorted(pairs, key=lambda pair: pair.left))


def _without_side(name: str) -> str:
    return _SIDE_WORDS.sub("", name)


def _pair(left: BreastCT, right: BreastCT) -> Pair:
    mine, other = left.glandularity.vgf, right.glandularity.vgf
    volumes = sorted((left.breast.volume_ml, right.breast.volume_ml))
    return Pair(
        left=left.scan,
        right=right.scan,
        left_percent=100 * mine.value,
        right_percent=100 * other.value,
        difference=100 * (mine.value - other.value),
        interval=100
        * _COVERAGE
        * hypot(mine.standard_uncertainty, other.standard_uncertainty),
        volume_ratio=volumes[1] / volumes[0] if volumes[0] else float("inf"),
    )
