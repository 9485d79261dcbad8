"""How well a placed model explains the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Outline, Phantom
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.identity import Finding, Identity, identify
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.rings import (
    ANGLES_DEG,
    pattern_of,
    profiles,
)
from kerma.workflows.ct_calibration.scale import HUScale, fit_scale

__all__ = ["Evidence", "expected_of", "weigh"]

_READ = 0.5  # part of an insert's radius that is read to recognise it
_RAYS = 120
_SECTOR = 1.6  # of an insert's own width, to cover the blur about it
_BESIDE_MM = 30.0  # from the module's middle: the next module, or the phantom's end
_OUTLINE_MARGIN_MM = 5.0
_SEEN_RAYS = 0.25  # of the outline that must be in view to judge it
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
_RIM_HU = 150.0  # above the body: the rim of an image that cuts the phantom off


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
    match, offset = _outline(coarse, placement, scale)
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
        neighbors_match=_neighbors(coarse, placement, scale),
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
    pattern_rings = pattern_of(
        placement.phantom, np.zeros(which.size), mirrored=placement.mirrored
    ).rings
    covered = np.zeros((len(pattern_rings), ANGLES_DEG.size), dtype=bool)
    for index in np.flatnonzero(which):
        x, y = placement.rods[index]
        radius = np.hypot(x, y)
        ring = int(np.argmin([abs(radius - ring.radius_mm) for ring in pattern_rings]))
        away = (ANGLES_DEG - np.degrees(np.arctan2(y, x)) + 180) % 360 - 180
        diameter = placement.phantom.inserts[index].diameter_mm
        if radius < diameter / 2:
            continue  # the insert at the center lies on no ring
        half = np.degrees(diameter / 2 / radius)
        covered[ring] |= np.abs(away) <= _SECTOR * half
    return covered


def _edge_level(placement: Placement, scale: HUScale | None) -> float:
    """CT number halfway between the phantom's outer part and air."""
    middle = (_body_hu(placement.phantom) - 1000.0) / 2
    return middle if scale is None else float(scale.apply(middle))


def _body_hu(phantom: Phantom) -> float:
    """Expected CT number of the phantom's outer part, HU."""
    return phantom.background_hu if phantom.housing_hu is None else phantom.housing_hu


def _outline(
    coarse: AxialStack, placement: Placement, scale: HUScale | None
) -> tuple[float | None, float | None]:
    """Fraction of the visible outline in place, and its median distance from it."""
    angle = np.arange(_RAYS) * 2 * np.pi / _RAYS
    radii = outline_radius(placement.phantom.outline, angle)
    radii = radii * placement.scale
    turned = angle + np.deg2rad(placement.roll_deg)
    k = placement.extent.slices[placement.extent.slices.size // 2]
    x, y = placement.center_at(coarse.z[k])
    steps = np.arange(-4 * _OUTLINE_MARGIN_MM, 4 * _OUTLINE_MARGIN_MM + 0.1, 1.0)
    reach = radii[:, None] + steps
    values = coarse.sample(
        np.array(k), x + reach * np.cos(turned)[:, None],
        y + reach * np.sin(turned)[:, None],
    )  # fmt: skip
    near = np.abs(steps) <= _OUTLINE_MARGIN_MM
    visible = np.isfinite(values[:, near]).all(axis=1)
    if visible.mean() < _SEEN_RAYS:
        return None, None
    edges = _nearest_fall(values, steps, _edge_level(placement, scale))[visible]
    in_place = np.abs(edges) <= _OUTLINE_MARGIN_MM
    match = float(in_place.mean())
    if not in_place.any() or _has_bright_rim(
        values[visible][in_place], placement, scale
    ):
        return match, None
    return match, float(np.median(edges[in_place]))


def _has_bright_rim(
    values: FloatArray, placement: Placement, scale: HUScale | None
) -> bool:
    """Whether the outer part is too bright: the edge is then that of the image."""
    body = _body_hu(placement.phantom)
    gain = 1.0 if scale is None else scale.gain
    body = body if scale is None else float(scale.apply(body))
    return bool(np.median(values.max(axis=1)) > body + _RIM_HU * gain)


def _nearest_fall(values: FloatArray, steps: FloatArray, level: float) -> FloatArray:
    """Where each row of values falls through a level, nearest to zero; inf if never."""
    above, below = values[:, :-1], values[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = (above - level) / (above - below)
        place = steps[:-1] + part * np.diff(steps)
        place = np.where((above > level) & (below <= level), place, np.inf)
    nearest = np.abs(place).argmin(axis=1)
    return place[np.arange(len(place)), nearest]


def outline_radius(outline: Outline, angle: FloatArray) -> FloatArray:
    """Distance from the center to an outline in given directions, mm."""
    across = np.abs(np.cos(angle)) / (outline.width_mm / 2)
    down = np.abs(np.sin(angle)) / (outline.height_mm / 2)
    if outline.shape == "rectangle":
        return 1 / np.maximum(across, down)
    return 1 / np.hypot(across, down)


def _neighbors(
    coarse: AxialStack, placement: Placement, scale: HUScale | None
) -> float | None:
    """Whether body or air lies beyond the module's ends as in the model.

    To which side the phantom continues depends on how it hangs, so the better of
    the two ways counts.
    """
    level = _edge_level(placement, scale)
    shown = [_body_at(coarse, placement, side * _BESIDE_MM, level) for side in (-1, 1)]
    if None in shown and False not in shown:
        return None  # every model has a body on one side at least
    phantom = placement.phantom
    ends = [(n.from_mm, n.to_mm) for n in phantom.neighbors]
    ends.append((-phantom.length_mm / 2, phantom.length_mm / 2))
    model = [
        any(low <= side * _BESIDE_MM <= high for low, high in ends) for side in (-1, 1)
    ]
    ways = (model, model[::-1])
    return max(
        float(
            np.mean([s == m for s, m in zip(shown, way, strict=True) if s is not None])
        )
        for way in ways
    )


def _body_at(
    coarse: AxialStack, placement: Placement, up_mm: float, level: float
) -> bool | None:
    """Whether a slice some way along the axis shows a body; ``None`` if not scanned."""
    z = placement.extent.middle_mm + up_mm
    k = int(np.abs(coarse.z - z).argmin())
    if abs(coarse.z[k] - z) > max(5.0, coarse.slice_spacing):
        return None
    x, y = placement.center_at(coarse.z[k])
    values = coarse.disc(k, x, y, 40.0)[2]
    return bool(values.size and values.mean() > level)
