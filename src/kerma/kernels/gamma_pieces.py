"""The search of one cell for a lower gamma, and what a search keeps.

A cell whose bound is not yet above what was found is cut in half until it is: the bound
gets closer with every cut.

Positions and distances are in units of the distance criterion, doses in units of the
dose criterion, once the dose of the point has been subtracted.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import borrowing
from kerma.kernels.gamma_bounds import Three, bound_in_box, value_at

__all__ = [
    "BEST",
    "DEEPEST",
    "ENOUGH",
    "HINT",
    "OFFSET",
    "PASS_LIMIT",
    "REACHED",
    "STATE",
    "TARGET",
    "TOLERANCE",
    "note",
    "search_cell",
]

Array: TypeAlias = NDArray[Any]

TOLERANCE = 1e-3
"""What is found is above the minimum by at most this, by construction."""

PASS_LIMIT = 1 + 1e-5
"""A gamma up to this passes: differences of float32 doses are rounded."""

BEST, TARGET, ENOUGH, REACHED, OFFSET, HINT = 0, 1, 2, 3, 4, 7
"""Where the state of a search keeps what: the lowest gamma; the square below which one
is looked for; the gamma that ends it; whether there is a dose within reach; the place
of the lowest gamma, three numbers, from the point; and a multiplier to start from."""

STATE = 8
"""Numbers that a search keeps."""

DEEPEST = 256
"""Halvings of a cell; 40 along each axis leave nothing to cut."""


@borrowing
def note(state: Array, squared: float, k: float, j: float, i: float) -> None:
    """Keep a value of gamma squared, and where it was, if it is the lowest so far."""
    if not squared < state[BEST] ** 2:  # NaN is no value
        return
    best = np.sqrt(squared)
    state[BEST] = best
    state[REACHED] = 1.0
    state[OFFSET], state[OFFSET + 1], state[OFFSET + 2] = k, j, i
    target = best - TOLERANCE
    if best > PASS_LIMIT and target < 1:
        target = 1.0  # whether a point passes is decided, not left to the tolerance
    if best <= state[ENOUGH]:
        target = 0.0
    state[TARGET] = min(state[TARGET], max(target, 0.0) ** 2)


@borrowing
def search_cell(
    model: tuple[float, ...],
    point: Three,
    box: tuple[Three, Three],
    state: Array,
    boxes: Array,
) -> None:
    """Look for a lower gamma in one cell until there is surely none.

    Parameters
    ----------
    model
        Its coefficients.
    point
        The reference point from the middle of the cell.
    box
        Half widths of the cell, and their inverses.
    state
        Of the search.
    boxes
        (`DEEPEST`, 6) scratch: middles and half widths, in u, of pieces left to look at.
    """
    (wk, wj, wi), (vk, vj, vi) = box
    _, _, _, _, kj, ki, ji, t = model
    ck = cj = ci = 0.0
    hk = hj = hi = 1.0
    left = 0
    while True:
        twist_kj = abs((kj + t * ci) * hk * hj)
        twist_ki = abs((ki + t * cj) * hk * hi)
        twist_ji = abs((ji + t * ck) * hj * hi)
        slack = twist_kj + twist_ki + twist_ji + abs(t * hk * hj * hi)
        r, qk, qj, qi = value_at(model, (ck, cj, ci))
        bound, xk, xj, xi = bound_in_box(
            (r, qk * vk, qj * vj, qi * vi),
            slack,
            (point[0] - wk * ck, point[1] - wj * cj, point[2] - wi * ci),
            (wk * hk, wj * hj, wi * hi),
            state[TARGET],
            state[HINT],
        )
        if bound < state[TARGET]:
            xk, xj, xi = ck + xk * vk, cj + xj * vj, ci + xi * vi
            r, _, _, _ = value_at(model, (xk, xj, xi))
            ok, oj, oi = wk * xk - point[0], wj * xj - point[1], wi * xi - point[2]
            note(state, ok * ok + oj * oj + oi * oi + r * r, ok, oj, oi)
            if bound < state[TARGET] and slack >= 1e-7 and left < DEEPEST:
                # The half that holds the place is next, the other one later.
                far_k, far_j, far_i = ck, cj, ci
                cut_k, cut_j = twist_kj + twist_ki, twist_kj + twist_ji
                cut_i = twist_ki + twist_ji
                if cut_k >= max(cut_j, cut_i):
                    hk /= 2
                    far_k, ck = _halves(ck, hk, xk)
                elif cut_j >= cut_i:
                    hj /= 2
                    far_j, cj = _halves(cj, hj, xj)
                else:
                    hi /= 2
                    far_i, ci = _halves(ci, hi, xi)
                boxes[left, 0], boxes[left, 1], boxes[left, 2] = far_k, far_j, far_i
                boxes[left, 3], boxes[left, 4], boxes[left, 5] = hk, hj, hi
                left += 1
                continue
        if left == 0:
            return
        left -= 1
        ck, cj, ci, hk, hj, hi = boxes[left]


@borrowing
def _halves(middle: float, quarter: float, place: float) -> tuple[float, float]:
    """Middles of the halves of a range, the one that holds a place last."""
    toward = quarter if place > middle else -quarter
    return middle - toward, middle + toward
