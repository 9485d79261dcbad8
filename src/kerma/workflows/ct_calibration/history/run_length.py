"""How long a chart runs until it signals, and the limits for a wanted length."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from kerma.core.arrays import FloatArray

__all__ = [
    "cusum_limit",
    "cusum_run_length",
    "ewma_run_length",
    "ewma_width",
    "individuals_limit",
]

_NODES = 96  # of the quadrature; the run lengths are then good to five digits


def individuals_limit(run_length: float) -> float:
    """Limit of single scores that an unchanged process exceeds once in `run_length`."""
    return float(norm.isf(0.5 / run_length))


def ewma_run_length(
    shift: float = 0.0, *, weight: float = 0.2, width: float = 2.86
) -> float:
    r"""Average number of scores until the moving average leaves its final limits.

    Solves, with :math:`h` the limit and :math:`\varphi` the normal density,

    .. math:: A(u) = 1 + \frac{1}{\lambda} \int_{-h}^{h} A(y)\,
              \varphi\left(\frac{y - (1 - \lambda) u}{\lambda} - \delta\right) dy

    for :math:`A(0)`, with a shift of the mean by :math:`\delta` standard deviations.

    References
    ----------
    S. V. Crowder, *A simple method for studying run-length distributions of
    exponentially weighted moving average charts*, Technometrics 29, 401 (1987).
    """
    limit = width * np.sqrt(weight / (2 - weight))
    nodes, weights = _quadrature(-limit, limit)

    def kernel(start: FloatArray) -> FloatArray:
        away = (nodes - (1 - weight) * start[:, None]) / weight - shift
        return weights * norm.pdf(away) / weight

    lengths = np.linalg.solve(np.eye(nodes.size) - kernel(nodes), np.ones(nodes.size))
    return float(1 + kernel(np.zeros(1))[0] @ lengths)


def cusum_run_length(
    shift: float = 0.0, *, allowance: float = 0.5, limit: float = 5.0
) -> float:
    r"""Average number of scores until one of the two cumulative sums signals.

    One side solves, with :math:`k` the allowance and :math:`h` the limit,

    .. math:: A(u) = 1 + A(0)\,\Phi(k - u - \delta)
              + \int_0^h A(y)\,\varphi(y + k - u - \delta)\,dy,

    and both sides together :math:`1/A = 1/A_+ + 1/A_-`.

    References
    ----------
    A. L. Goel, S. M. Wu, *Determination of A.R.L. and a contour nomogram for CUSUM
    charts to control normal mean*, Technometrics 13, 221 (1971).
    """
    upper = _one_sided(shift, allowance, limit)
    lower = _one_sided(-shift, allowance, limit)
    return 1 / (1 / upper + 1 / lower)


@lru_cache(maxsize=64)
def ewma_width(run_length: float, weight: float) -> float:
    """Width of the limits with which an unchanged process runs so long on average."""
    return float(
        brentq(
            lambda width: np.log(
                ewma_run_length(weight=weight, width=width) / run_length
            ),
            0.05,
            6.2,
        )
    )


@lru_cache(maxsize=64)
def cusum_limit(run_length: float, allowance: float) -> float:
    """Decision interval with which an unchanged process runs so long on average."""
    return float(
        brentq(
            lambda limit: np.log(
                cusum_run_length(allowance=allowance, limit=limit) / run_length
            ),
            0.01,
            (np.log(run_length) + 4) / (2 * allowance) + 2,
        )
    )


def _one_sided(shift: float, allowance: float, limit: float) -> float:
    nodes, weights = _quadrature(0.0, limit)
    starts = np.append(0.0, nodes)
    away = allowance - starts - shift
    matrix = np.column_stack(
        [norm.cdf(away), weights * norm.pdf(nodes + away[:, None])]
    )
    return float(np.linalg.solve(np.eye(starts.size) - matrix, np.ones(starts.size))[0])


def _quadrature(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = (high - low) / 2
    return low + half * (nodes + 1), half * weights
