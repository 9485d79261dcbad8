"""Deciding voxel by voxel what is gland, with a look at the neighbors."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["fill_rim", "supported_values", "weighted_percent"]

Array: TypeAlias = NDArray[Any]

_KNOWN, _ASKED, _NEW = 1, 2, 3


@compiled
def fill_rim(values: Array, states: Array) -> int:
    """Give voxels the mean of their known neighbors, layer after layer, in place.

    Parameters
    ----------
    values
        (nk, nj, ni) int16 or float32.
    states
        (nk, nj, ni) uint8: 0 not looked at, 1 known, 2 asked for. What is filled becomes
        1; what no known voxel reaches stays 2 and keeps its value.

    Returns
    -------
    Number of voxels filled.
    """
    filled = 0
    new = _fill_layer(values, states)
    while new:
        filled += new
        flat = states.ravel()
        for n in range(flat.size):
            if flat[n] == _NEW:
                flat[n] = _KNOWN
        new = _fill_layer(values, states)
    return filled


@compiled
def _fill_layer(values: Array, states: Array) -> int:
    new = 0
    for k in range(values.shape[0]):
        for j in range(values.shape[1]):
            for i in range(values.shape[2]):
                if states[k, j, i] == _ASKED and _fill(values, states, k, j, i):
                    new += 1
    return new


@compiled
def _fill(values: Array, states: Array, k: int, j: int, i: int) -> bool:
    total, known = 0.0, 0
    for dk in range(max(k - 1, 0), min(k + 2, values.shape[0])):
        for dj in range(max(j - 1, 0), min(j + 2, values.shape[1])):
            for di in range(max(i - 1, 0), min(i + 2, values.shape[2])):
                if states[dk, dj, di] == _KNOWN:
                    total += values[dk, dj, di]
                    known += 1
    if known == 0:
        return False
    # Half is added before the floor: an integer type would cut towards zero.
    mean = total / known
    values[k, j, i] = np.floor(mean + 0.5)
    states[k, j, i] = _NEW
    return True


@compiled
def supported_values(
    values: Array,
    mask: Array,
    middle: float,
    votes: tuple[float, float, float],
    passes: int,
) -> Array:
    """Values raised by each of the six neighbors above the middle, lowered by others.

    The neighbors are judged by their own supported values, pass after pass. Where the
    votes are small beside the contrast, only voxels near the middle change sides.

    Parameters
    ----------
    values
        (nk, nj, ni) int16 or float32.
    mask
        (nk, nj, ni) bool; others have no vote.
    middle
        Halfway between two tissues.
    votes
        What a neighbor along each axis counts for, in the unit of the values.
    passes
        Rounds of voting.

    Returns
    -------
    array
        (nk, nj, ni) float32, the lowest number outside the mask.
    """
    sides = np.zeros(values.shape, np.int8)
    supported = np.full(values.shape, np.float32(-3.4e38))
    _count_votes(values, mask, sides, votes, supported)  # nobody has voted yet
    for _ in range(passes):
        _take_sides(supported, mask, middle, sides)
        _count_votes(values, mask, sides, votes, supported)
    return supported


@compiled
def _take_sides(supported: Array, mask: Array, middle: float, sides: Array) -> None:
    flat, inside, side = supported.ravel(), mask.ravel(), sides.ravel()
    for n in range(flat.size):
        if inside[n]:
            side[n] = 1 if flat[n] > middle else -1


@compiled
def _count_votes(
    values: Array,
    mask: Array,
    sides: Array,
    votes: tuple[float, float, float],
    supported: Array,
) -> None:
    for k in range(values.shape[0]):
        for j in range(values.shape[1]):
            for i in range(values.shape[2]):
                if mask[k, j, i]:
                    vote = _votes(sides, votes, k, j, i)
                    supported[k, j, i] = values[k, j, i] + vote


@compiled
def _votes(
    sides: Array, votes: tuple[float, float, float], k: int, j: int, i: int
) -> float:
    nk, nj, ni = sides.shape
    along_k = (sides[k - 1, j, i] if k > 0 else 0) + (
        sides[k + 1, j, i] if k + 1 < nk else 0
    )
    along_j = (sides[k, j - 1, i] if j > 0 else 0) + (
        sides[k, j + 1, i] if j + 1 < nj else 0
    )
    along_i = (sides[k, j, i - 1] if i > 0 else 0) + (
        sides[k, j, i + 1] if i + 1 < ni else 0
    )
    return votes[0] * along_k + votes[1] * along_j + votes[2] * along_i


@compiled
def weighted_percent(
    values: Array,
    mask: Array,
    chosen: Array,
    weights: Array,
    ends: tuple[float, float],
) -> Array:
    """How much of each voxel is of the chosen kind, in percent.

    Where a voxel and its neighbors are all chosen or all not, it is 100 or 0: cutting
    what noise carries beyond the ends would move the sum. Between, it is where the
    weighted mean of the voxel and its neighbors lies between the ends.

    Parameters
    ----------
    values
        (nk, nj, ni) int16 or float32.
    mask
        (nk, nj, ni) bool; only voxels in it are looked at.
    chosen
        (nk, nj, ni) bool, within the mask.
    weights
        (3, 3, 3) float32, positive.
    ends
        The values that stand for 0 and 100 %; beyond them it is cut.

    Returns
    -------
    array
        (nk, nj, ni) uint8, 0 outside the mask.
    """
    nk, nj, ni = values.shape
    percent = np.zeros((nk, nj, ni), np.uint8)
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if mask[k, j, i]:
                    mean, share = _about(values, mask, chosen, weights, (k, j, i))
                    if 0.0 < share < 1.0:
                        share = (mean - ends[0]) / (ends[1] - ends[0])
                    percent[k, j, i] = int(100 * min(max(share, 0.0), 1.0) + 0.5)
    return percent


@compiled
def _about(
    values: Array,
    mask: Array,
    chosen: Array,
    weights: Array,
    at: tuple[int, int, int],
) -> tuple[float, float]:
    """Weighted mean of a voxel and its neighbors, and how many of them are chosen."""
    k, j, i = at
    total, weight = np.float32(0.0), np.float32(0.0)
    looked_at, taken = 0, 0
    for dk in range(max(k - 1, 0), min(k + 2, values.shape[0])):
        for dj in range(max(j - 1, 0), min(j + 2, values.shape[1])):
            for di in range(max(i - 1, 0), min(i + 2, values.shape[2])):
                if mask[dk, dj, di]:
                    w = weights[dk - k + 1, dj - j + 1, di - i + 1]
                    total += w * values[dk, dj, di]
                    weight += w
                    looked_at += 1
                    taken += chosen[dk, dj, di]
    return float(total / weight), taken / looked_at
