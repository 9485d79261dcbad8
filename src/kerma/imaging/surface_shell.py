"""How deep voxels lie below a surface, finer than the voxels are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, HUArray, IntArray, Vec3

__all__ = ["SurfaceShell", "shell_below"]


@dataclass(frozen=True, eq=False)
class SurfaceShell:
    """The voxels below a surface down to some depth.

    Parameters
    ----------
    points
        (m, 3) points of the surface, mm from the center of voxel (0, 0, 0) along
        ``(k, j, i)``: about one and a half for each voxel at the surface.
    voxels
        (n,) flat indices of the voxels, ascending.
    depth_mm
        (n,) float32 distance of their centers from the nearest point.
    nearest
        (n,) index of that point.
    """

    points: FloatArray
    voxels: IntArray
    depth_mm: FloatArray
    nearest: IntArray


def shell_below(
    values: HUArray,
    inside: BoolArray,
    spacing: Vec3,
    *,
    level: float,
    reach_mm: float,
    closed: BoolArray | None = None,
) -> SurfaceShell:
    """The voxels of a mask within reach of its surface.

    The surface crosses the line between a voxel inside and a neighbor outside where
    the values cross a level, which places an edge as blurred as voxels make it to a
    tenth of a voxel. Where the mask ends at the border of the array, there is no surface.

    Parameters
    ----------
    values, inside
        (nk, nj, ni).
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    level
        Value at the surface; lower outside.
    reach_mm
        Depth of the shell.
    closed
        (nk, nj, ni) voxels outside toward which there is no surface.
    """
    from kerma.kernels.surface_shell import NEITHER, grow_shell, surface_points

    state = np.asarray(inside).astype(np.uint8)
    if closed is not None:
        state[closed & ~inside] = NEITHER
    steps = np.array(spacing)
    points, voxels = surface_points(values, state, level, steps)
    nearest = np.full(inside.shape, -1, np.int32)
    grow_shell(state, points, voxels, steps, reach_mm, nearest)
    found = np.flatnonzero(nearest >= 0)
    point = nearest.ravel()[found]
    square = np.zeros(found.size, np.float32)
    for axis, index in enumerate(np.unravel_index(found, inside.shape)):
        way = index.astype(np.float32) * np.float32(steps[axis])
        square += (way - points[point, axis]) ** 2
    return SurfaceShell(points, found, np.sqrt(square), point)
