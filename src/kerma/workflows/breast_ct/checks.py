"""Checks of a result against what is plausible; each gives a flag or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.workflows.breast_ct.anatomy import Anatomy
from kerma.workflows.breast_ct.artifacts import enhanced_share, ring_amplitude_hu
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.gland_reading import GlandReading
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.limits import Limits
from kerma.workflows.breast_ct.skin import Skin
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["Findings", "check"]


@dataclass(frozen=True, eq=False)
class Findings:
    """All that was found on a scan.

    Parameters
    ----------
    image
        The scan.
    anatomy, reading
        What the steps found on it.
    numbers
        (nk, nj, ni) tissue numbers.
    """

    image: BreastImage
    anatomy: Anatomy
    reading: GlandReading
    numbers: NDArray[np.uint8]


def check(found: Findings, limits: Limits) -> tuple[Flag, ...]:
    """What has to be known before the result is trusted, the worst first.

    Parameters
    ----------
    found
        Everything found.
    limits
        What is plausible.
    """
    flags = [
        *found.reading.fit.flags,
        *found.reading.glandularity.flags,
        *_size(found, limits),
        *_field(found.anatomy.body.field_cut_fraction, limits),
        *_skin(found.anatomy.skin, limits),
        *_muscle(found, limits),
        *_gland(found.reading.glandularity.vgf.value, limits),
        *_inclusions(found.anatomy),
        *_brightness(found, limits),
        *_rings(found, limits),
    ]
    order = (Severity.UNUSABLE, Severity.LOOK, Severity.NOTE)
    return tuple(sorted(flags, key=lambda flag: order.index(flag.severity)))


def _size(found: Findings, limits: Limits) -> list[Flag]:
    sides = [
        step * np.ptp(np.flatnonzero(found.anatomy.body.mask.any(axis=others)))
        for step, others in zip(
            found.image.spacing, ((1, 2), (0, 2), (0, 1)), strict=True
        )
    ]
    if max(sides) <= limits.breast_mm:
        return []
    sentence = (
        f"What was taken for the breast is {max(sides):.0f} mm long or wide, more than "
        f"the field of any breast CT; is the voxel size right?"
    )
    return [Flag("breast_size", Severity.UNUSABLE, sentence)]


def _field(cut: float, limits: Limits) -> list[Flag]:
    if cut <= limits.field_cut:
        return []
    severity = Severity.UNUSABLE if cut > limits.field_cut_unusable else Severity.LOOK
    return [
        Flag(
            "field_cut",
            severity,
            f"{100 * cut:.0f} % of the surface lies on the wall of the field of view: the "
            f"breast goes on outside, and what was measured is of the part inside.",
        )
    ]


def _skin(skin: Skin, limits: Limits) -> list[Flag]:
    flags = []
    low, high = limits.skin_mm
    if skin.nipple is None:
        sentence = "No nipple stands out, so there are no quadrants; look at the tip."
        flags.append(Flag("no_nipple", Severity.NOTE, sentence))
    if skin.mean_mm is None:
        sentence = "The skin could not be measured anywhere; look at its border."
        flags.append(Flag("skin_not_measured", Severity.LOOK, sentence))
    elif not low <= skin.mean_mm <= high:
        sentence = (
            f"The skin is {skin.mean_mm:.2f} mm thick on average, where {low:g} to "
            f"{high:g} mm are usual; look at its border."
        )
        flags.append(Flag("skin_thickness", Severity.LOOK, sentence))
    if skin.mean_mm is not None and skin.coverage < limits.skin_coverage:
        sentence = (
            f"The skin could be measured on {100 * skin.coverage:.0f} % of the surface; "
            f"elsewhere its thickness is that of its neighborhood."
        )
        flags.append(Flag("skin_coverage", Severity.NOTE, sentence))
    return flags


def _muscle(found: Findings, limits: Limits) -> list[Flag]:
    muscle = found.anatomy.muscle
    counts = np.bincount(found.numbers.ravel(), minlength=10)
    mine = int(counts[Tissue.MUSCLE])
    share = mine / max(1, mine + int(counts[Tissue.FAT] + counts[Tissue.GLAND]))
    if not mine:
        sentence = (
            "No muscle is in view: the tissue next to the chest wall may be missing."
        )
        return [Flag("no_muscle", Severity.NOTE, sentence)]
    if share > limits.muscle_share:
        sentence = (
            f"{100 * share:.0f} % of the soft tissue was taken for muscle; look whether "
            f"gland was."
        )
        return [Flag("muscle_share", Severity.UNUSABLE, sentence)]
    if muscle.remark:
        return [Flag("muscle_doubtful", Severity.LOOK, muscle.remark)]
    return []


def _gland(fraction: float, limits: Limits) -> list[Flag]:
    low, high = limits.gland_fraction
    if low <= fraction <= high:
        return []
    is_possible = -0.05 <= fraction <= 1.05
    sentence = (
        f"{100 * fraction:.1f} % gland is outside the usual {100 * low:g} to "
        f"{100 * high:g} %; is this a breast, without a contrast agent?"
    )
    severity = Severity.LOOK if is_possible else Severity.UNUSABLE
    return [Flag("gland_fraction", severity, sentence)]


def _inclusions(anatomy: Anatomy) -> list[Flag]:
    flags = []
    if anatomy.implants:
        told = ", ".join(
            f"{implant.kind} {implant.volume_ml:.0f} ml" for implant in anatomy.implants
        )
        sentence = f"There is an implant ({told}); glandularity is of the rest."
        flags.append(Flag("implant", Severity.NOTE, sentence))
    if anatomy.clips.specks:
        count = len(anatomy.clips.specks)
        sentence = (
            f"{count} {'clip or calcification' if count == 1 else 'clips or calcifications'}"
            f" with what surrounds them were left out of the statistics."
        )
        flags.append(Flag("specks", Severity.NOTE, sentence))
    return flags


def _brightness(found: Findings, limits: Limits) -> list[Flag]:
    scale = found.reading.fit.scale
    share = enhanced_share(found.image, found.anatomy.tissue, scale)
    if share <= limits.contrast_agent:
        return []
    sentence = (
        f"{100 * share:.2f} % of fat and gland is brighter than soft tissue without a "
        f"contrast agent; if one was given, glandularity is too high."
    )
    return [Flag("contrast_agent", Severity.LOOK, sentence)]


def _rings(found: Findings, limits: Limits) -> list[Flag]:
    center = found.anatomy.body.field.center
    if center is None:
        return []
    amplitude = ring_amplitude_hu(found.image, found.numbers == Tissue.FAT, center)
    if amplitude is None or amplitude <= limits.ring_hu:
        return []
    sentence = f"Rings of {amplitude:.0f} HU stand in the fat; look at the slices."
    return [Flag("rings", Severity.LOOK, sentence)]
