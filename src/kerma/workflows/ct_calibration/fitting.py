"""Fitting a model to the scan: where exactly its inserts lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.phantom import Insert
from kerma.imaging.axial import AxialStack
from kerma.imaging.discs import DiscFit, fit_disc
from kerma.workflows.ct_calibration.edges import EdgeCloud, measure_edge
from kerma.workflows.ct_calibration.extent import contrast_along_axis, find_extent
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.rings import profiles
from kerma.workflows.ct_calibration.search import Hypothesis

__all__ = ["place", "refine"]

_WINDOW = 1.4  # radii about an insert that are fitted
_MOST_SLICES = 9  # that a fit uses; more add time, not certainty
_FEW_SLICES = 2  # enough to see whether a model fits at all
_FIRST_BLUR_MM = 1.0
_GOOD_RESIDUAL_MM = 0.3
_CLEAR_CONTRAST_HU = 40.0
_CLEAR_RATIO = 0.5  # contrast over noise of one pixel from which a position counts


def place(stack: AxialStack, coarse: AxialStack, hypothesis: Hypothesis) -> Placement:
    """Fit a model to the scan, starting where its pattern was found.

    Parameters
    ----------
    stack, coarse
        The scan, and the same with pixels of about 2 mm.
    hypothesis
        The model and where its pattern shows.
    """
    x, y, roll = _sharpen(coarse, hypothesis)
    phantom, mirrored = hypothesis.pattern.phantom, hypothesis.pattern.mirrored
    nominal = _nominal(phantom.inserts, mirrored=mirrored)
    rods = _turn(nominal, np.exp(1j * np.deg2rad(roll)))
    radii = np.array([insert.diameter_mm / 2 for insert in phantom.inserts])
    contrast = contrast_along_axis(
        coarse, rods + np.array([x, y]), radii, hypothesis.pattern.expected
    )
    extent = find_extent(coarse, contrast, hypothesis.k, phantom.length_mm)
    placement = Placement(
        phantom, mirrored, x, y, 0.0, 0.0, roll, 1.0, 0.0, extent, rods,
        np.full(len(rods), np.inf), np.full(len(rods), np.nan), None,
    )  # fmt: skip
    slices = _some(extent.slices, _FEW_SLICES)
    placement = _fitted(stack, placement, slices)
    if placement.residual_mm > _GOOD_RESIDUAL_MM:
        return _fitted(stack, placement, slices)  # it began too far away
    return placement


def refine(
    stack: AxialStack, coarse: AxialStack, placement: Placement, shown: FloatArray
) -> Placement:
    """Fit a placed model to all it shows: blur of the edge, inclination, position.

    Parameters
    ----------
    stack, coarse
        The scan, and the same with pixels of about 2 mm.
    placement
        The model placed by `place`.
    shown
        (n,) CT number that each insert shows, be it the expected one or not, HU.
    """
    slices = _some(placement.extent.slices, _MOST_SLICES)
    placement = _with_edge(stack, placement, slices)
    placement = _inclined(stack, placement)
    placement = _levelled(coarse, placement, shown)
    slices = _some(placement.extent.slices, _MOST_SLICES)
    placement = _fitted(stack, placement, slices)
    return _with_edge(stack, placement, slices)


def _sharpen(coarse: AxialStack, hypothesis: Hypothesis) -> tuple[float, float, float]:
    """Center and roll of the best ring correlation near a hypothesis."""
    pattern, x, y = hypothesis.pattern, hypothesis.x, hypothesis.y
    roll = hypothesis.roll_deg
    for step in (2.0, 1.0):
        offsets = np.arange(-1, 2) * step
        shift = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)
        k = np.full(len(shift), hypothesis.k)
        seen = profiles(coarse, pattern.rings, k, x + shift[:, 0], y + shift[:, 1])
        scores = hypothesis.scores(seen)
        near = (np.arange(-3, 4) + round(roll)) % scores.shape[1]
        best, turn = np.unravel_index(scores[:, near].argmax(), (len(shift), 7))
        x, y, roll = x + shift[best, 0], y + shift[best, 1], float(near[turn])
    return float(x), float(y), roll


def _fitted(stack: AxialStack, start: Placement, slices: IntArray) -> Placement:
    """Fit every insert near its place, then the model to the inserts."""
    inserts = start.phantom.inserts
    nominal = _nominal(inserts, mirrored=start.mirrored)
    fits = _fit_inserts(stack, start, slices)
    found = np.array([[fit.x, fit.y] if fit else [0.0, 0.0] for fit in fits])
    found = found + start.rods
    noise = np.array([_position_uncertainty(fit) for fit in fits])
    slack = np.array([insert.slack_mm for insert in inserts]) / np.sqrt(3)
    center, turn, spread = _similarity(nominal, found, noise, slack)
    places = _turn(nominal, turn)
    offsets = found - center - places
    # The place in the model and the fit, each with its own uncertainty.
    trust = slack**2 / (slack**2 + noise**2)
    distance = np.where(np.isfinite(noise), np.hypot(*offsets.T), np.nan)
    return replace(
        start,
        x=float(start.x + center[0]),
        y=float(start.y + center[1]),
        roll_deg=_signed(float(np.degrees(np.angle(turn)))),
        scale=float(np.abs(turn)),
        residual_mm=spread,
        rods=places + np.where(np.isfinite(noise), trust, 0.0)[:, None] * offsets,
        rod_uncertainty_mm=_combined(noise, slack),
        fit_residual_mm=distance,
    )


def _fit_inserts(
    stack: AxialStack, at: Placement, slices: IntArray
) -> list[DiscFit | None]:
    """Fit every insert; ``None`` for one out of view or without contrast."""
    sigma = at.edge.sigma_mm if at.edge else _FIRST_BLUR_MM
    count = len(at.phantom.inserts)
    return [_fit_insert(stack, at, index, slices, sigma) for index in range(count)]


def _fit_insert(
    stack: AxialStack, at: Placement, index: int, slices: IntArray, sigma: float
) -> DiscFit | None:
    """Fit one insert in several slices at once; ``None`` where it is not in view."""
    radius = at.phantom.inserts[index].diameter_mm / 2
    parts = []
    for k in slices:
        x, y = at.rods_at(stack.z[k])[index]
        if not stack.shows_disc(k, x, y, radius):
            return None
        parts.append(stack.disc(k, x, y, _WINDOW * radius))
    x, y, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    fit = fit_disc(x, y, values, radius_mm=radius, sigma_mm=sigma)
    lost = np.hypot(fit.x, fit.y) > radius
    faint = abs(fit.contrast) < max(_CLEAR_CONTRAST_HU, _CLEAR_RATIO * fit.noise)
    return None if lost or faint else fit


def _position_uncertainty(fit: DiscFit | None) -> float:
    """Standard uncertainty of a fitted position; infinite where there is none.

    Three times that of white noise, since noise in CT is correlated over a few
    pixels, and 0.03 mm for what no model of an edge gets right.
    """
    return (
        np.inf if fit is None else float(np.hypot(3 * fit.position_uncertainty, 0.03))
    )


def _similarity(
    nominal: FloatArray, found: FloatArray, noise: FloatArray, slack: FloatArray
) -> tuple[FloatArray, complex, float]:
    """Center, complex turn-and-scale, and rms residual of the model on its inserts.

    Weighted least squares in the complex plane; an insert far from its place counts
    less (Huber's weights).
    """
    p, q = nominal @ (1, 1j), found @ (1, 1j)
    kept = np.isfinite(noise)
    if kept.sum() < 2:
        return np.zeros(2), complex(1), 0.0
    p, q = p[kept], q[kept]
    scatter = np.hypot(noise[kept], slack[kept])
    weight = 1 / scatter**2
    for _ in range(6):
        share = weight / weight.sum()
        mean_p, mean_q = share @ p, share @ q
        lever = p - mean_p
        turn = (share @ (np.conj(lever) * (q - mean_q))) / (share @ np.abs(lever) ** 2)
        center = mean_q - turn * mean_p
        distance = np.abs(q - center - turn * p)
        weight = 1 / scatter**2 / np.maximum(1.0, distance / (2 * scatter))
    spread = float(np.sqrt(share @ distance**2))
    return np.array([center.real, center.imag]), complex(turn), spread


def _inclined(stack: AxialStack, start: Placement) -> Placement:
    """Find the drift of the center along the axis from the module's two halves."""
    extent = start.extent
    half = start.phantom.length_mm / 2
    up = stack.z - extent.middle_mm
    reach = 0.8 * half
    inside = np.abs(up) < reach
    halves = [
        _some(np.flatnonzero((side * up > 0) & inside), _MOST_SLICES)
        for side in (-1, 1)
    ]
    if min(part.size for part in halves) == 0:
        return start
    means = [_mean_offset(stack, start, part) for part in halves]
    if means[0] is None or means[1] is None:
        return start
    drift = (means[1] - means[0]) / (up[halves[1]].mean() - up[halves[0]].mean())
    return replace(start, slope_x=float(drift[0]), slope_y=float(drift[1]))


def _levelled(coarse: AxialStack, start: Placement, expected: FloatArray) -> Placement:
    """Find the module's ends again, now that its inclination is known.

    The middles of the inserts lie in the plane across the inclined axis.
    """
    lift = -(start.rods @ (start.slope_x, start.slope_y))
    inserts = start.phantom.inserts
    radii = np.array([insert.diameter_mm / 2 for insert in inserts])
    middle = start.extent.middle_mm
    contrast = contrast_along_axis(coarse, start.rods_at(middle), radii, expected, lift)
    k = start.extent.slices[np.abs(coarse.z[start.extent.slices] - middle).argmin()]
    extent = find_extent(coarse, contrast, int(k), start.phantom.length_mm)
    x, y = start.center_at(extent.middle_mm)
    return replace(start, extent=extent, x=x, y=y)


def _mean_offset(
    stack: AxialStack, at: Placement, slices: IntArray
) -> FloatArray | None:
    """Mean distance of the inserts from where they are thought, in some slices."""
    found = [fit for fit in _fit_inserts(stack, at, slices) if fit is not None]
    if not found:
        return None
    weights = [1 / _position_uncertainty(fit) ** 2 for fit in found]
    return np.average([[fit.x, fit.y] for fit in found], axis=0, weights=weights)


def _with_edge(stack: AxialStack, at: Placement, slices: IntArray) -> Placement:
    """Measure the blur at the edge of all inserts with contrast."""
    clouds = []
    for index, fit in enumerate(_fit_inserts(stack, at, slices)):
        if fit is None:
            continue
        radius = at.phantom.inserts[index].diameter_mm / 2
        for k in slices:
            x, y = at.rods_at(stack.z[k])[index] + (fit.x, fit.y)
            dx, dy, values = stack.disc(k, x, y, _WINDOW * radius)
            clouds.append(
                EdgeCloud(
                    distance_mm=np.hypot(dx, dy),
                    values=(values - fit.background) / fit.contrast,
                    radius_mm=radius,
                    weight=(fit.contrast / max(fit.noise, 1e-6)) ** 2,
                )
            )
    return replace(at, edge=measure_edge(clouds))


def _nominal(inserts: Sequence[Insert], *, mirrored: bool) -> FloatArray:
    """(n, 2) places of the inserts at roll zero, from the end they are seen from."""
    centers = np.array([insert.center_mm for insert in inserts])
    return centers * (-1, 1) if mirrored else centers


def _turn(points: FloatArray, turn: complex) -> FloatArray:
    turned = (points @ (1, 1j)) * turn
    return np.column_stack([turned.real, turned.imag])


def _combined(noise: FloatArray, slack: FloatArray) -> FloatArray:
    """Uncertainty of the weighted mean of two estimates."""
    slack = np.maximum(slack, 1e-3)
    return 1 / np.sqrt(1 / slack**2 + 1 / noise**2)


def _some(slices: IntArray, most: int) -> IntArray:
    """At most so many of the slices, evenly taken about their middle."""
    step = max(1, -(-slices.size // most))
    return slices[(slices.size - 1) % step // 2 :: step]


def _signed(angle: float) -> float:
    return (angle + 180) % 360 - 180
