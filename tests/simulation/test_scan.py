from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scan import scan
from kerma.simulation.scanner import Artifacts, HUScale, Noise, Scanner, slice_stack
from kerma.simulation.scenes import water_cylinder

SMALL = Scanner(
    matrix=(120, 120),
    pixel_mm=(2.0, 2.0),
    slice_positions_mm=slice_stack(5, 4.0),
    slice_thickness_mm=4.0,
)
WATER = water_cylinder(160.0, length_mm=40.0)
NOISY = replace(
    SMALL, noise=Noise(sd_hu=15.0, correlation_px=0.7), artifacts=Artifacts(rings_hu=3)
)


def test_the_same_arguments_give_the_same_ct() -> None:
    one, again = (scan(WATER, scanner=NOISY, seed=7) for _ in range(2))
    assert one.sha256 == again.sha256
    assert one.sop_instance_uids == again.sop_instance_uids


def test_another_seed_gives_another_ct_with_other_uids() -> None:
    one, other = (scan(WATER, scanner=NOISY, seed=seed) for seed in (7, 8))
    assert one.sha256 != other.sha256
    assert one.series_instance_uid != other.series_instance_uid
    assert one.grid.frame_of_reference != other.grid.frame_of_reference


def test_another_scan_of_the_same_seed_has_other_uids() -> None:
    moved = PhantomPlacement(center_mm=(1.0, 0.0, 0.0))
    one = scan(WATER, scanner=NOISY, seed=7)
    other = scan(WATER, scanner=NOISY, placement=moved, seed=7)
    assert one.series_instance_uid != other.series_instance_uid


def test_uids_are_valid_and_unique() -> None:
    ct = scan(WATER, scanner=SMALL, seed=0)
    uids = [
        ct.series_instance_uid,
        ct.grid.frame_of_reference,
        *ct.sop_instance_uids,
    ]
    assert len(set(uids)) == 7
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) for uid in uids)


def test_a_slice_does_not_depend_on_how_many_there_are() -> None:
    few = replace(NOISY, slice_positions_mm=SMALL.slice_positions_mm[:3])
    assert np.array_equal(
        scan(WATER, scanner=few, seed=3).hu, scan(WATER, scanner=NOISY, seed=3).hu[:3]
    )


def test_uniform_water_has_the_noise_asked_for_and_no_bias() -> None:
    """1256 pixels in a circle of 40 mm: the SD is good to 2 %, rounding adds 1/12."""
    noisy = replace(SMALL, noise=Noise(sd_hu=15.0), slice_positions_mm=(0.0,))
    hu = scan(WATER, scanner=noisy, seed=1).hu[0, 40:80, 40:80]
    assert hu.std() == pytest.approx(15, rel=0.06)
    assert hu.mean() == pytest.approx(0, abs=4 * 15 / 40)


def test_the_scale_of_the_scanner_applies_to_air_and_water() -> None:
    scanner = replace(SMALL, scale=HUScale(gain=0.8, offset_hu=30.0))
    hu = scan(WATER, scanner=scanner, seed=1).hu
    assert hu[2, 60, 60] == 30
    assert hu[2, 0, 0] == -770


def test_numbers_are_clipped_to_the_limits_of_the_scale() -> None:
    metal = water_cylinder(160.0, length_mm=40.0, hu=9000.0)
    hu = scan(metal, scanner=replace(NOISY, noise=Noise(100.0)), seed=1).hu
    assert hu[2, 60, 60] == 3071
    assert hu.min() == -1024


def test_outside_of_the_circle_that_is_reconstructed_there_is_padding() -> None:
    scanner = replace(SMALL, scale=HUScale(padding_hu=-3024))
    hu = scan(WATER, scanner=scanner, seed=1).hu[2]
    assert hu[0, 0] == -3024
    assert hu[60, 1] == -1000
    padded = np.mean(hu == -3024)
    assert padded == pytest.approx(1 - np.pi / 4, abs=0.01)


def test_cupping_is_seen_in_the_body_only_and_is_zero_on_average() -> None:
    shaded = replace(SMALL, artifacts=Artifacts(cupping_hu=60.0))
    plain = scan(WATER, scanner=SMALL, seed=1).hu[2].astype(float)
    change = scan(WATER, scanner=shaded, seed=1).hu[2] - plain
    assert change[0, 0] == 0
    assert change[60, 60] == pytest.approx(-30, abs=1)
    assert change.sum() / np.count_nonzero(plain > -500) == pytest.approx(0, abs=0.5)


def test_a_phantom_ends_between_two_slices() -> None:
    """It ends at 20 mm, so that a slice of 4 mm at 19 mm holds 3 mm of it."""
    scanner = replace(SMALL, slice_positions_mm=(15.0, 19.0, 23.0))
    hu = scan(WATER, scanner=scanner, seed=1).hu[:, 60, 60]
    assert hu.tolist() == [0, -250, -1000]


def test_the_couch_does_not_show_through_the_phantom() -> None:
    touching = replace(SMALL, artifacts=Artifacts(couch="touching"))
    tilted = PhantomPlacement(tilt_deg=-20.0)
    hu = scan(WATER, scanner=touching, placement=tilted, seed=1).hu
    plain = scan(WATER, scanner=SMALL, placement=tilted, seed=1).hu
    inside = plain > -1
    assert np.abs(hu[inside].astype(int) - plain[inside]).max() <= 1


@pytest.mark.parametrize("position", ["FFS", "HFP", "FFP", "HFDR", "FFDL"])
def test_equal_positions_have_equal_numbers_in_every_patient_position(
    position: str,
) -> None:
    scene = water_cylinder(100.0, length_mm=14.0)
    placement = PhantomPlacement((13.0, -8.0, 3.0), tilt_deg=5.0, yaw_deg=-3.0)
    supine = scan(scene, placement=placement, scanner=SMALL, seed=1)
    other = scan(
        scene,
        placement=placement,
        scanner=replace(SMALL, patient_position=position),
        seed=1,
    )
    index = np.moveaxis(np.indices(other.grid.shape, dtype=float), 0, -1)
    at = np.rint(supine.grid.to_index(other.grid.to_patient(index))).astype(int)
    again = supine.hu[at[..., 0], at[..., 1], at[..., 2]].astype(int)
    assert np.abs(other.hu - again).max() <= 1
    assert not np.array_equal(other.hu, supine.hu)
