"""Curves through the inserts: piecewise linear, isotonic and bilinear."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curve import CurvePoint, fit_curve
from kerma.workflows.ct_calibration.curves.conversion import (
    ConversionCurve,
    make_curve,
)
from kerma.workflows.ct_calibration.curves.quantity import Quantity
from kerma.workflows.ct_calibration.curves.sample import Sample

__all__ = ["bilinear", "isotonic", "piecewise"]

_AIR_HU = -1000.0
_USUAL_SLOPE = 1e-3  # per HU; turns an uncertainty in HU into one of the value
_LEAST_UNCERTAINTY = 1e-4  # what every table is rounded to


def piecewise(
    samples: Sequence[Sample], quantity: Quantity, air: float
) -> ConversionCurve:
    """Straight lines from material to material, in the order of their values.

    Neighbors whose CT numbers descend are pooled, as on the curve of a calibration.
    Where no air was scanned the curve begins with it.

    Parameters
    ----------
    samples
        Two or more materials.
    quantity, air
        What the curve gives, and its value for air.
    """
    points = [
        CurvePoint((s.name,), s.hu, s.hu_uncertainty, s.value, s.value_uncertainty, 1)
        for s in samples
    ]
    pooled = fit_curve(points).points
    hu = np.array([point.hu for point in pooled])
    values = np.array([point.red for point in pooled])
    slope = np.gradient(values, hu)
    variance = (
        np.array([point.red_uncertainty**2 for point in pooled])
        + (slope * np.array([point.hu_uncertainty for point in pooled])) ** 2
    )
    nodes, covariance = _from_air(hu, values, np.diag(variance), air)
    return make_curve(quantity, "piecewise", nodes, covariance, hu)


def isotonic(
    samples: Sequence[Sample], quantity: Quantity, air: float
) -> ConversionCurve:
    """The curve that rises nowhere less than the CT number and is nearest to all.

    Weighted least squares under order; materials whose values descend share a level.

    References
    ----------
    R. E. Barlow et al., *Statistical Inference under Order Restrictions*, 1972.
    """
    from scipy.optimize import isotonic_regression

    ordered = sorted(samples, key=lambda sample: sample.hu)
    hu = np.array([sample.hu for sample in ordered])
    if hu.size < 2 or np.diff(hu).min() <= 0:
        raise InputError(
            "An isotonic curve needs two or more materials, each with a CT number of "
            "its own."
        )
    weights = 1 / _sigma(ordered) ** 2
    fit = isotonic_regression(
        np.array([sample.value for sample in ordered]), weights=weights
    )
    blocks = np.zeros((hu.size, hu.size))
    for first, end in zip(fit.blocks[:-1], fit.blocks[1:], strict=True):
        blocks[first:end, first:end] = 1 / weights[first:end].sum()
    nodes, covariance = _from_air(hu, fit.x, blocks, air)
    return make_curve(quantity, "isotonic", nodes, covariance, hu)


def bilinear(
    samples: Sequence[Sample], quantity: Quantity, air: float
) -> ConversionCurve:
    r"""Two straight lines that meet at a fitted CT number.

    .. math:: y = y_b + s_1 \min(h - h_b, 0) + s_2 \max(h - h_b, 0)

    by weighted least squares; the uncertainties grow by the Birge ratio where the
    scatter is larger than they say. The first line ends where it meets air.

    Raises
    ------
    InputError
        Fewer than five materials, or a line that does not rise.
    """
    from scipy.optimize import least_squares

    hu = np.array([sample.hu for sample in samples])
    values = np.array([sample.value for sample in samples])
    order = np.sort(hu)
    if hu.size < 5 or not order[1] < order[-2]:
        raise InputError(
            f"A bilinear curve needs five materials of different CT numbers; got "
            f"{hu.size}."
        )
    sigma = _sigma(samples)

    def design(at: FloatArray | float, knee: float) -> FloatArray:
        x = np.asarray(at, dtype=float) - knee
        return np.stack([np.ones_like(x), np.minimum(x, 0), np.maximum(x, 0)], axis=-1)

    def lines(knee: float) -> FloatArray:
        return np.linalg.lstsq(design(hu, knee) / sigma[:, None], values / sigma)[0]

    def residuals(knee: FloatArray) -> FloatArray:
        at = float(knee[0])
        return (design(hu, at) @ lines(at) - values) / sigma

    # The sum of squares has a dip between each two materials: every one is tried.
    starts = (order[1:-2] + order[2:-1]) / 2
    inside = (order[1], order[-2])
    fits = [least_squares(residuals, [s], bounds=inside, x_scale=100.0) for s in starts]
    knee = float(min(fits, key=lambda fit: fit.cost).x[0])
    level, first, second = (float(p) for p in lines(knee))
    if not (first > 0 and second > 0):
        raise InputError(
            f"The lines of the bilinear curve do not rise ({first:.2g} and "
            f"{second:.2g} per HU); were the inserts identified?"
        )
    nodes_hu = np.array([knee - (level - air) / first, knee, order[-1]])
    nodes = zip(nodes_hu, design(nodes_hu, knee) @ (level, first, second), strict=True)
    bend = -np.select([hu < knee, hu > knee], [first, second])
    jacobian = np.column_stack([bend, design(hu, knee)]) / sigma[:, None]
    misfit = 2 * min(fit.cost for fit in fits) / (hu.size - 4)
    spread = np.linalg.pinv(jacobian.T @ jacobian) * max(1.0, misfit)
    slopes = -np.array([first, (first + second) / 2, second])
    at_nodes = np.column_stack([slopes, design(nodes_hu, knee)])
    covariance = at_nodes @ spread @ at_nodes.T
    return make_curve(quantity, "bilinear", nodes, covariance, hu)


def _sigma(samples: Sequence[Sample]) -> FloatArray:
    """(n,) standard uncertainty of each value, that of its CT number included."""
    parts = [(s.value_uncertainty, _USUAL_SLOPE * s.hu_uncertainty) for s in samples]
    return np.maximum(np.hypot(*np.transpose(parts)), _LEAST_UNCERTAINTY)


def _from_air(
    hu: FloatArray, values: FloatArray, covariance: FloatArray, air: float
) -> tuple[list[tuple[float, float]], FloatArray]:
    """Nodes that begin with air at -1000 HU unless a material lies there already."""
    nodes = list(zip(hu, values, strict=True))
    if hu[0] <= _AIR_HU or values[0] <= air:
        return nodes, covariance
    return [(_AIR_HU, air), *nodes], np.pad(covariance, ((1, 0), (1, 0)))
