"""The outer contour of an unknown phantom, whatever it lies on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.phantom import Outline
from kerma.imaging.axial import AxialStack

__all__ = ["FittedOutline", "fit_outline"]

_RAYS = 180
_SEARCH_MM = 5.0  # about the rim of the body's mask
_GOOD_MM = 2.0  # an edge this near the contour belongs to it
_SCALE_MM = 1.0  # residuals beyond it count less and less: couch, jig, cut-off rim
_ROUND = 0.01  # difference of the two axes up to which an ellipse is a circle
_BODY_HU = 200.0  # above the air about it, lest noise be a body
_OPENING_MM = 10.0  # thicker than the skins of a couch
_SHAPES: tuple[Literal["ellipse", "rectangle"], ...] = ("ellipse", "rectangle")


@dataclass(frozen=True)
class FittedOutline:
    """A contour in its place.

    Parameters
    ----------
    outline
        Shape and size.
    x, y
        Its middle, mm LPS.
    turn_deg
        Turn about the axis, -45 to 45 degrees; zero for a circle.
    in_place
        Fraction of the edge seen that lies within 2 mm of it.
    """

    outline: Outline
    x: float
    y: float
    turn_deg: float
    in_place: float

    def depth(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """How far inside points lie, along the ray from the middle, mm."""
        dx, dy = x - self.x, y - self.y
        angle = np.arctan2(dy, dx) - np.deg2rad(self.turn_deg)
        return self.outline.radius_at(angle) - np.hypot(dx, dy)


def fit_outline(slab: AxialStack, threshold_hu: float) -> FittedOutline | None:
    """Fit an ellipse and a rectangle to the body in a single slice; keep the better.

    Parameters
    ----------
    slab
        One slice, pixels of about 2 mm.
    threshold_hu
        CT number between air and body.

    Returns
    -------
    FittedOutline | None
        ``None`` where there is no body.
    """
    body = _largest_body(slab, threshold_hu)
    if body is None:
        return None
    j, i = np.nonzero(body)
    x = slab.x0[0] + i * slab.dx
    y = slab.y0[0] + j * slab.dy
    # The upper edge is free whatever the phantom lies on.
    half = (x.max() - x.min()) / 2
    starts = (
        (float(np.median(x)), float(np.median(y)), half, (y.max() - y.min()) / 2),
        (float(np.median(x)), float(y.min() + half), half, half),
    )
    edges = _edges(slab, body, starts[0][:2], threshold_hu)
    if len(edges) < _RAYS // 4:
        return None
    fits = [_fit(edges, shape, start) for shape in _SHAPES for start in starts]
    return max(fits, key=lambda fit: fit.in_place)


def _largest_body(slab: AxialStack, threshold_hu: float) -> BoolArray | None:
    """The largest thing brighter than the threshold, its holes filled."""
    size = max(3, round(_OPENING_MM / slab.dx))
    mask = ndimage.binary_opening(slab.hu[0] > threshold_hu, np.ones((size, size)))
    labels, count = ndimage.label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == sizes.argmax()
    air = slab.hu[0][~mask]
    if air.size == 0 or np.median(slab.hu[0][body]) - np.median(air) < _BODY_HU:
        return None
    filled: BoolArray = ndimage.binary_fill_holes(body)
    return filled


def _edges(
    slab: AxialStack, body: BoolArray, middle: tuple[float, float], level: float
) -> FloatArray:
    """(n, 2) points where rays from the middle leave the body, mm."""
    angle = np.arange(_RAYS) * 2 * np.pi / _RAYS
    way = np.column_stack([np.cos(angle), np.sin(angle)])
    reach = np.arange(0.0, float(np.hypot(*slab.extent)), 1.0)
    points = np.array(middle) + reach[None, :, None] * way[:, None, :]
    first = np.zeros(1, dtype=np.intp)
    values = slab.sample(first, points[..., 0], points[..., 1])
    i = np.rint((points[..., 0] - slab.x0[0]) / slab.dx).astype(np.intp)
    j = np.rint((points[..., 1] - slab.y0[0]) / slab.dy).astype(np.intp)
    rows, columns = body.shape
    seen = (i >= 0) & (i < columns) & (j >= 0) & (j < rows)
    inside = seen & body[j.clip(0, rows - 1), i.clip(0, columns - 1)]
    rim = np.where(inside, reach, 0.0).max(axis=1)
    near = np.abs(reach - rim[:, None]) <= _SEARCH_MM
    above, below = values[:, :-1], values[:, 1:]
    falls = (above > level) & (below <= level) & near[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        place = reach[:-1] + (above - level) / (above - below)
    distance = np.where(falls, np.abs(place - rim[:, None]), np.inf)
    best = distance.argmin(axis=1)
    rows_found = np.flatnonzero(np.isfinite(distance.min(axis=1)))
    found = place[rows_found, best[rows_found]]
    return np.array(middle) + found[:, None] * way[rows_found]


def _fit(
    edges: FloatArray,
    shape: Literal["ellipse", "rectangle"],
    start: tuple[float, float, float, float],
) -> FittedOutline:
    """Fit one shape; a circle where the axes agree."""

    def fitted(values: FloatArray) -> FittedOutline:
        x, y, half_width, half_height, turn = (float(value) for value in values)
        outline = Outline(shape, 2 * half_width, 2 * half_height)
        return FittedOutline(outline, x, y, float(np.degrees(turn)), 0.0)

    def residual(values: FloatArray) -> FloatArray:
        return fitted(values).depth(edges[:, 0], edges[:, 1])

    least, most = 10.0, 1000.0  # mm
    found = least_squares(
        residual,
        x0=(*start[:2], *np.clip(start[2:], least + 1, most - 1), 0.01),
        bounds=(
            (-np.inf, -np.inf, least, least, -np.pi / 4),
            (np.inf, np.inf, most, most, np.pi / 4),
        ),
        loss="cauchy",
        f_scale=_SCALE_MM,
        x_scale=(1.0, 1.0, 1.0, 1.0, 0.02),
        max_nfev=200,
    )
    best, off = fitted(found.x), np.abs(residual(found.x))
    outline, turn = best.outline, best.turn_deg
    width, height = outline.width_mm, outline.height_mm
    if shape == "ellipse" and abs(width - height) <= _ROUND * width:
        mean = (width + height) / 2
        outline, turn = Outline(shape, mean, mean), 0.0
    return FittedOutline(outline, best.x, best.y, turn, float(np.mean(off <= _GOOD_MM)))
