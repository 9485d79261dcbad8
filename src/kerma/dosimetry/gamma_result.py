"""What a gamma analysis finds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.result import Result, Verdict
from kerma.dosimetry.gamma_criteria import GammaCriteria, GammaLimits

__all__ = [
    "BIN_WIDTH",
    "GammaResult",
    "GammaStatistics",
    "StructureGamma",
    "histogram_of",
    "statistics",
]

BIN_WIDTH = 0.05
"""Width of a bin of the histogram; 1 is the end of one."""

_MOST_BINS = 200


@dataclass(frozen=True, kw_only=True)
class GammaStatistics:
    """Gamma over many points; those not evaluable count as points only.

    Parameters
    ----------
    points
        Points whose reference dose reaches the threshold.
    not_evaluable
        Those that have no evaluated dose within the largest gamma times the distance
        criterion.
    pass_rate_percent
        Points with a gamma of 1 or less, of those evaluable; ``None`` where none is.
    pass_rate_strict_percent
        The same of all points: what is not evaluable counts as failed.
    mean, median, percentile_99, maximum
        Of gamma, at most the largest gamma searched for. ``None`` where no point is
        evaluable, and where it was only asked which points pass.
    """

    points: int
    not_evaluable: int
    pass_rate_percent: float | None
    pass_rate_strict_percent: float | None
    mean: float | None
    median: float | None
    percentile_99: float | None
    maximum: float | None

    @property
    def evaluable(self) -> int:
        """Number of points that have a gamma."""
        return self.points - self.not_evaluable


@dataclass(frozen=True, kw_only=True)
class StructureGamma(GammaStatistics):
    """Gamma over the points inside a structure.

    Parameters
    ----------
    name
        Of the structure.
    """

    name: str


@dataclass(frozen=True, kw_only=True)
class GammaResult(GammaStatistics, Result):
    """Gamma analysis of one dose against another under one set of criteria.

    Parameters
    ----------
    criteria
        The criteria.
    norm_gy, threshold_gy
        Dose that is 100 %, and lowest reference dose of a point.
    missing_reference
        Voxels of the reference that have no dose: they are no points.
    histogram
        Number of points in bins of `BIN_WIDTH` from 0, each with its upper end; the
        last one holds all beyond too. Empty where it was only asked which points pass.
    structures
        Statistics of the structures.
    limits
        Limits of the pass rate.
    notes
        What was odd, one sentence each.
    """

    kind: ClassVar[str] = "gamma/1"

    criteria: GammaCriteria
    norm_gy: float
    threshold_gy: float
    missing_reference: int
    histogram: tuple[int, ...]
    structures: tuple[StructureGamma, ...]
    limits: GammaLimits
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Pass rate against the limits; inconclusive where too little was compared."""
        rate, limits = self.pass_rate_percent, self.limits
        if rate is None:
            return Verdict.INCONCLUSIVE
        if 100 * self.not_evaluable > limits.not_evaluable_percent * self.points:
            return Verdict.INCONCLUSIVE
        if rate >= limits.tolerance_percent:
            return Verdict.PASS
        return Verdict.ACTION if rate >= limits.action_percent else Verdict.FAIL

    @property
    def passed(self) -> bool:
        """Whether the pass rate is within tolerance."""
        return self.verdict is Verdict.PASS

    def summary(self) -> str:
        """Criteria, pass rate, statistics, a line for each structure, and a verdict."""
        rows = [
            f"Gamma {self.criteria} of {self.norm_gy:.4g} Gy",
            _line("all", self),
            *(_line(structure.name, structure) for structure in self.structures),
        ]
        if self.not_evaluable:
            rows.append(
                f"not evaluable: {self.not_evaluable} of {self.points} points; pass "
                f"rate with them as failed {_percent(self.pass_rate_strict_percent)}"
            )
        rows += [f"note: {note}" for note in self.notes]
        limits = self.limits
        rows.append(
            f"{self.verdict.upper()} ({limits.name}: tolerance "
            f"{limits.tolerance_percent:g} %, action {limits.action_percent:g} %)"
        )
        return "\n".join(rows)


def _line(name: str, rows: GammaStatistics) -> str:
    text = f"{name:<20} {_percent(rows.pass_rate_percent)} of {rows.evaluable} points"
    if rows.mean is None:
        return text
    return (
        f"{text}, gamma mean {rows.mean:.3f}, median {rows.median:.3f}, "
        f"99 % {rows.percentile_99:.3f}, max {rows.maximum:.3f}"
    )


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2f} %"


def histogram_of(gamma: FloatArray, *, slack: float) -> tuple[int, ...]:
    """Number of values (n,) in bins; a value up to `slack` above an end is in it."""
    finite = np.isfinite(gamma)
    bins = (gamma if finite.all() else gamma[finite]) - slack
    np.ceil(np.divide(bins, BIN_WIDTH, out=bins), out=bins)
    np.clip(bins, 1, _MOST_BINS, out=bins)
    return tuple(np.bincount(bins.astype(np.intp))[1:].tolist())


def statistics(
    gamma: FloatArray, *, passes: BoolArray, pass_fail: bool = False
) -> GammaStatistics:
    """Statistics of points (n,), NaN where not evaluable; or how many pass, alone."""
    missing = np.isnan(gamma)
    known = gamma[~missing] if missing.any() else gamma
    count = int(known.size)
    passing = 100 * int(np.count_nonzero(passes))
    values: list[float | None] = [None] * 4
    if count and not pass_fail:
        average = float(known.mean(dtype=np.float64))
        values = [average, *_percentiles(known, (50, 99, 100))]
    return GammaStatistics(
        points=int(gamma.size),
        not_evaluable=int(gamma.size) - count,
        pass_rate_percent=passing / count if count else None,
        pass_rate_strict_percent=passing / gamma.size if gamma.size else None,
        mean=values[0],
        median=values[1],
        percentile_99=values[2],
        maximum=values[3],
    )


def _percentiles(values: FloatArray, percents: tuple[int, ...]) -> list[float]:
    """Percentiles of numbers (n,), linear between the two nearest.

    As `numpy.percentile`, whose preparations take longer than a small plane's search.
    """
    places = [percent * (values.size - 1) / 100 for percent in percents]
    nearest = {end for place in places for end in (math.floor(place), math.ceil(place))}
    ordered = np.partition(values, sorted(nearest))
    found = []
    for place in places:
        low, high = (
            float(ordered[end]) for end in (math.floor(place), math.ceil(place))
        )
        found.append(low + (high - low) * (place - math.floor(place)))
    return found
