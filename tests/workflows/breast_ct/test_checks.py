"""Each flag appears where its cause does, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from kerma.simulation.breast import PRESETS, VirtualBreastCT, simulate_breast
from kerma.workflows.breast_ct.anatomy import Anatomy, find_anatomy
from kerma.workflows.breast_ct.body import find_body
from kerma.workflows.breast_ct.checks import Findings, check
from kerma.workflows.breast_ct.clips import Clip, Clips
from kerma.workflows.breast_ct.crop import Crop
from kerma.workflows.breast_ct.field import Field
from kerma.workflows.breast_ct.flags import Severity
from kerma.workflows.breast_ct.gland_reading import read_glands
from kerma.workflows.breast_ct.glandularity import Estimate
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.implant import Implant
from kerma.workflows.breast_ct.labeling import label
from kerma.workflows.breast_ct.limits import default_limits
from kerma.workflows.breast_ct.muscle import Muscle
from kerma.workflows.breast_ct.scale import rough_scale
from kerma.workflows.breast_ct.settings import Settings
from kerma.workflows.breast_ct.stopwatch import Stopwatch
from kerma.workflows.breast_ct.tissues import Tissue

LIMITS = default_limits()


@pytest.fixture(scope="module")
def sound() -> Findings:
    """What is found on a breast without anything odd."""
    scanner = VirtualBreastCT(spacing_mm=(0.8, 0.8, 0.8))
    scan = simulate_breast(PRESETS["heterogeneous"], scanner, seed=5)
    whole = BreastImage(scan.ct.hu, scanner.spacing_mm)
    rough = rough_scale(whole)
    body = find_body(whole, rough)
    crop = Crop.around(body)
    image = crop.of_image(whole)
    anatomy = find_anatomy(image, crop.of_body(body), rough, Stopwatch())
    reading = read_glands(image, anatomy, Settings.shipped().device, rough)
    return Findings(image, anatomy, reading, label(anatomy, reading.glands.mask))


def codes(found: Findings) -> dict[str, Severity]:
    return {flag.code: flag.severity for flag in check(found, LIMITS)}


def with_anatomy(found: Findings, **parts: object) -> Findings:
    anatomy = found.anatomy
    names = ("body", "fold", "skin", "implants", "bone", "clips", "muscle")
    kept = {name: getattr(anatomy, name) for name in names}
    return replace(found, anatomy=Anatomy(**{**kept, **parts}))


def with_gland(found: Findings, fraction: float) -> Findings:
    glandularity = found.reading.glandularity
    other = replace(glandularity, vgf=Estimate(fraction, 0.01))
    return replace(found, reading=replace(found.reading, glandularity=other))


def test_a_sound_scan_has_no_flag_but_notes(sound: Findings) -> None:
    assert set(codes(sound).values()) <= {Severity.NOTE}


@pytest.mark.parametrize(
    ("cut", "severity"),
    [(0.01, None), (0.1, Severity.LOOK), (0.4, Severity.UNUSABLE)],
)
def test_a_breast_cut_by_the_field_is_flagged(
    sound: Findings, cut: float, severity: Severity | None
) -> None:
    body = replace(sound.anatomy.body, field_cut_fraction=cut)
    assert codes(with_anatomy(sound, body=body)).get("field_cut") is severity


@pytest.mark.parametrize("mean", [0.5, 2.6])
def test_a_skin_of_unlikely_thickness_is_flagged(sound: Findings, mean: float) -> None:
    skin = replace(sound.anatomy.skin, mean_mm=mean)
    assert codes(with_anatomy(sound, skin=skin))["skin_thickness"] is Severity.LOOK


def test_a_skin_that_cannot_be_measured_is_flagged(sound: Findings) -> None:
    skin = replace(sound.anatomy.skin, mean_mm=None, sd_mm=None, coverage=0.0)
    assert codes(with_anatomy(sound, skin=skin))["skin_not_measured"] is Severity.LOOK


def test_a_breast_without_nipple_is_noted(sound: Findings) -> None:
    skin = replace(sound.anatomy.skin, nipple=None, coverage=0.5)
    found = codes(with_anatomy(sound, skin=skin))
    assert {"no_nipple", "skin_coverage"} <= found.keys()


def test_too_much_muscle_is_unusable(sound: Findings) -> None:
    numbers = sound.numbers.copy()
    numbers[numbers == Tissue.FAT] = Tissue.MUSCLE
    found = codes(replace(sound, numbers=numbers))
    assert found["muscle_share"] is Severity.UNUSABLE


def test_a_doubtful_muscle_says_why(sound: Findings) -> None:
    muscle = replace(sound.anatomy.muscle, remark="It may be gland.")
    flags = check(with_anatomy(sound, muscle=muscle), LIMITS)
    assert "It may be gland." in [flag.sentence for flag in flags]


def test_a_scan_without_muscle_is_noted(sound: Findings) -> None:
    none = Muscle(np.zeros(sound.numbers.shape, bool), 0.0)
    numbers = np.where(sound.numbers == Tissue.MUSCLE, 0, sound.numbers)
    found = with_anatomy(replace(sound, numbers=numbers.astype(np.uint8)), muscle=none)
    assert codes(found)["no_muscle"] is Severity.NOTE


@pytest.mark.parametrize(
    ("fraction", "severity"),
    [(0.004, Severity.LOOK), (0.95, Severity.LOOK), (1.3, Severity.UNUSABLE)],
)
def test_an_unlikely_glandularity_is_flagged(
    sound: Findings, fraction: float, severity: Severity
) -> None:
    assert codes(with_gland(sound, fraction))["gland_fraction"] is severity


def test_implants_and_clips_are_told(sound: Findings) -> None:
    nothing = np.zeros(sound.numbers.shape, bool)
    implant = Implant(nothing, 90.0, "silicone", 160.0)
    clips = Clips(nothing, (Clip((1.0, 2.0, 3.0), 0.01, 2500.0),))
    flags = check(with_anatomy(sound, implants=(implant,), clips=clips), LIMITS)
    told = " ".join(flag.sentence for flag in flags)
    assert "silicone 90 ml" in told
    assert "1 clip or calcification" in told


def test_enhanced_vessels_are_flagged(sound: Findings) -> None:
    hu = sound.image.hu.copy()
    inside = np.argwhere(sound.anatomy.tissue)
    k, j, i = inside[len(inside) // 2]
    hu[k - 8 : k + 8, j - 8 : j + 8, i - 8 : i + 8] = 250
    found = codes(replace(sound, image=replace(sound.image, hu=hu)))
    assert found["contrast_agent"] is Severity.LOOK


def test_rings_are_flagged(sound: Findings) -> None:
    rows, columns = sound.numbers.shape[1:]
    center = ((rows - 1) / 2, (columns - 1) / 2)
    down = (np.arange(rows) - center[0])[:, None] * 0.8
    across = (np.arange(columns) - center[1])[None, :] * 0.8
    rings = np.where((np.hypot(down, across) / 0.6).astype(int) % 2, 30, -30)
    ringed = replace(sound.image, hu=sound.image.hu + rings.astype(np.int16))
    body = replace(
        sound.anatomy.body, field=Field(np.ones((rows, columns), bool), center, 50.0)
    )
    assert "rings" in codes(with_anatomy(replace(sound, image=ringed), body=body))
    assert "rings" not in codes(with_anatomy(sound, body=body))


def test_the_worst_comes_first(sound: Findings) -> None:
    body = replace(sound.anatomy.body, field_cut_fraction=0.5)
    skin = replace(sound.anatomy.skin, nipple=None, mean_mm=3.0)
    found = [flag.severity for flag in check(with_anatomy(sound, body=body, skin=skin), LIMITS)]  # fmt: skip
    assert found[0] is Severity.UNUSABLE
    assert found[-1] is Severity.NOTE


def test_a_speck_takes_the_tissue_it_lies_in(sound: Findings) -> None:
    gland = sound.reading.glands.mask
    speck = np.zeros_like(gland)
    fat = sound.anatomy.tissue & ~gland
    for tissue in (gland, fat):
        box = _inside(tissue)
        speck[box] = True
    anatomy = with_anatomy(sound, clips=Clips(speck, ())).anatomy
    numbers = label(anatomy, gland & ~speck)
    assert set(numbers[_inside(gland)].ravel()) == {Tissue.GLAND}
    assert set(numbers[_inside(fat)].ravel()) == {Tissue.FAT}


def _inside(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[slice, ...]:
    """A box of 2 voxels a side well within a mask."""
    from scipy.ndimage import distance_transform_edt

    deepest = np.unravel_index(np.argmax(distance_transform_edt(mask)), mask.shape)
    return tuple(slice(int(at), int(at) + 2) for at in deepest)


def test_a_breast_larger_than_any_field_is_unusable(sound: Findings) -> None:
    """As of a wrong voxel size."""
    image = BreastImage(sound.image.hu, (4.0, 4.0, 4.0))
    flags = check(replace(sound, image=image), LIMITS)
    (flag,) = [flag for flag in flags if flag.code == "breast_size"]
    assert flag.severity is Severity.UNUSABLE
    assert "breast_size" not in [flag.code for flag in check(sound, LIMITS)]
