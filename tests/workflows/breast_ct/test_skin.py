"""The skin of slabs and of simulated breasts, of which the thickness is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from kerma.imaging.surface_shell import shell_below
from kerma.simulation.breast import Muscle, SimulatedBreast, VirtualBreastCT
from kerma.workflows.breast_ct.body import find_body, surface_level
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.skin import Skin, find_skin
from kerma.workflows.breast_ct.skin_thickness import Patches, measure_thickness
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.hanging import SCALE, breast, dice, image_of, labels_of


def slab(
    thickness: float, *, behind_hu: float = -255.0, noise_hu: float = 30.0
) -> Patches:
    """The skin of a slanted plane, 0.3 mm voxels, blurred by 0.2 mm."""
    spacing, shape = (0.3, 0.3, 0.3), (50, 50, 60)
    unit = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    depth = (np.stack(np.indices(shape), axis=-1) * 0.3) @ unit - 6.04
    hu = -1000 + 1000 * ndtr(depth / 0.2)
    hu += behind_hu * ndtr((depth - thickness) / 0.2)
    hu += noise_hu * np.random.default_rng(5).standard_normal(shape)
    hu = np.rint(hu).astype(np.int16)
    level = surface_level(SCALE)
    shell = shell_below(hu, depth > 0, spacing, level=level, reach_mm=5.0)
    return measure_thickness(shell, hu, SCALE, voxel_mm=0.3)


def skin_of(
    drawn: SimulatedBreast, scale: HUScale = SCALE, *, field: bool = True
) -> Skin:
    image = image_of(drawn)
    body = find_body(image, scale)
    seen = body.field.mask if field else None
    return find_skin(image, body.mask, np.zeros_like(body.mask), scale, field=seen)


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
    ("scanner", "design"),
    [
        (VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)), {}),
        (VirtualBreastCT(spacing_mm=(0.3, 0.3, 0.3), noise_hu=45.0), {}),
        (VirtualBreastCT(spacing_mm=(0.6, 0.3, 0.3)), {}),
        (VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)), {"gland_fraction": 0.65}),
        (VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)), {"muscle": Muscle("layer", 6.0)}),
        (VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5), cupping_hu=40.0), {}),
        (VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)), {"skin_mm": 2.3}),
    ],
)
def test_the_skin_of_a_breast_is_found_with_its_volume_and_thickness(
    scanner: VirtualBreastCT, design: dict[str, float]
) -> None:
    drawn = breast(scanner, **design)
    skin = skin_of(drawn)
    truth = labels_of(drawn) == Tissue.SKIN
    assert dice(skin.mask, truth) > 0.95
    assert 0.95 < np.count_nonzero(skin.mask) / np.count_nonzero(truth) < 1.05
    # The summary's mean holds the areola, which is the thicker.
    assert skin.mean_mm == pytest.approx(drawn.summary.skin_mm, abs=0.1)
    assert 0.7 < skin.coverage <= 1


@pytest.mark.parametrize(
    ("gain", "offset"), [(1.0, 70.0), (1.0, -70.0), (1.1, 0.0), (0.9, 0.0)]
)
def test_the_scale_of_the_scan_does_not_matter(gain: float, offset: float) -> None:
    spacing = (0.5, 0.5, 0.5)
    drawn = breast(VirtualBreastCT(spacing_mm=spacing, gain=gain, offset_hu=offset))
    scale = HUScale(-255 * gain + offset + 8, -41 * gain + offset - 8)
    skin = skin_of(drawn, scale)
    assert dice(skin.mask, labels_of(drawn) == Tissue.SKIN) > 0.95


def test_the_nipple_is_skin_and_its_tip_is_where_it_was_drawn() -> None:
    drawn = breast(sag_mm=6.0)
    skin = skin_of(drawn)
    assert skin.nipple is not None
    k, j, i = skin.nipple
    middle = (np.array(drawn.ct.grid.shape) - 1) / 2
    assert k == pytest.approx((34.0 + 5.0) / 0.5, abs=2)
    # The sag goes as the square of the depth, beyond the length too.
    assert j == pytest.approx(middle[1] + 6.0 * (39 / 34) ** 2 / 0.5, abs=4)
    assert i == pytest.approx(middle[2], abs=2)
    front = np.zeros(skin.mask.shape, bool)
    front[round(34 / 0.5) :] = True
    tissue = labels_of(drawn) > 0
    assert skin.mask[front & tissue].mean() > 0.97


def test_an_inverted_nipple_is_not_found() -> None:
    assert skin_of(breast(nipple_mm=0.0)).nipple is None


def test_the_wall_of_the_field_is_no_skin() -> None:
    scanner = VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5), field_mm=84.0)
    drawn = breast(scanner, off_center_mm=(0.0, 20.0))
    truth = labels_of(drawn) == Tissue.SKIN
    assert dice(skin_of(drawn).mask, truth) > 0.95


def test_thickness_is_given_where_it_was_measured_on_the_surface() -> None:
    drawn = breast()
    skin = skin_of(drawn)
    index = np.rint(skin.positions).astype(int)
    near = np.zeros(skin.mask.shape, bool)
    near[tuple(index.T)] = True
    surface = labels_of(drawn) > 0
    assert skin.positions.shape == (skin.thickness_mm.size, 3)
    assert skin.measured.shape == skin.thickness_mm.shape
    assert surface[near].mean() > 0.4  # the others lie half a voxel outside
