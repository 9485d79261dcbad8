"""How much of each pixel the contours of one plane cover."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.errors import InputError

__all__ = ["Overlap", "PlaneArea", "area_of_plane", "plane_coverage"]

Overlap: TypeAlias = Literal["xor", "union"]

# Contours that share less than this part of the smaller one touch each other, and one
# that shares all but this part lies inside the other: contours are drawn on pixels and
# rounded when written.
_SLIVER = 0.01


@dataclass(frozen=True, eq=False)
class PlaneArea:
    """Area inside the contours of one plane, as changes along the rows of pixels.

    Parameters
    ----------
    changes
        (nj, ni + 1) float64, for `kerma.kernels.even_odd.add_rows`; of a box of the
        image beyond which nothing is covered.
    corner
        Row and column of the first pixel of the box in the image.
    doubtful_pixels
        Area that the other way to treat overlaps would add or take, pixels.
    """

    changes: FloatArray
    corner: tuple[int, int] = (0, 0)
    doubtful_pixels: float = 0.0

    @property
    def pixels(self) -> float:
        """Area within the image, pixels: a change counts for all pixels to its right."""
        columns = self.changes.shape[1] - 1
        return float(self.changes.sum(axis=0) @ np.arange(columns, -1, -1))

    def add_to(self, image: FloatArray, weight: float = 1.0) -> None:
        """Add the coverage, weighted, to an image (nj, ni) float32; no sum exceeds 1."""
        from kerma.kernels.even_odd import add_rows

        (row, column), (rows, columns) = self.corner, self.changes.shape
        box = image[row : row + rows, column : column + columns - 1]
        add_rows(self.changes, weight, box)


def plane_coverage(
    contours: Sequence[FloatArray],
    shape: tuple[int, int],
    *,
    overlap: Overlap = "xor",
) -> FloatArray:
    """Share of each pixel that lies inside the contours of one plane, exactly.

    Parameters
    ----------
    contours
        Closed polygons (n, 2) of corners ``(row, column)`` in units of pixels, in any
        order and direction: nested to any depth, apart, touching, with zero-width
        bridges (keyholes), crossing themselves or each other. Pixel (j, i) reaches
        from j - 0.5 to j + 0.5 and from i - 0.5 to i + 0.5.
    shape
        Rows and columns of the image; what lies beyond it is cut off.
    overlap
        What counts where contours overlap without one lying in the other: "xor" leaves
        out what lies in both (the even-odd rule), "union" takes it in. In both cases a
        contour inside another one is a hole, and one inside a hole an island.

    Returns
    -------
    FloatArray
        (nj, ni) float32 from 0 to 1.
    """
    cover = np.zeros(shape, np.float32)
    area_of_plane(contours, shape, overlap=overlap).add_to(cover)
    return cover


def area_of_plane(
    contours: Sequence[FloatArray],
    shape: tuple[int, int],
    *,
    first: tuple[int, int] = (0, 0),
    overlap: Overlap = "xor",
) -> PlaneArea:
    """The same, before it is summed up; see `plane_coverage`.

    `first` is the pixel, as the contours count them, with which the image begins.
    """
    if overlap not in ("xor", "union"):
        raise InputError(f"Overlap is 'xor' or 'union'; got {overlap!r}.")
    contours = [c for c in contours if len(c)]
    if not contours:
        return PlaneArea(np.zeros((0, 1)))
    corner, shape = _box(contours, first, shape)
    offset = np.add(first, corner)
    contours = [contour - offset for contour in contours]
    apart = np.arange(len(contours))
    changes, overlaps = _changes(contours, shape, apart)
    if not overlaps.any():
        return PlaneArea(changes, corner)
    groups = _united(contours, np.flatnonzero(overlaps), shape)
    doubtful = sum(_twice_covered(contours[n], shape) for n in np.flatnonzero(overlaps))
    if (groups != apart).any():
        united, _ = _changes(contours, shape, groups)
        doubtful += abs(PlaneArea(united).pixels - PlaneArea(changes).pixels)
        if overlap == "union":
            changes = united
    return PlaneArea(changes, corner, float(doubtful))


def _box(
    contours: Sequence[FloatArray], first: tuple[int, int], shape: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """First pixel, and rows and columns, of the part of the image with the contours."""
    from kerma.kernels.even_odd import extent_of

    tops, lefts, bottoms, rights = zip(*map(extent_of, contours), strict=True)
    row, rows = _pixels(min(tops), max(bottoms), first[0], shape[0])
    column, columns = _pixels(min(lefts), max(rights), first[1], shape[1])
    return (row, column), (rows, columns)


def _pixels(low: float, high: float, first: int, count: int) -> tuple[int, int]:
    """First pixel between two places, and how many there are."""
    # A pixel reaches half a pixel to each side of its center.
    start = min(max(math.floor(low + 0.5) - first, 0), count)
    stop = min(max(math.ceil(high + 0.5) - first, start), count)
    return start, stop - start


def _changes(
    contours: Sequence[FloatArray], shape: tuple[int, int], groups: IntArray
) -> tuple[FloatArray, BoolArray]:
    from kerma.kernels.even_odd import add_contours

    changes = np.zeros((shape[0], shape[1] + 1))
    overlaps = np.zeros(len(contours), np.bool_)
    if len(contours):
        starts = np.cumsum([0, *(len(contour) for contour in contours)])
        points = np.concatenate(contours).astype(np.float64, copy=False)
        add_contours(points, starts, groups, changes, overlaps)
    return changes, overlaps


def _area(contours: Sequence[FloatArray], shape: tuple[int, int]) -> float:
    return PlaneArea(_changes(contours, shape, np.arange(len(contours)))[0]).pixels


def _united(
    contours: Sequence[FloatArray], suspects: IntArray, shape: tuple[int, int]
) -> IntArray:
    """Group of each contour: one for those that overlap without one holding the other."""
    groups = np.arange(len(contours))
    areas = {n: _area([contours[n]], shape) for n in suspects}
    for a, b in combinations(suspects, 2):
        if _are_apart(contours[a], contours[b]):
            continue
        either = _area([contours[a], contours[b]], shape)
        common = (areas[a] + areas[b] - either) / 2
        smaller = min(areas[a], areas[b])
        if _SLIVER * smaller < common < (1 - _SLIVER) * smaller:
            groups[groups == groups[b]] = groups[a]
    return groups


def _are_apart(one: FloatArray, other: FloatArray) -> bool:
    """Whether the boxes around two contours do not meet."""
    return bool(
        (one.max(axis=0) < other.min(axis=0)).any()
        or (other.max(axis=0) < one.min(axis=0)).any()
    )


def _twice_covered(contour: FloatArray, shape: tuple[int, int]) -> float:
    """Area, pixels, that a contour which crosses itself winds around twice, or backwards.

    Zero for a simple polygon and a keyhole: theirs is the area that the formula of
    Gauss gives.
    """
    from kerma.kernels.coverage import signed_area

    low, high = contour.min(axis=0), contour.max(axis=0)
    if (low < -0.5).any() or (high > np.array(shape) - 0.5).any():
        contour = contour - np.floor(low)
        shape = tuple((np.ceil(high - low) + 2).astype(int))
    area = _area([contour], shape)
    gauss = abs(signed_area(contour.astype(np.float64, copy=False)))
    return abs(gauss - area) if abs(gauss - area) > _SLIVER * area else 0.0
