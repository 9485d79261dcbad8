"""How far the contours of a plane reach along the normal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.errors import InputError

__all__ = ["EndCap", "Slabs", "slabs_of"]

EndCap: TypeAlias = Literal["half", "none"] | float

_CLOSE_MM = 5.0  # two planes alone that are this close belong together on any grid


@dataclass(frozen=True, eq=False)
class Slabs:
    """Slabs of n contour planes along the first axis of a grid.

    Parameters
    ----------
    bounds_mm
        (n, 2) where each slab begins and ends, as `Grid.slice_offsets`.
    parts
        Planes that belong together, as first and last of each part plus one. Between
        the planes of a part the slabs meet.
    notes
        Which gaps were bridged, and which were not.
    """

    bounds_mm: FloatArray
    parts: tuple[tuple[int, int], ...]
    notes: tuple[str, ...] = ()


def slabs_of(
    offsets_mm: FloatArray, grid: Grid, *, end_cap: EndCap, fill_gaps: int
) -> Slabs:
    """Give each plane the space half way to its neighbors.

    Parameters
    ----------
    offsets_mm
        (n,) ascending, where the planes lie along the first axis of the grid.
    grid
        The slices; their distance tells how thick a single plane is.
    end_cap
        What a structure has beyond its first and last plane: "half" the distance to
        the neighboring plane, "none", or a number of mm.
    fill_gaps
        As many planes missing in a row are taken to have been left out by the drawer;
        where more are missing, the structure ends and begins anew.

    Raises
    ------
    InputError
        An end cap or a number of planes that is none.
    """
    _check(end_cap, fill_gaps)
    pitch = _pitch(offsets_mm, grid)
    across = abs(float(np.dot(grid.axes[0], grid.normal)))
    gaps = np.diff(offsets_mm)
    missing = np.rint(gaps / np.maximum(pitch, _slice_gaps(offsets_mm, grid))) - 1
    ends = np.flatnonzero(missing > fill_gaps) + 1
    limits = [0, *ends.tolist(), len(offsets_mm)]
    parts = tuple(pairwise(limits))
    # Next to a gap, half of it would be more than the plane stands for.
    local = np.where(missing > 0, pitch, gaps)
    bounds = np.repeat(offsets_mm[:, np.newaxis], 2, axis=1)
    middles = (offsets_mm[1:] + offsets_mm[:-1]) / 2
    for first, stop in parts:
        bounds[first : stop - 1, 1] = middles[first : stop - 1]
        bounds[first + 1 : stop, 0] = middles[first : stop - 1]
        single = stop - first == 1
        below = pitch if single else local[first]
        above = pitch if single else local[stop - 2]
        bounds[first, 0] -= _cap(end_cap, below, across)
        bounds[stop - 1, 1] += _cap(end_cap, above, across)
    return Slabs(bounds, parts, _notes(offsets_mm, missing, fill_gaps, pitch * across))


def _check(end_cap: EndCap, fill_gaps: int) -> None:
    # NaN fails the comparison.
    known = end_cap in ("half", "none")
    if not known and (isinstance(end_cap, str) or not 0 <= end_cap < np.inf):
        raise InputError(
            f"An end cap is 'half', 'none' or a number of mm; got {end_cap!r}."
        )
    if fill_gaps < 0:
        raise InputError(f"Planes to fill in are counted from 0; got {fill_gaps}.")


def _cap(end_cap: EndCap, gap: float, across: float) -> float:
    if end_cap == "half":
        return gap / 2
    return 0.0 if isinstance(end_cap, str) else end_cap / across


def _pitch(offsets_mm: FloatArray, grid: Grid) -> float:
    """The usual distance of the planes; that of the slices where there is none."""
    gaps = np.sort(np.diff(offsets_mm))
    if gaps.size > 1:
        return float(gaps[(gaps.size - 1) // 2])
    between = grid.spacing[0]
    if gaps.size and gaps[0] <= max(2.5 * between, _CLOSE_MM):
        return float(gaps[0])
    return between


def _slice_gaps(offsets_mm: FloatArray, grid: Grid) -> FloatArray:
    """(n - 1,) distance of the slices between the planes, zero where they are even."""
    middles = (offsets_mm[1:] + offsets_mm[:-1]) / 2
    if grid.is_even or grid.shape[0] < 2:
        return np.zeros(middles.size)
    slices = grid.slice_offsets
    at = np.clip(np.searchsorted(slices, middles) - 1, 0, slices.size - 2)
    return np.asarray(np.diff(slices)[at])


def _notes(
    offsets_mm: FloatArray, missing: FloatArray, fill_gaps: int, pitch_mm: float
) -> tuple[str, ...]:
    notes = []
    if len(offsets_mm) == 1:
        notes.append(
            f"Drawn on one plane only; taken to stand for {pitch_mm:g} mm, as the slices "
            f"of the grid."
        )
    filled = np.count_nonzero((missing > 0) & (missing <= fill_gaps))
    if filled:
        notes.append(
            f"In {filled} places up to {int(missing[missing <= fill_gaps].max())} "
            f"contour planes in a row are missing; the structure was taken to go on."
        )
    apart = np.count_nonzero(missing > fill_gaps)
    if apart:
        notes.append(
            f"In {apart} places more than {fill_gaps} contour planes in a row are "
            f"missing; the structure was taken to end there and begin anew."
        )
    return tuple(notes)
