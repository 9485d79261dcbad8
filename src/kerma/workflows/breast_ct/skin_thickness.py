"""How thick the skin is, patch by patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, HUArray, IntArray
from kerma.imaging.surface_shell import SurfaceShell
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["DEEPEST_MM", "USUAL_MM", "Patches", "measure_thickness"]

DEEPEST_MM = 5.0
"""Down to here the surface is looked at: the thickest skin and fat behind it, mm."""

USUAL_MM = 1.45
"""Thickness of the skin of the breast, mm (Huang et al., Med. Phys. 35 (2008) 1199)."""

_PATCH_MM = 2.0
_STEP_MM = 0.1
_THICKEST_MM = 3.5
_BEFORE_MM = 0.45  # up to here the edge toward air blurs the profile
_BEHIND_MM = (0.4, 1.4)  # from the inner edge: where the fat behind it is read
_NEIGHBORS = 9  # patches of 2 mm: a piece of skin some 7 mm wide
_HALF_WAY = 0.6  # between fat (0) and skin (1.2)
_FATTY = 0.45  # what lies behind the skin is fat for the larger part
_SKIN_LIKE = 0.8


@dataclass(frozen=True, eq=False)
class Patches:
    """The surface in patches, and the thickness of the skin there.

    Parameters
    ----------
    positions
        (n, 3) mm, as the points of the shell.
    points
        (n,) number of surface points of each, a measure of its area.
    of_point
        (m,) patch of each point of the shell.
    thickness_mm
        (n,) smoothed over neighbors, from neighbors alone where not measured; zero on a
        cut through fat.
    measured
        (n,) whether there is fat to measure against.
    """

    positions: FloatArray
    points: IntArray
    of_point: IntArray
    thickness_mm: FloatArray
    measured: BoolArray

    @property
    def typical_mm(self) -> float | None:
        """Median thickness where there is skin and it has been measured."""
        skin = self.thickness_mm[self.measured & (self.thickness_mm > 0)]
        return float(np.median(skin)) if skin.size else None


def measure_thickness(
    shell: SurfaceShell, hu: HUArray, scale: HUScale, *, voxel_mm: float
) -> Patches:
    """The thickness of the skin from mean profiles across the surface.

    In each patch of 2 mm the CT numbers are averaged by depth. The skin ends half way
    between its plateau and the fat behind it. Where there is gland or muscle behind it,
    no edge shows, and the thickness is that of patches near by. A surface of fat is a
    cut: it has no skin.

    Parameters
    ----------
    shell
        The voxels below the surface, by depth.
    hu
        CT numbers of the array that the shell belongs to, HU.
    scale
        The HU scale.
    voxel_mm
        The largest edge of a voxel.
    """
    of_point, count = _patch_of(shell.points)
    points = np.bincount(of_point, minlength=count)
    positions = np.stack(
        [
            np.bincount(of_point, shell.points[:, axis], minlength=count) / points
            for axis in range(3)
        ],
        axis=1,
    )
    profiles = _profiles(shell, hu, of_point, count, voxel_mm)
    raw = np.array([_inner_edge(profile, scale) for profile in profiles])
    measured = np.isfinite(raw)
    return Patches(
        positions, points, of_point, _smoothed(positions, raw, measured), measured
    )


def _patch_of(points: FloatArray) -> tuple[IntArray, int]:
    cells = np.floor(points / _PATCH_MM).astype(np.int64) + 1  # a point may lie below 0
    key = np.ravel_multi_index(tuple(cells.T), tuple(cells.max(axis=0, initial=0) + 1))
    numbers, of_point = np.unique(key, return_inverse=True)
    return of_point, numbers.size


def _profiles(
    shell: SurfaceShell,
    hu: HUArray,
    of_point: IntArray,
    count: int,
    voxel_mm: float,
) -> FloatArray:
    """(patches, depths) mean CT number, HU; NaN where there are no voxels."""
    from scipy.ndimage import gaussian_filter1d

    bins = round(DEEPEST_MM / _STEP_MM)
    depth = np.minimum((shell.depth_mm / _STEP_MM).astype(np.int64), bins - 1)
    key = of_point[shell.nearest] * bins + depth
    size = count * bins
    counts = np.bincount(key, minlength=size).reshape(count, bins)
    sums = np.bincount(key, hu.ravel()[shell.voxels], minlength=size)
    # On a lattice along the surface, depths come in steps of a voxel: the gaps are
    # bridged by a blur that shifts no edge.
    sigma = max(0.15, voxel_mm / 2.5) / _STEP_MM
    weights = gaussian_filter1d(counts.astype(float), sigma, mode="constant")
    smooth = gaussian_filter1d(sums.reshape(count, bins), sigma, mode="constant")
    few = weights < 0.3
    return np.where(few, np.nan, smooth / np.where(few, 1.0, weights))


def _inner_edge(profile: FloatArray, scale: HUScale) -> float:
    """Depth of the edge between skin and fat, mm; 0 for bare fat, NaN for no edge."""
    start = round(_BEFORE_MM / _STEP_MM)
    half_way = scale.at(_HALF_WAY)
    first = _falls_below(profile, half_way, start)
    if first is None:
        return float("nan")
    behind = (round((first * _STEP_MM + way) / _STEP_MM) for way in _BEHIND_MM)
    fat = profile[slice(*behind)]
    fat = fat[np.isfinite(fat)]
    if not fat.size or fat.mean() > scale.at(_FATTY):
        return float("nan")
    if first <= start:
        return 0.0
    plateau = float(np.nanmax(profile[start - 1 : first]))
    if plateau > scale.at(_SKIN_LIKE):
        half_way = (plateau + float(fat.mean())) / 2
        first = _falls_below(profile, half_way, start)
        if first is None or first <= start:
            return float("nan")
    before, after = profile[first - 1], profile[first]
    return float((first - 0.5 + (before - half_way) / (before - after)) * _STEP_MM)


def _falls_below(profile: FloatArray, level: float, start: int) -> int | None:
    """The first bin below a level, down to the thickest skin."""
    end = round(_THICKEST_MM / _STEP_MM)
    if not np.isfinite(profile[start:end]).all():
        return None
    below = np.flatnonzero(profile[start:end] < level)
    return start + int(below[0]) if below.size else None


def _smoothed(
    positions: FloatArray, raw: FloatArray, measured: BoolArray
) -> FloatArray:
    """Median over the nearest measured patches of each patch, mm."""
    from scipy.spatial import cKDTree

    if not measured.any():
        return np.full(raw.size, USUAL_MM)
    neighbors = min(_NEIGHBORS, int(measured.sum()))
    _, near = cKDTree(positions[measured]).query(positions, k=neighbors)
    values = raw[measured][near.reshape(raw.size, neighbors)]
    return np.asarray(np.median(values, axis=1))
