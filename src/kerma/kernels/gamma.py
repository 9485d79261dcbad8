r"""Gamma of one point after another, on the dose between the voxels of a grid.

Inside a cell, the box between neighboring voxel centers, the evaluated dose is
multilinear. It is written as :math:`f(u) = m + \sum g_a u_a + \sum t_{ab} u_a u_b + t
u_k u_j u_i` with each :math:`u` from -1 to 1. Its deviation from the affine part is at
most the sum of the :math:`|t|`, so that a convex problem with an affine dose gives a
lower bound of gamma over the cell, and a place where gamma is near it. Cells whose bound
is not yet above what was found are cut in half until they are: the deviation shrinks
with every cut.

Positions and distances are in units of the distance criterion, doses in units of the
dose criterion, once the dose of the point has been subtracted.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled, inlined

__all__ = [
    "BLOCK",
    "NOT_EVALUABLE",
    "PASS_LIMIT",
    "TOLERANCE",
    "block_ranges",
    "cell_bends",
    "cell_ranges",
    "gammas",
]

Array: TypeAlias = NDArray[Any]
Three: TypeAlias = tuple[float, float, float]
Two: TypeAlias = tuple[float, float]
"""Dose of the point, and the inverse of the dose criterion."""

Limits: TypeAlias = tuple[float, bool, float, bool]
Field: TypeAlias = tuple[Array, Array, Three, Array, Array, Array, tuple[int, int, int]]
"""Dose, axes and inverse steps along them, ranges of the cells and of the blocks, bends
and how many cells along each axis they are of."""

BLOCK = 4
"""Cells along each axis of a block, whose range of doses is looked at first."""

TOLERANCE = 1e-3
"""What is found is above the minimum by at most this, by construction."""

PASS_LIMIT = 1 + 1e-5
"""A gamma up to this passes: differences of float32 doses are rounded."""

NOT_EVALUABLE = -1.0

# Where the state of a search keeps what.
_BEST, _TARGET, _ENOUGH, _REACHED, _OFFSET = 0, 1, 2, 3, 4
_STATE = 7
_WITHIN = 1 + 1e-9  # what is just in reach stays so after rounding
_DEEPEST = 256  # halvings of a cell; 40 along each axis leave nothing to cut


@compiled
def cell_ranges(dose: Array, ranges: Array) -> None:
    """Fill in the lowest and highest dose of each cell.

    Parameters
    ----------
    dose
        (nk, nj, ni) float64; an axis may have one voxel.
    ranges
        (nk - 1, nj - 1, ni - 1, 2), with at least one cell along each
        axis. A cell with a corner that is not finite has an empty range, inf to -inf.
    """
    for k in range(ranges.shape[0]):
        for j in range(ranges.shape[1]):
            for i in range(ranges.shape[2]):
                low, high, valid = np.inf, -np.inf, True
                for kk in range(k, min(k + 2, dose.shape[0])):
                    for jj in range(j, min(j + 2, dose.shape[1])):
                        for ii in range(i, min(i + 2, dose.shape[2])):
                            value = dose[kk, jj, ii]
                            valid &= np.isfinite(value)
                            low, high = min(low, value), max(high, value)
                ranges[k, j, i, 0] = low if valid else np.inf
                ranges[k, j, i, 1] = high if valid else -np.inf


@compiled
def block_ranges(ranges: Array, blocks: Array) -> None:
    """Fill in the lowest and highest dose of blocks of `BLOCK` cells along each axis.

    Parameters
    ----------
    ranges
        As from `cell_ranges`.
    blocks
        As many as are begun along each axis, 2; inf and -inf to start with.
    """
    for k in range(ranges.shape[0]):
        for j in range(ranges.shape[1]):
            for i in range(ranges.shape[2]):
                block = blocks[k // BLOCK, j // BLOCK, i // BLOCK]
                block[0] = min(block[0], ranges[k, j, i, 0])
                block[1] = max(block[1], ranges[k, j, i, 1])


@compiled
def cell_bends(dose: Array, size: tuple[int, int, int], bends: Array) -> None:
    """Fill in how much the dose bends, at most, in blocks of cells.

    Parameters
    ----------
    dose
        As for `cell_ranges`.
    size
        Cells of a block along each axis.
    bends
        As many as are begun along each axis, 9; zero to start with. For k, j and i the
        largest fall of the slope from one cell to the next, the largest rise, and the
        largest twist in the planes kj, ki and ji: Gy, for a step of one voxel. inf
        where a dose is not finite.
    """
    nk, nj, ni = dose.shape
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                here = np.float64(dose[k, j, i])
                bend = bends[
                    min(k // size[0], bends.shape[0] - 1),
                    min(j // size[1], bends.shape[1] - 1),
                    min(i // size[2], bends.shape[2] - 1),
                ]
                if 0 < k < nk - 1:
                    _keep(bend, 0, dose[k - 1, j, i] + dose[k + 1, j, i] - 2 * here)
                if 0 < j < nj - 1:
                    _keep(bend, 1, dose[k, j - 1, i] + dose[k, j + 1, i] - 2 * here)
                if 0 < i < ni - 1:
                    _keep(bend, 2, dose[k, j, i - 1] + dose[k, j, i + 1] - 2 * here)
                more_k, more_j, more_i = k < nk - 1, j < nj - 1, i < ni - 1
                if more_k and more_j:
                    twist = here + dose[k + 1, j + 1, i]
                    twist -= np.float64(dose[k + 1, j, i]) + dose[k, j + 1, i]
                    bend[6] = _larger(bend[6], abs(twist))
                if more_k and more_i:
                    twist = here + dose[k + 1, j, i + 1]
                    twist -= np.float64(dose[k + 1, j, i]) + dose[k, j, i + 1]
                    bend[7] = _larger(bend[7], abs(twist))
                if more_j and more_i:
                    twist = here + dose[k, j + 1, i + 1]
                    twist -= np.float64(dose[k, j + 1, i]) + dose[k, j, i + 1]
                    bend[8] = _larger(bend[8], abs(twist))


@compiled
def _keep(bend: Array, axis: int, change: float) -> None:
    """Keep a change of slope if it is the largest fall or rise so far."""
    bend[axis] = _larger(bend[axis], -change)
    bend[axis + 3] = _larger(bend[axis + 3], change)


@compiled
def _larger(one: float, other: float) -> float:
    """The larger number; inf if the other is none."""
    return max(one, other) if np.isfinite(other) else np.inf


@compiled
def _cell_at(axes: Array, axis: int, cells: int, inverse_step: float, x: float) -> int:
    """The cell of an axis that holds a coordinate, the first or last beyond the ends."""
    last = cells - 1
    if last == 0 or x <= axes[axis, 0]:
        return 0
    if x >= axes[axis, last]:
        return last
    if inverse_step > 0:
        return int((x - axes[axis, 0]) * inverse_step)
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if axes[axis, middle] <= x:
            low = middle
        else:
            high = middle
    return low


@compiled
def _inverse(width: float) -> float:
    """Inverse of a width, 0 of none: nothing changes along an axis with one voxel."""
    return 1 / width if width > 0 else 0.0


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
def _model(
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


@compiled
def _value(model: tuple[float, ...], u: Three) -> tuple[float, float, float, float]:
    """Value of a cell's dose at u, and its derivatives."""
    m, gk, gj, gi, kj, ki, ji, t = model
    uk, uj, ui = u
    return (
        m + uk * (gk + kj * uj + (ki + t * uj) * ui) + uj * (gj + ji * ui) + ui * gi,
        gk + kj * uj + (ki + t * uj) * ui,
        gj + kj * uk + (ji + t * uk) * ui,
        gi + ki * uk + (ji + t * uk) * uj,
    )


@compiled
def _clamp(x: float, limit: float) -> float:
    return min(max(x, -limit), limit)


@compiled
def _bound(
    affine: tuple[float, float, float, float],
    slack: float,
    point: Three,
    half: Three,
    target: float,
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
    """
    r, qk, qj, qi = affine
    pk, pj, pi = point
    hk, hj, hi = half
    xk, xj, xi = _clamp(pk, hk), _clamp(pj, hj), _clamp(pi, hi)
    bound = (xk - pk) ** 2 + (xj - pj) ** 2 + (xi - pi) ** 2
    z = r + qk * xk + qj * xj + qi * xi
    if abs(z) <= slack or bound >= target:
        return bound, xk, xj, xi
    sign = 1.0 if z > 0 else -1.0
    r, qk, qj, qi = sign * r - slack, sign * qk, sign * qj, sign * qi
    lowest, highest = 0.0, abs(z) - slack
    steepness = 1 + qk * qk + qj * qj + qi * qi
    multiplier = (r + qk * pk + qj * pj + qi * pi) / steepness
    multiplier = min(max(multiplier, lowest), highest)
    for _ in range(60):
        xk = _clamp(pk - multiplier * qk, hk)
        xj = _clamp(pj - multiplier * qj, hj)
        xi = _clamp(pi - multiplier * qi, hi)
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


@compiled
def _note(state: Array, squared: float, k: float, j: float, i: float) -> None:
    """Keep a value of gamma squared, and where it was, if it is the lowest so far."""
    if not squared < state[_BEST] ** 2:  # NaN is no value
        return
    best = np.sqrt(squared)
    state[_BEST] = best
    state[_REACHED] = 1.0
    state[_OFFSET], state[_OFFSET + 1], state[_OFFSET + 2] = k, j, i
    target = best - TOLERANCE
    if best > PASS_LIMIT and target < 1:
        target = 1.0  # whether a point passes is decided, not left to the tolerance
    if best <= state[_ENOUGH]:
        target = 0.0
    state[_TARGET] = min(state[_TARGET], max(target, 0.0) ** 2)


@compiled
def _search_cell(
    model: tuple[float, ...], point: Three, half: Three, state: Array, boxes: Array
) -> None:
    """Look for a lower gamma in one cell until there is surely none.

    Parameters
    ----------
    model
        Its coefficients.
    point
        The reference point from the middle of the cell.
    half
        Half widths of the cell.
    state
        Of the search.
    boxes
        (`_DEEPEST`, 6) scratch: middles and half widths, in u, of pieces left to look at.
    """
    wk, wj, wi = half
    _, _, _, _, kj, ki, ji, t = model
    vk, vj, vi = _inverse(wk), _inverse(wj), _inverse(wi)
    boxes[0, :3], boxes[0, 3:] = 0.0, 1.0
    left = 1
    while left > 0:
        left -= 1
        ck, cj, ci, hk, hj, hi = boxes[left]
        twist_kj = abs((kj + t * ci) * hk * hj)
        twist_ki = abs((ki + t * cj) * hk * hi)
        twist_ji = abs((ji + t * ck) * hj * hi)
        twist = abs(t * hk * hj * hi)
        slack = twist_kj + twist_ki + twist_ji + twist
        r, qk, qj, qi = _value(model, (ck, cj, ci))
        pk, pj, pi = point[0] - wk * ck, point[1] - wj * cj, point[2] - wi * ci
        bound, xk, xj, xi = _bound(
            (r, qk * vk, qj * vj, qi * vi),
            slack,
            (pk, pj, pi),
            (wk * hk, wj * hj, wi * hi),
            state[_TARGET],
        )
        if bound >= state[_TARGET]:
            continue
        xk, xj, xi = ck + xk * vk, cj + xj * vj, ci + xi * vi
        r, _, _, _ = _value(model, (xk, xj, xi))
        ok, oj, oi = wk * xk - point[0], wj * xj - point[1], wi * xi - point[2]
        _note(state, ok * ok + oj * oj + oi * oi + r * r, ok, oj, oi)
        if bound >= state[_TARGET] or slack < 1e-7 or left + 2 > _DEEPEST:
            continue
        cut_k, cut_j, cut_i = (
            twist_kj + twist_ki,
            twist_kj + twist_ji,
            twist_ki + twist_ji,
        )
        axis = 0 if cut_k >= max(cut_j, cut_i) else (1 if cut_j >= cut_i else 2)
        _halve(boxes, left, axis, (xk, xj, xi)[axis])
        left += 2


@compiled
def _halve(boxes: Array, at: int, axis: int, place: float) -> None:
    """Put the halves of a box in its place, the one that holds a place last."""
    boxes[at + 1] = boxes[at]
    middle, quarter = boxes[at, axis], boxes[at, 3 + axis] / 2
    toward = quarter if place > middle else -quarter
    boxes[at, axis], boxes[at + 1, axis] = middle - toward, middle + toward
    boxes[at, 3 + axis] = boxes[at + 1, 3 + axis] = quarter


@inlined
def _box(axes: Array, cell: tuple[int, int, int]) -> tuple[Three, Three]:
    """Middle of a cell, and its half widths."""
    k, j, i = cell
    return (
        (axes[0, k] + axes[0, k + 1]) / 2,
        (axes[1, j] + axes[1, j + 1]) / 2,
        (axes[2, i] + axes[2, i + 1]) / 2,
    ), (
        (axes[0, k + 1] - axes[0, k]) / 2,
        (axes[1, j + 1] - axes[1, j]) / 2,
        (axes[2, i + 1] - axes[2, i]) / 2,
    )


@inlined
def _cell_of(field: Field, k: float, j: float, i: float) -> tuple[int, int, int]:
    """The cell that holds a place, or is nearest along each axis."""
    _, axes, inverse, ranges, _, _, _ = field
    return (
        _cell_at(axes, 0, ranges.shape[0], inverse[0], k),
        _cell_at(axes, 1, ranges.shape[1], inverse[1], j),
        _cell_at(axes, 2, ranges.shape[2], inverse[2], i),
    )


@inlined
def _walk(field: Field, point: Three, dose: Two, state: Array) -> None:
    """Walk to where gamma is low, from the offset that the point before had.

    Each step goes to the minimum of gamma on the tangent of the dose (Gauss-Newton).
    It only saves work: a walk that goes astray is no loss but of time.
    """
    pk, pj, pi = point
    ok, oj, oi = state[_OFFSET], state[_OFFSET + 1], state[_OFFSET + 2]
    for _ in range(3):
        cell = _cell_of(field, pk + ok, pj + oj, pi + oi)
        (mk, mj, mi), (wk, wj, wi) = _box(field[1], cell)
        vk, vj, vi = _inverse(wk), _inverse(wj), _inverse(wi)
        uk = _clamp((pk + ok - mk) * vk, 1.0)
        uj = _clamp((pj + oj - mj) * vj, 1.0)
        ui = _clamp((pi + oi - mi) * vi, 1.0)
        ok, oj, oi = mk + wk * uk - pk, mj + wj * uj - pj, mi + wi * ui - pi
        model = _model(field[0], cell, dose[0], dose[1])
        r, qk, qj, qi = _value(model, (uk, uj, ui))
        if not np.isfinite(r):
            break
        before = state[_BEST]
        _note(state, ok * ok + oj * oj + oi * oi + r * r, ok, oj, oi)
        if state[_BEST] > before - TOLERANCE / 8:
            break
        qk, qj, qi = qk * vk, qj * vj, qi * vi
        here = r - qk * ok - qj * oj - qi * oi
        multiplier = here / (1 + qk * qk + qj * qj + qi * qi)
        ok, oj, oi = -multiplier * qk, -multiplier * qj, -multiplier * qi


@inlined
def _is_lowest(field: Field, point: Three, dose: Two, state: Array) -> bool:
    r"""Whether gamma where the walk ended is surely the lowest, tolerance aside.

    With the dose :math:`r + q y + e(y)` at a distance :math:`y` from there, which is
    :math:`o` from the point, and :math:`w = o + r q` (0 at a minimum),

    .. math:: \gamma^2(y) \ge \gamma^2(0) + 2 w y + |y|^2 + 2 r e(y)

    What bends the dose, :math:`e`, is a change of slope at every face of a cell, the
    first at a distance s, and the twist of the cells. The largest ones nearby bound
    it, and the sum has a lowest value, found axis by axis.
    """
    values, axes, inverse, _, _, bends, size = field
    best = state[_BEST]
    pk, pj, pi = point
    ok, oj, oi = state[_OFFSET], state[_OFFSET + 1], state[_OFFSET + 2]
    # The bends are of a block and those around it: gamma must not reach farther.
    if best * max(inverse[0] / size[0], inverse[1] / size[1], inverse[2] / size[2]) > 1:
        return False
    k, j, i = _cell_of(field, pk, pj, pi)
    bend = bends[k // size[0], j // size[1], i // size[2]]
    cell = _cell_of(field, pk + ok, pj + oj, pi + oi)
    (mk, mj, mi), (wk, wj, wi) = _box(axes, cell)
    vk, vj, vi = _inverse(wk), _inverse(wj), _inverse(wi)
    uk, uj, ui = (pk + ok - mk) * vk, (pj + oj - mj) * vj, (pi + oi - mi) * vi
    model = _model(values, cell, dose[0], dose[1])
    r, qk, qj, qi = _value(model, (uk, uj, ui))
    side = 0 if r > 0 else 3
    weight = abs(r) * dose[1]
    kj = bend[6] * weight * inverse[0] * inverse[1]
    ki = bend[7] * weight * inverse[0] * inverse[2]
    ji = bend[8] * weight * inverse[1] * inverse[2]
    room = _room(1 - kj - ki, bend[side] * weight, inverse[0], uk, ok + r * qk * vk)
    room += _room(
        1 - kj - ji, bend[side + 1] * weight, inverse[1], uj, oj + r * qj * vj
    )
    room += _room(
        1 - ki - ji, bend[side + 2] * weight, inverse[2], ui, oi + r * qi * vi
    )
    return best * best + room >= state[_TARGET]


@compiled
def _room(
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


@compiled
def _gap(axes: Array, axis: int, first: int, last: int, x: float) -> float:
    """Squared distance along one axis from a coordinate to the cells of a range."""
    return max(axes[axis, first] - x, x - axes[axis, last + 1], 0.0) ** 2


@inlined
def _scan(field: Field, point: Three, dose: Two, state: Array, boxes: Array) -> None:
    """Look at every block and cell that could hold a lower gamma."""
    _, axes, _, _, blocks, _, _ = field
    pk, pj, pi = point
    radius = np.sqrt(state[_TARGET])
    first_k, first_j, first_i = _cell_of(field, pk - radius, pj - radius, pi - radius)
    last_k, last_j, last_i = _cell_of(field, pk + radius, pj + radius, pi + radius)
    for bk in range(first_k // BLOCK, last_k // BLOCK + 1):
        k0, k1 = max(bk * BLOCK, first_k), min(bk * BLOCK + BLOCK - 1, last_k)
        gap_k = _gap(axes, 0, k0, k1, pk)
        for bj in range(first_j // BLOCK, last_j // BLOCK + 1):
            j0, j1 = max(bj * BLOCK, first_j), min(bj * BLOCK + BLOCK - 1, last_j)
            gap_j = gap_k + _gap(axes, 1, j0, j1, pj)
            if gap_j >= state[_TARGET]:
                continue
            for bi in range(first_i // BLOCK, last_i // BLOCK + 1):
                i0, i1 = max(bi * BLOCK, first_i), min(bi * BLOCK + BLOCK - 1, last_i)
                bound = gap_j + _gap(axes, 2, i0, i1, pi)
                if state[_REACHED] > 0:
                    low, high = blocks[bk, bj, bi, 0], blocks[bk, bj, bi, 1]
                    bound += _excess(low, high, dose)
                if bound < state[_TARGET]:
                    cells = k0, k1, j0, j1, i0, i1
                    _scan_cells(field, cells, point, dose, state, boxes)


@compiled
def _excess(low: float, high: float, dose: Two) -> float:
    """Square of how far a range of doses is from the dose of the point."""
    return (max(low - dose[0], dose[0] - high, 0.0) * dose[1]) ** 2


@inlined
def _scan_cells(
    field: Field,
    cells: tuple[int, ...],
    point: Three,
    dose: Two,
    state: Array,
    boxes: Array,
) -> None:
    """Look at the cells of a part of a block."""
    values, axes, _, ranges, _, _, _ = field
    pk, pj, pi = point
    k0, k1, j0, j1, i0, i1 = cells
    for k in range(k0, k1 + 1):
        gap_k = _gap(axes, 0, k, k, pk)
        for j in range(j0, j1 + 1):
            gap_j = gap_k + _gap(axes, 1, j, j, pj)
            if gap_j >= state[_TARGET]:
                continue
            for i in range(i0, i1 + 1):
                low, high = ranges[k, j, i, 0], ranges[k, j, i, 1]
                bound = gap_j + _gap(axes, 2, i, i, pi)
                if low > high or bound >= state[_TARGET]:
                    continue
                state[_REACHED] = 1.0
                if bound + _excess(low, high, dose) >= state[_TARGET]:
                    continue
                (mk, mj, mi), half = _box(axes, (k, j, i))
                model = _model(values, (k, j, i), dose[0], dose[1])
                _search_cell(model, (pk - mk, pj - mj, pi - mi), half, state, boxes)


@inlined
def _gamma_at(
    field: Field,
    point: Three,
    dose: Two,
    limits: Limits,
    state: Array,
    boxes: Array,
) -> float:
    """Gamma of one point, or `NOT_EVALUABLE`."""
    _, _, largest, pass_only = limits
    state[_BEST], state[_REACHED] = largest, 0.0
    state[_ENOUGH] = PASS_LIMIT if pass_only else 0.0
    state[_TARGET] = PASS_LIMIT**2 if pass_only else (largest * _WITHIN) ** 2
    _walk(field, point, dose, state)
    if state[_REACHED] > 0 and _is_lowest(field, point, dose, state):
        return state[_BEST]
    for _ in range(2):
        _scan(field, point, dose, state, boxes)
        if state[_REACHED] > 0 or not pass_only:
            break
        # No dose so near; is there any within reach?
        state[_TARGET] = (largest * _WITHIN) ** 2
    if state[_REACHED] == 0:
        return NOT_EVALUABLE
    if pass_only and state[_BEST] > PASS_LIMIT:
        return np.inf
    return state[_BEST]


@compiled
def gammas(
    field: Field,
    reference: Array,
    points: Array,
    placement: tuple[Array, Array, Array, Array],
    limits: Limits,
    rows: tuple[int, int],
    gamma: Array,
) -> None:
    """Fill in gamma of the points in some rows of the reference.

    Parameters
    ----------
    field
        Evaluated dose (nk, nj, ni), float64, C-contiguous; an axis with one
        voxel comes before those with several. Coordinates (3, m) of its voxels along
        each axis, ascending, the last one repeated to the end of the row; the inverse
        of their distance, or 0 where it is uneven. Ranges of its cells and of blocks
        of them, as from `cell_ranges` and `block_ranges`.
    reference
        (nk, nj, ni) reference dose, float64.
    points
        (nk, nj, ni) which of its voxels are points, boolean.
    placement
        Coordinates (3,) of the first reference voxel along the axes of the evaluated
        dose; (3, 3) whose columns are what is added for a mm along the slices, for a
        row and for a column; (nk,) mm of each slice; (3,) half the thickness of the
        evaluated dose along axes with one voxel, elsewhere inf.
    limits
        The inverse of the dose criterion; whether that is of the dose of the point; the largest gamma looked for; whether it is
        enough to know if a point passes.
    rows
        First row and the one after the last, counted through all slices.
    gamma
        (nk, nj, ni) float32, changed for the points only: gamma, at most the largest
        one; `NOT_EVALUABLE` where no evaluated dose is so near that gamma could be that.
        Where only passing matters, what passes has some gamma that does, and what fails
        has inf.
    """
    start, steps, offsets, thickness = placement
    inverse_dose, is_local, _, _ = limits
    state, boxes = np.zeros(_STATE), np.empty((_DEEPEST, 6))
    for row in range(rows[0], rows[1]):
        k, j = row // reference.shape[1], row % reference.shape[1]
        first = start + offsets[k] * steps[:, 0] + j * steps[:, 1]
        state[_OFFSET:] = 0.0
        for i in range(reference.shape[2]):
            if not points[k, j, i]:
                continue
            wanted = np.float64(reference[k, j, i])
            pk, pj, pi = (
                first[0] + i * steps[0, 2],
                first[1] + i * steps[1, 2],
                first[2] + i * steps[2, 2],
            )
            pk, pj, pi, is_off = _onto_planes(field, (pk, pj, pi), thickness)
            if is_off:
                gamma[k, j, i] = NOT_EVALUABLE
                continue
            scale = inverse_dose / wanted if is_local else inverse_dose
            gamma[k, j, i] = _gamma_at(
                field, (pk, pj, pi), (wanted, scale), limits, state, boxes
            )


@inlined
def _onto_planes(
    field: Field, point: Three, thickness: Array
) -> tuple[float, float, float, bool]:
    """Move a point onto the voxels of axes that have one; whether it is off them."""
    dose, axes = field[0], field[1]
    pk, pj, pi = point
    is_off = False
    if dose.shape[0] == 1:
        is_off |= abs(pk - axes[0, 0]) > thickness[0]
        pk = axes[0, 0]
    if dose.shape[1] == 1:
        is_off |= abs(pj - axes[1, 0]) > thickness[1]
        pj = axes[1, 0]
    if dose.shape[2] == 1:
        is_off |= abs(pi - axes[2, 0]) > thickness[2]
        pi = axes[2, 0]
    return pk, pj, pi, is_off
