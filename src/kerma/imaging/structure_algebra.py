"""Union, intersection and difference of structures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.mask import Mask
from kerma.errors import GeometryError

__all__ = ["difference", "intersection", "subtraction", "union"]


def union(one: Mask, other: Mask) -> Mask:
    """What lies in one of two structures or in both; see `intersection`."""
    return _combined(one, other, lambda a, b, common: a + b - common)


def subtraction(one: Mask, other: Mask) -> Mask:
    """What lies in one structure and not in the other; see `intersection`."""
    return _combined(one, other, lambda a, _b, common: a - common)


def difference(one: Mask, other: Mask) -> Mask:
    """What lies in exactly one of two structures (xor); see `intersection`."""
    return _combined(one, other, lambda a, b, common: a + b - 2 * common)


def intersection(one: Mask, other: Mask) -> Mask:
    """What lies in both of two structures.

    Where surfaces of both pass through one voxel, what they have in common depends on
    which way they face. It is min(a, b) where they face the same way, so that one part
    lies within the other; max(0, a + b - 1) where they face each other; a b where one
    stands across the other; and a mean in between. This is exact for flat surfaces
    parallel to the voxels, away from edges. Volumes add up in any case: the union and the intersection
    have together the volume of the two structures.

    Parameters
    ----------
    one, other
        On the same grid. The result has the name of the first.

    Raises
    ------
    GeometryError
        The grids differ.
    """
    return _combined(one, other, lambda _a, _b, common: common)


def _combined(
    one: Mask,
    other: Mask,
    rule: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
) -> Mask:
    if not one.grid.is_same_as(other.grid):
        raise GeometryError(
            f"{one.name!r} and {other.name!r} lie on different grids; make both masks "
            f"on one."
        )
    boxes = [mask for mask in (one, other) if 0 not in mask.shape]
    if not boxes:
        return one
    low = np.min([mask.corner for mask in boxes], axis=0)
    high = np.max([np.add(m.corner, m.shape) for m in boxes], axis=0)
    a, b = (_within(mask, low, high) for mask in (one, other))
    array = np.clip(rule(a, b, _common(a, b)), 0, 1)
    k, j, i = low.tolist()
    return Mask.of(
        array,
        one.grid,
        name=one.name,
        corner=(k, j, i),
        notes=tuple(dict.fromkeys(one.notes + other.notes)),
    )


def _within(mask: Mask, low: FloatArray, high: FloatArray) -> FloatArray:
    """The fractions on a larger box."""
    array = np.zeros(high - low, np.float32)
    if 0 not in mask.shape:
        k, j, i = mask.corner - low
        nk, nj, ni = mask.shape
        array[k : k + nk, j : j + nj, i : i + ni] = mask.fraction
    return array


def _common(a: FloatArray, b: FloatArray) -> FloatArray:
    """What two fractions of each voxel have in common."""
    common = np.minimum(a, b)
    both = np.nonzero((a > 0) & (a < 1) & (b > 0) & (b < 1))
    if not both[0].size:
        return common
    cosine = _cosine(a, b, both)
    one, other = a[both], b[both]
    facing = np.where(
        cosine >= 0, np.minimum(one, other), np.maximum(one + other - 1, 0)
    )
    same = np.abs(cosine)
    common[both] = same * facing + (1 - same) * one * other
    return common


def _cosine(a: FloatArray, b: FloatArray, where: tuple[IntArray, ...]) -> FloatArray:
    """Cosine of the angle between two surfaces in some voxels; 0 where there is none."""
    slopes = [_slopes(field, where) for field in (a, b)]
    lengths = np.prod([np.linalg.norm(slope, axis=0) for slope in slopes], axis=0)
    product = np.sum(slopes[0] * slopes[1], axis=0)
    return np.clip(product / np.where(lengths > 0, lengths, 1), -1, 1)


def _slopes(field: FloatArray, where: tuple[IntArray, ...]) -> FloatArray:
    """(3, n) central differences in some voxels; beyond the box there is nothing."""
    padded = np.pad(field, 1)
    slopes = []
    for axis in range(3):
        above, below = ([index + 1 for index in where] for _ in range(2))
        above[axis] = above[axis] + 1
        below[axis] = below[axis] - 1
        slopes.append(padded[tuple(above)] - padded[tuple(below)])
    return np.array(slopes)
