"""The shape of a structure between its contour planes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.imaging.signed_distance import filled, signed_distance
from kerma.imaging.slabs import Slabs

__all__ = ["fractions_between", "plane_distances"]

_SAMPLES = 4  # depths within each slice


def plane_distances(covers: FloatArray, pixel_mm: tuple[float, float]) -> FloatArray:
    """(n, nj, ni) distance from the outline within each plane, mm, negative inside."""
    rows, columns = (
        np.arange(count) * step
        for count, step in zip(covers.shape[1:], pixel_mm, strict=True)
    )
    reach = float(np.hypot(rows[-1] + pixel_mm[0], columns[-1] + pixel_mm[1]))
    distances = np.empty(covers.shape, np.float32)
    for n, cover in enumerate(covers):
        positions = np.zeros(1), rows, columns
        distances[n] = signed_distance(cover[np.newaxis], positions, reach=reach)[0]
    return distances


def fractions_between(
    covers: FloatArray,
    offsets_mm: FloatArray,
    slabs: Slabs,
    borders_mm: FloatArray,
    pixel_mm: tuple[float, float],
) -> FloatArray:
    """Filled fractions of slices, from the signed distance between the planes.

    Parameters
    ----------
    covers
        (n, nj, ni) covered share of the pixels of each plane, float32.
    offsets_mm, slabs
        Where the planes lie, and how far they reach; ends are as their last plane.
    borders_mm
        (nk + 1,) borders of the slices.
    pixel_mm
        Spacing of rows and columns.
    """
    distances = plane_distances(covers, pixel_mm)
    out = np.zeros((len(borders_mm) - 1, *covers.shape[1:]), np.float32)
    for first, stop in slabs.parts:
        begin, end = slabs.bounds_mm[first, 0], slabs.bounds_mm[stop - 1, 1]
        for k, (low, high) in enumerate(pairwise(borders_mm)):
            bottom, top = max(low, begin), min(high, end)
            if top <= bottom:
                continue
            weight = np.float32((top - bottom) / (high - low) / _SAMPLES)
            depths = bottom + (top - bottom) * (np.arange(_SAMPLES) + 0.5) / _SAMPLES
            places = np.interp(depths, offsets_mm[first:stop], np.arange(first, stop))
            for place in places.tolist():
                out[k] += weight * _at(covers, distances, place)
    return np.minimum(out, 1)


def _at(covers: FloatArray, distances: FloatArray, at: float) -> FloatArray:
    """Coverage at a place between two planes; on a plane it is that of the contours."""
    below = int(at)
    share = at - below
    if share == 0:
        return covers[below]
    between = (1 - share) * distances[below] + share * distances[below + 1]
    return filled(between[np.newaxis])[0]
