"""Gamma of one point after another, on the dose between the voxels of a grid.

From the place where the point before had its minimum a few steps lead to a low value.
Often the bends of the dose nearby say that no lower one is within reach. Else every
cell that could hold one is looked at; one whose bound is not yet above what was found
is cut in half until it is, for the bound gets closer with every cut.

Positions and distances are in units of the distance criterion, doses in units of the
dose criterion, once the dose of the point has been subtracted.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import borrowing, inlined
from kerma.kernels.gamma_bounds import Three, model_of
from kerma.kernels.gamma_cells import BLOCK
from kerma.kernels.gamma_pieces import (
    BEST,
    ENOUGH,
    HINT,
    OFFSET,
    PASS_LIMIT,
    REACHED,
    TARGET,
    search_cell,
)
from kerma.kernels.gamma_walk import Field, Two, cell_of, settle

__all__ = ["gammas"]

Array: TypeAlias = NDArray[Any]
Limits: TypeAlias = tuple[float, bool, float, bool]

_WITHIN = 1 + 1e-9  # what is just in reach stays so after rounding
_FEW = 36  # cells that are quicker looked at one by one than block by block


@borrowing
def _gap(axes: Array, axis: int, first: int, last: int, x: float) -> float:
    """Squared distance along one axis from a coordinate to the cells of a range."""
    return max(axes[axis, first] - x, x - axes[axis, last + 1], 0.0) ** 2


@inlined
def _scan(field: Field, point: Three, dose: Two, state: Array, boxes: Array) -> None:
    """Look at every block and cell that could hold a lower gamma."""
    axes, blocks = field[1], field[5]
    pk, pj, pi = point
    radius = np.sqrt(state[TARGET])
    first_k, first_j, first_i = cell_of(field, pk - radius, pj - radius, pi - radius)
    last_k, last_j, last_i = cell_of(field, pk + radius, pj + radius, pi + radius)
    count = (last_k + 1 - first_k) * (last_j + 1 - first_j) * (last_i + 1 - first_i)
    if count <= _FEW:
        cells = first_k, last_k, first_j, last_j, first_i, last_i
        _scan_cells(field, cells, point, dose, state, boxes)
        return
    for bk in range(first_k // BLOCK, last_k // BLOCK + 1):
        k0, k1 = max(bk * BLOCK, first_k), min(bk * BLOCK + BLOCK - 1, last_k)
        gap_k = _gap(axes, 0, k0, k1, pk)
        for bj in range(first_j // BLOCK, last_j // BLOCK + 1):
            j0, j1 = max(bj * BLOCK, first_j), min(bj * BLOCK + BLOCK - 1, last_j)
            gap_j = gap_k + _gap(axes, 1, j0, j1, pj)
            if gap_j >= state[TARGET]:
                continue
            for bi in range(first_i // BLOCK, last_i // BLOCK + 1):
                i0, i1 = max(bi * BLOCK, first_i), min(bi * BLOCK + BLOCK - 1, last_i)
                bound = gap_j + _gap(axes, 2, i0, i1, pi)
                if state[REACHED] > 0:
                    low, high = blocks[bk, bj, bi, 0], blocks[bk, bj, bi, 1]
                    bound += _excess(low, high, dose)
                if bound < state[TARGET]:
                    cells = k0, k1, j0, j1, i0, i1
                    _scan_cells(field, cells, point, dose, state, boxes)


@borrowing
def _excess(low: float, high: float, dose: Two) -> float:
    """Square of how far a range of doses is from the dose of the point."""
    return (max(low - dose[0], dose[0] - high, 0.0) * dose[1]) ** 2


@borrowing
def _scan_cells(
    field: Field,
    span: tuple[int, ...],
    point: Three,
    dose: Two,
    state: Array,
    boxes: Array,
) -> None:
    """Look at the cells from first to last along each axis."""
    values, axes, cells, _, ranges, _, _, _ = field
    pk, pj, pi = point
    k0, k1, j0, j1, i0, i1 = span
    for k in range(k0, k1 + 1):
        gap_k = _gap(axes, 0, k, k, pk)
        for j in range(j0, j1 + 1):
            gap_j = gap_k + _gap(axes, 1, j, j, pj)
            if gap_j >= state[TARGET]:
                continue
            for i in range(i0, i1 + 1):
                low, high = ranges[k, j, i, 0], ranges[k, j, i, 1]
                bound = gap_j + _gap(axes, 2, i, i, pi)
                if low > high or bound >= state[TARGET]:
                    continue
                state[REACHED] = 1.0
                if bound + _excess(low, high, dose) >= state[TARGET]:
                    continue
                from_middle = (
                    pk - cells[0, k, 0],
                    pj - cells[1, j, 0],
                    pi - cells[2, i, 0],
                )
                box = (
                    (cells[0, k, 1], cells[1, j, 1], cells[2, i, 1]),
                    (cells[0, k, 2], cells[1, j, 2], cells[2, i, 2]),
                )
                model = model_of(values, (k, j, i), dose[0], dose[1])
                search_cell(model, from_middle, box, state, boxes)


@inlined
def _gamma_at(
    field: Field,
    point: Three,
    dose: Two,
    limits: Limits,
    state: Array,
    boxes: Array,
) -> float:
    """Gamma of one point, or NaN."""
    _, _, largest, pass_only = limits
    state[BEST], state[REACHED] = largest, 0.0
    state[ENOUGH] = PASS_LIMIT if pass_only else 0.0
    state[TARGET] = PASS_LIMIT**2 if pass_only else (largest * _WITHIN) ** 2
    if not settle(field, point, dose, state):
        for _ in range(2):
            _scan(field, point, dose, state, boxes)
            if state[REACHED] > 0 or not pass_only:
                break
            # No dose so near; is there any within reach?
            state[TARGET] = (largest * _WITHIN) ** 2
        if state[REACHED] == 0:
            return np.nan
    if pass_only and state[BEST] > PASS_LIMIT:
        return np.inf
    return state[BEST]


@borrowing
def gammas(
    field: Field,
    reference: Array,
    points: Array,
    placement: tuple[Array, Array, Array, Array, tuple[int, int, int]],
    limits: Limits,
    rows: tuple[int, int],
    scratch: tuple[Array, Array],
    gamma: Array,
) -> None:
    """Fill in gamma of the points in some rows of the reference.

    Parameters
    ----------
    field
        Evaluated dose (nk, nj, ni), float64, C-contiguous; an axis with one
        voxel comes before those with several. Coordinates (3, m) of its voxels along
        each axis, ascending, the last one repeated to the end of the row; (3, m - 1, 3)
        the middle, half width and inverse of it, or 0, of each cell between two of
        them; the inverse of the distance of the voxels, or 0 where it is uneven. Ranges of its cells and of blocks
        of them, and bends, as from `kerma.kernels.gamma_cells`.
    reference
        (nk, nj, ni) a box of the reference dose, float64.
    points
        Which voxels of the whole reference are points, boolean.
    placement
        Coordinates (3,) of the first voxel of the box along the axes of the evaluated
        dose; (3, 3) whose columns are what is added for a mm along the slices, for a
        row and for a column; (nk,) mm of each slice; (3,) half the thickness of the
        evaluated dose along axes with one voxel, elsewhere inf; which voxel of the
        whole reference the first of the box is.
    limits
        The inverse of the dose criterion; whether that is of the dose of the point;
        the largest gamma looked for; whether it is enough to know if a point passes.
    rows
        First row of the box and the one after the last, counted through its slices.
    scratch
        (`STATE`,) and (`DEEPEST`, 6), float64, for this call alone.
    gamma
        As many float32 as `points`, changed for those only: gamma, at most the largest
        one; NaN where no evaluated dose is so near that gamma could be that.
        Where only passing matters, what passes has some gamma that does, and what fails
        has inf.
    """
    start, steps, offsets, thickness, corner = placement
    inverse_dose, is_local, _, _ = limits
    state, boxes = scratch
    for row in range(rows[0], rows[1]):
        k, j = row // reference.shape[1], row % reference.shape[1]
        is_point = points[corner[0] + k, corner[1] + j, corner[2] :]
        found = gamma[corner[0] + k, corner[1] + j, corner[2] :]
        first_k = start[0] + offsets[k] * steps[0, 0] + j * steps[0, 1]
        first_j = start[1] + offsets[k] * steps[1, 0] + j * steps[1, 1]
        first_i = start[2] + offsets[k] * steps[2, 0] + j * steps[2, 1]
        state[OFFSET] = state[OFFSET + 1] = state[OFFSET + 2] = state[HINT] = 0.0
        for i in range(reference.shape[2]):
            if not is_point[i]:
                continue
            wanted = np.float64(reference[k, j, i])
            pk, pj, pi = (
                first_k + i * steps[0, 2],
                first_j + i * steps[1, 2],
                first_i + i * steps[2, 2],
            )
            pk, pj, pi, is_off = _onto_planes(field, (pk, pj, pi), thickness)
            if is_off:
                found[i] = np.nan
                continue
            scale = inverse_dose / wanted if is_local else inverse_dose
            found[i] = _gamma_at(
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
