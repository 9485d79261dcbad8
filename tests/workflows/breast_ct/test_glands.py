from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import BoolArray, Vec3
from kerma.workflows.breast_ct.glands import find_glands
from kerma.workflows.breast_ct.leakage import without_leakage
from tests.workflows.breast_ct.two_tissues import SCALE, box_of


def dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_two_values_without_noise_are_told_apart_exactly() -> None:
    box = box_of()
    found = find_glands(box.image, box.tissue, SCALE, box.fraction, noise_hu=1.0)
    assert np.array_equal(found.mask, box.gland)
    assert found.segmented_fraction == box.fraction
    # Border voxels are averaged with what lies beside: what one gains the next loses.
    assert found.partial_fraction == pytest.approx(box.fraction, abs=2e-3)


@pytest.mark.parametrize(("noise_hu", "least"), [(30.0, 0.99), (45.0, 0.99)])
def test_noise_hardly_moves_the_border(noise_hu: float, least: float) -> None:
    box = box_of(noise_hu=noise_hu)
    found = find_glands(box.image, box.tissue, SCALE, box.fraction, noise_hu=noise_hu)
    assert dice(found.mask, box.gland) >= least
    assert found.segmented_fraction == pytest.approx(box.fraction, abs=1e-3)


def test_the_partial_volumes_of_a_blurred_slab_add_up_to_its_volume() -> None:
    box = box_of(blur_mm=0.4, noise_hu=5.0)
    found = find_glands(box.image, box.tissue, SCALE, box.fraction, noise_hu=5.0)
    assert found.partial_fraction == pytest.approx(box.fraction, abs=5e-3)


def test_what_never_reads_gland_is_not_gland() -> None:
    """A patch at three quarters of the way has no core, however much is wanted."""
    box = box_of(0)
    hu = box.image.hu.copy()
    hu[20:30, 20:30, 20:30] = round(SCALE.at(0.75))
    image = type(box.image)(hu, box.image.spacing)
    found = find_glands(image, box.tissue, SCALE, 0.01, noise_hu=1.0)
    assert not found.mask.any()


def test_what_has_no_core_is_made_up_for_elsewhere() -> None:
    """Patches at three quarters hold the voxels above most thresholds; none count."""
    box = box_of(10, blur_mm=0.6)
    hu = box.image.hu.copy()
    hu[18:46, 18:46, 12:17] = round(SCALE.at(0.75))
    image = type(box.image)(hu, box.image.spacing)
    found = find_glands(image, box.tissue, SCALE, 1.2 * box.fraction, noise_hu=1.0)
    assert not found.mask[:, :, 12:17].any()
    assert found.segmented_fraction == pytest.approx(1.2 * box.fraction, rel=0.1)


def test_gland_is_never_wanted_below_the_lowest_threshold() -> None:
    box = box_of(noise_hu=10.0)
    found = find_glands(box.image, box.tissue, SCALE, 0.9, noise_hu=10.0)
    assert found.lower_hu >= SCALE.at(0.25)
    assert found.segmented_fraction == pytest.approx(box.fraction, abs=0.01)


@pytest.mark.parametrize("fraction", [0.0, -0.02])
def test_none_wanted_is_none_found(fraction: float) -> None:
    box = box_of(0, noise_hu=10.0)
    found = find_glands(box.image, box.tissue, SCALE, fraction, noise_hu=10.0)
    assert not found.mask.any()


def test_no_tissue_has_no_gland() -> None:
    box = box_of()
    found = find_glands(box.image, np.zeros_like(box.tissue), SCALE, 0.3)
    assert not found.mask.any()
    assert found.partial_fraction == 0.0


@pytest.mark.parametrize("spacing", [(0.6, 0.6, 0.6), (1.2, 0.6, 0.6)])
def test_the_blur_of_skin_and_muscle_is_no_gland(spacing: Vec3) -> None:
    box = box_of(0, blur_mm=0.3, skin_hu=0.0, muscle_hu=10.0, spacing=spacing)
    air = ~(box.tissue | box.skin | box.muscle)
    clean = without_leakage(box.image, box.tissue)
    beside = box.tissue & (box.image.hu > SCALE.at(0.02))
    assert beside.any()
    assert (clean.hu[beside & ~air] < SCALE.at(0.02)).all()
    assert np.array_equal(clean.hu[~box.tissue], box.image.hu[~box.tissue])


def test_a_sliver_with_nothing_behind_it_keeps_its_ct_numbers() -> None:
    box = box_of()
    sliver = np.zeros_like(box.tissue)
    sliver[20, 20, 10:50] = True
    clean = without_leakage(box.image, sliver)
    assert np.array_equal(clean.hu, box.image.hu)
