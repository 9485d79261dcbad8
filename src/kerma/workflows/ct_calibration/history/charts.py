"""Control charts: what a run of scores says of the process behind it.

A score is a measurement in standard deviations from its mean: independent standard
normal numbers while the scanner is unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.errors import InputError

__all__ = [
    "IndividualsLimits",
    "RunRules",
    "cusum",
    "cusum_step",
    "ewma",
    "ewma_limits",
    "ewma_step",
    "individuals_limits",
    "run_alarms",
]

RunRules = Literal["none", "western-electric", "nelson"]

# Constants of ranges of two: d2 = 1.128, so 3 / d2 = 2.66, and D4 = 3.267.
_LIMIT_PER_RANGE = 2.66
_RANGE_LIMIT_PER_RANGE = 3.267


@dataclass(frozen=True)
class IndividualsLimits:
    """Limits of the chart of individuals and of its moving ranges, HU.

    Parameters
    ----------
    center, lower, upper
        Mean of the values, and three standard deviations below and above it.
    range_upper
        Largest distance of two successive values.
    """

    center: float
    lower: float
    upper: float
    range_upper: float


def individuals_limits(values: FloatArray) -> IndividualsLimits:
    """Textbook limits of single values, their spread taken from moving ranges.

    The range of two successive values is not widened by a slow drift or a step, as the
    standard deviation of all of them is.

    Raises
    ------
    InputError
        Fewer than two values.

    References
    ----------
    W. A. Shewhart, *Economic Control of Quality of Manufactured Product*, 1931; the
    constants 2.66 and 3.267: D. C. Montgomery, *Introduction to Statistical Quality
    Control*, section on individual measurements.
    """
    if len(values) < 2:
        raise InputError(
            f"A chart of individuals needs two values at least; got {len(values)}."
        )
    center = float(np.mean(values))
    mean_range = float(np.mean(np.abs(np.diff(values))))
    return IndividualsLimits(
        center=center,
        lower=center - _LIMIT_PER_RANGE * mean_range,
        upper=center + _LIMIT_PER_RANGE * mean_range,
        range_upper=_RANGE_LIMIT_PER_RANGE * mean_range,
    )


def ewma_step(level: FloatArray, score: FloatArray, weight: float) -> FloatArray:
    """The moving averages (p,) after one more score of each."""
    return weight * score + (1 - weight) * level


def ewma(scores: FloatArray, *, weight: float = 0.2) -> FloatArray:
    r"""Exponentially weighted moving average of the scores (m, ...).

    .. math:: z_i = \lambda x_i + (1 - \lambda) z_{i-1}, \qquad z_0 = 0

    References
    ----------
    S. W. Roberts, *Control chart tests based on geometric moving averages*,
    Technometrics 1, 239 (1959).
    """
    start: FloatArray = np.zeros(scores.shape[1:])
    levels = accumulate(
        scores,
        lambda level, score: ewma_step(level, score, weight),
        initial=start,
    )
    return np.array(list(levels)[1:])


def ewma_limits(count: int, *, weight: float = 0.2, width: float = 2.86) -> FloatArray:
    r"""Limit of the moving average after 1, 2, ... `count` scores (count,).

    .. math:: L \sqrt{\frac{\lambda}{2 - \lambda} \left(1 - (1 - \lambda)^{2 i}\right)}

    References
    ----------
    J. M. Lucas, M. S. Saccucci, *Exponentially weighted moving average control
    schemes*, Technometrics 32, 1 (1990).
    """
    grown = 1 - (1 - weight) ** (2 * np.arange(1, count + 1))
    return width * np.sqrt(weight / (2 - weight) * grown)


def cusum_step(sums: FloatArray, score: FloatArray, allowance: float) -> FloatArray:
    """The upper and lower cumulative sums (2, p) after one more score of each."""
    return np.maximum(0.0, sums + np.array([score, -score]) - allowance)


def cusum(scores: FloatArray, *, allowance: float = 0.5) -> FloatArray:
    """Upper and lower tabular cumulative sums of the scores (m, ...) as (m, 2, ...).

    Either signals when it exceeds the decision interval, 5 with the usual allowance.

    References
    ----------
    E. S. Page, *Continuous inspection schemes*, Biometrika 41, 100 (1954).
    """
    start: FloatArray = np.zeros((2, *scores.shape[1:]))
    sums = accumulate(
        scores,
        lambda sums, score: cusum_step(sums, score, allowance),
        initial=start,
    )
    return np.array(list(sums)[1:])


def run_alarms(scores: FloatArray, rules: RunRules) -> BoolArray:
    """Which of the scores (m,) complete a run that chance rarely makes.

    Western Electric: two of three beyond 2 on one side, four of five beyond 1, eight
    on one side. Nelson adds six that rise or fall and fourteen that alternate, and asks
    for nine on one side. One score beyond 3 is left to the chart of individuals. Such
    rules find small shifts and cost false alarms: about one in 92 results instead of
    one in 370 for one insert.

    References
    ----------
    Western Electric, *Statistical Quality Control Handbook*, 1956; L. S. Nelson, *The
    Shewhart control chart: tests for special causes*, J. Qual. Technol. 16, 237 (1984);
    C. W. Champ, W. H. Woodall, *Exact results for Shewhart control charts with
    supplementary runs rules*, Technometrics 29, 393 (1987).
    """
    alarms = np.zeros(len(scores), dtype=bool)
    if rules == "none" or not len(scores):
        return alarms
    one_side = 8 if rules == "western-electric" else 9
    for sign in (1, -1):
        side = sign * scores
        alarms |= _count_of_last(side > 2, 3) >= 2
        alarms |= _count_of_last(side > 1, 5) >= 4
        alarms |= _count_of_last(side > 0, one_side) >= one_side
        if rules == "nelson":
            rises = np.diff(side, prepend=np.inf) > 0
            alarms |= _count_of_last(rises, 5) >= 5
    if rules == "nelson":
        steps = np.diff(scores, prepend=np.nan)
        turns = np.append(False, steps[1:] * steps[:-1] < 0)[: len(scores)]
        alarms |= _count_of_last(turns, 12) >= 12
    return alarms


def _count_of_last(flags: BoolArray, length: int) -> FloatArray:
    """How many of the last `length` flags are set, at each place."""
    return np.convolve(flags.astype(float), np.ones(length))[: len(flags)].round()
