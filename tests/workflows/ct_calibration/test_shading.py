from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.imaging.axial import axial_stack
from kerma.simulation import Artifacts, Noise, Scanner, SimulatedCT, slice_stack
from kerma.workflows.ct_calibration.phantoms import choose_phantoms
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.recognition import recognize
from kerma.workflows.ct_calibration.shading import Shading, measure_shading

Scan = Callable[..., SimulatedCT]

PARABOLAS = [
    Artifacts(),
    Artifacts(cupping_hu=40.0),
    Artifacts(cupping_hu=-40.0),
    Artifacts(cupping_hu=20.0, gradient_hu=(6.0, -9.0)),
]


def placed(simulated: SimulatedCT) -> Placement:
    models = choose_phantoms(simulated.truth.phantom)
    return recognize(axial_stack(simulated.ct), models, 120.0).evidence.placement


def shading_of(simulated: SimulatedCT, placement: Placement) -> Shading:
    return measure_shading(axial_stack(simulated.ct).coarsened(2.0), placement)


def truth_of(simulated: SimulatedCT) -> list[float]:
    return [insert.shading_hu for insert in simulated.truth.inserts.values()]


@pytest.mark.parametrize("artifacts", PARABOLAS)
def test_a_parabola_is_found_as_it_is(
    scan: Scan, scanner: Scanner, artifacts: Artifacts
) -> None:
    """Whole HU, averaged, and the mean of a parabola over a pixel of 2 mm."""
    quiet = replace(scanner, noise=Noise(), artifacts=artifacts)
    simulated = scan(scanner=quiet, center_mm=(4.0, -3.0, 0.0), roll_deg=30.0)
    placement = placed(simulated)
    shading = shading_of(simulated, placement)
    assert shading.at(placement.rods) == pytest.approx(truth_of(simulated), abs=0.3)


@pytest.mark.parametrize("phantom", ["cirs062m_head", "easycube"])
def test_other_outlines_have_their_own_mean(
    scan: Scan, scanner: Scanner, phantom: str
) -> None:
    """The shading is zero on average over the circle and over the square."""
    quiet = replace(
        scanner,
        noise=Noise(),
        artifacts=Artifacts(cupping_hu=30.0),
        slice_positions_mm=slice_stack(9, 5.0),
    )
    simulated = scan(scanner=quiet, phantom=phantom)
    placement = placed(simulated)
    shading = shading_of(simulated, placement)
    assert shading.at(placement.rods) == pytest.approx(truth_of(simulated), abs=0.3)


def test_a_scan_without_shading_has_none(scan: Scan, scanner: Scanner) -> None:
    simulated = scan(scanner=replace(scanner, noise=Noise()))
    placement = placed(simulated)
    shading = shading_of(simulated, placement)
    assert np.abs(shading.at(placement.rods)).max() < 0.3
    assert shading.uncertainty_at(placement.rods).max() < 0.1


def test_noise_moves_the_shading_by_no_more_than_it_says(
    scan: Scan, scanner: Scanner, placement: Placement
) -> None:
    """The noise of a pixel of 2 mm is shared by four, which is on the safe side."""
    rods = placement.rods
    shadings = [
        shading_of(scan(scanner=scanner, seed=seed), placement) for seed in range(12)
    ]
    scatter = np.std([shading.at(rods) for shading in shadings], axis=0, ddof=1)
    stated: FloatArray = np.mean([s.uncertainty_at(rods) for s in shadings], axis=0)
    # Of 8 rods in 12 scans the mean square is good to sqrt(2 / 11 / 3): only three
    # numbers are free in each scan.
    assert np.square(scatter).mean() < 2 * np.square(stated).mean()


def test_the_shading_is_steep_where_the_parabola_is() -> None:
    """0.5 x - 0.2 y + 0.003 r²: its slope at (10, 20) is (0.56, -0.08) HU/mm."""
    shading = Shading(np.array([0.5, -0.2, 0.003]), np.zeros((3, 3)), 1000.0)
    points = np.array([[10.0, 20.0]])
    assert shading.at(points) == pytest.approx(5 - 4 + 0.003 * (500 - 1000))
    assert shading.slope_at(points) == pytest.approx(np.hypot(0.56, -0.08))
