"""The surface of a region from the fractions of its voxels, finer than the voxels.

Along every line of voxel centers the surface is crossed between one that is at least
half inside and one that is not. Where exactly, the fractions tell: a voxel that is three
quarters full ends a quarter further out than one that is half full.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["count_crossings", "join_crossings", "join_in_slices", "place_crossings"]

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.floating[Any]]
Ints: TypeAlias = NDArray[np.integer[Any]]

_FULL = 0.999  # float32 coverage of a whole voxel need not be 1
_EMPTY = 0.001
_SHARP = 0.8  # change of fraction over two pixels where a contour passes
_REACH = 32  # how far a contour is looked for in its slice, voxels


@compiled
def count_crossings(inside: Array) -> int:
    """How many pairs of neighbors along the axes have one voxel inside.

    Parameters
    ----------
    inside
        (nk, nj, ni) uint8, 1 inside; 0 all around.
    """
    count = 0
    for k in range(inside.shape[0] - 1):
        for j in range(inside.shape[1] - 1):
            for i in range(inside.shape[2] - 1):
                here = inside[k, j, i]
                count += here != inside[k + 1, j, i]
                count += here != inside[k, j + 1, i]
                count += here != inside[k, j, i + 1]
    return count


@compiled
def place_crossings(
    field: Floats,
    inside: Array,
    pixel: tuple[float, float],
    numbers: Ints,
    positions: Floats,
) -> None:
    """Number the crossings and say where they lie.

    Parameters
    ----------
    field
        (nk, nj, ni) fractions, 0 all around, C-contiguous.
    inside
        (nk, nj, ni) uint8, 1 where they are at least one half.
    pixel
        Spacing along j and i, mm.
    numbers
        (3, nk, nj, ni) filled with the number of the crossing from each voxel onward
        along each axis; where there is none it is left alone.
    positions
        (n, 3) filled with their positions, indices ``(k, j, i)``.
    """
    flat = field.ravel()
    strides = (field.shape[1] * field.shape[2], field.shape[2], 1)
    marks, found = _marks(field.shape[2])
    count = 0
    for k in range(field.shape[0] - 1):
        for j in range(field.shape[1] - 1):
            _mark_ends(inside[k, j], inside[k + 1, j], inside[k, j + 1], marks)
            for i in found[: _marked(marks, found)]:
                here = inside[k, j, i]
                for axis in range(3):
                    onward = inside[k + (axis == 0), j + (axis == 1), i + (axis == 2)]
                    if here == onward:
                        continue
                    at = k * strides[0] + j * strides[1] + i
                    step = strides[axis]
                    if not here:
                        at, step = at + step, -step
                    if axis == 0:
                        part = _between_slices(flat, at, step, field.shape, pixel)
                    else:
                        part = _crossing(flat, at, step)
                    numbers[axis, k, j, i] = count
                    positions[count] = (k, j, i)
                    positions[count, axis] += part if here else 1 - part
                    count += 1


@compiled
def _crossing(flat: Floats, at: int, step: int) -> float:
    """Share of the way from a voxel inside to the next one at which the region ends.

    Where one or two voxels of the line are partly full, between full and empty ones,
    their fractions add up to how far it is filled: exact for a flat surface however it
    lies. Where the surface is so oblique that more are partly full, the fraction falls
    evenly and one half is interpolated, which is then exact.
    """
    here, onward = flat[at], flat[at + step]
    even = (here - 0.5) / (here - onward)
    filled, inward, partly = here + onward, 0, 0
    q = at
    while flat[q] < _FULL:
        partly += 1
        if partly > 2 or flat[q - step] < flat[q]:
            return even
        q -= step
        inward += 1
        filled += flat[q]
    q = at + step
    while flat[q] > _EMPTY:
        partly += 1
        if partly > 2 or flat[q + step] > flat[q]:
            return even
        q += step
        filled += flat[q]
    return min(max(filled - 0.5 - inward, 0.0), 1.0)


@compiled
def _between_slices(
    flat: Floats,
    at: int,
    step: int,
    shape: tuple[int, int, int],
    pixel: tuple[float, float],
) -> float:
    """As `_crossing`, from slice to slice.

    Regions drawn slice by slice are full or empty across the slices, and would end
    halfway between two of them in steps like those of a terrace. Where the fractions
    show the sharp edges of such contours, the surface is drawn straight from the
    contour of one slice to that of the next instead, by the distances from both. Where
    they change gradually they tell the place themselves.
    """
    if _is_drawn(flat, at, shape) and _is_drawn(flat, at + step, shape):
        here = _to_contour(flat, at, shape, pixel)
        onward = _to_contour(flat, at + step, shape, pixel)
        if math.isfinite(here) and math.isfinite(onward) and here + onward > 0:
            return here / (here + onward)
    return _crossing(flat, at, step)


@compiled
def _is_drawn(flat: Floats, at: int, shape: tuple[int, int, int]) -> bool:
    """Whether a voxel is full, empty, or at a sharp edge within its slice."""
    if flat[at] <= _EMPTY or flat[at] >= _FULL:
        return True
    columns = shape[2]
    change = max(
        abs(flat[at + 1] - flat[at - 1]), abs(flat[at + columns] - flat[at - columns])
    )
    return change >= _SHARP


@compiled
def _to_contour(
    flat: Floats,
    at: int,
    shape: tuple[int, int, int],
    pixel: tuple[float, float],
) -> float:
    """Distance within the slice to where the region begins or ends, mm.

    From the distances along the row and the column, as if the edge ran straight from
    one to the other; infinite where there is none within reach.
    """
    columns = shape[2]
    i, j = at % columns, at // columns % shape[1]
    along_row = _both_ways(flat, at, 1, i, columns - 1 - i)
    along_column = _both_ways(flat, at, columns, j, shape[1] - 1 - j)
    along_row, along_column = pixel[1] * along_row, pixel[0] * along_column
    nearer, farther = min(along_row, along_column), max(along_row, along_column)
    if nearer == 0 or not math.isfinite(farther):
        return nearer
    return nearer * farther / math.hypot(nearer, farther)


@compiled
def _both_ways(flat: Floats, at: int, step: int, before: int, after: int) -> float:
    """Voxels along a line to the nearer crossing of both sides; see `_along`."""
    onward = _along(flat, at, step, min(_REACH, after))
    back = min(_REACH, before)
    if onward < back:  # what is farther away does not count
        back = math.ceil(onward)
    return min(onward, _along(flat, at, -step, back))


@compiled
def _along(flat: Floats, at: int, step: int, reach: int) -> float:
    """Voxels along a line to the first crossing, infinite beyond the reach."""
    inside = flat[at] >= 0.5
    for n in range(1, reach + 1):
        q = at + n * step
        if (flat[q] >= 0.5) != inside:
            if inside:
                return n - 1 + _crossing(flat, q - step, step)
            return n - _crossing(flat, q, -step)
    return math.inf


@compiled
def _marks(columns: int) -> tuple[Array, Ints]:
    """Room for a mark on each voxel of a row, in words of eight, and for their columns."""
    return np.zeros((columns + 7) // 8 * 8, np.uint8), np.empty(columns, np.int64)


@compiled
def _mark_ends(row: Array, onward: Array, below: Array, marks: Array) -> None:
    """Mark the voxels of a row of which one of the three next ones differs.

    Surfaces are rare: several voxels are compared at a time, and then only the marked
    ones are looked at.
    """
    for i in range(row.size - 1):
        marks[i] = (row[i] ^ onward[i]) | (row[i] ^ below[i]) | (row[i] ^ row[i + 1])


@compiled
def _mark_cells(
    first: Array, second: Array, third: Array, fourth: Array, marks: Array
) -> None:
    """Mark the cells between four rows that have corners both inside and outside."""
    for i in range(first.size - 1):
        differ = (first[i] ^ second[i]) | (first[i] ^ third[i]) | (first[i] ^ fourth[i])
        along = (first[i] ^ first[i + 1]) | (second[i] ^ second[i + 1])
        along |= (third[i] ^ third[i + 1]) | (fourth[i] ^ fourth[i + 1])
        marks[i] = differ | along


@compiled
def _marked(marks: Array, found: Ints) -> int:
    """Write the places of the marks; gives their number."""
    words, count = marks.view(np.uint64), 0
    for n in range(words.size):
        if words[n] == 0:
            continue
        for i in range(8 * n, 8 * n + 8):
            if marks[i]:
                found[count] = i
                count += 1
    return count


@compiled
def join_crossings(
    inside: Array, numbers: Ints, cases: Ints, edges: Ints, triangles: Ints
) -> int:
    """Join the crossings to triangles; gives their number.

    Parameters
    ----------
    inside, numbers
        As for `place_crossings`.
    cases, edges
        `cell_triangles` and `CELL_EDGES`.
    triangles
        (n, 3) filled with numbers of crossings; four for each crossing are enough.
    """
    marks, found = _marks(inside.shape[2])
    count = 0
    for k in range(inside.shape[0] - 1):
        for j in range(inside.shape[1] - 1):
            near, next_row = inside[k, j], inside[k, j + 1]
            far, farthest = inside[k + 1, j], inside[k + 1, j + 1]
            _mark_cells(near, next_row, far, farthest, marks)
            for i in found[: _marked(marks, found)]:
                case = near[i] | near[i + 1] << 1
                case |= next_row[i] << 2 | next_row[i + 1] << 3
                case |= far[i] << 4 | far[i + 1] << 5
                case |= farthest[i] << 6 | farthest[i + 1] << 7
                n = 0
                while cases[case, n] >= 0:
                    axis, dk, dj, di = edges[cases[case, n]]
                    triangles[count + n // 3, n % 3] = numbers[
                        axis, k + dk, j + dj, i + di
                    ]
                    n += 1
                count += n // 3
    return count


@compiled
def join_in_slices(inside: Array, numbers: Ints, cases: Ints, lines: Ints) -> int:
    """Join the crossings of each slice to the outlines there; gives the number of lines.

    Parameters
    ----------
    inside, numbers
        As for `place_crossings`.
    cases
        `square_lines`.
    lines
        (n, 2) filled with numbers of crossings; one for each crossing is enough.
    """
    marks, found = _marks(inside.shape[2])
    count = 0
    for k in range(inside.shape[0]):
        for j in range(inside.shape[1] - 1):
            near, far = inside[k, j], inside[k, j + 1]
            _mark_cells(near, far, near, far, marks)
            for i in found[: _marked(marks, found)]:
                case = (
                    inside[k, j, i]
                    | inside[k, j, i + 1] << 1
                    | inside[k, j + 1, i + 1] << 2
                    | inside[k, j + 1, i] << 3
                )
                n = 0
                while cases[case, n] >= 0:
                    edge = cases[case, n]
                    if edge % 2 == 0:
                        number = numbers[2, k, j + edge // 2, i]
                    else:
                        number = numbers[1, k, j, i + (edge == 1)]
                    lines[count, n % 2] = number
                    n += 1
                    count += n % 2 == 0
    return count
