"""Checks of the image itself, from the scan that calibrates the CT numbers."""

from kerma.workflows.ct_calibration.image_checks.limits import (
    ImageLimits,
    load_image_limits,
)
from kerma.workflows.ct_calibration.image_checks.procedure import check_image
from kerma.workflows.ct_calibration.image_checks.result import ImageCheck, ImageChecks

__all__ = [
    "ImageCheck",
    "ImageChecks",
    "ImageLimits",
    "check_image",
    "load_image_limits",
]
