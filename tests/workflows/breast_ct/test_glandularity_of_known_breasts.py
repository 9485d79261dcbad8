"""Glandularity of breasts whose right answer is known, other tissues told by truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.core.arrays import BoolArray
from kerma.simulation.breast import (
    PRESETS,
    SimulatedBreast,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.workflows.breast_ct.calibration import calibrate_scale
from kerma.workflows.breast_ct.devices import load_device
from kerma.workflows.breast_ct.glands import find_glands
from kerma.workflows.breast_ct.glandularity import (
    Glandularity,
    gland_fraction,
    measure_glandularity,
)
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.leakage import without_leakage
from kerma.workflows.breast_ct.scale import rough_scale
from kerma.workflows.breast_ct.shading import corrected, find_shading
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.victre import victre_scan

QUICK = VirtualBreastCT(spacing_mm=(0.6, 0.6, 0.6), noise_hu=20.0)
SCANNERS = {
    "noise 15": VirtualBreastCT(noise_hu=15.0),
    "noise 30": VirtualBreastCT(),
    "noise 45": VirtualBreastCT(noise_hu=45.0),
    "70 HU up": VirtualBreastCT(offset_hu=70.0),
    "70 HU down": VirtualBreastCT(offset_hu=-70.0),
    "gain 0.9": VirtualBreastCT(gain=0.9),
    "gain 1.1": VirtualBreastCT(gain=1.1),
    "cupping 30": VirtualBreastCT(cupping_hu=30.0),
    "0.5 mm": VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)),
    "0.6 mm slices": VirtualBreastCT(spacing_mm=(0.6, 0.3, 0.3)),
    "0.6 mm columns": VirtualBreastCT(spacing_mm=(0.3, 0.3, 0.6)),
}


def measured(
    scan: SimulatedBreast, *, shading: bool = False
) -> tuple[Glandularity, BoolArray]:
    image = BreastImage(scan.ct.hu, scan.ct.grid.spacing)
    truth = scan.truth.array
    tissue = np.isin(truth, (Tissue.FAT, Tissue.GLAND))
    rough = rough_scale(image)
    if shading:
        image = corrected(image, find_shading(image, tissue, rough), truth > 0)
    fit = calibrate_scale(image, tissue, load_device("nu_view"), rough)
    clean = without_leakage(image, tissue)
    fraction = gland_fraction(clean, tissue, fit)
    glands = find_glands(clean, tissue, fit.scale, fraction, noise_hu=fit.noise_hu)
    found = measure_glandularity(
        image,
        clean,
        tissue,
        glands,
        fit,
        skin=truth == Tissue.SKIN,
        muscle=truth == Tissue.MUSCLE,
    )
    return found, glands.mask


def holds(found: Glandularity, scan: SimulatedBreast) -> bool:
    """Whether the headline is within a point, and its interval holds the truth."""
    truth = scan.summary.glandularity
    assert truth is not None
    near = abs(found.vgf.value - truth) <= 0.01
    return near and found.vgf.low <= truth <= found.vgf.high


def dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize(
    "preset",
    [
        "fatty",
        pytest.param("dense", marks=pytest.mark.slow),
        pytest.param("saline", marks=pytest.mark.slow),
        pytest.param("gland-on-muscle", marks=pytest.mark.slow),
    ],
)
def test_a_coarse_scan_of_a_breast_gives_its_glandularity(preset: str) -> None:
    scan = simulate_breast(PRESETS[preset], QUICK, seed=2)
    found, _ = measured(scan)
    assert holds(found, scan)


@pytest.mark.slow
@pytest.mark.parametrize("scanner", SCANNERS.values(), ids=SCANNERS)
def test_the_victre_breast_is_measured_on_any_scanner(
    real_data: Path, scanner: VirtualBreastCT
) -> None:
    scan = victre_scan(real_data, scanner)
    found, gland = measured(scan)
    assert holds(found, scan)
    for estimate in (found.seg_g, found.partial):
        assert estimate.value == pytest.approx(scan.summary.glandularity, abs=0.012)
    assert 0.5 * (found.vgf.high - found.vgf.low) < 0.03
    if scanner == VirtualBreastCT():
        assert dice(gland, scan.truth.array == Tissue.GLAND) >= 0.96


@pytest.mark.slow
@pytest.mark.parametrize("cupping", [0.0, 30.0])
def test_the_correction_of_shading_does_no_harm(
    real_data: Path, cupping: float
) -> None:
    even = victre_scan(real_data)
    shaded = victre_scan(real_data, VirtualBreastCT(cupping_hu=cupping))
    plain, _ = measured(even)
    better, _ = measured(shaded, shading=True)
    assert better.vgf.value == pytest.approx(plain.vgf.value, abs=0.002)
