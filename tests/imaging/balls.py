"""Masks of balls, as exact as wanted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerma.core.grid import Grid
from kerma.core.mask import Mask

__all__ = ["axial_grid", "ball"]


def axial_grid(
    shape: tuple[int, int, int] = (20, 56, 56),
    spacing: tuple[float, float, float] = (2.5, 0.98, 0.98),
    frame: str = "1.2.3",
) -> Grid:
    """An axial grid around (0, 0, 0)."""
    z, y, x = (-(n - 1) / 2 * step for n, step in zip(shape, spacing, strict=True))
    return Grid(shape, (x, y, z), spacing, ((0, 0, 1), (0, 1, 0), (1, 0, 0)), frame)


def ball(
    grid: Grid,
    radius: float,
    center: Sequence[float] = (0, 0, 0),
    *,
    name: str = "ball",
    in_slices: bool = False,
) -> Mask:
    """How much of each voxel of an axial grid a ball fills.

    Exact along z, and from 24 x 24 lines across each voxel. With `in_slices` it is the
    share of each pixel in the middle of the slice, which is what contours there say.
    """
    corner = np.array(grid.origin) - np.array(center)
    z, y, x = np.meshgrid(
        *(
            corner[2 - axis] + np.arange(n) * grid.spacing[axis]
            for axis, n in enumerate(grid.shape)
        ),
        indexing="ij",
    )
    thickness, row, column = grid.spacing
    away = np.sqrt(x**2 + y**2 + z**2)
    fractions = (away <= radius).astype(np.float64)
    near = np.abs(away - radius) <= np.linalg.norm(grid.spacing) / 2
    steps = (np.arange(24) + 0.5) / 24 - 0.5
    across = (x[near][:, None, None] + column * steps) ** 2
    across = across + (y[near][:, None, None] + row * steps[:, None]) ** 2
    half = np.sqrt(np.maximum(radius**2 - across, 0))
    if in_slices:
        filled = (across + z[near][:, None, None] ** 2 <= radius**2).astype(np.float64)
    else:
        low, high = (z[near] + side * thickness / 2 for side in (-1, 1))
        filled = np.minimum(high[:, None, None], half)
        filled -= np.maximum(low[:, None, None], -half)
        filled = np.clip(filled, 0, None) / thickness
    fractions[near] = np.clip(filled.mean(axis=(1, 2)), 0, 1)
    return Mask.of(fractions, grid, name=name)
