"""How finely a structure is sampled."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.dosimetry import sampling
from kerma.dosimetry.cross_sections import outline_of
from kerma.dosimetry.sampling import Sampling, samples_of, step_for
from tests.dosimetry.solids import (
    H,
    R,
    Radius,
    cone,
    cylinder,
    drawn,
    linear_dose,
    slab_centers,
    sphere,
)

AP = (0.0, -1.0, 0.0)


@pytest.mark.parametrize(
    ("spacing", "radius", "expected"),
    [
        (1.0, 12.0, 1.0 / 4),  # a quarter of the dose spacing
        (4.0, 12.0, (np.pi * 144 * H / 3e4) ** (1 / 3)),  # at least 30,000 cells
        (4.0, 2.0, 2 * 2.0 / 20),  # a twentieth of the smallest extent
    ],
)
def test_the_cells_follow_the_dose_and_the_size(
    spacing: float, radius: float, expected: float
) -> None:
    tube = drawn(lambda z: radius * (abs(z) < H / 2), slab_centers(1.0))
    grid = linear_dose(AP, spacing).grid
    assert step_for(outline_of(tube, grid), grid) == pytest.approx(expected, rel=0.01)


def test_a_large_structure_has_larger_cells_but_at_most_half_the_dose_spacing() -> None:
    grid = linear_dose(AP, 4.0).grid
    body = drawn(lambda _: 150.0, np.arange(-200.0, 200.0, 2.5))
    assert step_for(outline_of(body, grid), grid) == 2.0
    organ = drawn(lambda _: 60.0, np.arange(-100.0, 100.0, 2.5))
    volume = np.pi * 60**2 * 200
    step = step_for(outline_of(organ, grid), grid)
    assert step == pytest.approx((volume / 1e6) ** (1 / 3), rel=0.01)


def test_how_much_is_done_at_a_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dose, solid = linear_dose((0.3, -1.0, 0.5), 2.0), drawn(cone, slab_centers(1.0))
    whole = samples_of(dose, solid, Sampling())
    monkeypatch.setattr(sampling, "_BLOCK", 10_000)
    parts = samples_of(dose, solid, Sampling())
    assert parts.mean_gy == pytest.approx(whole.mean_gy, abs=1e-6)
    np.testing.assert_allclose(
        np.cumsum(parts.bins_mm3), np.cumsum(whole.bins_mm3), atol=0.5
    )


@pytest.mark.parametrize("shape", [sphere, cylinder])
def test_the_volume_is_that_of_the_polygons_times_their_thickness(
    shape: Radius,
) -> None:
    heights = slab_centers(1.5)
    areas = [np.pi * shape(float(z)) ** 2 for z in heights]
    found = samples_of(linear_dose(AP, 2.0), drawn(shape, heights), Sampling())
    assert found.bins_mm3.sum() == pytest.approx(1.5 * sum(areas), rel=1e-5)
    assert found.edges_gy[0] == pytest.approx(16 - R, abs=0.1)
