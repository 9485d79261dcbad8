from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.workflows.breast_ct.calibration import ScaleFit
from kerma.workflows.breast_ct.glands import Glands, find_glands
from kerma.workflows.breast_ct.glandularity import (
    Estimate,
    Glandularity,
    gland_fraction,
    mass_fraction,
    measure_glandularity,
)
from kerma.workflows.breast_ct.leakage import without_leakage
from tests.workflows.breast_ct.two_tissues import SCALE, Box, box_of


def fit_of(u_fat_hu: float = 2.0, u_gland_hu: float = 3.0) -> ScaleFit:
    return ScaleFit(
        -255.0, -41.0, u_fat_hu, u_gland_hu, "scan", "scan", 10.0, 1000, 1000
    )


def measured(box: Box, fit: ScaleFit) -> Glandularity:
    clean = without_leakage(box.image, box.tissue)
    fraction = gland_fraction(clean, box.tissue, fit)
    glands = find_glands(clean, box.tissue, fit.scale, fraction, noise_hu=10.0)
    return measure_glandularity(
        box.image, clean, box.tissue, glands, fit, skin=box.skin, muscle=box.muscle
    )


@pytest.mark.parametrize("planes", [0, 4, 12, 30])
def test_every_way_gives_the_known_fraction(planes: int) -> None:
    box = box_of(planes, noise_hu=20.0)
    found = measured(box, fit_of())
    for estimate in (found.vgf, found.hu_g, found.seg_g, found.partial):
        assert estimate.value == pytest.approx(box.fraction, abs=5e-3)
        assert estimate.low <= box.fraction <= estimate.high
    assert found.flags == ()


def test_the_uncertainties_of_the_code_of_old_make_five_points() -> None:
    """SDs of 15 and 10 HU at G = 0.25 and 214 HU: hypot(11.25, 2.5) / 214 = 0.0538."""
    box = box_of(0)
    hu = np.where(box.tissue, round(SCALE.at(0.25)), box.image.hu).astype(np.int16)
    image = type(box.image)(hu, box.image.spacing)
    none = np.zeros_like(box.tissue)
    glands = Glands(none, none.astype(np.uint8), 0.0, 0.25, 0.25)
    fraction = (round(SCALE.at(0.25)) + 255) / 214
    found = measure_glandularity(
        image, image, box.tissue, glands, fit_of(15.0, 10.0), skin=none, muscle=none
    )
    expected = np.hypot(15 * (1 - fraction), 10 * fraction) / 214
    assert found.vgf.value == pytest.approx(fraction)
    assert found.vgf.standard_uncertainty == pytest.approx(expected)
    assert expected == pytest.approx(0.054, abs=1e-3)


def test_skin_dilutes_and_mass_weighs() -> None:
    box = box_of(skin_hu=0.0, noise_hu=5.0)
    found = measured(box, fit_of())
    with_skin = box.gland.sum() / (box.tissue.sum() + box.skin.sum())
    assert found.vgf_with_skin.value == pytest.approx(with_skin, abs=2e-3)
    assert mass_fraction(0.20) == pytest.approx(0.2185, abs=1e-4)
    assert found.mass.value == pytest.approx(mass_fraction(found.vgf.value))
    assert mass_fraction(0.0) == 0.0
    assert mass_fraction(1.0) == 1.0


def test_the_blur_of_skin_and_muscle_counts_in_the_old_number_only() -> None:
    box = box_of(blur_mm=0.3, skin_hu=0.0, muscle_hu=10.0, noise_hu=5.0)
    air = ~(box.tissue | box.skin | box.muscle)
    hu = np.where(air, -255, box.image.hu).astype(np.int16)
    image = type(box.image)(hu, box.image.spacing)
    clean = without_leakage(image, box.tissue)
    old = gland_fraction(image, box.tissue, fit_of())
    new = gland_fraction(clean, box.tissue, fit_of())
    assert abs(new - box.fraction) < 3e-3
    assert abs(old - box.fraction) > abs(new - box.fraction)


def test_muscle_whose_border_may_be_off_widens_the_interval() -> None:
    """1 mm of muscle, two planes of 0.6 mm here, may be tissue and the reverse.

    With 45 planes of tissue and G, muscle of x = 265/214 moves G by at most
    2 (x - G) / 47, the half width of a rectangular distribution.
    """
    box = box_of(muscle_hu=10.0)
    found = measured(box, fit_of())
    x, fraction = 265 / 214, box.fraction
    expected = (x - fraction) / 46 / np.sqrt(3)  # one plane lies within 1 mm
    assert found.u_muscle == pytest.approx(expected, rel=0.02)
    assert found.u_skin == 0.0


def test_ways_that_disagree_are_flagged() -> None:
    box = box_of()
    none = np.zeros_like(box.tissue)
    glands = Glands(none, none.astype(np.uint8), 0.0, box.fraction + 0.04, box.fraction)
    found = measure_glandularity(
        box.image, box.image, box.tissue, glands, fit_of(), skin=none, muscle=none
    )
    assert [flag.code for flag in found.flags] == ["glandularity_disagrees"]


def test_without_tissue_there_is_no_glandularity() -> None:
    box = box_of()
    with pytest.raises(InputError, match="Neither fat nor gland"):
        gland_fraction(box.image, np.zeros_like(box.tissue), fit_of())


def test_an_interval_is_cut_to_what_can_be() -> None:
    estimate = Estimate(0.01, 0.02)
    assert estimate.low == 0.0
    assert estimate.high == pytest.approx(0.01 + 1.96 * 0.02)
    assert Estimate(0.99, 0.02).high == 1.0
    with pytest.raises(InputError, match="finite"):
        Estimate(float("nan"), 0.1)
