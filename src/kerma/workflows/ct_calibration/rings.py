"""Rings of inserts: the pattern along a circle, in the scan and in the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.core.phantom import Insert, Phantom
from kerma.imaging.axial import AxialStack

__all__ = ["ANGLES_DEG", "Ring", "RingPattern", "pattern_of", "profiles", "rings_of"]

ANGLES_DEG = np.arange(360.0)
_BAND = (-0.5, 0.0, 0.5)  # radii averaged, in insert radii about the ring's
_SAME_RING_MM = 6.0
# CT numbers beyond these carry no more information on what the material is.
_CLIP_HU = (-1100.0, 1500.0)
_PRESENT_HU = 120.0  # contrast from which an insert counts as fully there


@dataclass(frozen=True)
class Ring:
    """A circle on which inserts lie: its radius and half the width averaged, mm."""

    radius_mm: float
    half_width_mm: float


@dataclass(frozen=True, eq=False)
class RingPattern:
    """What a model shows along its rings.

    Parameters
    ----------
    phantom
        The model.
    mirrored
        Whether it is seen from its other end.
    rings
        Its rings.
    expected
        (n,) expected CT number of each insert, HU.
    hu
        (rings, 360) expected CT numbers at `ANGLES_DEG`, HU.
    """

    phantom: Phantom
    mirrored: bool
    rings: tuple[Ring, ...]
    expected: FloatArray
    hu: FloatArray

    def correlations(self, measured: FloatArray) -> FloatArray:
        """Correlation with measured profiles at each roll.

        A change of the HU scale, gain or offset, does not matter.

        Parameters
        ----------
        measured
            (n, rings, 360) CT numbers along this pattern's rings; NaN where unseen.

        Returns
        -------
        FloatArray
            (n, 360): how well the pattern turned by 0, 1, ... degrees fits, at most
            1; zero where nothing is seen.
        """
        seen = np.isfinite(measured)
        clipped = np.clip(np.where(seen, measured, 0.0), *_CLIP_HU)
        return _correlate(self.hu, clipped, seen)

    def presence_correlations(self, measured: FloatArray) -> FloatArray:
        """Correlation by where inserts are, whatever their material.

        Like `correlations`, but on how far the CT number leaves the background, held
        at a moderate contrast: an exchanged or a foreign insert changes little.
        """
        seen = np.isfinite(measured)
        expected = np.abs(self.hu - self.phantom.background_hu)
        level = np.nanmedian(np.where(seen, measured, np.nan), axis=(1, 2))
        away = np.abs(
            np.where(seen, measured, 0.0) - np.nan_to_num(level)[:, None, None]
        )
        return _correlate(
            np.minimum(expected, _PRESENT_HU), np.minimum(away, _PRESENT_HU), seen
        )


def _correlate(
    pattern: FloatArray, measured: FloatArray, seen: BoolArray
) -> FloatArray:
    """(n, 360) circular correlation coefficient of (rings, 360) with (n, rings, 360)."""
    pattern = pattern - pattern.mean()
    pattern /= np.linalg.norm(pattern)
    count = np.maximum(seen.sum(axis=(1, 2), keepdims=True), 1)
    mean = (measured * seen).sum(axis=(1, 2), keepdims=True) / count
    centered = np.where(seen, measured - mean, 0.0)
    size = np.sqrt(np.square(centered).sum(axis=(1, 2)))
    spectrum = np.fft.rfft(centered) * np.conj(np.fft.rfft(pattern))
    products = np.fft.irfft(spectrum, n=ANGLES_DEG.size).sum(axis=1)
    return products / np.maximum(size, 1e-9)[:, None]


def rings_of(phantom: Phantom) -> tuple[Ring, ...]:
    """The circles on which a phantom's inserts lie; one at the center has none."""
    groups: list[list[Insert]] = []
    for insert in sorted(phantom.inserts, key=lambda item: item.radius_mm):
        if insert.radius_mm < insert.diameter_mm / 2:
            continue
        last = groups[-1][0].radius_mm if groups else -np.inf
        if insert.radius_mm - last <= _SAME_RING_MM:
            groups[-1].append(insert)
        else:
            groups.append([insert])
    return tuple(
        Ring(
            radius_mm=float(np.mean([insert.radius_mm for insert in group])),
            half_width_mm=float(np.mean([insert.diameter_mm for insert in group])) / 4,
        )
        for group in groups
    )


def pattern_of(
    phantom: Phantom, expected: FloatArray, *, mirrored: bool
) -> RingPattern:
    """The pattern of a model whose inserts have the expected CT numbers given."""
    rings = rings_of(phantom)
    hu = np.full((len(rings), len(_BAND), ANGLES_DEG.size), phantom.background_hu)
    radii = _band_radii(rings)[:, :, None]
    angle = np.deg2rad(ANGLES_DEG)
    x, y = radii * np.cos(angle), radii * np.sin(angle)
    for insert, value in zip(phantom.inserts, expected, strict=True):
        insert_x, insert_y = insert.center_mm
        insert_x = -insert_x if mirrored else insert_x
        inside = np.hypot(x - insert_x, y - insert_y) <= insert.diameter_mm / 2
        hu[inside] = np.clip(value, *_CLIP_HU)
    return RingPattern(phantom, mirrored, rings, expected, hu.mean(axis=1))


def profiles(
    stack: AxialStack, rings: Sequence[Ring], k: IntArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """(n, rings, 360) CT numbers along rings about n centers in n slices, HU."""
    angle = np.deg2rad(ANGLES_DEG)
    radii = _band_radii(rings)[..., None]
    sampled = stack.sample(
        k[:, None, None, None],
        x[:, None, None, None] + radii * np.cos(angle),
        y[:, None, None, None] + radii * np.sin(angle),
    )
    return sampled.mean(axis=2)


def _band_radii(rings: Sequence[Ring]) -> FloatArray:
    """(rings, 3) radii that are averaged, mm."""
    return np.array(
        [
            [ring.radius_mm + part * 2 * ring.half_width_mm for part in _BAND]
            for ring in rings
        ]
    )
