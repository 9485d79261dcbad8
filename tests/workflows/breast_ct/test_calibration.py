from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.workflows.breast_ct.calibration import calibrate_scale
from kerma.workflows.breast_ct.devices import load_device
from kerma.workflows.breast_ct.flags import Severity
from kerma.workflows.breast_ct.scale import HUScale
from tests.workflows.breast_ct.two_tissues import SCALE, box_of

NU_VIEW = load_device("nu_view")


@pytest.mark.parametrize("noise_hu", [15.0, 30.0, 45.0])
def test_both_peaks_and_the_noise_are_read_from_the_scan(noise_hu: float) -> None:
    box = box_of(noise_hu=noise_hu)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, SCALE)
    assert fit.fat_hu == pytest.approx(-255, abs=2 * fit.u_fat_hu)
    assert fit.gland_hu == pytest.approx(-41, abs=2 * fit.u_gland_hu)
    assert fit.noise_hu == pytest.approx(noise_hu, rel=0.1)
    assert (fit.fat_source, fit.gland_source) == ("scan", "scan")
    assert fit.flags == ()


def test_a_device_that_has_drifted_is_followed_and_flagged() -> None:
    drifted = HUScale(-185.0, 29.0)
    box = box_of(scale=drifted, noise_hu=20.0)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, drifted)
    assert fit.fat_hu == pytest.approx(-185, abs=3)
    assert [flag.code for flag in fit.flags] == ["scale_unusual", "scale_unusual"]
    assert "Fat reads -185 HU, far from the -255 ± 15 HU" in fit.flags[0].sentence


def test_without_gland_its_distance_from_fat_is_the_devices_and_less_certain() -> None:
    box = box_of(0, noise_hu=20.0)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, SCALE)
    assert fit.gland_source == "prior"
    assert fit.gland_hu == pytest.approx(fit.fat_hu + 214)
    assert fit.u_gland_hu > 20
    assert [flag.code for flag in fit.flags] == ["gland_not_measured"]


def test_a_gland_too_thin_to_be_read_pure_is_not_taken_for_gland() -> None:
    box = box_of(2, noise_hu=10.0, blur_mm=0.6)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, SCALE)
    assert fit.gland_source == "prior"


def test_mixed_voxels_as_many_as_gland_are_no_gland() -> None:
    """A slow rise from fat to beyond gland: each CT number is as frequent as the next."""
    box = box_of(0)
    rise = np.clip(np.arange(64) - 20, 0, None) * 9.0
    noise = np.random.default_rng(2).normal(0, 30, box.image.hu.shape)
    hu = np.where(box.tissue, box.image.hu + rise + noise, box.image.hu)
    image = replace(box.image, hu=np.rint(hu).astype(np.int16))
    fit = calibrate_scale(image, box.tissue, NU_VIEW, SCALE)
    assert fit.fat_source == "scan"
    assert fit.gland_source == "prior"


def test_a_fixed_device_is_not_measured() -> None:
    box = box_of(scale=HUScale(-185.0, 29.0), noise_hu=20.0)
    fixed = load_device("fixed")
    fit = calibrate_scale(box.image, box.tissue, fixed, HUScale(-185.0, 29.0))
    assert (fit.fat_hu, fit.gland_hu) == (-255.0, -41.0)
    assert (fit.u_fat_hu, fit.u_gland_hu) == (15.0, 10.0)
    assert fit.flags == ()


def test_without_fat_the_devices_scale_holds_and_is_flagged() -> None:
    box = box_of(noise_hu=20.0)
    nothing = np.zeros_like(box.tissue)
    fit = calibrate_scale(box.image, nothing, NU_VIEW, SCALE)
    assert fit.scale == SCALE
    assert [flag.code for flag in fit.flags] == ["scale_not_measured"]


def test_a_scale_that_varies_over_the_breast_is_less_certain() -> None:
    box = box_of(noise_hu=20.0)
    slope = np.linspace(-20, 20, 64)[:, None, None]
    sloping = replace(box.image, hu=np.rint(box.image.hu + slope).astype(np.int16))
    even = calibrate_scale(box.image, box.tissue, NU_VIEW, SCALE)
    uneven = calibrate_scale(sloping, box.tissue, NU_VIEW, SCALE)
    assert uneven.u_fat_hu > even.u_fat_hu


def test_skin_and_muscle_beside_the_tissue_do_not_move_the_scale() -> None:
    box = box_of(noise_hu=20.0, blur_mm=0.3, skin_hu=0.0, muscle_hu=10.0)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, SCALE)
    assert fit.fat_hu == pytest.approx(-255, abs=2)
    assert fit.gland_hu == pytest.approx(-41, abs=2)


def test_a_body_of_water_has_no_fat_to_be_trusted() -> None:
    water = HUScale(0.0, 214.0)
    box = box_of(0, scale=water, noise_hu=20.0)
    fit = calibrate_scale(box.image, box.tissue, NU_VIEW, water)
    (flag,) = [flag for flag in fit.flags if flag.code == "fat_doubtful"]
    assert flag.severity is Severity.UNUSABLE
