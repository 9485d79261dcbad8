"""Depths below a surface against closed forms and against a search of all points."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from scipy.special import erf

from kerma.core.arrays import FloatArray, Vec3
from kerma.imaging.surface_shell import SurfaceShell, shell_below


def positions(shape: tuple[int, int, int], spacing: Vec3) -> FloatArray:
    return np.moveaxis(np.indices(shape), 0, -1) * np.array(spacing)


def edge(depth: FloatArray) -> FloatArray:
    """An edge from -1000 to 0 that is blurred by a Gaussian of 0.2 mm."""
    return np.asarray(500 * erf(depth / 0.2 / np.sqrt(2)) - 500, np.float32)


def bound(step: float) -> float:
    """What depths below 0.5 mm are right to, voxels being up to a step apart, mm.

    An edge is placed to a tenth of a step; and of points a step apart the nearest is up to
    half a step aside, which adds (s/2)² / 2d.
    """
    return 0.1 * step + step**2 / 4


def shell_of(values: FloatArray, spacing: Vec3, reach_mm: float) -> SurfaceShell:
    return shell_below(values, values > -500, spacing, level=-500, reach_mm=reach_mm)


@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), (0.6, 0.3, 0.2)])
@pytest.mark.parametrize("normal", [(1, 0, 0), (0, 0, 1), (1, 2, 2), (3, 1, 2)])
def test_below_a_slanted_plane_depths_are_right_to_a_tenth_of_a_voxel(
    spacing: Vec3, normal: Vec3
) -> None:
    shape = (30, 34, 36)
    unit = np.array(normal) / np.linalg.norm(normal)
    at = positions(shape, spacing)
    depth = (at - at[15, 17, 18]) @ unit + 0.637
    shell = shell_of(edge(depth), spacing, 2.0)
    true = depth.ravel()[shell.voxels]
    # Near the border of the array the nearest point may lie beyond it.
    index = np.array(np.unravel_index(shell.voxels, shape)).T
    middle = ((index > 5) & (index < np.array(shape) - 6)).all(axis=1)
    assert middle.sum() > 100
    error = np.abs(shell.depth_mm - true)[middle & (true > 0.5)]
    assert error.max() < bound(max(spacing))


def test_below_a_ball_depths_are_those_of_its_radius() -> None:
    spacing = (0.4, 0.4, 0.4)
    radius = np.linalg.norm(positions((50, 50, 50), spacing) - 9.87, axis=-1)
    shell = shell_of(edge(8.0 - radius), spacing, 3.0)
    true = 8.0 - radius.ravel()[shell.voxels]
    assert np.abs(shell.depth_mm - true)[true > 0.5].max() < bound(0.4)
    within = np.count_nonzero((radius < 8) & (radius > 5))
    assert shell.voxels.size == pytest.approx(within, rel=0.02)


def test_the_nearest_point_is_that_of_a_search_of_all() -> None:
    noise = np.random.default_rng(3).standard_normal((40, 40, 40)).astype(np.float32)
    values = gaussian_filter(noise, 4) * 1e4 - 450
    spacing = (0.5, 0.3, 0.4)
    shell = shell_of(values, spacing, 2.5)
    own = positions(values.shape, spacing).reshape(-1, 3)[shell.voxels]
    nearest, _ = cKDTree(shell.points).query(own)
    # Voxel to voxel a nearest point can miss a corner, rarely and by little.
    assert np.mean(shell.depth_mm > nearest + 1e-4) < 0.005
    assert (shell.depth_mm - nearest).max() < 0.1
    assert (shell.depth_mm >= nearest - 1e-4).all()


def test_there_is_no_surface_toward_what_is_closed_nor_at_the_border() -> None:
    values = np.full((10, 10, 10), -1000.0, np.float32)
    values[:, :5] = 0
    closed = np.zeros(values.shape, bool)
    whole = shell_of(values, (1, 1, 1), 1.0)
    assert set(whole.points[:, 1]) == {4.5}
    assert whole.points.shape == (100, 3)
    closed[:, 5:, :4] = True
    part = shell_below(
        values, values > -500, (1, 1, 1), level=-500, reach_mm=1.0, closed=closed
    )
    assert part.points[:, 2].min() == 4


def test_an_empty_mask_has_an_empty_shell() -> None:
    shell = shell_of(np.full((4, 4, 4), -1000.0, np.float32), (1, 1, 1), 1.0)
    assert shell.voxels.size == 0
    assert shell.points.shape == (0, 3)
