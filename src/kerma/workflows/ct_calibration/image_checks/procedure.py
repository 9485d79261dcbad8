"""The image checks: from a calibrated phantom scan to the state of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.workflows.ct_calibration.image_checks.frame import PhantomFrame, frame_of
from kerma.workflows.ct_calibration.image_checks.limits import (
    ImageLimits,
    load_image_limits,
)
from kerma.workflows.ct_calibration.image_checks.pixel_scale import (
    check_positions,
    check_scale,
)
from kerma.workflows.ct_calibration.image_checks.result import ImageCheck, ImageChecks
from kerma.workflows.ct_calibration.image_checks.sharpness import (
    Sharpness,
    check_sharpness,
    measure_sharpness,
)
from kerma.workflows.ct_calibration.image_checks.slice_thickness import (
    check_slices,
    measure_ramps,
)
from kerma.workflows.ct_calibration.image_checks.uniformity import (
    check_uniformity,
    measure_uniformity,
)

if TYPE_CHECKING:
    from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["check_image"]

_FIRST_BLUR_MM = 0.7
_FIRST_THICKNESS_MM = 2.5


def check_image(
    ct: CT,
    calibration: Calibration,
    phantom: Phantom,
    limits: ImageLimits | None = None,
) -> ImageChecks:
    """Check the image of a phantom scan, as far as the phantom allows.

    Parameters
    ----------
    ct
        The scan.
    calibration
        Its calibration: where the phantom lies and what its inserts are.
    phantom
        The phantom that was recognized.
    limits
        What is allowed; by default the profile "ct".

    Returns
    -------
    ImageChecks
        What cannot be measured has no value and a reason.

    Raises
    ------
    GeometryError
        The slices are not axial.
    InputError
        The calibration is of another scan, or of another phantom.
    """
    limits = limits or load_image_limits()
    frame = frame_of(ct, calibration, phantom)
    sharpness = measure_sharpness(frame)
    sigma = sharpness.edge.sigma_mm if sharpness else _FIRST_BLUR_MM
    nominal = ct.acquisition.slice_thickness_mm
    first = nominal or frame.stack.slice_spacing or _FIRST_THICKNESS_MM
    lengths = check_scale(frame, limits, sigma)
    ratio = _length_ratio(lengths)
    ramps = measure_ramps(frame, first, _blur_along(frame, sharpness), ratio)
    reason = (
        "the wire ramps do not show" if phantom.ramps else "this phantom has no ramps"
    )
    uniformity = measure_uniformity(frame)
    return ImageChecks(
        limits=limits.name,
        checks=(
            *lengths,
            check_positions(frame, limits),
            *check_slices(ramps, limits, nominal, reason),
            *check_uniformity(uniformity, limits),
            *check_sharpness(sharpness),
        ),
        regions=uniformity.regions,
        ramps=ramps,
        edge=sharpness.spread if sharpness else None,
    )


def _length_ratio(lengths: tuple[ImageCheck, ...]) -> float:
    """Length in the image over the true one, where the phantom can tell; else 1."""
    ratios = [
        length.value / length.expected
        for length in lengths
        if length.value is not None and length.expected is not None
    ]
    return float(np.mean(ratios)) if ratios else 1.0


def _blur_along(frame: PhantomFrame, sharpness: Sharpness | None) -> float:
    """Standard deviation of all that widens a profile read along a line, mm.

    The line spread has the variance (1 - 3a) sigma²; reading between pixels of width
    d adds d²/6.
    """
    pixel = frame.stack.dx * frame.stack.dy / 6
    if sharpness is None:
        return float(np.sqrt(_FIRST_BLUR_MM**2 + pixel))
    edge = sharpness.edge
    return float(np.sqrt(max(0.0, 1 - 3 * edge.overshoot) * edge.sigma_mm**2 + pixel))
