from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.imaging.axial import axial_stack
from kerma.simulation import Artifacts, Noise, Scanner, SimulatedCT, slice_stack
from kerma.workflows.ct_calibration.phantoms import choose_phantoms
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.recognition import recognise
from kerma.workflows.ct_calibration.shading import Shading, measure_shading

PARABOLAS = [
    Artifacts(),
    Artifacts(cupping_hu=40.0),
    Artifacts(cupping_hu=-40.0),
    Artifacts(cupping_hu=20.0, gradient_hu=(6.0, -9.0)),
]


def placed(simulated: SimulatedCT) -> Placement:
    models = choose_phantoms(simulated.truth.phantom)
    return recognise(axial_stack(simulated.ct), models, 120.0).evidence.placement


def shading_of(simulated: SimulatedCT, placement: Placement) -> Shading:
    return measure_shading(axial_stack(simulated.ct).coarsened(2.0), placement)


def truth_of(simulated: SimulatedCT) -> list[float]:
    return [insert.shading_hu for insert in simulated.truth.inserts.values()]


@pytest.mark.parametrize("artifacts", PARABOLAS)
def test_a_parabola_is_found_as_it_is(
    scan: object, scanner: Scanner, artifacts: Artifacts
) -> None:
    """Whole HU, averaged, and the mean of a parabola over a pixel of 2 mm."""
    quiet = replace(scanner, noise=Noise(), artifacts=artifacts)
    simulated = scan(scanner=quiet, center_mm=(4.0, -3.0, 0.0), roll_deg=30.0)  # type: ignore[operator]  # a function that makes scans
    placement = placed(simulated)
    shading = shading_of(simulated, placement)
    assert shading.at(placement.rods) == pytest.approx(truth_of(simulated), abs=0.3)
