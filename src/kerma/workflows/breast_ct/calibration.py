"""The HU scale of one scan, measured on its own fat and gland."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, sqrt
from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import BoolArray
from kerma.workflows.breast_ct.calm_voxels import CalmVoxels, calm_voxels
from kerma.workflows.breast_ct.devices import DevicePrior
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.peaks import find_peaks, mean_shift
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["ScaleFit", "Source", "calibrate_scale"]

Source: TypeAlias = Literal["scan", "prior"]

_FEW_VOXELS = 200
_MIXED, _STANDS_OUT = 0.7, 1.5  # of the way to gland; times as many voxels as there
_FAR_SD = 3.0
_FAR_FROM_ROUGH_HU = 30.0
_WINDOW_HU = 8.0
# What a peak may be off for reasons that no part of the scan shows: ligaments and
# vessels in fat and gland, and the slope of the gland's border.
_LEAST_U_FAT_HU, _LEAST_U_GLAND_HU = 2.0, 3.0


@dataclass(frozen=True)
class ScaleFit:
    """CT numbers of pure fat and pure gland on a scan.

    Parameters
    ----------
    fat_hu, gland_hu
        CT numbers, HU.
    u_fat_hu, u_gland_hu
        Their standard uncertainties, HU.
    fat_source, gland_source
        Whether measured on this scan or taken from what is known of the device.
    noise_hu
        Standard deviation of the CT numbers within fat, HU.
    fat_voxels, gland_voxels
        Voxels read at each peak.
    flags
        What is odd about it.
    """

    fat_hu: float
    gland_hu: float
    u_fat_hu: float
    u_gland_hu: float
    fat_source: Source
    gland_source: Source
    noise_hu: float
    fat_voxels: int
    gland_voxels: int
    flags: tuple[Flag, ...] = field(default=())

    @property
    def scale(self) -> HUScale:
        """The scale itself."""
        return HUScale(self.fat_hu, self.gland_hu)


@dataclass(frozen=True)
class _Peak:
    hu: float
    u_hu: float
    voxels: int


def calibrate_scale(
    image: BreastImage, tissue: BoolArray, prior: DevicePrior, rough: HUScale
) -> ScaleFit:
    """Measure what fat and gland read on a scan.

    Of the voxels away from skin and muscle, the 20 % with the lowest gradient of the
    smoothed CT numbers hold one tissue each; fat and gland are the two peaks among
    them, followed to their centers by mean shift. Where there is too little pure
    gland, its distance from fat is the device's.

    Parameters
    ----------
    image
        The scan.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    prior
        What is known of the device.
    rough
        A first scale, to tell whether the peaks are plausible.
    """
    samples = calm_voxels(image, tissue)
    if prior.fixed:
        return _fixed(samples, prior)
    peaks = find_peaks(
        samples.smooth,
        contrast_hu=prior.contrast_hu,
        contrast_sd_hu=prior.contrast_sd_hu,
    )
    fat_near = rough.fat_hu
    if peaks and abs(peaks.fat_hu - rough.fat_hu) <= _FAR_FROM_ROUGH_HU:
        fat_near = peaks.fat_hu
    fat = _measure(samples, fat_near, _LEAST_U_FAT_HU)
    if fat.voxels < _FEW_VOXELS:
        return _fixed(samples, prior)
    gland = _gland(samples, fat, peaks.gland_hu if peaks else None)
    expected = _Peak(
        fat.hu + prior.contrast_hu, hypot(fat.u_hu, prior.contrast_sd_hu), 0
    )
    used = gland or expected
    return ScaleFit(
        fat_hu=fat.hu,
        gland_hu=used.hu,
        u_fat_hu=fat.u_hu,
        u_gland_hu=used.u_hu,
        fat_source="scan",
        gland_source="scan" if gland else "prior",
        noise_hu=_noise(samples, fat.hu),
        fat_voxels=fat.voxels,
        gland_voxels=used.voxels,
        flags=_flags(fat, gland, prior),
    )


def _gland(samples: CalmVoxels, fat: _Peak, near_hu: float | None) -> _Peak | None:
    """The peak of gland; ``None`` if it hardly stands out from the mixed voxels."""
    if near_hu is None:
        return None
    gland = _measure(samples, near_hu, _LEAST_U_GLAND_HU)
    mixed_hu = fat.hu + _MIXED * (gland.hu - fat.hu)
    mixed = np.count_nonzero(np.abs(samples.smooth - mixed_hu) <= _WINDOW_HU)
    enough = max(_FEW_VOXELS, _STANDS_OUT * mixed)
    return gland if gland.voxels >= enough else None


def _fixed(samples: CalmVoxels, prior: DevicePrior) -> ScaleFit:
    """The device's own numbers, whatever the scan shows."""
    flags: tuple[Flag, ...] = ()
    if not prior.fixed:
        flags = (
            Flag(
                "scale_not_measured",
                Severity.LOOK,
                f"There is hardly any pure fat to read, so {prior.name}'s "
                f"{prior.fat_hu:g} HU for fat and {prior.gland_hu:g} HU for gland were "
                f"taken.",
            ),
        )
    return ScaleFit(
        fat_hu=prior.fat_hu,
        gland_hu=prior.gland_hu,
        u_fat_hu=prior.fat_sd_hu,
        u_gland_hu=prior.gland_sd_hu,
        fat_source="prior",
        gland_source="prior",
        noise_hu=_noise(samples, mean_shift(samples.smooth, prior.fat_hu)),
        fat_voxels=0,
        gland_voxels=0,
        flags=flags,
    )


def _measure(samples: CalmVoxels, near_hu: float, least_u_hu: float) -> _Peak:
    """A peak's center and how well it is known: from how it varies over the breast."""
    hu = mean_shift(samples.smooth, near_hu, _WINDOW_HU)
    near = np.abs(samples.smooth - hu) <= _WINDOW_HU
    centers = [
        mean_shift(samples.smooth[samples.part == part], hu, _WINDOW_HU)
        for part in np.unique(samples.part)
        if np.count_nonzero(near[samples.part == part]) >= _FEW_VOXELS
    ]
    spread = np.std(centers, ddof=1) / sqrt(len(centers)) if len(centers) > 1 else 0.0
    return _Peak(hu, hypot(float(spread), least_u_hu), int(np.count_nonzero(near)))


def _noise(samples: CalmVoxels, fat_hu: float) -> float:
    """Standard deviation within fat, HU, from the values below it.

    Ligaments and glands are above; the median of half a normal distribution lies at
    0.6745 standard deviations.
    """
    below = fat_hu - samples.own[samples.own < fat_hu]
    return float(np.median(below)) / 0.6745 if below.size else 0.0


def _doubtful_fat(hu: float, prior: DevicePrior) -> list[Flag]:
    """Whether the one peak there is can be fat: it may as well be gland, or water."""
    if hu - prior.fat_hu <= max(prior.contrast_hu / 2, _FAR_SD * prior.fat_sd_hu):
        return []
    sentence = (
        f"The only peak, at {hu:.0f} HU, was taken for fat but lies nearer to where "
        f"{prior.name} has gland; is this a breast, and of this device?"
    )
    return [Flag("fat_doubtful", Severity.UNUSABLE, sentence)]


def _flags(fat: _Peak, gland: _Peak | None, prior: DevicePrior) -> tuple[Flag, ...]:
    flags = []
    read = [("Fat", fat, prior.fat_hu, prior.fat_sd_hu)]
    if gland:
        read.append(("Gland", gland, prior.gland_hu, prior.gland_sd_hu))
        read.append(
            (
                "The contrast of gland to fat",
                _Peak(gland.hu - fat.hu, hypot(gland.u_hu, fat.u_hu), 0),
                prior.contrast_hu,
                prior.contrast_sd_hu,
            )
        )
    else:
        flags.append(
            Flag(
                "gland_not_measured",
                Severity.NOTE,
                f"There is too little pure gland to read; it was taken to lie "
                f"{prior.contrast_hu:g} HU above fat, as {prior.name} has it.",
            )
        )
        flags.extend(_doubtful_fat(fat.hu, prior))
    for what, peak, expected, sd in read:
        if abs(peak.hu - expected) > _FAR_SD * hypot(sd, peak.u_hu):
            sentence = (
                f"{what} reads {peak.hu:.0f} HU, far from the {expected:g} ± {sd:g} HU "
                f"that {prior.name} has; the scan's own scale was used. Has the "
                f"device's calibration changed?"
            )
            flags.append(Flag("scale_unusual", Severity.LOOK, sentence))
    return tuple(flags)
