"""Statistics of an image within a region."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.errors import GeometryError, InputError
from kerma.imaging.masks import mask_of
from kerma.imaging.region_statistics import statistics_in
from kerma.simulation.dose_field import LinearDose, dose_on
from kerma.simulation.rt_set import Layout, simulate_rt_set

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = Grid((2, 2, 2), (0, 0, 0), (2.0, 1.0, 1.0), AXIAL, "1.2")


def dose_of(*values: float) -> Dose:
    return Dose(np.array(values, np.float32).reshape(2, 2, 2), GRID)


def test_a_voxel_counts_by_its_share() -> None:
    """2 Gy in a whole voxel and 6 Gy in a third of one: mean (2 + 6/3) / (4/3) = 3."""
    fraction = np.zeros(GRID.shape, np.float32)
    fraction[0, 0, 0], fraction[1, 1, 1] = 1, 1 / 3
    found = statistics_in(
        dose_of(2, 9, 9, 9, 9, 9, 9, 6), Mask.of(fraction, GRID, name="a")
    )
    assert found.mean == pytest.approx(3, rel=1e-6)
    assert found.volume_cc == pytest.approx(2 * 4 / 3 / 1000, rel=1e-6)
    assert (found.minimum, found.median, found.maximum) == (2, 2, 6)
    # Variance (1 (2-3)² + 1/3 (6-3)²) / (4/3) = 3.
    assert found.standard_deviation == pytest.approx(np.sqrt(3), rel=1e-6)


def test_slices_of_uneven_thickness_count_by_their_volume() -> None:
    grid = Grid((3, 1, 1), (0, 0, 0), (1.0, 1, 1), AXIAL, "1.2", (0.0, 1.0, 4.0))
    dose = Dose(np.array([1, 2, 3], np.float32).reshape(3, 1, 1), grid)
    region = Mask.of(np.ones(grid.shape, np.float32), grid, name="a")
    volumes = region.voxel_volumes_mm3
    expected = volumes @ [1, 2, 3] / volumes.sum()
    assert volumes[2] > volumes[0]
    assert statistics_in(dose, region).mean == pytest.approx(expected)


def test_the_mean_in_a_symmetric_organ_is_the_dose_in_its_middle() -> None:
    made = simulate_rt_set(Layout(matrix=96, slices=80, pixel_mm=4, slice_mm=2))
    grid = made.ct.grid
    ramp = LinearDose(30.0, (0.1, 0.05, 0.08))
    gtv = mask_of(made.structures["GTV"], grid)
    found = statistics_in(dose_on(grid, ramp), gtv)
    middle = float(ramp(np.array([-75.0, 10.0, 15.0])))
    assert found.mean == pytest.approx(middle, abs=0.02)


def test_what_has_no_statistics_is_refused() -> None:
    dose = dose_of(*range(8))
    with pytest.raises(InputError, match="region 'a' is empty"):
        statistics_in(dose, Mask.of(np.zeros(GRID.shape, np.float32), GRID, name="a"))
    whole = Mask.of(np.ones(GRID.shape, np.float32), GRID, name="a")
    with pytest.raises(InputError, match="finite number"):
        statistics_in(dose_of(*[np.nan] * 8), whole)
    other = Grid(GRID.shape, (1, 0, 0), GRID.spacing, AXIAL, "1.2")
    with pytest.raises(GeometryError, match="on another grid"):
        statistics_in(Dose(np.ones(GRID.shape, np.float32), other), whole)
