"""How well a placed model explains the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Phantom
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.identity import Finding, Identity, identify
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.rings import (
    ANGLES_DEG,
    pattern_of,
    profiles,
    rings_of,
)
from kerma.workflows.ct_calibration.scale import HUScale, fit_scale
from kerma.workflows.ct_calibration.surroundings import match_neighbors, match_outline

__all__ = ["Evidence", "expected_of", "weigh"]

_READ = 0.5  # part of an insert's radius that is read to recognize it
_SECTOR = 1.6  # of an insert's own width, to cover the blur about it
# What each hint is worth beside the inserts, which are worth one. The outline must
# outweigh one wrong insert, its size one of eight: it is good to a few tenths of a mm.
_OUTLINE_WORTH = 0.2
_SIZE_WORTH = 0.15
_NEIGHBORS_WORTH = 0.1
_SWAPPED_WORTH = 0.05  # each: a phantom turned and reshuffled could be anything
_RESIDUAL_WORTH = 0.02  # per mm
_OPTIONAL_WORTH = 0.01
_TURNED_WORTH = 0.005
_VERIFIED_WORTH = 0.002


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for a model.

    Parameters
    ----------
    placement
        The model in its place.
    materials
        (n,) key of the material taken as expected at each insert.
    expected, measured
        (n,) CT numbers, HU; `measured` is NaN where an insert is out of view.
    scale
        The line between them; ``None`` where there is none.
    findings
        (n,) what each insert is found to be.
    score
        Correlation of the ring profiles, the sectors of inserts that do not agree
        left out.
    outline_match
        Fraction of the visible outline in its place; ``None`` where out of view.
    outline_offset_mm
        Median distance of the visible outline from its place; ``None`` likewise.
    neighbors_match
        Fraction of the two sides along the axis where body or air is as in the
        model; ``None`` where the scan shows neither.
    """

    placement: Placement
    materials: tuple[str, ...]
    expected: FloatArray
    measured: FloatArray
    scale: HUScale | None
    findings: tuple[Finding, ...]
    score: float
    outline_match: float | None
    outline_offset_mm: float | None
    neighbors_match: float | None

    @property
    def found(self) -> int:
        """Inserts whose CT number agrees, two that are exchanged included."""
        return int(_explained(self.findings).sum())

    @property
    def weight(self) -> float:
        """One number to rank models by; about 1.3 for a perfect match."""
        phantom = self.placement.phantom
        optional = sum(
            key != insert.material
            for key, insert in zip(self.materials, phantom.inserts, strict=True)
        )
        missing = sum(f.identity is Identity.MISSING for f in self.findings)
        size = self.outline_offset_mm
        fits = 0.5 if size is None else float(abs(size) < 1.5)
        return (
            self.score * (self.found + missing / 2) / len(phantom.inserts)
            - _SWAPPED_WORTH * sum(f.partner is not None for f in self.findings)
            + _OUTLINE_WORTH * _or_half(self.outline_match)
            + _NEIGHBORS_WORTH * _or_half(self.neighbors_match)
            + _SIZE_WORTH * fits
            - _RESIDUAL_WORTH * self.placement.residual_mm
            - _OPTIONAL_WORTH * optional
            - _TURNED_WORTH * (abs(self.placement.roll_deg) > 90)
            - _TURNED_WORTH * self.placement.mirrored
            + _VERIFIED_WORTH * phantom.geometry_verified
        )


def _explained(findings: Sequence[Finding]) -> BoolArray:
    """(n,) which inserts hold a material of the phantom, be it another's."""
    good = (Identity.CONFIRMED, Identity.SWAPPED)
    return np.array([finding.identity in good for finding in findings])


def _or_half(part: float | None) -> float:
    """What is not seen speaks neither for nor against."""
    return 0.5 if part is None else part


def expected_of(phantom: Phantom, kv: float | None) -> FloatArray:
    """(n,) expected CT number of each insert at a tube voltage, HU."""
    return np.array(
        [phantom.material_of(insert).hu_at(kv) for insert in phantom.inserts]
    )


def weigh(
    stack: AxialStack, coarse: AxialStack, placement: Placement, kv: float | None
) -> Evidence:
    """Weigh a placed model: its inserts, its rings, its outline, its neighbors."""
    phantom = placement.phantom
    measured = _read(stack, placement)
    expected = expected_of(phantom, kv)
    scale = fit_scale(expected, measured, phantom.background_hu)
    keys = tuple(insert.material for insert in phantom.inserts)
    if scale is not None:
        keys = _likelier(phantom, scale, measured, kv)
        expected = np.array([phantom.materials[key].hu_at(kv) for key in keys])
    findings, scale = identify(phantom, keys, expected, measured)
    match, offset = match_outline(coarse, placement, scale)
    return Evidence(
        placement=placement,
        materials=keys,
        expected=expected,
        measured=measured,
        scale=scale,
        findings=tuple(findings),
        score=_score(coarse, placement, expected, findings),
        outline_match=match,
        outline_offset_mm=offset,
        neighbors_match=match_neighbors(coarse, placement, scale),
    )


def _read(stack: AxialStack, placement: Placement) -> FloatArray:
    """(n,) mean CT number well inside each insert; NaN where not in view."""
    means = np.full((len(placement.rods), placement.extent.slices.size), np.nan)
    for column, k in enumerate(placement.extent.slices):
        for row, (x, y) in enumerate(placement.rods_at(stack.z[k])):
            radius = _READ * placement.phantom.inserts[row].diameter_mm / 2
            if stack.shows_disc(k, x, y, radius):
                values = stack.disc(k, x, y, radius)[2]
                means[row, column] = values.mean() if values.size else np.nan
    return means.mean(axis=1)


def _likelier(
    phantom: Phantom, scale: HUScale, measured: FloatArray, kv: float | None
) -> tuple[str, ...]:
    """The material of each insert, or one of its optional ones where that is nearer."""
    keys = []
    for insert, value in zip(phantom.inserts, measured, strict=True):
        choices = (insert.material, *insert.optional_materials)
        off = [
            abs(float(scale.apply(phantom.materials[key].hu_at(kv))) - value)
            for key in choices
        ]
        keys.append(choices[int(np.argmin(off))] if np.isfinite(value) else choices[0])
    return tuple(keys)


def _score(
    coarse: AxialStack,
    placement: Placement,
    expected: FloatArray,
    findings: Sequence[Finding],
) -> float:
    """Correlation of the ring profiles at the place found, over the central slices.

    Exchanged inserts are expected where they are, other wrong ones are left out.
    """
    order = [
        index if f.partner is None else f.partner for index, f in enumerate(findings)
    ]
    pattern = pattern_of(
        placement.phantom, expected[order], mirrored=placement.mirrored
    )
    slices = placement.extent.slices
    x, y = np.transpose([placement.center_at(coarse.z[k]) for k in slices])
    seen = profiles(coarse, pattern.rings, slices, x, y).mean(axis=0)
    seen = np.where(_sectors(placement, ~_explained(findings)), np.nan, seen)
    scores = pattern.correlations(seen[None])[0]
    return float(np.interp(placement.roll_deg % 360, ANGLES_DEG, scores, period=360))


def _sectors(placement: Placement, which: BoolArray) -> BoolArray:
    """(rings, 360) angles that some inserts cover, on their own ring."""
    rings = rings_of(placement.phantom)
    covered = np.zeros((len(rings), ANGLES_DEG.size), dtype=bool)
    for index in np.flatnonzero(which):
        x, y = placement.rods[index]
        radius = np.hypot(x, y)
        ring = int(np.argmin([abs(radius - ring.radius_mm) for ring in rings]))
        away = (ANGLES_DEG - np.degrees(np.arctan2(y, x)) + 180) % 360 - 180
        diameter = placement.phantom.inserts[index].diameter_mm
        if radius < diameter / 2:
            continue  # the insert at the center lies on no ring
        half = np.degrees(diameter / 2 / radius)
        covered[ring] |= np.abs(away) <= _SECTOR * half
    return covered
