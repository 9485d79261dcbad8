import numpy as np
import pytest

from kerma.core.arrays import Vec3
from kerma.workflows.breast_ct.implant import Implant, find_implants
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

GLAND = (Tissue.GLAND, glands(0.4))
MUSCLE = (Tissue.MUSCLE, layer(6))
HU_OF = {"silicone": 165.0, "saline": 10.0}


def _bag(volume_ml: float, back_mm: float) -> tuple[Tissue, Shape]:
    """An ellipsoid 0.6 times as thick as wide."""
    radius = float(np.cbrt(volume_ml * 1000 / (0.6 * 4 / 3 * np.pi)))
    center: Vec3 = (back_mm + 0.6 * radius, 0.0, 0.0)
    return Tissue.IMPLANT, ellipsoid(center, (0.6 * radius, radius, radius))


def _found(scene: Scene) -> tuple[Implant, ...]:
    return find_implants(scene.image, scene.inside, scene.scanner.scale)


@pytest.mark.parametrize(
    ("kind", "volume_ml", "back_mm"),
    [
        ("silicone", 6, 20),
        ("silicone", 40, 10),
        ("silicone", 50, -8),
        ("saline", 30, 10),
    ],
)
def test_an_implant_is_found_with_its_volume_and_filling(
    kind: str, volume_ml: float, back_mm: float
) -> None:
    """Also small ones, among gland, and one that the cut goes through."""
    hu = {Tissue.IMPLANT: HU_OF[kind]}
    scene = Scene((GLAND, MUSCLE, _bag(volume_ml, back_mm)), hu=hu)
    (implant,) = _found(scene)
    truth = scene.of(Tissue.IMPLANT)
    assert implant.kind == kind
    assert implant.mean_hu == pytest.approx(HU_OF[kind], abs=3)
    assert dice(implant.mask, truth) > 0.97
    assert implant.volume_ml == pytest.approx(
        truth.sum() * scene.image.voxel_ml, rel=0.06
    )


def test_saline_that_touches_muscle_of_its_own_hu_stops_at_its_shape() -> None:
    """The two overlap by a millimeter, with nothing to see between them."""
    scene = Scene((GLAND, MUSCLE, _bag(40, 5)), hu={Tissue.IMPLANT: HU[Tissue.MUSCLE]})
    (implant,) = _found(scene)
    assert dice(implant.mask, scene.of(Tissue.IMPLANT)) > 0.93


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["silicone", "saline"])
@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(noise_hu=45),
        Scanner(offset_hu=70),
        Scanner(offset_hu=-70),
        Scanner(gain=0.9),
        Scanner(gain=1.1),
        Scanner(spacing=(0.4, 0.5, 0.8)),
    ],
)
def test_the_scanner_does_not_matter(kind: str, scanner: Scanner) -> None:
    scene = Scene((GLAND, _bag(40, 8)), scanner, {Tissue.IMPLANT: HU_OF[kind]})
    (implant,) = _found(scene)
    assert implant.kind == kind
    assert dice(implant.mask, scene.of(Tissue.IMPLANT)) > 0.97


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ((Tissue.GLAND, glands(0.8)),),
        (GLAND, (Tissue.MUSCLE, layer(20))),
        (GLAND, (Tissue.MUSCLE, wedge(28))),
        (GLAND, (Tissue.MUSCLE, crescent(20))),
        (GLAND, MUSCLE, (Tissue.BONE, ellipsoid((0, 10, 0), (7, 6, 80)))),
        # A large fibroadenoma or cyst.
        (GLAND, (Tissue.MUSCLE, ellipsoid((25, 5, 5), (13, 13, 13)))),
    ],
    ids=["fat", "gland", "layer", "wedge", "crescent", "rib", "mass"],
)
def test_no_gland_muscle_rib_or_mass_is_taken_for_an_implant(
    parts: tuple[tuple[Tissue, Shape], ...],
) -> None:
    assert _found(Scene(parts)) == ()
