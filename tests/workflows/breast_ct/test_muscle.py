from pathlib import Path

import numpy as np
import pytest

from kerma.simulation.breast import VirtualBreastCT
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.implant import find_implants
from kerma.workflows.breast_ct.muscle import Muscle, find_muscle
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.chest_wall import (
    HU,
    Scanner,
    Scene,
    Shape,
    crescent,
    dice,
    ellipsoid,
    glands,
    layer,
    wedge,
)
from tests.workflows.breast_ct.victre import victre_scan

FATTY, MEDIUM, DENSE = ((Tissue.GLAND, glands(part)) for part in (0.04, 0.35, 0.65))

DENSITIES = ["fatty", "medium", "dense"]


def _found(scene: Scene, scale: HUScale | None = None) -> Muscle:
    return find_muscle(scene.image, scene.inside, scale or scene.scanner.scale)


@pytest.mark.parametrize(
    "shape",
    [layer(3), layer(8), wedge(20), crescent(12)],
    ids=["thin", "thick", "wedge", "crescent"],
)
@pytest.mark.parametrize("gland", [FATTY, MEDIUM, DENSE], ids=DENSITIES)
def test_muscle_of_any_shape_is_found_among_glands_of_any_density(
    shape: Shape, gland: tuple[Tissue, Shape]
) -> None:
    """Gland lies right on it; the crescent's center of mass lies outside of it."""
    scene = Scene((gland, (Tissue.MUSCLE, shape)))
    muscle = _found(scene)
    truth = scene.of(Tissue.MUSCLE)
    assert dice(muscle.mask, truth) > 0.95
    # A sheet of gland on muscle, as thin as the smoothing is wide, is not told apart;
    # in the fatty breast that is a good part of the few ml there are.
    most = 0.05 if gland is FATTY else 0.02
    assert np.mean(muscle.mask[scene.of(Tissue.GLAND)]) < most
    assert muscle.volume_ml == pytest.approx(muscle.mask.sum() * scene.image.voxel_ml)
    assert not np.any(muscle.mask & ~scene.inside)


@pytest.mark.parametrize("gland", [FATTY, MEDIUM, DENSE], ids=DENSITIES)
def test_a_breast_without_muscle_has_none(gland: tuple[Tissue, Shape]) -> None:
    """Not even where dense gland reaches the cut."""
    muscle = _found(Scene((gland,)))
    assert not muscle.mask.any()
    assert muscle.volume_ml == 0
    assert muscle.remark is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(noise_hu=15),
        Scanner(noise_hu=45),
        Scanner(offset_hu=70),
        Scanner(offset_hu=-70),
        Scanner(gain=0.9),
        Scanner(gain=1.1),
        Scanner(spacing=(0.4, 0.4, 0.8)),
        Scanner(spacing=(0.9, 0.5, 0.5)),
    ],
)
def test_the_scanner_does_not_matter(scanner: Scanner) -> None:
    scene = Scene((MEDIUM, (Tissue.MUSCLE, wedge(15))), scanner)
    assert dice(_found(scene).mask, scene.of(Tissue.MUSCLE)) > 0.95
    without = Scene((DENSE,), scanner)
    assert not _found(without).mask.any()


@pytest.mark.parametrize("error_hu", [-15, 15])
def test_a_rough_scale_will_do(error_hu: float) -> None:
    scene = Scene((MEDIUM, (Tissue.MUSCLE, layer(6))))
    rough = HUScale(-255 + error_hu, -41 - error_hu)
    assert dice(_found(scene, rough).mask, scene.of(Tissue.MUSCLE)) > 0.95


def test_in_a_fatty_breast_a_scale_that_took_muscle_for_gland_is_found_out() -> None:
    """With no gland to compare, its breadth tells muscle, and a remark says so."""
    scene = Scene(((Tissue.MUSCLE, layer(8)),))
    muscle = _found(scene, HUScale(-255, 10))
    assert dice(muscle.mask, scene.of(Tissue.MUSCLE)) > 0.95
    assert muscle.remark is not None
    assert "shape alone" in muscle.remark


def test_muscle_that_is_only_25_hu_above_gland_is_found() -> None:
    """As 60 kV filtered with copper makes it."""
    scene = Scene((MEDIUM, (Tissue.MUSCLE, layer(8))), hu={Tissue.MUSCLE: -16})
    assert dice(_found(scene).mask, scene.of(Tissue.MUSCLE)) > 0.9


def test_a_bright_mass_that_does_not_reach_the_cut_is_no_muscle() -> None:
    mass = (Tissue.MUSCLE, ellipsoid((20, 5, 5), (9, 9, 9)))
    assert not _found(Scene((MEDIUM, mass))).mask.any()


def test_a_vessel_that_crosses_the_cut_is_no_muscle() -> None:
    vessel = (Tissue.MUSCLE, ellipsoid((0, 5, 5), (25, 4, 4)))
    assert not _found(Scene((MEDIUM, vessel))).mask.any()


def test_muscle_over_an_implant_is_found_and_the_implant_left_alone() -> None:
    coat = (Tissue.MUSCLE, ellipsoid((12, 0, 0), (17, 26, 26)))
    bag = (Tissue.IMPLANT, ellipsoid((12, 0, 0), (12, 20, 20)))
    scene = Scene((MEDIUM, coat, (Tissue.MUSCLE, layer(5)), bag))
    implant = scene.of(Tissue.IMPLANT)
    muscle = find_muscle(
        scene.image, scene.inside, scene.scanner.scale, implant=implant
    )
    assert dice(muscle.mask, scene.of(Tissue.MUSCLE)) > 0.95
    assert not np.any(muscle.mask & implant)


def test_a_muscle_that_takes_most_of_the_breast_is_doubted() -> None:
    scene = Scene((MEDIUM, (Tissue.MUSCLE, layer(25))))
    remark = _found(scene).remark
    assert remark is not None
    assert "% of the breast" in remark


def test_a_muscle_that_goes_on_beyond_the_search_is_doubted() -> None:
    deep = (Tissue.MUSCLE, ellipsoid((0, 0, 16), (36, 14, 14)))
    remark = _found(Scene((MEDIUM, deep))).remark
    assert remark is not None
    assert "deeper" in remark


def test_an_empty_breast_has_no_muscle() -> None:
    scene = Scene()
    nothing = np.zeros_like(scene.inside)
    assert not find_muscle(scene.image, nothing, scene.scanner.scale).mask.any()


@pytest.mark.slow
@pytest.mark.parametrize("noise_hu", [30.0, 45.0])
def test_the_thin_muscle_of_a_grown_breast_is_found(
    real_data: Path, noise_hu: float
) -> None:
    """It is 3 mm thick at most, and another program made it."""
    scan = victre_scan(real_data, VirtualBreastCT(noise_hu=noise_hu))
    truth = np.asarray(scan.truth.array)
    inside = np.isin(truth, [Tissue.FAT, Tissue.GLAND, Tissue.MUSCLE])
    image = BreastImage(scan.ct.array, scan.ct.grid.spacing)
    scale = HUScale(HU[Tissue.FAT], HU[Tissue.GLAND])
    muscle = find_muscle(image, inside, scale)
    assert dice(muscle.mask, truth == Tissue.MUSCLE) > 0.93
    assert np.mean(muscle.mask[truth == Tissue.GLAND]) < 0.01
    assert find_implants(image, inside, scale) == ()
