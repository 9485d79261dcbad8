"""Connected regions of a voxel mask, and distances to its border."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray, Vec3

__all__ = ["distance_inside", "largest_region", "regions"]


Connectivity: TypeAlias = Literal[4, 6, 8, 18, 26]


def regions(
    mask: BoolArray, *, connectivity: Connectivity = 26
) -> tuple[IntArray, IntArray]:
    """Number of the connected region of each voxel, 0 outside, and each one's size.

    Parameters
    ----------
    mask
        (nk, nj, ni) or (nj, ni).
    connectivity
        6, 18 or 26 in three dimensions, 4 or 8 in two.

    Returns
    -------
    The numbers, of the mask's shape, and the voxels of each number, (n + 1,), the
    background first.
    """
    import cc3d

    numbers: IntArray = cc3d.connected_components(
        np.ascontiguousarray(mask), connectivity=connectivity
    )
    return numbers, np.bincount(numbers.ravel())


def largest_region(mask: BoolArray, *, connectivity: Connectivity = 26) -> BoolArray:
    """The largest connected region of a mask; empty where the mask is."""
    numbers, sizes = regions(mask, connectivity=connectivity)
    if sizes.size < 2:
        return np.zeros_like(mask)
    return np.asarray(numbers == 1 + int(np.argmax(sizes[1:])))


def distance_inside(
    mask: BoolArray, spacing: Vec3, *, border_is_outside: bool = False
) -> FloatArray:
    """(nk, nj, ni) float32 distance of each voxel to the nearest one outside, mm.

    Between voxel centers, 0 outside the mask.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    border_is_outside
        Whether what lies beyond the array counts as outside.
    """
    import edt

    distances: FloatArray = edt.edt(
        np.ascontiguousarray(mask),
        anisotropy=spacing,
        black_border=border_is_outside,
        parallel=1,
    )
    return distances
