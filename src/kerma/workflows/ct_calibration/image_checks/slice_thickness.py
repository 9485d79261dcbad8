r"""Slice thickness from wire ramps.

A wire that rises at an angle :math:`\alpha` draws the slice profile into the image,
stretched by :math:`1/\tan\alpha`. All slices that show a ramp are fitted at once: in
each the profile stands where the wire passes the slice, so the noise of many slices
is averaged though each slice counts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.special import ndtr

from kerma.core.arrays import FloatArray
from kerma.core.phantom_parts import Ramp
from kerma.workflows.ct_calibration.image_checks.frame import PhantomFrame
from kerma.workflows.ct_calibration.image_checks.limits import ImageLimits
from kerma.workflows.ct_calibration.image_checks.result import ImageCheck, RampProfile

__all__ = ["blurred_box", "check_slices", "measure_ramps"]

_BAND_MM = np.linspace(-1.5, 1.5, 7)  # across the wire: all of it, however blurred
_STEP_MM = 0.5
_MOST_SLICES = 24
_CLEAR = 4.0  # times the noise of the mean profile, that a wire must stand out
_WHOLE_WIDTHS = 0.75  # from the middle of a profile, in which nearly all of it lies
_WIRE_END_MM = 2.0
_LINEAR_MM = 0.5  # bins of the profile that is kept


@dataclass(frozen=True, eq=False)
class _Strip:
    """CT numbers along one ramp.

    `way` (ns,) is the distance along the wire, `up` (nk,) the height of each slice
    above the module's middle, `hu` (nk, ns) the CT numbers; `stretch` is how many mm
    the profile moves along the wire for one mm of height, signed.
    """

    way: FloatArray
    up: FloatArray
    hu: FloatArray
    stretch: float


def check_slices(
    ramps: tuple[RampProfile, ...],
    limits: ImageLimits,
    nominal_mm: float | None,
    reason: str,
) -> tuple[ImageCheck, ...]:
    """The slice thickness, and the distance of slices where several show the ramps.

    Parameters
    ----------
    ramps
        What `measure_ramps` found.
    limits
        What is allowed.
    nominal_mm
        Slice thickness that the scan states.
    reason
        Why there is none, where there is none.
    """
    if not ramps:
        return (ImageCheck("slice thickness", "mm", None, reason=reason),)
    widths = np.array([ramp.thickness_mm for ramp in ramps])
    checks = [
        ImageCheck(
            name="slice thickness",
            unit="mm",
            value=float(widths.mean()),
            uncertainty=_error(widths),
            expected=nominal_mm,
            tolerance=None
            if nominal_mm is None
            else limits.slice_thickness_mm(nominal_mm),
            method=f"width at half maximum on {widths.size} wire ramps",
            reason="" if nominal_mm else "the scan does not state its slice thickness",
        )
    ]
    ratios = np.array(
        [r.increment_ratio for r in ramps if r.increment_ratio is not None]
    )
    if ratios.size:
        checks.append(
            ImageCheck(
                name="slice distance over stated",
                unit="%",
                value=float(100 * ratios.mean()),
                uncertainty=_error(100 * ratios),
                method="movement of the profile along the ramps from slice to slice",
            )
        )
    return tuple(checks)


def measure_ramps(
    frame: PhantomFrame, nominal_mm: float, blur_mm: float, length_ratio: float
) -> tuple[RampProfile, ...]:
    """The slice profile on each ramp that shows one.

    Parameters
    ----------
    frame
        The scan.
    nominal_mm
        Slice thickness to begin the fit with.
    blur_mm
        Standard deviation of the blur in the image plane, which is taken out.
    length_ratio
        Length in the image over the true one.
    """
    found = []
    for ramp in frame.phantom.ramps:
        strip = _strip(frame, ramp, nominal_mm, length_ratio)
        profile = None if strip is None else _fit(ramp, strip, nominal_mm, blur_mm)
        if profile is not None:
            found.append(profile)
    return tuple(found)


def _strip(
    frame: PhantomFrame, ramp: Ramp, nominal_mm: float, length_ratio: float
) -> _Strip | None:
    """CT numbers along a ramp in the slices whose whole profile it can show."""
    angle = np.deg2rad(ramp.angle_deg)
    out = frame.across(np.array([np.cos(angle), np.sin(angle)])) / frame.scale
    side = np.array([-out[1], out[0]])
    rise = np.tan(np.deg2rad(abs(ramp.incline_deg))) / length_ratio
    half = ramp.length_mm / 2
    clear = half - _WHOLE_WIDTHS * nominal_mm / rise - _WIRE_END_MM
    near = np.abs(frame.along) <= min(clear * rise, frame.phantom.length_mm / 2)
    slices = frame.spread(np.flatnonzero(near), _MOST_SLICES)
    if slices.size == 0:
        return None
    stack = frame.cut_to(slices)
    way = np.arange(-half, half + _STEP_MM / 2, _STEP_MM)
    centers = np.array([frame.center_at(k) for k in slices])
    reach = ramp.radius_mm * frame.scale + _BAND_MM
    x, y = (
        centers[:, axis, None, None] + reach[:, None] * out[axis] + way * side[axis]
        for axis in (0, 1)
    )
    hu = stack.sample(np.arange(slices.size)[:, None, None], x, y).mean(axis=1)
    seen = np.isfinite(hu).all(axis=1)
    if not seen.any():
        return None
    up = stack.z[seen] - frame.center[2]
    # Which way it rises is seen in the scan. An axis inclined along the wire makes
    # the wire steeper or flatter against the slices.
    lean = float(frame.slope @ side)
    ways = [1 / (sign * rise - lean) for sign in (1.0, -1.0)]
    heights = [_peak(way, up, hu[seen], stretch) for stretch in ways]
    return _Strip(way, up, hu[seen], ways[int(np.argmax(heights))])


def _peak(way: FloatArray, up: FloatArray, hu: FloatArray, stretch: float) -> float:
    """How high the mean profile stands if it moves so along the wire."""
    moved = [
        np.interp(way + stretch * height, way, row, left=np.nan, right=np.nan)
        for height, row in zip(up, hu, strict=True)
    ]
    values = np.array(moved)
    whole = np.isfinite(values).all(axis=0)
    mean = values[:, whole].mean(axis=0)
    return float(mean.max() - np.median(mean)) if mean.size else 0.0


def _fit(
    ramp: Ramp, strip: _Strip, nominal_mm: float, blur_mm: float
) -> RampProfile | None:
    """Fit a blurred box to all slices of a ramp; ``None`` where no wire shows."""
    stretch = abs(strip.stretch)
    width = nominal_mm * stretch
    middle = _middle(strip)
    window = max(10.0, 2.2 * width)
    place = strip.way - strip.stretch * strip.up[:, None] - middle
    near = np.abs(place) <= window
    way, up = np.broadcast_arrays(strip.way, strip.up[:, None])
    way, up, hu = way[near], up[near], strip.hu[near]
    several = strip.up.size > 2
    linear = np.zeros(2)

    def residual(parameters: FloatArray) -> FloatArray:
        center, pace, box, blur = parameters
        distance = way - center - (pace if several else 1.0) * strip.stretch * up
        shape = blurred_box(distance, box, blur)
        design = np.column_stack([shape, np.ones_like(shape)])
        linear[:] = np.linalg.lstsq(design, hu, rcond=None)[0]
        return design @ linear - hu

    fit = least_squares(
        residual,
        x0=(middle, 1.0, 0.7 * width, 0.3 * width),
        bounds=((middle - window, 0.8, 0.0, 0.1), (middle + window, 1.2, 60.0, 20.0)),
        x_scale=(1.0, 0.05, 1.0, 1.0),
    )
    noise = float(np.std(residual(fit.x)))
    center, pace, box, blur = (float(value) for value in fit.x)
    top = linear[0] * blurred_box(np.zeros(1), box, blur)[0]
    if top < _CLEAR * noise / np.sqrt(strip.up.size):
        return None
    sharp = float(np.sqrt(max(blur**2 - blur_mm**2, 1e-4)))
    distance = way - center - (pace if several else 1.0) * strip.stretch * up
    kept_mm, share = _mean_profile(distance, (hu - linear[1]) / top)
    return RampProfile(
        angle_deg=ramp.angle_deg,
        thickness_mm=float(_half_width(box, sharp) / stretch),
        increment_ratio=pace if several else None,
        distance_mm=tuple(np.round(kept_mm / stretch, 3).tolist()),
        share=tuple(np.round(share, 4).tolist()),
        box_mm=float(box / stretch),
        blur_mm=float(blur / stretch),
    )


def _middle(strip: _Strip) -> float:
    """Where along the wire the profile stands at height zero."""
    moved = [
        np.interp(strip.way + strip.stretch * height, strip.way, row)
        for height, row in zip(strip.up, strip.hu, strict=True)
    ]
    mean = np.mean(moved, axis=0)
    smooth = np.convolve(mean, np.ones(5) / 5, mode="same")
    smooth[:2] = smooth[-2:] = smooth.min()
    return float(strip.way[smooth.argmax()])


def blurred_box(distance: FloatArray, box: float, blur: float) -> FloatArray:
    """A box through a Gaussian, 1 on top where the box is wide.

    A box much narrower than its blur is a Gaussian; it is kept from vanishing.
    """
    box = max(box, 1e-3 * blur)
    rise = ndtr((distance + box / 2) / blur) - ndtr((distance - box / 2) / blur)
    return np.asarray(rise / (2 * ndtr(box / 2 / blur) - 1))


def _half_width(box: float, blur: float) -> float:
    """Full width at half maximum of a blurred box."""
    distance = np.linspace(0.0, box / 2 + 4 * blur, 4001)
    fall = blurred_box(distance, box, blur)
    return float(2 * np.interp(-0.5, -fall, distance))


def _mean_profile(
    distance: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean of the profiles of all slices in bins of half a mm."""
    bins = np.round(distance / _LINEAR_MM).astype(np.intp)
    bins -= bins.min()
    count = np.bincount(bins)
    kept = count > 0
    mean_mm = np.bincount(bins, distance)[kept] / count[kept]
    mean = np.bincount(bins, share)[kept] / count[kept]
    return mean_mm, mean


def _error(values: FloatArray) -> float | None:
    """Standard uncertainty of the mean; ``None`` for one value."""
    if values.size < 2:
        return None
    return float(values.std(ddof=1) / np.sqrt(values.size))
