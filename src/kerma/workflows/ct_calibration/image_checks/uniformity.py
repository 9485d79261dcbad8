"""Uniformity and noise: five regions in one material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.phantom_parts import Neighbor
from kerma.workflows.ct_calibration.image_checks.frame import PhantomFrame
from kerma.workflows.ct_calibration.image_checks.limits import ImageLimits
from kerma.workflows.ct_calibration.image_checks.result import ImageCheck, UniformRegion

__all__ = ["Uniformity", "check_uniformity", "measure_uniformity"]

# As in IEC 61223-3-5: regions of a tenth of the diameter, a centimeter from the rim.
_REGION_PART = 0.1
_RIM_MM = 10.0
_MOST_SLICES = 10
# In a module with inserts: small regions where there is room, near where they should be.
_SMALL_MM = 5.0
_CLEARANCE_MM = 3.0
_FURTHEST_MM = 30.0
_SEARCH_STEP_MM = 2.0
# From the CT number of the part: shading and other scales stay within it, air does not.
_PART_HU = 120.0
_SIDES = {
    "center": (0.0, 0.0),
    "anterior": (0.0, -1.0),
    "left": (1.0, 0.0),
    "posterior": (0.0, 1.0),
    "right": (-1.0, 0.0),
}


@dataclass(frozen=True)
class Uniformity:
    """Regions of one material.

    Parameters
    ----------
    regions
        The first is the center.
    place
        Where in the phantom they lie.
    """

    regions: tuple[UniformRegion, ...]
    place: str


def measure_uniformity(frame: PhantomFrame) -> Uniformity:
    """Read five regions in the uniform part, or else between the inserts.

    Returns
    -------
    Uniformity
        Without regions where there is room for none.
    """
    part = _uniform_part(frame)
    if part is not None:
        slices = _slices_of(frame, part)
        regions = _in_part(frame, slices)
        # Another part, where the phantom was put together otherwise, is refused.
        same = abs(regions[0].mean_hu - part.hu) <= _PART_HU if regions else False
        if len(regions) == len(_SIDES) and same:
            return Uniformity(regions, f"in {part.name}, {slices.size} slices")
    regions = _between_inserts(frame)
    count = frame.slices.size
    return Uniformity(regions, f"between the inserts, {count} slices")


def check_uniformity(
    uniformity: Uniformity, limits: ImageLimits
) -> tuple[ImageCheck, ...]:
    """Uniformity, integral non-uniformity and noise of the regions."""
    regions = uniformity.regions
    if len(regions) < 3:
        reason = "fewer than three regions of one material are in view"
        return tuple(
            ImageCheck(name, unit, None, reason=reason)
            for name, unit in (("uniformity", "HU"), ("noise", "HU"))
        )
    means = np.array([region.mean_hu for region in regions])
    rims = means[1:] - means[0]
    sds = np.array([region.sd_hu for region in regions])
    noise = float(np.median(sds))
    spread = float(sds.std(ddof=1) / np.sqrt(sds.size))
    # Relative to the CT number of air, as attenuation is.
    high, low = float(means.max()) + 1000, float(means.min()) + 1000
    return (
        ImageCheck(
            name="uniformity",
            unit="HU",
            value=float(rims[np.abs(rims).argmax()]),
            expected=0.0,
            tolerance=limits.uniformity_hu,
            method=f"rim minus center, the largest of {rims.size}, {uniformity.place}",
        ),
        ImageCheck(
            name="integral non-uniformity",
            unit="%",
            value=100 * (high - low) / (high + low),
            method=f"(max - min) / (max + min) of HU + 1000, {uniformity.place}",
        ),
        ImageCheck(
            name="noise",
            unit="HU",
            value=noise,
            uncertainty=spread,
            method=f"median standard deviation of the regions, {uniformity.place}",
        ),
        ImageCheck(
            name="noise of water",
            unit="%",
            value=noise / 10,
            uncertainty=spread / 10,
            method="noise over the 1000 HU between air and water",
        ),
    )


def _uniform_part(frame: PhantomFrame) -> Neighbor | None:
    part = frame.phantom.uniform_part
    if part is None:
        return None
    return next(n for n in frame.phantom.neighbors if n.name == part.neighbor)


def _slices_of(frame: PhantomFrame, part: Neighbor) -> IntArray:
    margin = frame.phantom.uniform_part.margin_mm if frame.phantom.uniform_part else 0.0
    w = frame.along
    inside = (w >= part.from_mm + margin) & (w <= part.to_mm - margin)
    return frame.spread(np.flatnonzero(inside), _MOST_SLICES)


def _in_part(frame: PhantomFrame, slices: IntArray) -> tuple[UniformRegion, ...]:
    """Regions in the middle and a centimeter from the rim."""
    if slices.size == 0:
        return ()
    outline = frame.phantom.outline
    narrow = min(outline.width_mm, outline.height_mm)
    diameter = frame.phantom.module_diameter_mm or narrow
    radius = _REGION_PART * diameter / 2
    out = diameter / 2 - _RIM_MM - radius
    regions = [
        _region(frame, name, out * np.array(way), radius, slices)
        for name, way in _SIDES.items()
    ]
    return tuple(region for region in regions if region is not None)


def _between_inserts(frame: PhantomFrame) -> tuple[UniformRegion, ...]:
    """Regions as near to the middle and the sides as the inserts leave room."""
    free = frame.is_free(_SMALL_MM + _CLEARANCE_MM)
    reach = _reach(frame)
    regions = []
    for name, way in _SIDES.items():
        offset = _nearest_free(free, reach * np.array(way), reach)
        if offset is not None:
            slices = frame.spread(frame.slices, _MOST_SLICES)
            regions.append(_region(frame, name, offset, _SMALL_MM, slices))
    found = tuple(region for region in regions if region is not None)
    return found if found and found[0].name == "center" else ()


def _reach(frame: PhantomFrame) -> float:
    """Furthest from the axis that a small region may lie, mm."""
    outline = frame.phantom.outline
    narrow = min(outline.width_mm, outline.height_mm)
    diameter = frame.phantom.module_diameter_mm or narrow
    return diameter / 2 - _RIM_MM - _SMALL_MM


def _nearest_free(
    free: Callable[[FloatArray], bool], wanted: FloatArray, reach: float
) -> FloatArray | None:
    """The free place nearest to one that is wanted; ``None`` if none is near."""
    line = np.arange(-_FURTHEST_MM, _FURTHEST_MM + 0.1, _SEARCH_STEP_MM)
    shifts = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    shifts = shifts[np.argsort(np.hypot(*shifts.T), kind="stable")]
    for shift in shifts:
        place = wanted + shift
        if np.hypot(*place) <= reach and free(place):
            return np.asarray(place)
    return None


def _region(
    frame: PhantomFrame,
    name: str,
    offset: FloatArray,
    radius: float,
    slices: IntArray,
) -> UniformRegion | None:
    """Read one region; ``None`` where it is not wholly in view."""
    means, variances = [], []
    for k in slices:
        x, y = frame.center_at(k) + offset
        if not frame.stack.shows_disc(k, x, y, radius):
            return None
        values = frame.stack.disc(k, x, y, radius)[2]
        if values.size < 9:
            return None
        means.append(values.mean())
        variances.append(values.var(ddof=1))
    k = slices[slices.size // 2]
    x, y = frame.center_at(k) + offset
    return UniformRegion(
        name=name,
        center_mm=(float(x), float(y), float(frame.stack.z[k])),
        radius_mm=radius,
        mean_hu=float(np.mean(means)),
        sd_hu=float(np.sqrt(np.mean(variances))),
    )
