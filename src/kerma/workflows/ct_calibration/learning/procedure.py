"""The procedure: from a scan of an unknown phantom to its description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.phantom import Insert, Material, Outline, Phantom
from kerma.core.phantom_parts import Neighbor
from kerma.core.volume import CT
from kerma.errors import RecognitionError
from kerma.imaging.axial import AxialStack, axial_stack
from kerma.workflows.ct_calibration.extent import contrast_along_axis, find_extent
from kerma.workflows.ct_calibration.learning.outline import FittedOutline, fit_outline
from kerma.workflows.ct_calibration.learning.rods import Rod, find_rods, fit_rod
from kerma.workflows.ct_calibration.search import body_threshold

__all__ = ["LearnedInsert", "LearnedPhantom", "learn"]

_COARSE_MM = 2.0
_SLAB_MM = 6.0  # averaged to look for inserts
_MOST_SLABS = 24
_CLOSER = 3  # slabs looked at until nothing more is found
_FEWEST = 3  # inserts that make a phantom
_IN_PLACE = 0.6  # of the outline's edge, as a phantom's; patients have far less
_REGION = 0.7  # of the radius that is read
_SLACK_MM = 0.5
_STEP_HU = 15.0  # by which a housing must leave the module
_TOP_DEG = 10.0  # before the top that still count as the top
_SAME_RING = 0.15  # of the radius, as two inserts on one ring


@dataclass(frozen=True)
class LearnedInsert:
    """What was measured of one insert.

    Parameters
    ----------
    insert
        The insert as described.
    x, y
        Its center in the scan, mm LPS.
    hu, sd_hu
        Mean and standard deviation of the pixels in 0.7 of its radius, HU.
    """

    insert: Insert
    x: float
    y: float
    hu: float
    sd_hu: float


@dataclass(frozen=True, eq=False)
class LearnedPhantom:
    """A phantom learned from one scan.

    Parameters
    ----------
    phantom
        Its description; no insert has a RED yet.
    inserts
        What was measured of each insert.
    kv
        Tube voltage of the scan, kV; ``None`` if it is not known.
    slab
        Mean of the slices that show the inserts, one slice.
    outline
        The contour in it.
    notes
        What is odd.
    """

    phantom: Phantom
    inserts: tuple[LearnedInsert, ...]
    kv: float | None
    slab: AxialStack
    outline: FittedOutline
    notes: tuple[str, ...]


def learn(ct: CT, name: str) -> LearnedPhantom:
    """Describe the phantom in a scan: outline, length, round inserts.

    The phantom's own axes are those of its outline, or the image's where it is
    round. Inserts that look like what is about them cannot be seen.

    Parameters
    ----------
    ct
        A scan of the phantom, axial slices.
    name
        What to call it.

    Raises
    ------
    RecognitionError
        Nothing in the scan has the outline of a phantom and three inserts.
    GeometryError
        The slices are not axial.
    """
    stack = axial_stack(ct)
    coarse = stack.coarsened(_COARSE_MM)
    k, outline, rods = _best_slab(coarse)
    slices, length, ends = _extent(coarse, k, rods)
    slab = _slab(stack, slices)
    outline = fit_outline(_slab(coarse, slices), body_threshold(coarse)) or outline
    rods = _ordered(_refined(slab, outline, rods), outline)
    background = float(np.median([rod.background_hu for rod in rods]))
    learned = _described(slab, outline, rods)
    kv = ct.acquisition.kv
    phantom = Phantom(
        name=name,
        title=f"{name}, learned from a scan",
        source="Learned from one scan; check every value against the maker's sheet",
        geometry_verified=False,
        caveat="Learned from one scan: check the inserts, name the materials.",
        outline=_rounded(outline.outline),
        background_hu=round(background, 1),
        length_mm=round(length, 1),
        materials={one.insert.material: _material(one, kv) for one in learned},
        inserts=tuple(one.insert for one in learned),
        neighbors=_neighbors(coarse, outline, float(coarse.z[slices].mean()), length),
    )
    housing = _housing(slab, outline, rods, background)
    if housing is not None:
        diameter, hu = housing
        phantom = replace(phantom, module_diameter_mm=diameter, housing_hu=hu)
    return LearnedPhantom(phantom, learned, kv, slab, outline, (*ct.notes, *ends))


def _best_slab(coarse: AxialStack) -> tuple[int, FittedOutline, tuple[Rod, ...]]:
    """The slice about which most inserts show, its outline and the inserts."""
    looks = _looks(coarse)
    if not looks:
        raise RecognitionError(
            "Nothing in this scan has the round or square outline of a phantom: is it "
            "the scan of a phantom, and is it wholly in view?"
        )
    closer = [
        (k, slab, outline, find_rods(slab, outline, _noise(slab, outline)))
        for k, slab, outline, _ in looks[:_CLOSER]
    ]
    k, _, outline, rods = max(closer, key=lambda look: _worth(look[3]))
    if len(rods) < _FEWEST:
        raise RecognitionError(
            f"A phantom's outline shows in this scan, but only {len(rods)} round "
            f"inserts in it, and three are needed: is the module with the inserts in "
            f"the scan?"
        )
    return k, outline, rods


_Look = tuple[int, AxialStack, FittedOutline, tuple[Rod, ...]]


def _looks(coarse: AxialStack) -> list[_Look]:
    """Slices with the outline of a phantom and the clearest inserts, best first."""
    threshold = body_threshold(coarse)
    step = max(1, round(_SLAB_MM / max(coarse.slice_spacing, 1e-3)))
    step = min(step, coarse.z.size)
    middles = np.arange(step // 2, coarse.z.size, step)
    middles = middles[:: max(1, -(-middles.size // _MOST_SLABS))]
    looks = []
    for k in middles.tolist():
        near = np.arange(max(0, k - step // 2), min(coarse.z.size, k + step // 2 + 1))
        slab = _slab(coarse, near)
        outline = fit_outline(slab, threshold)
        if outline is None or outline.in_place < _IN_PLACE:
            continue
        rods = find_rods(slab, outline, _noise(slab, outline), rounds=1)
        looks.append((k, slab, outline, rods))
    return sorted(looks, key=lambda look: _worth(look[3]), reverse=True)


def _worth(rods: Sequence[Rod]) -> tuple[int, float]:
    """More inserts are better; of as many, those with more contrast."""
    return len(rods), sum(abs(rod.contrast_hu) for rod in rods)


def _slab(stack: AxialStack, slices: IntArray) -> AxialStack:
    """The mean of some slices, as a stack of one."""
    middle = slices[[slices.size // 2]]
    return AxialStack(
        hu=stack.hu[slices].mean(axis=0, dtype=np.float64)[None],
        x0=stack.x0[middle],
        y0=stack.y0[middle],
        z=stack.z[slices].mean(keepdims=True),
        dx=stack.dx,
        dy=stack.dy,
        slice_indices=stack.slice_indices[middle],
    )


def _noise(slab: AxialStack, outline: FittedOutline) -> float:
    """Standard deviation of a pixel, from differences of neighbors, HU.

    Their median does not see edges. Noise with grain shows less in them, which the
    tests on it allow for.
    """
    x, y = _positions(slab)
    inside = outline.depth(x, y) > _SLAB_MM
    steps = np.diff(slab.hu[0], n=2, axis=1)[inside[:, 1:-1]]
    if steps.size == 0:
        return 0.0
    return float(np.median(np.abs(steps)) / 0.6745 / np.sqrt(6))


def _positions(slab: AxialStack) -> tuple[FloatArray, FloatArray]:
    _, rows, columns = slab.hu.shape
    x, y = np.meshgrid(
        slab.x0[0] + np.arange(columns) * slab.dx,
        slab.y0[0] + np.arange(rows) * slab.dy,
    )
    return x, y


def _extent(
    coarse: AxialStack, k: int, rods: Sequence[Rod]
) -> tuple[IntArray, float, tuple[str, ...]]:
    """Central slices of the inserts, their length in mm, and what is odd of it."""
    contrast = contrast_along_axis(
        coarse,
        np.array([[rod.x, rod.y] for rod in rods]),
        np.array([rod.radius_mm for rod in rods]),
        np.array([rod.contrast_hu for rod in rods]),
    )
    low = high = k
    while low > 0 and contrast[low - 1] > contrast[k] / 2:
        low -= 1
    while high < coarse.z.size - 1 and contrast[high + 1] > contrast[k] / 2:
        high += 1
    shown = float(coarse.z[high] - coarse.z[low]) + max(coarse.slice_spacing, 1.0)
    extent = find_extent(coarse, contrast, k, shown)
    if extent.low_mm is not None and extent.high_mm is not None:
        return extent.slices, extent.high_mm - extent.low_mm, ()
    note = (
        f"An end of the inserts is not in the scan, so their length of {shown:.0f} mm "
        f"is only what it shows: correct it."
    )
    return extent.slices, shown, (note,)


def _refined(
    slab: AxialStack, outline: FittedOutline, rods: Sequence[Rod]
) -> tuple[Rod, ...]:
    """Fit the inserts again, to the full pixels of all their slices."""
    noise = _noise(slab, outline)
    fits = []
    for rod in rods:
        others = [other for other in rods if other is not rod]
        fits.append(fit_rod(slab, outline, rod, others, noise) or rod)
    return tuple(fits)


def _ordered(rods: Sequence[Rod], outline: FittedOutline) -> tuple[Rod, ...]:
    """From the inside out, each ring clockwise from the top."""
    places = [_polar(rod, outline) for rod in rods]
    radii = np.array([radius for radius, _ in places])
    rings = np.zeros(radii.size, dtype=int)
    order = np.argsort(radii)
    for before, after in pairwise(order):
        apart = radii[after] - radii[before] > _SAME_RING * radii[after] + _SLACK_MM
        rings[after] = rings[before] + apart
    clock = np.array([(angle + 90 + _TOP_DEG) % 360 for _, angle in places])
    order = np.lexsort((clock, rings))
    return tuple(rods[index] for index in order)


def _rounded(outline: Outline) -> Outline:
    """To a tenth of a millimeter, which is more than a scan can promise."""
    width, height = round(outline.width_mm, 1), round(outline.height_mm, 1)
    return replace(outline, width_mm=width, height_mm=height)


def _polar(rod: Rod, outline: FittedOutline) -> tuple[float, float]:
    """Distance from the phantom's middle in mm and angle in its own axes."""
    x, y = rod.x - outline.x, rod.y - outline.y
    angle = np.degrees(np.arctan2(y, x)) - outline.turn_deg
    return float(np.hypot(x, y)), float((angle + 180) % 360 - 180)


def _described(
    slab: AxialStack, outline: FittedOutline, rods: Sequence[Rod]
) -> tuple[LearnedInsert, ...]:
    learned = []
    for number, rod in enumerate(rods, start=1):
        radius, angle = _polar(rod, outline)
        values = slab.disc(0, rod.x, rod.y, _REGION * rod.radius_mm)[2]
        insert = Insert(
            name=f"insert_{number}",
            material=f"material_{number}",
            radius_mm=round(radius, 2),
            angle_deg=round(angle, 2),
            diameter_mm=round(2 * rod.radius_mm, 1),
            slack_mm=_SLACK_MM,
        )
        hu, sd = float(values.mean()), float(values.std())
        learned.append(LearnedInsert(insert, rod.x, rod.y, hu, sd))
    return tuple(learned)


def _material(learned: LearnedInsert, kv: float | None) -> Material:
    insert = learned.insert
    hour = round((insert.angle_deg + 90) % 360 / 30) or 12
    place = "in the middle" if insert.radius_mm < 5 else f"at {hour} o'clock"
    return Material(
        name=f"insert {place}, {learned.hu:.0f} HU",
        hu_by_kv={round(kv or 120): round(learned.hu, 1)},
        source="measured in one scan",
    )


def _housing(
    slab: AxialStack, outline: FittedOutline, rods: Sequence[Rod], background: float
) -> tuple[float, float] | None:
    """Diameter of the part with the inserts and what is about it, if anything is."""
    x, y = _positions(slab)
    distance = np.hypot(x - outline.x, y - outline.y)
    outer = min(outline.outline.width_mm, outline.outline.height_mm) / 2
    inner = max(_polar(rod, outline)[0] + rod.radius_mm for rod in rods)
    radii = np.arange(inner + 3.0, outer - 3.0, 1.0)
    if radii.size < 8:
        return None
    profile = np.array(
        [np.median(slab.hu[0][np.abs(distance - radius) <= 1.0]) for radius in radii]
    )
    housing = float(np.median(profile[-5:]))
    if abs(housing - background) < _STEP_HU:
        return None
    changed = np.abs(profile - background) > abs(housing - background) / 2
    return round(2 * float(radii[changed.argmax()]), 1), round(housing, 1)


def _neighbors(
    coarse: AxialStack, outline: FittedOutline, middle: float, length: float
) -> tuple[Neighbor, ...]:
    """What the phantom goes on with beyond the inserts, on either side."""
    threshold = body_threshold(coarse)
    found = []
    for side, name in ((-1, "below"), (1, "above")):
        up = side * (coarse.z - middle)
        beyond = np.flatnonzero(up > length / 2 + coarse.slice_spacing)
        beyond = beyond[np.argsort(up[beyond])]
        means = [
            float(np.mean(coarse.disc(int(k), outline.x, outline.y, 30.0)[2]))
            for k in beyond
        ]
        body = np.array([mean > threshold for mean in means], dtype=bool)
        count = body.size if body.all() else int(body.argmin())
        if count == 0:
            continue
        reach = round(float(up[beyond[count - 1]]), 1)
        first, last = sorted((side * round(length / 2, 1), side * reach))
        hu = round(float(np.median(means[:count])), 1)
        found.append(Neighbor(f"part {name}", first, last, hu))
    return tuple(found)
