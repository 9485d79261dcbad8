"""Voxels below a surface, and the nearest point of it for each of them.

The surface lies between voxels inside and their neighbors outside, where the values
cross a level; each such crossing is a point. From the points the shell grows inward:
a voxel tries the nearest points of its neighbors, until nothing comes nearer.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["INSIDE", "NEITHER", "OUTSIDE", "grow_shell", "surface_points"]

Numbers: TypeAlias = NDArray[np.number[Any]]
Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Bytes: TypeAlias = NDArray[np.uint8]

OUTSIDE, INSIDE, NEITHER = 0, 1, 2


@compiled
def _each_crossing(
    values: Numbers,
    state: Bytes,
    level: float,
    spacing: Floats,
    points: Floats,
    voxels: Integers,
) -> int:
    """Number of crossings; as many as fit are written."""
    nk, nj, ni = state.shape
    count = 0
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if state[k, j, i] != INSIDE:
                    continue
                for face in range(6):
                    axis, step = face // 2, 2 * (face % 2) - 1
                    a = k + (step if axis == 0 else 0)
                    b = j + (step if axis == 1 else 0)
                    c = i + (step if axis == 2 else 0)
                    if min(a, b, c) < 0 or a >= nk or b >= nj or c >= ni:
                        continue
                    if state[a, b, c] != OUTSIDE:
                        continue
                    if count < len(points):
                        inner, outer = values[k, j, i], values[a, b, c]
                        share = 0.5
                        if inner >= level > outer:
                            share = (inner - level) / (inner - outer)
                        points[count, 0] = k * spacing[0]
                        points[count, 1] = j * spacing[1]
                        points[count, 2] = i * spacing[2]
                        points[count, axis] += step * share * spacing[axis]
                        voxels[count] = (k * nj + j) * ni + i
                    count += 1
    return count


def surface_points(
    values: Numbers, state: Bytes, level: float, spacing: Floats
) -> tuple[Floats, Integers]:
    """Where the values cross a level between inside and outside.

    Parameters
    ----------
    values
        (nk, nj, ni).
    state
        (nk, nj, ni) `INSIDE`, `OUTSIDE`, or `NEITHER`: toward that there is no surface.
    level
        A crossing is placed where a straight line between the two voxels has this
        value; half way where both lie on one side of it.
    spacing
        (3,) mm.

    Returns
    -------
    (n, 3) float32 positions from the center of voxel (0, 0, 0), mm, and (n,) flat
    indices of the voxels inside.
    """
    nothing = np.empty((0, 3), np.float32), np.empty(0, np.int64)
    count = _each_crossing(values, state, level, spacing, *nothing)
    points, voxels = np.empty((count, 3), np.float32), np.empty(count, np.int64)
    _each_crossing(values, state, level, spacing, points, voxels)
    return points, voxels


@compiled
def _square(points: Floats, point: int, k: float, j: float, i: float) -> float:
    """Squared distance of a point from a position, mm²."""
    a, b, c = points[point, 0] - k, points[point, 1] - j, points[point, 2] - i
    return float(a * a + b * b + c * c)


@compiled
def _start(
    points: Floats, voxels: Integers, spacing: Floats, nearest: Integers
) -> Integers:
    """The voxels at the surface, each with the nearest of its own points."""
    _, nj, ni = nearest.shape
    flat = nearest.ravel()
    front = np.empty(len(voxels), np.int64)
    size = 0
    for n in range(len(voxels)):
        voxel = voxels[n]
        z, y, x = voxel // (nj * ni), voxel // ni % nj, voxel % ni
        z, y, x = z * spacing[0], y * spacing[1], x * spacing[2]
        if flat[voxel] < 0:
            front[size] = voxel
            size += 1
            flat[voxel] = n
        elif _square(points, n, z, y, x) < _square(points, flat[voxel], z, y, x):
            flat[voxel] = n
    return front[:size]


@compiled
def _step(
    front: Integers,
    state: Bytes,
    points: Floats,
    spacing: Floats,
    limit: float,
    nearest: Integers,
) -> Integers:
    """The neighbors to which the voxels of a front have brought a nearer point."""
    nk, nj, ni = state.shape
    # A voxel may be found several times; that costs little.
    found = np.empty(6 * len(front), np.int64)
    size = 0
    for n in range(len(front)):
        k, j, i = front[n] // (nj * ni), front[n] // ni % nj, front[n] % ni
        point = nearest[k, j, i]
        for face in range(6):
            axis, step = face // 2, 2 * (face % 2) - 1
            a = k + (step if axis == 0 else 0)
            b = j + (step if axis == 1 else 0)
            c = i + (step if axis == 2 else 0)
            if min(a, b, c) < 0 or a >= nk or b >= nj or c >= ni:
                continue
            there = nearest[a, b, c]
            if state[a, b, c] != INSIDE or there == point:
                continue
            z, y, x = a * spacing[0], b * spacing[1], c * spacing[2]
            best = limit
            if there >= 0:
                best = _square(points, there, z, y, x)
            if _square(points, point, z, y, x) < best:
                nearest[a, b, c] = point
                found[size] = (a * nj + b) * ni + c
                size += 1
    return found[:size]


@compiled
def _first_points(voxels: Integers, count: int) -> Integers:
    """(count + 1,) number of points that belong to voxels before each one."""
    first = np.zeros(count + 1, np.int32)
    n = 0
    for voxel in range(count):
        first[voxel] = n
        while n < len(voxels) and voxels[n] == voxel:
            n += 1
    first[count] = n
    return first


@compiled
def _refine(
    points: Floats, voxels: Integers, spacing: Floats, nearest: Integers
) -> None:
    """Exchange points for nearer ones that belong to the voxels about theirs.

    The piece of space that is nearest to one point can be thinner than a voxel, so that
    the point does not get through from voxel to voxel.
    """
    nk, nj, ni = nearest.shape
    first = _first_points(voxels, nk * nj * ni)
    flat = nearest.ravel()
    for voxel in range(len(flat)):
        if flat[voxel] < 0:
            continue
        z, y, x = voxel // (nj * ni), voxel // ni % nj, voxel % ni
        z, y, x = z * spacing[0], y * spacing[1], x * spacing[2]
        owner = voxels[flat[voxel]]
        k, j, i = owner // (nj * ni), owner // ni % nj, owner % ni
        found = flat[voxel]
        best = _square(points, found, z, y, x)
        for a in range(max(k - 1, 0), min(k + 2, nk)):
            for b in range(max(j - 1, 0), min(j + 2, nj)):
                row = (a * nj + b) * ni
                start, end = first[row + max(i - 1, 0)], first[row + min(i + 2, ni)]
                for n in range(start, end):
                    square = _square(points, n, z, y, x)
                    if square < best:
                        best, found = square, n
        flat[voxel] = found


@compiled
def grow_shell(
    state: Bytes,
    points: Floats,
    voxels: Integers,
    spacing: Floats,
    reach: float,
    nearest: Integers,
) -> None:
    """Write the index of the nearest point for each voxel of the shell.

    Parameters
    ----------
    state
        (nk, nj, ni) as in `surface_points`; the shell stays `INSIDE`.
    points, voxels
        As `surface_points` returns them.
    spacing
        (3,) mm.
    reach
        Thickness of the shell, mm.
    nearest
        (nk, nj, ni) int32 of -1, C-contiguous, written to.
    """
    front = _start(points, voxels, spacing, nearest)
    while len(front):
        front = _step(front, state, points, spacing, reach * reach, nearest)
    _refine(points, voxels, spacing, nearest)
