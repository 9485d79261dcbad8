"""How much the CT numbers of an unchanged scanner vary, and how far together."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray

__all__ = ["ASSUMED_HU", "repeatability"]

ASSUMED_HU = 1.0
"""Day-to-day standard deviation of a CT number beside the uncertainty of its reading,
assumed until a history shows better."""

_PRIOR_RESULTS = 3.0  # for how many results that assumption counts
_MEDIAN_RANGE = 0.954  # median distance of two normal numbers, in standard deviations


def repeatability(values: FloatArray, reading_hu: FloatArray) -> FloatArray:
    r"""Covariance (p, p) of one result, HU², from results (m, p) in order of time.

    A part that all inserts share (the scanner's daily air calibration) and a part of
    each insert alone:

    .. math:: V = \tau^2 \mathbf{1}\mathbf{1}^T + \mathrm{diag}(\sigma_i^2)

    Both are from the median distance of successive results, which neither a step nor
    a drift nor a single bad month enlarges much.

    Parameters
    ----------
    values
        HU, without gaps; none at all is allowed.
    reading_hu
        (p,) standard uncertainty of a single reading, HU.
    """
    pairs = max(len(values) - 1, 0)
    alone = reading_hu**2 + ASSUMED_HU**2
    together = ASSUMED_HU**2
    if pairs:
        steps = np.diff(values, axis=0)
        mean_steps = steps.mean(axis=1)
        seen = _variance(steps - mean_steps[:, None])
        # Taking the common part away takes 1/p of the own part with it.
        seen = seen / (1 - 1 / max(values.shape[1], 2))
        common = max(_variance(mean_steps) - seen.mean() / values.shape[1], 0.0)
        share = pairs / (pairs + _PRIOR_RESULTS)
        alone = (1 - share) * alone + share * seen
        together = (1 - share) * together + share * common
    return together + np.diag(alone)


def _variance(steps: FloatArray) -> FloatArray:
    """Variance of the results, robustly, from the steps between them."""
    return (np.median(np.abs(steps), axis=0) / _MEDIAN_RANGE) ** 2
