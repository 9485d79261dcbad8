"""Drawing a breast into samples, and samples into voxels."""

from __future__ import annotations

from math import hypot
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.kernels.compiled import compiled

__all__ = ["Field", "Interior", "Meridian", "bin_samples", "field_at", "paint_interior"]

Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.floating[Any]]  # float64, of all origins


class Meridian(NamedTuple):
    """A body of revolution, in the half plane of its axis.

    Parameters
    ----------
    depth_mm
        (nz, nr) float32 depth below the surface, negative outside, mm.
    skin_mm
        (nz, nr) float32 thickness of the skin, mm.
    first_z_mm, pitch_mm
        z of the first row, and distance of rows and columns; the first column lies on
        the axis.
    skin_rise
        Share by which the skin is thicker on the side of positive y, and thinner on
        the other.
    """

    depth_mm: Float32
    skin_mm: Float32
    first_z_mm: float
    pitch_mm: float
    skin_rise: float


class Field(NamedTuple):
    """A smooth function of space, on a cubic lattice.

    Parameters
    ----------
    values
        (nz, ny, nx) float32.
    first_mm
        (z, y, x) of the first value.
    pitch_mm
        Distance of the lattice's planes.
    """

    values: Float32
    first_mm: tuple[float, float, float]
    pitch_mm: float


class Interior(NamedTuple):
    """What is drawn where within the skin.

    Parameters
    ----------
    gland, gland_above
        Gland lies where this function exceeds this value.
    ligament, ligament_below
        Ligaments lie in what is no gland, where the absolute value of this function
        stays below this value.
    materials
        Numbers of skin, muscle, gland, ligament and fat.
    """

    gland: Field
    gland_above: float
    ligament: Field
    ligament_below: float
    materials: tuple[int, int, int, int, int]


@compiled
def _in_table(table: Float32, row: float, column: float) -> float:
    """Value of a table between its nodes; beyond them, that of the nearest."""
    row = min(max(row, 0.0), table.shape[0] - 1.001)
    column = min(max(column, 0.0), table.shape[1] - 1.001)
    k, i = int(row), int(column)
    v, u = row - k, column - i
    above = table[k, i] * (1 - u) + table[k, i + 1] * u
    below = table[k + 1, i] * (1 - u) + table[k + 1, i + 1] * u
    return above * (1 - v) + below * v


@compiled
def _in_field(field: Field, z: float, y: float, x: float) -> float:
    """Value of a function between the nodes of its lattice."""
    values = field.values
    w = min(max((z - field.first_mm[0]) / field.pitch_mm, 0.0), values.shape[0] - 1.001)
    v = min(max((y - field.first_mm[1]) / field.pitch_mm, 0.0), values.shape[1] - 1.001)
    u = min(max((x - field.first_mm[2]) / field.pitch_mm, 0.0), values.shape[2] - 1.001)
    k, j, i = int(w), int(v), int(u)
    w, v, u = w - k, v - j, u - i
    total = 0.0
    for dk in range(2):
        for dj in range(2):
            left, right = values[k + dk, j + dj, i], values[k + dk, j + dj, i + 1]
            share = (w if dk else 1 - w) * (v if dj else 1 - v)
            total += share * (left * (1 - u) + right * u)
    return total


@compiled
def field_at(field: Field, points: Float64) -> Float64:
    """(n,) values of a function at (n, 3) points, (z, y, x) mm."""
    values = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        values[n] = _in_field(field, points[n, 0], points[n, 1], points[n, 2])
    return values


@compiled
def paint_interior(
    slab: NDArray[np.uint8],
    positions: tuple[Float64, Float64, Float64],
    axis: tuple[Float64, Float64],
    meridian: Meridian,
    muscle_front_mm: Float32,
    interior: Interior,
) -> None:
    """Draw skin and what is within it over the samples of a slab, in place.

    Parameters
    ----------
    slab
        (nz, ny, nx) materials; those outside the surface are left.
    positions
        z, y and x of the samples, mm.
    axis
        y and x of the body's axis at each z, mm.
    meridian
        Its shape about that axis.
    muscle_front_mm
        (ny, nx) z up to which there is muscle, mm.
    interior
        What else there is.
    """
    zs, ys, xs = positions
    skin, muscle, gland, ligament, fat = interior.materials
    thickest = meridian.skin_mm.max() * (1 + abs(meridian.skin_rise))
    for k in range(zs.size):
        row = (zs[k] - meridian.first_z_mm) / meridian.pitch_mm
        for j in range(ys.size):
            y = ys[j] - axis[0][k]
            for i in range(xs.size):
                r = hypot(y, xs[i] - axis[1][k])
                column = r / meridian.pitch_mm
                depth = _in_table(meridian.depth_mm, row, column)
                if depth < 0:
                    continue
                thickness = 0.0
                if depth < thickest:
                    thickness = _in_table(meridian.skin_mm, row, column)
                    thickness *= 1 + meridian.skin_rise * y / max(r, 1e-6)
                if depth < thickness:
                    slab[k, j, i] = skin
                elif zs[k] < muscle_front_mm[j, i]:
                    slab[k, j, i] = muscle
                elif (
                    _in_field(interior.gland, zs[k], ys[j], xs[i])
                    > interior.gland_above
                ):
                    slab[k, j, i] = gland
                elif (
                    abs(_in_field(interior.ligament, zs[k], ys[j], xs[i]))
                    < interior.ligament_below
                ):
                    slab[k, j, i] = ligament
                else:
                    slab[k, j, i] = fat


@compiled
def _largest(counts: NDArray[np.uint8], most: int) -> int:
    """Index of the largest count; `most` where it is one of several."""
    for tissue in range(counts.size):
        if counts[tissue] > counts[most]:
            most = tissue
    return most


@compiled
def bin_samples(
    slab: NDArray[np.uint8],
    tissue_of: NDArray[np.uint8],
    hu_of: Float32,
    seen: NDArray[np.bool_],
    hu: Float32,
    counts: NDArray[np.uint8],
    labels: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Mean CT number of each voxel and its samples by tissue, from those of a slab.

    Parameters
    ----------
    slab
        (nz, ny, nx) material of each sample; each size is a multiple of the voxels'.
    tissue_of, hu_of
        Tissue and CT number of each material.
    seen
        (nj, ni) where samples are counted.
    hu
        (nk, nj, ni) mean CT number, written everywhere.
    counts
        (tissues, nk, nj, ni) number of samples, zero when it comes.
    labels
        (nk, nj, ni) tissue that most samples have, zero when it comes; of several, that
        of the first sample, so that no tissue is favored.

    Returns
    -------
    array
        (materials,) samples of each material that were counted.
    """
    nk, nj, ni = hu.shape
    sk, sj, si = slab.shape[0] // nk, slab.shape[1] // nj, slab.shape[2] // ni
    totals = np.zeros(hu_of.size, dtype=np.int64)
    share = np.float32(1.0 / (sk * sj * si))
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                total = np.float32(0.0)
                most = int(tissue_of[slab[k * sk, j * sj, i * si]])
                for dk in range(sk):
                    for dj in range(sj):
                        for di in range(si):
                            material = slab[k * sk + dk, j * sj + dj, i * si + di]
                            total += hu_of[material]
                            if seen[j, i]:
                                totals[material] += 1
                                counts[tissue_of[material], k, j, i] += 1
                hu[k, j, i] = total * share
                if seen[j, i]:
                    labels[k, j, i] = _largest(counts[:, k, j, i], most)
    return totals
