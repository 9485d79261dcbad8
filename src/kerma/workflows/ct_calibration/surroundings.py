"""What surrounds the inserts: the phantom's outline and its neighbors on the axis."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.scale import HUScale

__all__ = ["match_neighbors", "match_outline"]

_RAYS = 120
_BESIDE_MM = 30.0  # from the module's middle: the next module, or the phantom's end
_OUTLINE_MARGIN_MM = 5.0
_SEEN_RAYS = 0.25  # of the outline that must be in view to judge it
_RIM_HU = 150.0  # above the body: the rim of an image that cuts the phantom off


def match_outline(
    coarse: AxialStack, placement: Placement, scale: HUScale | None
) -> tuple[float | None, float | None]:
    """Fraction of the visible outline in place, and its median distance from it."""
    angle = np.arange(_RAYS) * 2 * np.pi / _RAYS
    radii = placement.phantom.outline.radius_at(angle)
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


def match_neighbors(
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


def _edge_level(placement: Placement, scale: HUScale | None) -> float:
    """CT number halfway between the phantom's outer part and air."""
    middle = (_body_hu(placement.phantom) - 1000.0) / 2
    return middle if scale is None else float(scale.apply(middle))


def _body_hu(phantom: Phantom) -> float:
    """Expected CT number of the phantom's outer part, HU."""
    return phantom.background_hu if phantom.housing_hu is None else phantom.housing_hu


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
