"""Simulated breasts against closed forms."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.simulation.breast import (
    PRESETS,
    BreastDesign,
    Fold,
    Implant,
    Material,
    Muscle,
    SimulatedBreast,
    VirtualBreastCT,
    scan_materials,
    simulate_breast,
)
from kerma.simulation.breast.contents import large_solids, small_solids
from kerma.simulation.breast.materials import AIR_HU, LABELS, TISSUE_OF
from kerma.simulation.breast.shape import meridian_of
from kerma.workflows.breast_ct.tissues import LABELS as WORKFLOW_LABELS
from kerma.workflows.breast_ct.tissues import Tissue

COARSE = VirtualBreastCT(spacing_mm=(0.6, 0.6, 0.6), noise_hu=0.0)
RADIUS = 20.0
SMALL = BreastDesign(
    diameter_mm=2 * RADIUS, length_mm=28.0, slab_mm=8.0, nipple_mm=0.0, sag_mm=0.0,
    skin_rise=0.0, areola_mm=1.5, muscle=None, vessels=0,
)  # fmt: skip
FAT, GLAND, SKIN = Tissue.FAT, Tissue.GLAND, Tissue.SKIN


@cache
def small(**changes: object) -> SimulatedBreast:
    return simulate_breast(replace(SMALL, **changes), COARSE, seed=2)  # type: ignore[arg-type]  # any field


def volumes(breast: SimulatedBreast) -> dict[str, float]:
    return {k: v for k, v in breast.summary.volumes_ml.items() if v > 0}


def body_ml(breast: SimulatedBreast) -> float:
    return sum(breast.summary.volumes_ml.values())


def test_a_breast_has_the_volume_of_a_disc_and_half_an_ellipsoid() -> None:
    """Pi R^2 (s + 2/3 (L - s)); the sag shears it, which changes no volume."""
    expected = np.pi * 2.0**2 * (0.8 + 2 / 3 * 2.0)

    assert body_ml(small()) == pytest.approx(expected, rel=0.003)
    assert body_ml(small(sag_mm=6.0)) == pytest.approx(expected, rel=0.003)


def test_the_skin_is_the_shell_between_two_half_balls_and_tubes() -> None:
    """With a dome as high as wide, the inner surface is 1.5 mm less in radius."""

    def ml(radius_mm: float) -> float:
        return np.pi * (radius_mm**2 * 8 + 2 / 3 * radius_mm**3) / 1000

    skin = volumes(small())["skin"]
    assert skin == pytest.approx(ml(RADIUS) - ml(RADIUS - 1.5), rel=0.005)
    assert small().summary.skin_mm == pytest.approx(1.5)


def test_skin_that_rises_towards_the_feet_has_the_same_mean() -> None:
    even, rising = small(), small(skin_rise=0.3)

    assert volumes(rising)["skin"] == pytest.approx(volumes(even)["skin"], rel=0.005)


def test_skin_that_rises_is_thicker_on_the_side_of_the_feet() -> None:
    """Half a ring of thickness t (1 + a sin phi) has the integral of t R - t^2 / 2."""

    def area(a: float, t: float = 1.5) -> float:
        return RADIUS * t * (np.pi + 2 * a) - t**2 / 2 * (
            np.pi * (1 + a**2 / 2) + 4 * a
        )

    skin = small(skin_rise=0.3).fraction(SKIN)[4]
    head, feet = skin[: skin.shape[0] // 2], skin[-(skin.shape[0] // 2) :]
    assert feet.sum() * 0.36 == pytest.approx(area(0.3), rel=0.03)
    assert head.sum() * 0.36 == pytest.approx(area(-0.3), rel=0.03)


@pytest.mark.parametrize(
    ("wanted", "vessels"), [(0.04, 0), (0.17, 5), (0.35, 0), (0.65, 0)]
)
def test_glands_take_the_wanted_share(wanted: float, vessels: int) -> None:
    summary = small(gland_fraction=wanted, vessels=vessels).summary

    assert summary.glandularity == pytest.approx(wanted, abs=0.002)
    assert summary.strict_glandularity is not None
    assert summary.strict_glandularity < wanted


def test_ligaments_take_their_share_of_what_is_no_gland() -> None:
    summary = small(gland_fraction=0.2, ligament_fraction=0.05).summary
    assert summary.glandularity is not None
    assert summary.strict_glandularity is not None

    ligaments = summary.glandularity - summary.strict_glandularity
    fat = 1 - summary.glandularity
    assert ligaments / (ligaments + fat) == pytest.approx(0.05, abs=0.01)


def test_fractions_sum_to_one_within_the_breast_and_agree_with_the_labels() -> None:
    breast = small()
    total = np.sum([breast.fraction(tissue) for tissue in (FAT, GLAND, SKIN)], axis=0)

    inner = (breast.truth.array == FAT) | (breast.truth.array == GLAND)
    np.testing.assert_allclose(total[inner], 1.0, atol=1e-6)
    assert float(total.max()) <= 1 + 1e-6
    for tissue in (FAT, GLAND, SKIN):
        assert (breast.fraction(tissue)[breast.truth.array == tissue] >= 1 / 3).all()
    voxel_ml = 0.6**3 / 1000
    gland = float(breast.fraction(GLAND).sum(dtype=float)) * voxel_ml
    assert gland == pytest.approx(volumes(breast)["glands"], rel=1e-6)


@pytest.mark.parametrize("place", ["retroglandular", "submuscular"])
@pytest.mark.parametrize(("filling", "hu"), [("silicone", 165.0), ("saline", 10.0)])
def test_an_implant_has_its_volume_and_its_ct_number(
    place: str, filling: str, hu: float
) -> None:
    implant = Implant(4.0, filling, place, back_mm=4.0)  # type: ignore[arg-type]  # of parameters
    breast = small(implant=implant)

    assert volumes(breast)["implant"] == pytest.approx(4.0, rel=0.01)
    center = breast.ct.hu[18, breast.ct.hu.shape[1] // 2, breast.ct.hu.shape[2] // 2]
    assert center == hu
    assert ("pectoralis major" in volumes(breast)) == (place == "submuscular")


def test_an_implant_that_the_cut_goes_through_loses_its_cap() -> None:
    """A cap of height h of an ellipsoid a, a, c has pi a^2 h^2 (3 c - h) / (3 c^2)."""
    implant = Implant(4.0, back_mm=-3.0)
    a, c, h = implant.radius_mm, implant.thickness_mm / 2, 3.0
    cap = np.pi * a**2 * h**2 * (3 * c - h) / (3 * c**2) / 1000

    found = volumes(small(implant=implant))["implant"]
    assert found == pytest.approx(4.0 - cap, rel=0.01)


def test_a_fold_is_half_a_tube_with_round_ends() -> None:
    fold = Fold(radius_mm=6.0, gap_mm=2.0, half_angle_deg=40.0)
    arc = 2 * np.deg2rad(40.0) * (RADIUS + 2.0 + 6.0)
    expected = (np.pi * 6.0**2 * arc + 4 / 3 * np.pi * 6.0**3) / 2 / 1000

    breast = small(fold=fold)
    assert volumes(breast)["skin fold"] == pytest.approx(expected, rel=0.01)
    assert body_ml(breast) == pytest.approx(body_ml(small()) + expected, rel=0.005)


@pytest.mark.parametrize(("gap", "apart"), [(3.0, True), (-1.0, False)])
def test_a_fold_lies_apart_or_touches(gap: float, *, apart: bool) -> None:
    from scipy.ndimage import label

    breast = small(fold=Fold(radius_mm=6.0, gap_mm=gap))
    _, parts = label(breast.truth.array > 0)
    assert (parts == 2) == apart


def test_the_center_of_mass_of_a_u_muscle_lies_outside_of_it() -> None:
    muscle = small(muscle=Muscle("U", 8.0)).truth.array[0] == Tissue.MUSCLE

    j, i = (int(np.rint(index.mean())) for index in np.nonzero(muscle))
    assert muscle.sum() > 1000
    assert not muscle[j, i]


def test_a_rib_lies_at_the_cut_behind_muscle() -> None:
    bone = small(muscle=Muscle("layer", 9.0), rib=True).truth.array == Tissue.BONE

    assert bone[0].any()
    assert not bone[9:].any()  # the rib reaches 5 mm forward
    assert volumes(small(rib=True))["bone"] > 0.5


def test_clips_are_brighter_than_all_tissue_and_belong_to_none() -> None:
    breast = small(clips=2)
    bright = breast.ct.hu > 2000

    assert bright.any()
    assert (breast.truth.array[breast.ct.hu == 3000] != Tissue.SKIN).all()
    assert body_ml(small()) - body_ml(breast) == pytest.approx(
        2 * (np.pi * 0.5**2 * 2 + 4 / 3 * np.pi * 0.5**3) / 1000, rel=0.3
    )


def test_the_scale_moves_tissue_and_leaves_air() -> None:
    moved = simulate_breast(
        SMALL, replace(COARSE, gain=1.1, offset_hu=70.0), seed=2
    ).ct.hu
    plain = small().ct.hu
    far = small().truth.array == Tissue.AIR
    whole = (small().fraction(FAT) == 1) & (plain == -255)

    assert whole.any()
    assert set(moved[whole]) == {round(-255 * 1.1 + 70)}
    # One HU is what the blurred skin adds to air that it hardly reaches.
    assert np.abs(moved - plain)[far & (plain <= AIR_HU)].max() <= 1


def test_the_same_seed_gives_the_same_scan_and_another_one_another() -> None:
    noisy = replace(COARSE, noise_hu=30.0)
    one, again, other = (simulate_breast(SMALL, noisy, seed=s) for s in (5, 5, 6))

    assert one.ct.sha256 == again.ct.sha256
    assert one.truth.sha256 == again.truth.sha256
    assert one.ct.series_instance_uid == again.ct.series_instance_uid
    assert not np.array_equal(one.ct.array, other.ct.array)
    assert not np.array_equal(one.truth.array, other.truth.array)
    assert one.ct.series_instance_uid != other.ct.series_instance_uid


def test_a_right_breast_is_a_left_one_mirrored() -> None:
    left = small(muscle=Muscle(), vessels=3, off_center_mm=(0.0, 4.0))
    right = small(
        muscle=Muscle(), vessels=3, off_center_mm=(0.0, 4.0), laterality="right"
    )

    for tissue in (FAT, GLAND, SKIN):
        mirrored = right.counts[tissue][:, :, ::-1]
        assert np.array_equal(left.counts[tissue], mirrored)
    middle = np.array(left.ct.array.shape) / 2 - 0.5
    assert left.ct.grid.to_patient(middle)[0] == pytest.approx(90.0)
    assert right.ct.grid.to_patient(middle)[0] == pytest.approx(-90.0)


def test_the_anatomy_is_the_same_on_other_voxels() -> None:
    finer = simulate_breast(SMALL, replace(COARSE, spacing_mm=(0.8, 0.4, 0.5)), seed=2)

    for name, ml in volumes(small()).items():
        assert volumes(finer)[name] == pytest.approx(ml, rel=0.005)


def test_the_scan_lies_prone_with_slices_from_chest_wall_to_nipple() -> None:
    breast = small(sag_mm=8.0)
    body = np.argwhere(breast.truth.array > 0)
    grid = breast.ct.grid

    tip, back = (body[body[:, 0] == k].mean(axis=0) for k in (body[:, 0].max(), 0))
    forward = grid.to_patient(tip) - grid.to_patient(back)
    assert forward[1] == pytest.approx(-28.0, abs=1.0)  # anterior is -y
    assert forward[2] == pytest.approx(-8.0, abs=1.0)  # the nipple sags to the feet
    middle = (np.array(grid.shape) - 1) / 2
    cut = grid.to_patient(np.array([-0.5, middle[1], middle[2]]))
    assert cut == pytest.approx((90.0, 0.0, 0.0))
    assert breast.ct.acquisition.patient_position == "HFP"


def test_a_nipple_stands_out_as_skin() -> None:
    """A rod of 4.5 mm and a round end; its root within the dome is what it adds not."""
    without, with_it = small(), small(nipple_mm=6.0)

    added = volumes(with_it)["skin"] - volumes(without)["skin"]
    # Above a flat base: 1.5 mm of rod and half a ball; the dome falls away below it
    # by r^2 / 2 R, pi r^4 / 4 R in all.
    r, dome = 4.5, RADIUS
    expected = np.pi * (r**2 * 1.5 + 2 / 3 * r**3 + r**4 / (4 * dome)) / 1000
    assert added == pytest.approx(expected, rel=0.02)


def test_what_the_field_cuts_off_is_in_no_truth() -> None:
    cut = simulate_breast(
        replace(SMALL, off_center_mm=(0.0, 12.0)),
        replace(COARSE, field_mm=50.0),
        seed=2,
    )
    ni = cut.ct.array.shape[2]
    y, x = np.mgrid[:ni, :ni] * 0.6 - (ni - 1) * 0.3
    outside = np.hypot(y, x) > 25

    assert (cut.ct.array[:, outside] == -1024).all()
    assert not cut.truth.array[:, outside].any()
    assert not cut.fraction(FAT)[:, outside].any()
    assert (cut.truth.array[0][~outside & (np.hypot(y, x) > 24.5)] > 0).any()
    assert body_ml(cut) < 0.9 * body_ml(small())


def test_the_cylinder_is_a_ring_of_4_mm() -> None:
    breast = simulate_breast(
        SMALL, replace(COARSE, cylinder=True, field_mm=60.0), seed=2
    )

    shape = breast.truth.array.shape
    expected = np.pi * (27.0**2 - 23.0**2) * shape[0] * 0.6 / 1000
    assert volumes(breast)["cylinder"] == pytest.approx(expected, rel=0.01)
    assert (breast.ct.hu[breast.truth.array == Tissue.CYLINDER] > -600).all()


def test_a_volume_of_materials_keeps_its_volumes_on_any_voxels() -> None:
    box = np.zeros((20, 30, 40), np.uint8)
    box[:10, 5:25, 10:30] = Material.FAT
    box[2:6, 10:20, 15:25] = Material.VESSEL
    box[0, 0, 0] = Material.SKIN

    for spacing in ((0.5, 0.5, 0.5), (0.6, 0.4, 0.3)):
        scanner = VirtualBreastCT(spacing_mm=spacing, noise_hu=0.0)
        breast = scan_materials(box, (0.5,) * 3, scanner, field_mm=40.0, seed=1)
        found = breast.summary.volumes_ml
        assert found["fat"] == pytest.approx(3600 * 0.125 / 1000, rel=0.02)
        assert found["glands"] == pytest.approx(400 * 0.125 / 1000, rel=0.06)
        assert breast.summary.strict_glandularity == 0


def test_materials_on_their_own_voxels_come_back_as_their_tissues() -> None:
    generator = np.random.default_rng(1)
    volume = generator.integers(0, len(Material), (6, 20, 20)).astype(np.uint8)
    scanner = VirtualBreastCT(spacing_mm=(0.5,) * 3, noise_hu=0.0)

    breast = scan_materials(volume, (0.5,) * 3, scanner, field_mm=10.0, seed=1)
    seen = scanner.radius_mm((20, 20)) <= 5.0
    assert np.array_equal(breast.truth.array[:, seen], TISSUE_OF[volume][:, seen])


def test_both_tables_of_tissues_agree() -> None:
    assert {label.number: label for label in LABELS} == {
        label.number: label for label in WORKFLOW_LABELS
    }


@pytest.mark.parametrize("name", PRESETS)
def test_what_lies_in_a_preset_fits(name: str) -> None:
    design = PRESETS[name]
    meridian = meridian_of(design)

    large = large_solids(design, meridian)
    assert len(large) == bool(design.implant) + design.rib
    assert small_solids(design, meridian, large, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_what_it_is_named_for(name: str) -> None:
    design = PRESETS[name]
    breast = simulate_breast(design, COARSE, seed=1)

    if name != "field-cut":  # which loses some of either
        assert breast.summary.glandularity == pytest.approx(
            design.gland_fraction, abs=0.002
        )
    found = set(volumes(breast))
    assert ("implant" in found) == (design.implant is not None)
    assert ("skin fold" in found) == (design.fold is not None)
    assert ("bone" in found) == design.rib
    assert ("pectoralis major" in found) == (design.muscle is not None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"laterality": "middle"}, "left, right"),
        ({"length_mm": 5.0}, "longer than its slab"),
        ({"diameter_mm": float("inf")}, "finite"),
        ({"skin_mm": 0.0}, "skin_mm"),
        ({"skin_mm": 20.0}, "does not fit"),
        ({"gland_fraction": 1.0}, "fraction of gland"),
        ({"ligament_fraction": 0.5}, "0.1 of what is no gland"),
        ({"clips": -1}, "up to 100"),
        ({"nipple_mm": -1.0}, "not negative"),
    ],
)
def test_a_breast_that_cannot_be_is_refused(
    changes: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        replace(SMALL, **changes)  # type: ignore[arg-type]  # that is the point


def test_an_implant_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="300 ml is too large"):
        small(implant=Implant(300.0))
    with pytest.raises(InputError, match="not in the scan"):
        Implant(15.0, back_mm=-60.0)
    with pytest.raises(InputError, match="filling 'gold'"):
        Implant(15.0, "gold")  # type: ignore[arg-type]  # that is the point


def test_a_scan_that_is_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="larger spacing"):
        simulate_breast(SMALL, VirtualBreastCT(spacing_mm=(0.01,) * 3), seed=1)
