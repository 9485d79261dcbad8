from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.imaging.mask_morphology import eroded
from kerma.workflows.breast_ct.calibration import calibrate_scale
from kerma.workflows.breast_ct.devices import load_device
from kerma.workflows.breast_ct.glandularity import gland_fraction
from kerma.workflows.breast_ct.shading import corrected, find_shading
from tests.workflows.breast_ct.two_tissues import SCALE, Box, box_of

NU_VIEW = load_device("nu_view")


def cupping(depth_hu: float) -> FloatArray:
    """A parabola about the first axis, 0 in its mean over the breast."""
    from_axis = np.linspace(-1, 1, 64) ** 2
    bowl = depth_hu * (from_axis[:, None] + from_axis)
    return np.broadcast_to(bowl - bowl[8:-8, 8:-8].mean(), (64, 64, 64))


def shaded(box: Box, drift: FloatArray) -> Box:
    hu = np.where(box.tissue, np.rint(box.image.hu + drift), box.image.hu)
    return replace(box, image=replace(box.image, hu=hu.astype(np.int16)))


def test_a_parabola_of_thirty_hu_is_found_and_taken_off() -> None:
    drift = cupping(30.0)
    box = shaded(box_of(noise_hu=20.0), drift)
    fat = box.tissue & ~box.gland
    inner = eroded(fat, box.image.spacing, 0.9)  # where fat is read
    largest = np.abs(drift - drift[inner].mean())[box.tissue].max()

    shading = find_shading(box.image, box.tissue, SCALE)
    better = corrected(box.image, shading, box.tissue)

    assert np.ptp(drift[box.tissue]) > 30
    assert shading.largest_hu == pytest.approx(largest, rel=0.1)
    left = (better.hu - box_of(noise_hu=20.0).image.hu)[box.tissue].astype(float)
    assert np.abs(left - left.mean()).max() < 4.0  # a step of the blocks and rounding
    assert np.array_equal(better.hu[~box.tissue], box.image.hu[~box.tissue])


def test_the_fraction_comes_back_without_cupping_and_stays_without() -> None:
    for depth in (0.0, 30.0, -30.0):
        box = shaded(box_of(noise_hu=20.0), cupping(depth))
        shading = find_shading(box.image, box.tissue, SCALE)
        better = corrected(box.image, shading, box.tissue)
        fit = calibrate_scale(better, box.tissue, NU_VIEW, SCALE)
        found = gland_fraction(better, box.tissue, fit)
        assert found == pytest.approx(box.fraction, abs=5e-3)


def test_an_even_scan_is_left_alone() -> None:
    box = box_of(noise_hu=20.0)
    assert find_shading(box.image, box.tissue, SCALE).largest_hu < 2.0


def test_with_too_little_fat_there_is_no_correction() -> None:
    box = box_of()
    shading = find_shading(box.image, box.gland, SCALE)
    assert shading.largest_hu == 0.0
    better = corrected(box.image, shading, box.tissue)
    assert np.array_equal(better.hu, box.image.hu)


def test_a_scan_in_fractions_of_hu_stays_one() -> None:
    box = shaded(box_of(noise_hu=5.0), cupping(30.0))
    image = replace(box.image, hu=box.image.hu.astype(np.float32))
    shading = find_shading(image, box.tissue, SCALE)
    assert corrected(image, shading, box.tissue).hu.dtype == np.float32
