"""How convex a voxel mask is."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray

__all__ = ["solidity"]


def solidity(mask: BoolArray) -> float:
    """Volume of a mask over that of its convex hull: near 1 for a convex body.

    The hull goes round the centers of the voxels' faces, which lie as often within as
    without the body that the voxels were made from; round their corners it would be too
    large. A box has a little more than 1 for that reason. Zero for an empty mask.
    """
    from scipy.spatial import ConvexHull

    # Only the ends of a row can be corners of the hull.
    columns = mask.any(axis=2)
    if not columns.any():
        return 0.0
    rows = mask[columns]
    ends = (
        np.argmax(rows, axis=1),
        mask.shape[2] - 1 - np.argmax(rows[:, ::-1], axis=1),
    )
    voxels = np.concatenate(
        [np.column_stack([*np.nonzero(columns), end]) for end in ends]
    )
    half = np.eye(3) / 2
    corners = np.concatenate([voxels + side for side in (*half, *-half)])
    return float(mask.sum() / ConvexHull(corners).volume)
