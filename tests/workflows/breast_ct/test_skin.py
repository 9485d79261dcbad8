"""The skin of slabs and of simulated breasts, of which the thickness is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from kerma.imaging.surface_shell import shell_below
from kerma.workflows.breast_ct.body import find_body, surface_level
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.skin import Skin, find_skin
from kerma.workflows.breast_ct.skin_thickness import Patches, measure_thickness
from tests.workflows.breast_ct.hanging import RADIUS, SLAB, Hanging, dice

SCALE = HUScale(-255.0, -41.0)
PLAIN = Hanging()


def slab(thickness: float, *, behind_hu: float = -255.0) -> Patches:
    """The skin of a slanted plane with 30 HU of noise, 0.3 mm voxels, 0.2 mm of blur."""
    spacing, shape = (0.3, 0.3, 0.3), (50, 50, 60)
    unit = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    depth = (np.moveaxis(np.indices(shape), 0, -1) * 0.3) @ unit - 6.04
    hu = -1000 + 1000 * ndtr(depth / 0.2)
    hu += behind_hu * ndtr((depth - thickness) / 0.2)
    hu += 30 * np.random.default_rng(5).standard_normal(shape)
    hu = np.rint(hu).astype(np.int16)
    level = surface_level(SCALE)
    shell = shell_below(hu, depth > 0, spacing, level=level, reach_mm=5.0)
    return measure_thickness(shell, hu, SCALE, voxel_mm=0.3)


def skin_of(drawn: Hanging, scale: HUScale | None = None) -> Skin:
    return skin_in(drawn.image, scale or drawn.scale)


def skin_in(image: BreastImage, scale: HUScale) -> Skin:
    body = find_body(image, scale)
    none = np.zeros_like(body.mask)
    return find_skin(image, body.mask, none, scale, field=body.field.mask)


@pytest.mark.parametrize("thickness", [0.8, 1.5, 2.3, 3.2])
def test_the_thickness_of_a_flat_skin_is_right_to_a_tenth_of_a_millimeter(
    thickness: float,
) -> None:
    patches = slab(thickness)
    assert patches.typical_mm == pytest.approx(thickness, abs=0.1)
    assert patches.points[patches.measured].sum() > 0.8 * patches.points.sum()


def test_with_gland_behind_it_skin_is_not_measured() -> None:
    patches = slab(1.5, behind_hu=-41.0)
    assert not patches.measured.any()
    assert patches.typical_mm is None


def test_a_cut_through_fat_has_no_skin() -> None:
    patches = slab(0.0)
    assert patches.measured.any()
    assert not patches.thickness_mm.any()


@pytest.mark.parametrize(
    "drawn",
    [
        PLAIN,
        Hanging(spacing=(0.4, 0.4, 0.4), noise_hu=45.0),
        Hanging(spacing=(0.6, 0.4, 0.4)),
        Hanging(gland=0.65),
        Hanging(muscle_mm=6.0),
        Hanging(cupping_hu=40.0),
        Hanging(skin_mm=1.0, spacing=(0.4, 0.4, 0.4)),
        Hanging(skin_mm=2.3),
    ],
)
def test_the_skin_is_found_with_its_volume_and_thickness(drawn: Hanging) -> None:
    skin = skin_of(drawn)
    assert dice(skin.mask, drawn.skin) > 0.93
    ratio = np.count_nonzero(skin.mask) / np.count_nonzero(drawn.skin)
    assert ratio == pytest.approx(1, abs=0.06)
    assert skin.mean_mm == pytest.approx(drawn.skin_mm, abs=0.1)
    assert 0.7 < skin.coverage <= 1


@pytest.mark.parametrize(
    "drawn",
    [
        Hanging(offset_hu=70.0),
        Hanging(offset_hu=-70.0),
        Hanging(gain=0.9),
        Hanging(gain=1.1),
    ],
)
def test_neither_the_scale_of_the_scan_nor_a_rough_one_matters(drawn: Hanging) -> None:
    rough = HUScale(drawn.scale.fat_hu + 8, drawn.scale.gland_hu - 8)
    assert dice(skin_of(drawn, rough).mask, drawn.skin) > 0.95


@pytest.mark.parametrize("height", [3.0, 5.0])
def test_the_nipple_is_skin_and_its_tip_is_found(height: float) -> None:
    drawn = replace(PLAIN, nipple_mm=height)
    skin = skin_of(drawn)
    assert skin.nipple is not None
    assert skin.nipple == pytest.approx(
        ((SLAB + RADIUS + height) / 0.5, 95.5, 95.5), abs=2
    )
    assert skin.mask[drawn.nipple_depth > 0.5].mean() > 0.9
    front = drawn.breast & (drawn.depth < 0)
    assert skin.mask[front].mean() > 0.99


def test_an_inverted_nipple_is_not_found() -> None:
    assert skin_of(replace(PLAIN, nipple_mm=0.0)).nipple is None


def test_the_wall_of_the_field_is_no_skin() -> None:
    drawn = Hanging(field_mm=54.0, off_center_mm=12.0)
    assert dice(skin_of(drawn).mask, drawn.skin) > 0.93


def test_gland_on_the_wall_of_the_field_is_no_skin() -> None:
    drawn = Hanging(field_mm=54.0, off_center_mm=12.0, gland=0.9)
    wall = drawn.breast & (drawn.radius > 26) & (drawn.depth > 4)
    assert np.count_nonzero(wall) > 1000
    assert skin_of(drawn).mask[wall].mean() < 0.02


def test_toward_a_fold_that_touches_the_breast_keeps_its_skin() -> None:
    drawn = Hanging(fold_gap_mm=-1.0)
    body = find_body(drawn.image, drawn.scale)
    skin = find_skin(drawn.image, body.mask, drawn.fold, drawn.scale)
    assert dice(skin.mask, drawn.skin) > 0.93
    contact = drawn.skin & (drawn.fold_depth > -2)
    assert skin.mask[contact].mean() > 0.9


def test_the_thickness_map_lies_on_the_surface() -> None:
    skin = skin_of(PLAIN)
    index = np.rint(skin.positions).astype(int).T
    round_part = PLAIN.nipple_depth[tuple(index)] < -3
    assert np.abs(PLAIN.depth[tuple(index)])[round_part].max() < 0.8
    assert skin.positions.shape == (skin.thickness_mm.size, 3)
    assert skin.measured.shape == skin.thickness_mm.shape


def test_where_there_is_no_fat_the_skin_has_its_usual_thickness() -> None:
    drawn = Hanging(nipple_mm=0.0, gland=0.0)
    hu = drawn.image.hu.copy()
    hu[drawn.depth > drawn.skin_mm] = -41
    skin = skin_in(BreastImage(hu, drawn.spacing), drawn.scale)
    assert skin.mean_mm is None
    assert skin.coverage == 0
    assert dice(skin.mask, drawn.skin) > 0.93
