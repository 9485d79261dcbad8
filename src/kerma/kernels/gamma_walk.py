"""The walk to a low gamma, and whether it is surely the lowest.

Positions and distances are in units of the distance criterion, doses in units of the
dose criterion, once the dose of the point has been subtracted.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import borrowing, inlined
from kerma.kernels.gamma_bounds import Three, clamp, model_of, room_along, value_at
from kerma.kernels.gamma_pieces import HINT, OFFSET, REACHED, TARGET, note

__all__ = ["Field", "Two", "cell_of", "settle"]

Array: TypeAlias = NDArray[Any]
Two: TypeAlias = tuple[float, float]
"""Dose of the point, and the inverse of the dose criterion."""

Field: TypeAlias = tuple[
    Array, Array, Array, Three, Array, Array, Array, tuple[int, int, int]
]
"""Dose; axes, boxes of the cells and inverse steps along the axes; ranges of the cells
and of the blocks; bends and how many cells along each axis they are of."""

_STEPS = 4  # of a walk
_ROUNDED = 1 + 1e-6  # bends are rounded to float32


@inlined
def _cell_at(axes: Array, axis: int, cells: int, inverse_step: float, x: float) -> int:
    """The cell of an axis that holds a coordinate, the first or last beyond the ends."""
    if cells == 1:
        return 0
    if inverse_step > 0:
        steps = (x - axes[axis, 0]) * inverse_step
        return int(min(max(steps, 0.0), cells - 1.0))
    return _uneven_cell_at(axes[axis], cells, x)


@borrowing
def _uneven_cell_at(nodes: Array, cells: int, x: float) -> int:
    """The same where the cells differ in width."""
    low, high = 0, cells
    while high - low > 1:
        middle = (low + high) // 2
        if nodes[middle] <= x:
            low = middle
        else:
            high = middle
    return low


@inlined
def cell_of(field: Field, k: float, j: float, i: float) -> tuple[int, int, int]:
    """The cell that holds a place, or is nearest along each axis."""
    axes, inverse, ranges = field[1], field[3], field[4]
    return (
        _cell_at(axes, 0, ranges.shape[0], inverse[0], k),
        _cell_at(axes, 1, ranges.shape[1], inverse[1], j),
        _cell_at(axes, 2, ranges.shape[2], inverse[2], i),
    )


@inlined
def settle(field: Field, point: Three, dose: Two, state: Array) -> bool:
    r"""Walk to where gamma is low, and tell whether it is surely the lowest.

    The walk starts from the offset that the point before had. Each step goes to the
    minimum of gamma on the tangent of the dose (Gauss-Newton).

    With the dose :math:`r + q y + e(y)` at a distance :math:`y` from a place that is
    :math:`o` from the point, every multiplier :math:`\mu` gives a bound,

    .. math:: \gamma^2(y) \ge |o + y|^2 + 2 \mu (r + q y + e(y)) - \mu^2
        = |o|^2 + 2 \mu r - \mu^2 + 2 w y + |y|^2 + 2 \mu e(y), \quad w = o + \mu q

    and the best one is that of the tangent, where :math:`w` is how far the next step
    would go. What bends the dose, :math:`e`, is a change of slope at every face of a
    cell, the first at a distance s, and the twist of the cells. The largest ones nearby
    bound it, and the sum has a lowest value, found axis by axis.
    """
    values, _, cells, inverse, _, _, bends, size = field
    pk, pj, pi = point
    ok, oj, oi = state[OFFSET], state[OFFSET + 1], state[OFFSET + 2]
    # Kept from the last step.
    uk = uj = ui = qk = qj = qi = squared = r = multiplier = 0.0
    for _ in range(_STEPS):
        k, j, i = cell = cell_of(field, pk + ok, pj + oj, pi + oi)
        uk = clamp((pk + ok - cells[0, k, 0]) * cells[0, k, 2], 1.0)
        uj = clamp((pj + oj - cells[1, j, 0]) * cells[1, j, 2], 1.0)
        ui = clamp((pi + oi - cells[2, i, 0]) * cells[2, i, 2], 1.0)
        ok = cells[0, k, 0] + cells[0, k, 1] * uk - pk
        oj = cells[1, j, 0] + cells[1, j, 1] * uj - pj
        oi = cells[2, i, 0] + cells[2, i, 1] * ui - pi
        model = model_of(values, cell, dose[0], dose[1])
        r, qk, qj, qi = value_at(model, (uk, uj, ui))
        if not np.isfinite(r):
            return False
        qk, qj, qi = qk * cells[0, k, 2], qj * cells[1, j, 2], qi * cells[2, i, 2]
        length = ok * ok + oj * oj + oi * oi
        squared = length + r * r
        note(state, squared, ok, oj, oi)
        steepness = 1 + qk * qk + qj * qj + qi * qi
        multiplier = (r - qk * ok - qj * oj - qi * oi) / steepness
        promised = squared - multiplier * multiplier * steepness
        if 4 * promised < squared - state[TARGET]:
            break
        ok, oj, oi = -multiplier * qk, -multiplier * qj, -multiplier * qi
    else:
        return False
    state[HINT] = abs(multiplier)
    if state[REACHED] == 0:
        return False
    # The bends are of a block and so many around it: nothing must reach farther.
    blocks = max(inverse[0] / size[0], inverse[1] / size[1], inverse[2] / size[2])
    around = max(np.ceil(np.sqrt(max(length, state[TARGET])) * blocks), 1.0)
    if around > bends.shape[0]:
        return False
    k, j, i = cell_of(field, pk, pj, pi)
    bend = bends[int(around) - 1, k // size[0], j // size[1], i // size[2]]
    side = 0 if multiplier > 0 else 3
    weight = abs(multiplier) * dose[1] * _ROUNDED
    kj = bend[6] * weight * inverse[0] * inverse[1]
    ki = bend[7] * weight * inverse[0] * inverse[2]
    ji = bend[8] * weight * inverse[1] * inverse[2]
    lowest = length + multiplier * (2 * r - multiplier)
    lowest += room_along(
        1 - kj - ki, bend[side] * weight, inverse[0], uk, ok + multiplier * qk
    )
    lowest += room_along(
        1 - kj - ji, bend[side + 1] * weight, inverse[1], uj, oj + multiplier * qj
    )
    return state[TARGET] <= lowest + room_along(
        1 - ki - ji, bend[side + 2] * weight, inverse[2], ui, oi + multiplier * qi
    )
