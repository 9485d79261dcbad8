import numpy as np
import pytest

from kerma.workflows.breast_ct.bone import find_bone
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.chest_wall import (
    Scanner,
    Scene,
    dice,
    ellipsoid,
    glands,
    layer,
)

GLAND = (Tissue.GLAND, glands(0.4))
MUSCLE = (Tissue.MUSCLE, layer(9))
RIB = (Tissue.BONE, ellipsoid((0, 10, 0), (7, 6, 80)))


@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(noise_hu=15),
        Scanner(noise_hu=45),
        Scanner(offset_hu=70),
        Scanner(gain=0.9),
        Scanner(spacing=(0.4, 0.4, 0.8)),
    ],
)
def test_a_rib_is_bone(scanner: Scanner) -> None:
    scene = Scene((GLAND, MUSCLE, RIB), scanner)
    bone = find_bone(scene.image, scene.inside, scanner.scale)
    assert dice(bone, scene.of(Tissue.BONE)) > 0.97


def test_marrow_belongs_to_the_bone() -> None:
    """It is as dark as muscle, and open to the cut."""
    marrow = (Tissue.MUSCLE, ellipsoid((0, 10, 0), (4, 3, 80)))
    scene = Scene((GLAND, MUSCLE, RIB, marrow))
    bone = find_bone(scene.image, scene.inside, scene.scanner.scale)
    assert dice(bone, Scene((RIB,)).of(Tissue.BONE)) > 0.97


def test_what_does_not_reach_the_cut_is_no_bone() -> None:
    lump = (Tissue.BONE, ellipsoid((30, 10, 0), (7, 6, 8)))
    scene = Scene((GLAND, MUSCLE, lump))
    assert not find_bone(scene.image, scene.inside, scene.scanner.scale).any()


def test_an_implant_is_no_bone() -> None:
    scene = Scene((GLAND, (Tissue.IMPLANT, ellipsoid((5, 0, 0), (15, 25, 25)))))
    implant = scene.of(Tissue.IMPLANT)
    scale = scene.scanner.scale
    assert not find_bone(scene.image, scene.inside, scale, implant=implant).any()


def test_an_empty_breast_has_no_bone() -> None:
    scene = Scene()
    nothing = np.zeros_like(scene.inside)
    assert not find_bone(scene.image, nothing, scene.scanner.scale).any()
