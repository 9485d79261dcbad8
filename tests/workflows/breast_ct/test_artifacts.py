"""Rings and contrast agents of known strength."""

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.workflows.breast_ct.artifacts import enhanced_share, ring_amplitude_hu
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

SCALE = HUScale(-255.0, -41.0)
SPACING = (0.5, 0.3, 0.3)
SHAPE = (30, 160, 160)
CENTER = (79.5, 79.5)


def radius_mm() -> FloatArray:
    across = (np.arange(160) - 79.5) * 0.3
    return np.asarray(np.hypot(across[:, None], across[None, :]))


def fat(noise: float = 0.0) -> FloatArray:
    random = np.random.default_rng(5)
    return np.asarray(-255 + noise * random.standard_normal(SHAPE), np.float32)


def test_even_fat_has_no_rings() -> None:
    image = BreastImage(fat(), SPACING)
    assert ring_amplitude_hu(image, np.ones(SHAPE, bool), CENTER) == 0.0


def test_noise_is_not_taken_for_rings() -> None:
    image = BreastImage(fat(30.0), SPACING)
    found = ring_amplitude_hu(image, np.ones(SHAPE, bool), CENTER)
    assert found is not None
    assert found < 1.0


@pytest.mark.parametrize("noise", [0.0, 30.0])
def test_rings_of_alternating_sign_show_with_twice_their_height(noise: float) -> None:
    rings = np.where((radius_mm() / 0.6).astype(int) % 2, 10.0, -10.0)
    image = BreastImage((fat(noise) + rings).astype(np.float32), SPACING)
    found = ring_amplitude_hu(image, np.ones(SHAPE, bool), CENTER)
    # A ring at +10 HU between two at -10 HU stands out by 20 HU.
    assert found == pytest.approx(20.0, abs=0.5)


def test_cupping_is_no_ring() -> None:
    cupping = 40 * (radius_mm() / 24) ** 2
    image = BreastImage((fat() + cupping).astype(np.float32), SPACING)
    found = ring_amplitude_hu(image, np.ones(SHAPE, bool), CENTER)
    assert found is not None
    assert found < 0.1


def test_without_fat_nothing_is_said_of_rings() -> None:
    image = BreastImage(fat(), SPACING)
    assert ring_amplitude_hu(image, np.zeros(SHAPE, bool), CENTER) is None


def test_enhanced_vessels_show_with_their_share() -> None:
    hu = fat()
    hu[:, 40:60, 40:60] = 150  # 2.5 % of all
    image = BreastImage(hu, SPACING)
    share = enhanced_share(image, np.ones(SHAPE, bool), SCALE)
    # The limit of 66 HU is four fifths up an edge blurred by 0.45 mm, so the outermost
    # pixels, and the corners of those left, fall below it.
    assert share == pytest.approx((18**2 - 4) / 160**2)


def test_muscle_and_blood_are_not_taken_for_a_contrast_agent() -> None:
    hu = np.full(SHAPE, 30, np.float32)
    image = BreastImage(hu, SPACING)
    assert enhanced_share(image, np.ones(SHAPE, bool), SCALE) == 0.0


def test_no_tissue_has_no_share() -> None:
    image = BreastImage(fat(), SPACING)
    assert enhanced_share(image, np.zeros(SHAPE, bool), SCALE) == 0.0
