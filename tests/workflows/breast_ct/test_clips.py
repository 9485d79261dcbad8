import numpy as np
import pytest

from kerma.workflows.breast_ct.bone import find_bone
from kerma.workflows.breast_ct.clips import find_clips
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.chest_wall import (
    Scanner,
    Scene,
    ellipsoid,
    glands,
    layer,
)

GLAND = (Tissue.GLAND, glands(0.4))
METAL = {Tissue.BONE: 2500.0}


def test_each_clip_is_listed_where_it_is_with_a_rim_around_it() -> None:
    scanner = Scanner(noise_hu=15)
    small = (Tissue.BONE, ellipsoid((30, 10, 5), (1, 1, 1)))
    large = (Tissue.BONE, ellipsoid((21, -12, 0), (1.5, 1.5, 3)))
    scene = Scene((GLAND, small, large), scanner, METAL)
    clips = find_clips(scene.image, scene.inside, scanner.scale)
    first, second = clips.specks
    # The middle of the scene is voxel 45 mm / 0.75 mm along both cross axes.
    assert first.index == pytest.approx((28, (45 - 12) / 0.75, 45 / 0.75), abs=0.5)
    assert second.index == pytest.approx((40, 55 / 0.75, 50 / 0.75), abs=0.5)
    assert first.volume_ml > second.volume_ml > 0.003
    assert first.peak_hu > 2000
    assert clips.mask[scene.of(Tissue.BONE)].all()
    # What the clips brighten beyond the mask is lost in the noise.
    scale, rest = scanner.scale, scene.inside & ~clips.mask
    assert scene.image.smooth[rest].max() < scale.at(1.66)


def test_neither_noise_nor_a_rib_makes_a_clip() -> None:
    rib = (Tissue.BONE, ellipsoid((0, 10, 0), (7, 6, 80)))
    scene = Scene((GLAND, (Tissue.MUSCLE, layer(9)), rib), Scanner(noise_hu=60))
    scale = scene.scanner.scale
    bone = find_bone(scene.image, scene.inside, scale)
    clips = find_clips(scene.image, scene.inside, scale, bone=bone)
    assert clips.specks == ()
    assert not clips.mask.any()


def test_metal_too_large_for_a_clip_is_none() -> None:
    port = (Tissue.BONE, ellipsoid((25, 0, 0), (8, 8, 8)))
    scene = Scene((GLAND, port), hu=METAL)
    assert find_clips(scene.image, scene.inside, scene.scanner.scale).specks == ()


def test_an_empty_breast_has_no_clips() -> None:
    scene = Scene()
    nothing = np.zeros_like(scene.inside)
    assert find_clips(scene.image, nothing, scene.scanner.scale).specks == ()
