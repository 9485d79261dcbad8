"""Watching all inserts from the first result on, without a trial period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from kerma.core.arrays import BoolArray, FloatArray
from kerma.errors import InputError
from kerma.workflows.ct_calibration.history.charts import (
    RunRules,
    cusum_step,
    ewma_limits,
    ewma_step,
    run_alarms,
)
from kerma.workflows.ct_calibration.history.run_length import (
    cusum_limit,
    ewma_width,
    individuals_limit,
)

__all__ = ["ChartLimits", "Rules", "Watch", "chart_limits", "watch"]

_PRIOR_RESULTS = 3.0
"""How many results the spread assumed beforehand counts for."""

_LONGEST = 1e5  # results between false alarms; the run lengths are exact up to here
_LONGEST_RUN = 15  # results that the rules on runs look at
_SMALLEST_TAIL = 1e-300  # of a score, so that it stays finite


@dataclass(frozen=True)
class Rules:
    """Which charts watch, and how often they may cry wolf.

    Parameters
    ----------
    run_length
        Results from one false alarm of a chart to the next, on average, over all
        inserts together.
    ewma_weight
        Weight of the newest score in the moving average.
    cusum_allowance
        Half of the shift that the cumulative sums are to find, standard deviations.
    runs
        Rules on runs of scores, or "none".
    """

    run_length: float = 370.0
    ewma_weight: float = 0.2
    cusum_allowance: float = 0.5
    runs: RunRules = "none"

    def __post_init__(self) -> None:
        if not 20 <= self.run_length <= _LONGEST:
            raise InputError(
                f"A chart may give one false alarm in 20 to {_LONGEST:,.0f} results; got "
                f"one in {self.run_length:g}."
            )
        if not 0.01 <= self.ewma_weight <= 1:
            raise InputError(
                f"The weight of the newest score lies between 0.01 and 1; got "
                f"{self.ewma_weight:g}."
            )
        if not 0.25 <= self.cusum_allowance <= 1.5:
            raise InputError(
                f"The allowance of a cumulative sum lies between 0.25 and 1.5 standard "
                f"deviations; got {self.cusum_allowance:g}."
            )


@dataclass(frozen=True)
class ChartLimits:
    """Limits of the charts of one insert.

    Parameters
    ----------
    individuals
        Of a single score, standard deviations.
    ewma_width
        Of the moving average, in its own standard deviations.
    cusum
        Of the cumulative sums, standard deviations.
    """

    individuals: float
    ewma_width: float
    cusum: float


@dataclass(frozen=True, eq=False)
class Watch:
    """The charts of all inserts over one period.

    Every array is (m, p), NaN where there is no score, but `sums`, (m, 2, p).

    Parameters
    ----------
    score
        The new value in standard deviations, by what was known before it.
    center, half_width
        Mean of the values accepted before, and the limit of the individuals chart
        about it, HU.
    average, average_limit
        Moving average of the scores and its limit.
    sums
        Upper and lower cumulative sums.
    alarms
        By chart, (m, p): where it signals.
    accepted
        (m,) the results in which no chart signals, which later ones are held against.
    """

    score: FloatArray
    center: FloatArray
    half_width: FloatArray
    average: FloatArray
    average_limit: FloatArray
    sums: FloatArray
    alarms: dict[str, BoolArray]
    accepted: BoolArray


def chart_limits(inserts: int, rules: Rules) -> ChartLimits:
    """Limits with which all inserts together give one false alarm in a run length.

    Each insert may give one in `inserts` times that length (Bonferroni). With one insert
    and the usual 370 they are the textbook's: 3, 2.86 and 4.8.
    """
    each = rules.run_length * inserts
    return ChartLimits(
        individuals=individuals_limit(each),
        ewma_width=ewma_width(each, rules.ewma_weight),
        cusum=cusum_limit(each, rules.cusum_allowance),
    )


def watch(
    values: FloatArray,
    limits: ChartLimits,
    rules: Rules,
    *,
    prior_sd_hu: FloatArray | None = None,
) -> Watch:
    r"""Run the charts over the values (m, p) of all inserts, in order of time.

    Each value is held against the mean :math:`\bar x` and spread :math:`s` of the
    :math:`n` accepted before it,

    .. math:: Q = \Phi^{-1}\left[ G_{\nu}\left( \sqrt{\tfrac{n}{n + 1}}\,
              \frac{x - \bar x}{s} \right) \right],

    with :math:`G_\nu` Student's distribution. The scores of an unchanged scanner are
    independent and standard normal from the third result on, however short the
    history, so that the charts keep their false alarm rate. A result in which any chart
    signals is not accepted: a shift does not become the new normal.

    Parameters
    ----------
    values
        HU; NaN where an insert was not measured.
    limits, rules
        Of the charts.
    prior_sd_hu
        (p,) spread assumed before there are results, HU. It counts for three results
        and lets the charts judge from the second result on; without it the scores are
        exactly normal but the first two are missing.

    References
    ----------
    C. P. Quesenberry, *SPC Q charts for start-up processes and short or long runs*, J.
    Qual. Technol. 23, 213 (1991); D. M. Hawkins, *Self-starting cusum charts for
    location and scale*, The Statistician 36, 299 (1987).
    """
    count, inserts = values.shape
    growing = ewma_limits(count, weight=rules.ewma_weight, width=limits.ewma_width)
    rows = np.full((5, count, inserts), np.nan)
    sums = np.full((count, 2, inserts), np.nan)
    flags = np.zeros((4, count, inserts), dtype=bool)
    accepted = np.zeros(count, dtype=bool)
    level, sum_now = np.zeros(inserts), np.zeros((2, inserts))
    for k, row in enumerate(values):
        center, scale, freedom = _predict(values[:k][accepted[:k]], prior_sd_hu)
        score = _scores((row - center) / scale, freedom)
        seen = ~np.isnan(score)
        level = np.where(seen, ewma_step(level, score, rules.ewma_weight), level)
        sum_now = np.where(
            seen, cusum_step(sum_now, score, rules.cusum_allowance), sum_now
        )
        rows[0, k] = score
        so_far = np.count_nonzero(~np.isnan(rows[0, : k + 1]), axis=0)
        limit = growing[np.maximum(so_far, 1) - 1]
        edge = scale * student.isf(norm.sf(limits.individuals), freedom)
        drawn = np.array([center, edge, level, limit])
        rows[1:, k] = np.where(seen, drawn, np.nan)
        sums[k] = np.where(seen, sum_now, np.nan)
        flags[:, k] = seen & np.array(
            [
                np.abs(score) > limits.individuals,
                np.abs(level) > limit,
                sum_now.max(axis=0) > limits.cusum,
                _runs(rows[0, : k + 1], rules.runs),
            ]
        )
        accepted[k] = not flags[:, k].any()
    names = ("individuals", "EWMA", "CUSUM", "runs")
    alarms = dict(zip(names, flags, strict=True))
    return Watch(
        score=rows[0],
        center=rows[1],
        half_width=rows[2],
        average=rows[3],
        average_limit=rows[4],
        sums=sums,
        alarms=alarms,
        accepted=accepted,
    )


def _predict(
    accepted: FloatArray, prior_sd_hu: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Center, spread and degrees of freedom for the next values (p,); NaN if unknown."""
    known = ~np.isnan(accepted)
    count = known.sum(axis=0).astype(float)
    weight = 0.0 if prior_sd_hu is None else _PRIOR_RESULTS
    freedom = weight + count - 1
    enough = np.where((count >= 1) & (freedom >= 1), 1.0, np.nan)
    center = np.where(known, accepted, 0.0).sum(axis=0) / np.maximum(count, 1) * enough
    squares = (np.where(known, accepted - center, 0.0) ** 2).sum(axis=0)
    if prior_sd_hu is not None:
        squares = squares + weight * prior_sd_hu**2
    # Equal values say nothing of the spread.
    squares = np.where(squares > 0, squares, np.nan)
    freedom = np.maximum(freedom, 1)
    scale = np.sqrt(squares / freedom * (1 + 1 / np.maximum(count, 1)))
    return center, scale, freedom


def _scores(ratio: FloatArray, freedom: FloatArray) -> FloatArray:
    """The standard normal numbers as rare as Student's ratios, kept finite."""
    tail = np.maximum(student.sf(np.abs(ratio), freedom), _SMALLEST_TAIL)
    return np.copysign(norm.isf(tail), ratio)


def _runs(scores: FloatArray, rules: RunRules) -> BoolArray:
    """Whether the newest score (p,) of each insert completes a run."""
    return np.array(
        [
            bool(run_alarms(own[~np.isnan(own)][-_LONGEST_RUN:], rules)[-1:].any())
            for own in scores.T
        ]
    )
