"""One chart for all inserts together, which knows that they move together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution

from kerma.core.arrays import FloatArray
from kerma.errors import InputError

__all__ = ["TSquared", "results_needed", "t_squared", "t_squared_limit"]

_SPARE = 5
"""Results beyond the number of materials; with fewer the limit is so wide that the
chart would see nothing."""


@dataclass(frozen=True)
class TSquared:
    """Hotelling's statistic of one result.

    Parameters
    ----------
    value
        Squared distance from the mean, in units of the spread.
    limit
        Which an unchanged scanner exceeds once in the wanted number of results.
    contributions
        How much `value` falls when a variable is left out, one for each.
    """

    value: float
    limit: float
    contributions: tuple[float, ...]


def results_needed(variables: int) -> int:
    """How many earlier results the chart needs."""
    return variables + _SPARE


def t_squared(new: FloatArray, earlier: FloatArray, *, run_length: float) -> TSquared:
    r"""Judge a new result (p,) by earlier ones (m, p).

    .. math:: T^2 = (x - \bar x)^T S^{-1} (x - \bar x)

    A contribution is :math:`(S^{-1} d)_j^2 / (S^{-1})_{jj}`, the fall of :math:`T^2`
    without variable :math:`j`.

    Raises
    ------
    InputError
        Too few earlier results for a covariance matrix that can be inverted.

    References
    ----------
    H. Hotelling, in *Techniques of Statistical Analysis*, 1947; R. L. Mason, N. D.
    Tracy, J. C. Young, *Decomposition of T² for multivariate control chart
    interpretation*, J. Qual. Technol. 27, 99 (1995).
    """
    count, variables = earlier.shape
    if count < results_needed(variables):
        raise InputError(
            f"The chart of all {variables} materials needs "
            f"{results_needed(variables)} earlier results; there are {count}."
        )
    away = new - earlier.mean(axis=0)
    covariance = np.atleast_2d(np.cov(earlier, rowvar=False))
    if np.linalg.matrix_rank(covariance) < variables:
        raise InputError(
            "The earlier results do not vary in all materials, so their covariance "
            "cannot be inverted."
        )
    inverse = np.linalg.inv(covariance)
    pulled = inverse @ away
    return TSquared(
        value=float(away @ pulled),
        limit=t_squared_limit(variables, count, run_length),
        contributions=tuple(float(c) for c in pulled**2 / np.diag(inverse)),
    )


def t_squared_limit(variables: int, count: int, run_length: float) -> float:
    r"""Limit for a new result, its mean and covariance known from `count` others.

    .. math:: \frac{p (m + 1)(m - 1)}{m (m - p)} F_{p,\,m-p}

    References
    ----------
    N. D. Tracy, J. C. Young, R. L. Mason, *Multivariate control charts for individual
    observations*, J. Qual. Technol. 24, 88 (1992).
    """
    p, m = variables, count
    quantile = float(f_distribution.isf(1 / run_length, p, m - p))
    return p * (m + 1) * (m - 1) / (m * (m - p)) * quantile
