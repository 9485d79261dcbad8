"""Lengths in the image: the square of holes, or else the inserts."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.imaging.discs import fit_disc
from kerma.workflows.ct_calibration.image_checks.frame import PhantomFrame
from kerma.workflows.ct_calibration.image_checks.limits import ImageLimits
from kerma.workflows.ct_calibration.image_checks.result import ImageCheck

__all__ = ["check_positions", "check_scale"]

_WINDOW = 2.2  # radii about a hole
_MOST_SLICES = 9
_HOLE_ERROR_MM = 0.03  # of a hole's fitted center: what no model of an edge gets right
_FAINT_HU = 60.0
_SURE_PART = 0.5  # of the limit, that the places of inserts must be known to


def check_scale(
    frame: PhantomFrame, limits: ImageLimits, sigma_mm: float
) -> tuple[ImageCheck, ImageCheck]:
    """Length in the image over the true one, along rows and along columns.

    The matrix that takes the model's places to those in the image has the scale of x
    as the length of its first row and that of y as the length of its second, however
    the phantom is turned.

    Parameters
    ----------
    frame, limits
        The scan and what is allowed.
    sigma_mm
        Blur of the image.
    """
    square = frame.phantom.hole_square
    if square is not None:
        nominal, found, sd = _holes(frame, sigma_mm)
        if len(found) == 4:
            method = f"distances of the four holes on the {square.side_mm:g} mm square"
            return _scales(nominal, found, sd, square.side_mm, limits, method, "")
    nominal, found, slack = _inserts(frame)
    length = 100.0
    if len(found) < 3:
        reason = "fewer than three places are to be seen"
        x, y = (
            ImageCheck(f"length in {axis}", "mm", None, reason=reason) for axis in "xy"
        )
        return x, y
    # A place drilled within ± slack is uncertain by slack / sqrt(3).
    sd = slack / np.sqrt(3)
    method = "places of the inserts, which are nominal"
    return _scales(nominal, found, sd, length, limits, method, _doubt(slack))


def check_positions(frame: PhantomFrame, limits: ImageLimits) -> ImageCheck:
    """Largest distance of an insert from its place in the model, scale left free."""
    name = "largest shift of an insert"
    residuals = [
        r.fit_residual_mm for r in frame.readings if r.fit_residual_mm is not None
    ]
    if len(residuals) < 3:
        return ImageCheck(name, "mm", None, reason="fewer than three inserts show")
    slack = max(insert.slack_mm for insert in frame.phantom.inserts)
    judged = slack <= _SURE_PART * limits.position_mm
    return ImageCheck(
        name=name,
        unit="mm",
        value=float(max(residuals)),
        expected=0.0 if judged else None,
        tolerance=limits.position_mm if judged else None,
        method="centers of the inserts against the model that fits them best",
        reason="" if judged else _doubt(slack),
    )


def _scales(
    nominal: FloatArray,
    found: FloatArray,
    sd_mm: float,
    length_mm: float,
    limits: ImageLimits,
    method: str,
    doubt: str,
) -> tuple[ImageCheck, ImageCheck]:
    """Lengths from places (n, 2) in the model and in the image."""
    lever = nominal - nominal.mean(axis=0)
    shift = found - found.mean(axis=0)
    matrix = np.linalg.lstsq(lever, shift, rcond=None)[0].T
    spread = float(sd_mm / np.sqrt(np.square(lever).sum() / 2))
    tolerance = limits.length_percent / 100 * length_mm
    judged = not doubt or 2 * spread * length_mm <= _SURE_PART * tolerance
    x, y = (
        ImageCheck(
            name=f"length in {axis}",
            unit="mm",
            value=float(length_mm * np.hypot(*row)),
            uncertainty=spread * length_mm,
            expected=length_mm if judged else None,
            tolerance=tolerance if judged else None,
            method=method,
            reason=doubt,
        )
        for axis, row in zip("xy", matrix, strict=True)
    )
    return x, y


def _doubt(slack_mm: float) -> str:
    return f"the model's places are known to {slack_mm:g} mm only"


def _holes(
    frame: PhantomFrame, sigma_mm: float
) -> tuple[FloatArray, FloatArray, float]:
    """Holes in the model, those found in the scan, and the uncertainty of a place."""
    square = frame.phantom.hole_square
    if square is None:
        return np.empty((0, 2)), np.empty((0, 2)), 0.0
    corners = square.side_mm / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    slices = frame.spread(frame.slices, _MOST_SLICES)
    nominal, found, spread = [], [], []
    for corner, offset in zip(corners, frame.across(corners), strict=True):
        fitted = _hole(frame, offset, square.diameter_mm / 2, slices.tolist(), sigma_mm)
        if fitted is not None:
            nominal.append(corner)
            found.append(offset + fitted[:2])
            spread.append(fitted[2])
    # Three times that of white noise: noise in CT is correlated over a few pixels.
    sd = float(np.hypot(3 * np.max(spread, initial=0.0), _HOLE_ERROR_MM))
    return np.array(nominal), np.array(found), sd


def _hole(
    frame: PhantomFrame,
    offset: FloatArray,
    radius_mm: float,
    slices: list[int],
    sigma_mm: float,
) -> FloatArray | None:
    """(3,) offset of a hole from where it should be, and its uncertainty, mm."""
    reach = _WINDOW * radius_mm
    parts = []
    for k in slices:
        x, y = frame.center_at(k) + offset
        if not frame.stack.shows_disc(k, x, y, reach):
            return None
        parts.append(frame.stack.disc(k, x, y, reach))
    x, y, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    fit = fit_disc(x, y, values, radius_mm=radius_mm, sigma_mm=sigma_mm)
    lost = np.hypot(fit.x, fit.y) > radius_mm
    if lost or abs(fit.contrast) < max(_FAINT_HU, fit.noise):
        return None
    return np.array([fit.x, fit.y, fit.position_uncertainty])


def _inserts(frame: PhantomFrame) -> tuple[FloatArray, FloatArray, float]:
    """Inserts in the model, in the scan, and the largest slack of their places."""
    by_name = {insert.name: insert for insert in frame.phantom.inserts}
    fitted = [r for r in frame.readings if r.fit_residual_mm is not None]
    nominal = np.array([by_name[r.name].center_mm for r in fitted]).reshape(-1, 2)
    found = np.array([r.center_mm[:2] for r in fitted]).reshape(-1, 2)
    slack = max((by_name[r.name].slack_mm for r in fitted), default=0.0)
    return nominal, found, slack
