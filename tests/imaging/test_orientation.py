"""Upright grids around grids that are not."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.errors import GeometryError
from kerma.imaging import covering_grid
from kerma.simulation.positions import PATIENT_POSITIONS, image_axes


@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_an_upright_grid_keeps_its_voxels(position: str) -> None:
    grid = Grid((4, 5, 6), (1.0, 2.0, 3.0), (3.0, 2.0, 1.5), image_axes(position), "1")
    cover = covering_grid(grid)
    assert cover.axes == image_axes("HFS")
    assert np.prod(cover.shape) == np.prod(grid.shape)
    index = np.moveaxis(np.indices(cover.shape, dtype=float), 0, -1)
    there = grid.to_index(cover.to_patient(index))
    np.testing.assert_allclose(there, np.rint(there), atol=1e-9)
    assert there.min() > -0.5
    assert (there.reshape(-1, 3).max(axis=0) < np.array(grid.shape) - 0.5).all()


@pytest.mark.parametrize("spacing", [None, 1.0, (2.0, 1.0, 3.0)])
def test_a_tilted_uneven_grid_is_covered_as_closely_as_voxels_allow(
    spacing: float | tuple[float, float, float] | None,
) -> None:
    axes = image_axes("HFP", tilt_deg=20.0)
    grid = Grid((3, 50, 40), (9, 8, 7), (4.0, 1.5, 1.5), axes, "1.4", (0.0, 4.0, 9.0))
    cover = covering_grid(grid, spacing)
    assert cover.is_even
    assert not cover.is_sheared
    assert cover.frame_of_reference == "1.4"
    if spacing is None:
        assert cover.spacing == (4.0, 1.5, 1.5)
    else:
        assert cover.spacing == tuple(np.broadcast_to(spacing, 3))
    index = np.moveaxis(np.indices(grid.shape, dtype=float), 0, -1)
    inside = cover.to_index(grid.to_patient(index)).reshape(-1, 3)
    last = np.array(cover.shape) - 1
    np.testing.assert_allclose(inside.min(axis=0), 0, atol=1e-9)
    assert (inside.max(axis=0) <= last + 1e-9).all()
    assert (inside.max(axis=0) > last - 1).all()


def test_a_coronal_stack_gets_its_spacing_along_the_right_axes() -> None:
    """Slices from front to back, rows down, columns to the left."""
    axes = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
    grid = Grid((3, 5, 7), (0.0, 0.0, 0.0), (4.0, 2.0, 1.0), axes, "1")
    cover = covering_grid(grid)
    assert cover.spacing == (2.0, 4.0, 1.0)
    assert cover.shape == (5, 3, 7)
    assert cover.origin == (0.0, 0.0, -8.0)


def test_positions_rounded_in_a_file_add_no_row() -> None:
    axes = image_axes("HFS")
    turned = (axes[0], (-1e-6, 1.0, 0.0), (1.0, 1e-6, 0.0))
    grid = Grid((3, 500, 500), (0.0, 0.0, 0.0), (2.0, 1.0, 1.0), turned, "1")
    assert covering_grid(grid).shape == grid.shape


@pytest.mark.parametrize(
    "spacing", [0.0, -1.0, np.nan, np.inf, (1.0, 0.0, 1.0), (1, 2)]
)
def test_a_spacing_that_is_none_is_refused(spacing: float) -> None:
    grid = Grid((3, 5, 7), (0.0, 0.0, 0.0), (4.0, 2.0, 1.0), image_axes("HFS"), "1")
    with pytest.raises(GeometryError, match="one positive number of mm"):
        covering_grid(grid, spacing)
