r"""The evaluated dose inside a cell, and bounds of gamma there.

A cell is the box between neighboring voxel centers, where the dose is multilinear. It
is written as :math:`f(u) = m + \sum g_a u_a + \sum t_{ab} u_a u_b + t u_k u_j u_i` with
each :math:`u` from -1 to 1. Its deviation from the affine part is at most the sum of the
:math:`|t|`, so that a convex problem with an affine dose gives a lower bound of gamma
over the cell, and a place where gamma is near it.

Positions and distances are in units of the distance criterion, doses in units of the
dose criterion, once the dose of the point has been subtracted.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import borrowing, inlined

__all__ = ["Three", "bound_in_box", "clamp", "model_of", "room_along", "value_at"]

Array: TypeAlias = NDArray[Any]
Three: TypeAlias = tuple[float, float, float]


@inlined
def _square(dose: Array, k: int, j: int, i: int) -> tuple[float, float, float, float]:
    """Mean, slopes and twist of the dose on the square of one slice."""
    j1, i1 = min(j + 1, dose.shape[1] - 1), min(i + 1, dose.shape[2] - 1)
    a, b = np.float64(dose[k, j, i]), np.float64(dose[k, j, i1])
    c, d = np.float64(dose[k, j1, i]), np.float64(dose[k, j1, i1])
    return (
        (a + b + c + d) / 4,
        (c + d - a - b) / 4,
        (b + d - a - c) / 4,
        (a + d - b - c) / 4,
    )


@inlined
def model_of(
    dose: Array, cell: tuple[int, int, int], wanted: float, scale: float
) -> tuple[float, ...]:
    """Coefficients (m, g_k, g_j, g_i, t_kj, t_ki, t_ji, t) of a cell."""
    k, j, i = cell
    m0, j0, i0, t0 = _square(dose, k, j, i)
    if dose.shape[0] == 1:
        m0 = (m0 - wanted) * scale
        return m0, 0.0, j0 * scale, i0 * scale, 0.0, 0.0, t0 * scale, 0.0
    m1, j1, i1, t1 = _square(dose, k + 1, j, i)
    half = scale / 2
    return (
        (m0 + m1 - 2 * wanted) * half,
        (m1 - m0) * half,
        (j0 + j1) * half,
        (i0 + i1) * half,
        (j1 - j0) * half,
        (i1 - i0) * half,
        (t0 + t1) * half,
        (t1 - t0) * half,
    )


@borrowing
def value_at(model: tuple[float, ...], u: Three) -> tuple[float, float, float, float]:
    """Value of a cell's dose at u, and its derivatives."""
    m, gk, gj, gi, kj, ki, ji, t = model
    uk, uj, ui = u
    return (
        m + uk * (gk + kj * uj + (ki + t * uj) * ui) + uj * (gj + ji * ui) + ui * gi,
        gk + kj * uj + (ki + t * uj) * ui,
        gj + kj * uk + (ji + t * uk) * ui,
        gi + ki * uk + (ji + t * uk) * uj,
    )


@borrowing
def clamp(x: float, limit: float) -> float:
    """The number between -limit and limit that is nearest."""
    return min(max(x, -limit), limit)


@borrowing
def bound_in_box(
    affine: tuple[float, float, float, float],
    slack: float,
    point: Three,
    half: Three,
    target: float,
    hint: float,
) -> tuple[float, float, float, float]:
    r"""Lower bound of gamma squared over a box, and where the affine dose has it.

    With the dose :math:`r + q x` give or take the slack :math:`e`, the bound is the
    minimum over the box of :math:`|x - p|^2 + \max(0, |r + q x| - e)^2`. Since
    :math:`\max(0, z)^2 \ge 2 \mu z - \mu^2` for every :math:`\mu \ge 0`, each multiplier
    gives a bound, whose place is known axis by axis; the best has :math:`\mu = z`.

    Parameters
    ----------
    affine
        r at the center of the box, and q along k, j, i.
    slack
        e.
    point
        p from the center of the box.
    half
        Half widths of the box.
    target
        Enough: a bound at least this high is returned as soon as it is found.
    hint
        The multiplier tried first.
    """
    r, qk, qj, qi = affine
    pk, pj, pi = point
    hk, hj, hi = half
    xk, xj, xi = clamp(pk, hk), clamp(pj, hj), clamp(pi, hi)
    bound = (xk - pk) ** 2 + (xj - pj) ** 2 + (xi - pi) ** 2
    z = r + qk * xk + qj * xj + qi * xi
    if abs(z) <= slack or bound >= target:
        return bound, xk, xj, xi
    sign = 1.0 if z > 0 else -1.0
    r, qk, qj, qi = sign * r - slack, sign * qk, sign * qj, sign * qi
    lowest, highest = 0.0, abs(z) - slack
    multiplier = min(max(hint, lowest), highest)
    for _ in range(60):
        xk = clamp(pk - multiplier * qk, hk)
        xj = clamp(pj - multiplier * qj, hj)
        xi = clamp(pi - multiplier * qi, hi)
        z = r + qk * xk + qj * xj + qi * xi
        distance = (xk - pk) ** 2 + (xj - pj) ** 2 + (xi - pi) ** 2
        bound = distance + multiplier * (2 * z - multiplier)
        error = z - multiplier
        if bound >= target or abs(error) < 1e-6:
            break
        if error > 0:
            lowest = multiplier
        else:
            highest = multiplier
        # Only the axes along which the place is free follow the multiplier.
        steepness = 1.0
        steepness += qk * qk if abs(xk) < hk else 0.0
        steepness += qj * qj if abs(xj) < hj else 0.0
        steepness += qi * qi if abs(xi) < hi else 0.0
        multiplier += error / steepness
        if not lowest < multiplier < highest:
            multiplier = (lowest + highest) / 2
    return bound, xk, xj, xi


@borrowing
def room_along(
    stiffness: float, bend: float, inverse_step: float, u: float, defect: float
) -> float:
    """How far gamma squared may be lower along one axis; not above 0.

    A lower bound over y of `stiffness` y² - 2 |defect| y - 2 k h b(z), with h the width
    of a cell, k = bend / h², and z how far y is beyond the next face. The slope of b
    grows by 1 at every face: b is z up to the second one, and from there on at most
    (z + h/2)² / 2h. -inf where there is no lowest value, or none is known.
    """
    if inverse_step == 0:  # a single voxel; along uneven ones the bend is infinite
        return 0.0 if bend == 0 else -np.inf
    k = bend * inverse_step * inverse_step
    if not stiffness > k:
        return -np.inf
    defect, step = abs(defect), 1 / inverse_step
    to_face = (1 - min(abs(u), 1.0)) * step / 2
    lowest = -defect * defect / stiffness
    pull = defect + k * step
    if pull > stiffness * to_face:
        lowest = min(lowest, 2 * k * step * to_face - pull * pull / stiffness)
    ahead = to_face - step / 2
    pull = defect - k * ahead
    if pull > (stiffness - k) * (to_face + step):
        lowest = min(lowest, -k * ahead * ahead - pull * pull / (stiffness - k))
    return lowest
