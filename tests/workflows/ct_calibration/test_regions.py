from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.imaging.axial import axial_stack
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.noise import RegionNoise
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.regions import (
    RegionValues,
    has_void,
    read_regions,
    region_radii,
)

VOXELS, SLICES = 70, 5
WHITE = RegionNoise(1 / VOXELS, 1 / VOXELS / SLICES)


def voxels(sd_hu: float, seed: int = 0) -> list[FloatArray]:
    """Five slices of a rod of 115 HU."""
    noise = np.random.default_rng(seed).normal(115.0, sd_hu, (SLICES, VOXELS))
    return list(noise)


@pytest.mark.parametrize("sd_hu", [0.0, 5.0, 20.0, 60.0])
def test_noise_alone_is_no_void(sd_hu: float) -> None:
    """Six standard deviations: none of 300 is beyond."""
    for seed in range(300):
        assert not has_void(RegionValues(tuple(voxels(sd_hu, seed))), WHITE, 0.0)


def test_a_crack_along_a_rod_is_a_void() -> None:
    """A tenth of each slice is air: the mean drops by 111 HU, all slices alike."""
    slices = voxels(10.0)
    for values in slices:
        values[:7] = -1000.0
    assert has_void(RegionValues(tuple(slices)), WHITE, 0.0)


def test_a_slice_that_is_unlike_the_others_is_a_void() -> None:
    """By 25 HU, of which the mean of all shows 5 HU only."""
    slices = voxels(2.0)
    slices[2] -= 25.0
    assert has_void(RegionValues(tuple(slices)), WHITE, 0.0)
    slices[2] += 18.0
    assert not has_void(RegionValues(tuple(slices)), WHITE, 0.0)


def test_what_the_blurred_edge_takes_is_no_void() -> None:
    """A tenth of the voxels, at the rim, lose 100 HU: 10 HU of the mean."""
    slices = voxels(1.0)
    for values in slices:
        values[:7] -= 100.0
    assert has_void(RegionValues(tuple(slices)), WHITE, 0.0)
    assert not has_void(RegionValues(tuple(slices)), WHITE, -10.0)


def test_every_region_of_a_scan_lies_in_its_insert(
    catphan: SimulatedCT, placement: Placement
) -> None:
    """Seven tenths of the radius, less half of σ²/R by which a bent rim looks moved."""
    radii = region_radii(placement)
    assert radii == pytest.approx([0.7 * 6.35] * 8, abs=0.05)
    stack = axial_stack(catphan.ct)
    regions = read_regions(stack, placement, radii, placement.extent.slices)
    area = np.pi * 4.4**2 / 0.9**2
    for region in regions:
        assert region is not None
        assert len(region.slices) == placement.extent.slices.size
        assert region.slices[0].size == pytest.approx(area, rel=0.1)
