from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale, rough_scale
from tests.workflows.breast_ct.two_tissues import box_of


def test_fractions_and_ct_numbers_are_each_others_inverse() -> None:
    scale = HUScale(-255.0, -41.0)
    assert scale.at(0) == -255
    assert scale.at(1) == -41
    assert scale.contrast_hu == 214
    assert scale.surface_hu == pytest.approx(-627.5)
    assert scale.fraction_of(np.array([scale.at(1.66)])) == pytest.approx(1.66)


def test_gland_lies_above_fat() -> None:
    with pytest.raises(InputError, match="-40 HU for fat and -50 HU for gland"):
        HUScale(-40.0, -50.0)


@pytest.mark.parametrize("offset", [-90.0, 0.0, 70.0, 150.0])
@pytest.mark.parametrize("gain", [0.9, 1.0, 1.1])
def test_the_rough_scale_is_good_to_ten_hu_on_any_device(
    offset: float, gain: float
) -> None:
    scale = HUScale(-255 * gain + offset, -41 * gain + offset)
    found = rough_scale(box_of(scale=scale, noise_hu=20.0, blur_mm=0.3).image)
    assert found.fat_hu == pytest.approx(scale.fat_hu, abs=10)
    assert found.gland_hu == pytest.approx(scale.gland_hu, abs=10)


def test_without_gland_its_distance_from_fat_is_the_usual_one() -> None:
    found = rough_scale(box_of(0, noise_hu=5.0).image)
    assert found.fat_hu == pytest.approx(-255, abs=2)
    assert found.contrast_hu == pytest.approx(214, abs=60)


def test_air_alone_is_no_breast() -> None:
    air = BreastImage(np.full((20, 20, 20), -1000, np.int16), (0.6, 0.6, 0.6))
    with pytest.raises(InputError, match="is this a breast CT, in HU"):
        rough_scale(air)


def test_bone_alone_is_no_breast() -> None:
    bone = BreastImage(np.full((30, 30, 30), 900, np.int16), (0.6, 0.6, 0.6))
    with pytest.raises(InputError, match="No peak of fat"):
        rough_scale(bone)
