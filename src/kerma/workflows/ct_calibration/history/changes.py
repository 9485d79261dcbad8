"""When the CT numbers stepped to another level, or began to drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from kerma.core.arrays import FloatArray

__all__ = ["Stretch", "stretches"]

_FALSE_CHANGES = 0.01  # chance of finding a change where there is none
_SHORTEST_LEVEL = 2  # results; one alone is an outlier, not a new level
_SHORTEST_DRIFT = 4


@dataclass(frozen=True)
class Stretch:
    """Results between two changes.

    Parameters
    ----------
    first
        Index of its first result.
    drifting
        Whether straight lines explain it, not levels.
    """

    first: int
    drifting: bool


def stretches(
    values: FloatArray, days: FloatArray, covariance: FloatArray
) -> tuple[Stretch, ...]:
    """Divide results (m, p) in order of time into levels and drifts.

    The sum of squares about piecewise constant or piecewise straight lines, in units of
    the covariance, plus a price for each change and for each drift, is made least over
    all divisions. The price is what chance alone gains in one of a hundred histories.

    Parameters
    ----------
    values
        HU, without gaps; one result at least.
    days
        (m,) time of each result, days.
    covariance
        (p, p) of one result, HU².

    References
    ----------
    B. Jackson et al., *An algorithm for optimal partitioning of data on an interval*,
    IEEE Signal Process. Lett. 12, 105 (2005).
    """
    count, inserts = values.shape
    white = np.linalg.solve(np.linalg.cholesky(covariance), values.T).T
    price = float(chi2.isf(_FALSE_CHANGES / count, inserts))
    level, line = _misfits(white, days)
    line = line + price
    for shortest, misfit in ((_SHORTEST_LEVEL, level), (_SHORTEST_DRIFT, line)):
        lengths = np.subtract.outer(np.arange(count + 1), np.arange(count + 1)).T
        # A history shorter than a stretch is still one level.
        misfit[lengths < min(shortest, count)] = np.inf
    best = np.minimum(level, line)
    cost, start = np.zeros(count + 1), np.zeros(count + 1, dtype=int)
    for end in range(1, count + 1):
        totals = cost[:end] + best[:end, end] + price * (np.arange(end) > 0)
        start[end] = int(np.argmin(totals))
        cost[end] = totals[start[end]]
    found: list[Stretch] = []
    end = count
    while end > 0:
        first = int(start[end])
        found.insert(0, Stretch(first, bool(line[first, end] < level[first, end])))
        end = first
    return tuple(found)


def _misfits(white: FloatArray, days: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(m + 1, m + 1) sums of squares of results [start, end) about levels and lines."""
    time = (days - days.mean())[:, None]

    def within(terms: FloatArray) -> FloatArray:
        total = np.vstack([np.zeros(terms.shape[1]), np.cumsum(terms, axis=0)])
        between: FloatArray = total[None, :, :] - total[:, None, :]
        return between

    number = np.maximum(within(np.ones_like(time)), 1)
    y, t = within(white - white.mean(axis=0)), within(time)
    yy = within((white - white.mean(axis=0)) ** 2) - y**2 / number
    ty = within(time * (white - white.mean(axis=0))) - t * y / number
    tt = within(time**2) - t**2 / number
    gained = np.where(tt > 1e-9, ty**2 / np.where(tt > 1e-9, tt, 1.0), 0.0)
    return yy.sum(axis=2), (yy - gained).sum(axis=2)
