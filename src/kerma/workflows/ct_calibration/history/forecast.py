"""Whether an insert drifts, and when it will reach its limit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerma.core.arrays import FloatArray

__all__ = ["Drift", "drift_of"]

_FEWEST = 5  # results; the interval of a slope from fewer means nothing
_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Drift:
    """Slow change of one insert.

    Parameters
    ----------
    hu_per_year, lowest, highest
        Slope and its confidence interval, HU per year.
    confidence
        Of the interval, 0 to 1.
    level_hu
        Value of the line at the last result, HU.
    days_to_limit, soonest_days, latest_days
        From the last result until the line reaches the limit, and the same with the
        steepest and the flattest slope of the interval; ``None`` where there is no
        drift or no limit.
    """

    hu_per_year: float
    lowest: float
    highest: float
    confidence: float
    level_hu: float
    days_to_limit: float | None = None
    soonest_days: float | None = None
    latest_days: float | None = None

    @property
    def is_drifting(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.lowest > 0 or self.highest < 0


def drift_of(
    days: FloatArray,
    values: FloatArray,
    *,
    confidence: float = 0.95,
    limits_hu: tuple[float, float] | None = None,
) -> Drift | None:
    """The median of all slopes between two results, and the time to a limit.

    Parameters
    ----------
    days, values
        (m,) time in days and CT number in HU.
    confidence
        Of the interval, 0 to 1.
    limits_hu
        Lower and upper limit of the CT number, HU.

    Returns
    -------
    Drift or None
        None with fewer than five results, or all on one day.

    References
    ----------
    H. Theil, Indag. Math. 12, 85 (1950); P. K. Sen, *Estimates of the regression
    coefficient based on Kendall's tau*, J. Am. Stat. Assoc. 63, 1379 (1968).
    """
    from scipy.stats import theilslopes

    if len(values) < _FEWEST or np.ptp(days) == 0:
        return None
    slope, _, lowest, highest = (
        float(number) for number in theilslopes(values, days, alpha=confidence)
    )
    level = float(np.median(values + slope * (days[-1] - days)))
    drift = Drift(
        hu_per_year=slope * _DAYS_PER_YEAR,
        lowest=lowest * _DAYS_PER_YEAR,
        highest=highest * _DAYS_PER_YEAR,
        confidence=confidence,
        level_hu=level,
    )
    if limits_hu is None or not drift.is_drifting:
        return drift
    steep, flat = (highest, lowest) if slope > 0 else (lowest, highest)
    lower, upper = limits_hu
    room = upper - level if slope > 0 else lower - level
    return replace(
        drift,
        days_to_limit=max(float(room / slope), 0.0),
        soonest_days=max(float(room / steep), 0.0),
        latest_days=max(float(room / flat), 0.0),
    )
