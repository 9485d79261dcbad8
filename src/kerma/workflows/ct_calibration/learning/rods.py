"""Round inserts in a slice of an unknown phantom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares
from scipy.signal import fftconvolve
from scipy.special import ndtr

from kerma.core.arrays import FloatArray, IntArray
from kerma.imaging.axial import AxialStack
from kerma.workflows.ct_calibration.learning.outline import FittedOutline

__all__ = ["Rod", "find_rods", "fit_rod"]

_RADII_MM = (4.5, 5.5, 6.7, 8.2, 10.0, 12.2, 14.9, 18.2, 22.0)
_SMALLEST_MM, _LARGEST_MM = 3.5, 24.0
_LEAST_CONTRAST_HU = 15.0
_LEAST_CLEARNESS = 6.0  # contrast over the uncertainty that noise gives it
_RIM_MM = 2.0  # of the phantom that is left out: the blurred edge to air
_WINDOW = 1.6  # radii about a rod that are fitted
_CANDIDATES = 60
_ROUNDS = 6
_SECTORS = 12
_EVEN = 0.5  # of the contrast that every sector must show
_PERHAPS_EVEN = 0.25  # before the place and size are fitted
_SECTORS_LEAST = 0.8
_MISFIT = 0.2  # of the contrast that the fit may leave beside the noise


@dataclass(frozen=True)
class Rod:
    """A round insert.

    Parameters
    ----------
    x, y
        Its center, mm LPS.
    radius_mm
        Its radius.
    contrast_hu, background_hu
        Its CT number minus that about it, and the latter.
    """

    x: float
    y: float
    radius_mm: float
    contrast_hu: float
    background_hu: float


def find_rods(
    slab: AxialStack, outline: FittedOutline, noise_hu: float, *, rounds: int = _ROUNDS
) -> tuple[Rod, ...]:
    """Find the round inserts in one slice, the clearest first.

    Candidates are where the mean over a disc leaves that of the ring about it, for
    discs of many sizes; each is fitted, and kept if it is round, even and alone.
    What was found is then left out and the search repeated, since the rims of clear
    inserts hide the faint ones.

    Parameters
    ----------
    slab
        One slice, pixels of about 2 mm.
    outline
        The phantom's contour in it.
    noise_hu
        Standard deviation of a pixel, HU.
    rounds
        How often to search at most.
    """
    found: list[Rod] = []
    tried: set[tuple[float, float, float]] = set()
    for _ in range(rounds):
        before = len(found)
        for candidate in _candidates(slab, outline, found):
            x, y, radius = candidate
            near = (
                np.hypot(x - rod.x, y - rod.y) < max(rod.radius_mm, radius)
                for rod in found
            )
            if candidate in tried or any(near):
                continue
            tried.add(candidate)
            start = Rod(x, y, radius, 0.0, 0.0)
            rod = fit_rod(slab, outline, start, found, noise_hu)
            if rod is not None:
                found.append(rod)
        if len(found) == before:
            break
    return tuple(found)


def _candidates(
    slab: AxialStack, outline: FittedOutline, others: Sequence[Rod]
) -> list[tuple[float, float, float]]:
    """(x, y, radius) in mm of what may be an insert, the most striking first."""
    _, rows, columns = slab.hu.shape
    x = slab.x0[0] + np.arange(columns) * slab.dx
    y = slab.y0[0] + np.arange(rows) * slab.dy
    grid_x, grid_y = np.meshgrid(x, y)
    inside = outline.depth(grid_x, grid_y) > _RIM_MM
    for rod in others:
        away = np.hypot(grid_x - rod.x, grid_y - rod.y)
        inside &= away > 1.1 * rod.radius_mm + 1.0
    if not inside.any():
        return []
    level = float(np.median(slab.hu[0][inside]))
    values = np.where(inside, np.clip(slab.hu[0] - level, -1200.0, 3000.0), 0.0)
    weight = inside.astype(np.float64)
    found = []
    for radius in _RADII_MM:
        contrast = _disc_contrast(values, weight, radius, (slab.dy, slab.dx))
        peak = (contrast == ndimage.maximum_filter(contrast, 3)) & (
            contrast > _LEAST_CONTRAST_HU / 2
        )
        for j, i in np.argwhere(peak):
            # The larger of two discs that show the same is the whole insert.
            found.append((float(contrast[j, i]) * radius, x[i], y[j], radius))
    found.sort(reverse=True)
    return [(float(x), float(y), radius) for _, x, y, radius in found[:_CANDIDATES]]


def _disc_contrast(
    values: FloatArray, weight: FloatArray, radius: float, pixel: tuple[float, float]
) -> FloatArray:
    """How far the mean over a disc about each pixel leaves that of its ring, HU."""
    reach = 1.5 * radius + 1.0
    j = np.arange(-int(reach / pixel[0]), int(reach / pixel[0]) + 1) * pixel[0]
    i = np.arange(-int(reach / pixel[1]), int(reach / pixel[1]) + 1) * pixel[1]
    distance = np.hypot(*np.meshgrid(j, i, indexing="ij"))
    disc = (distance <= 0.8 * radius).astype(np.float64)
    ring = ((distance > 1.15 * radius) & (distance <= reach)).astype(np.float64)
    means = []
    for kernel, least in ((disc, 0.95), (ring, 0.4)):
        area = fftconvolve(weight, kernel, mode="same")
        total = fftconvolve(values, kernel, mode="same")
        seen = area >= least * kernel.sum()
        means.append(np.where(seen, total / np.maximum(area, 1.0), np.nan))
    return np.nan_to_num(np.abs(means[0] - means[1]))


def fit_rod(
    slab: AxialStack,
    outline: FittedOutline,
    start: Rod,
    others: Sequence[Rod],
    noise_hu: float,
) -> Rod | None:
    """Fit a blurred disc of unknown size, by least squares.

    Parameters
    ----------
    slab
        One slice.
    outline
        The phantom's contour; nothing beyond it counts.
    start
        Where to begin.
    others
        Other rods, which are left out.
    noise_hu
        Standard deviation of a pixel, HU.

    Returns
    -------
    Rod | None
        ``None`` where it is no round, even insert.
    """
    dx, dy, values = slab.disc(0, start.x, start.y, _WINDOW * start.radius_mm + 1.0)
    kept = outline.depth(dx + start.x, dy + start.y) > _RIM_MM
    for other in others:
        away = np.hypot(dx + start.x - other.x, dy + start.y - other.y)
        kept &= away > 1.2 * other.radius_mm
    if kept.sum() < 20:
        return None
    dx, dy, values = dx[kept], dy[kept], values[kept]
    if not _is_round(dx, dy, values, start.radius_mm, _PERHAPS_EVEN):
        return None

    def shape_at(parameters: FloatArray) -> FloatArray:
        x, y, radius, sigma = parameters
        distance = np.hypot(dx - x, dy - y)
        return np.column_stack(
            [ndtr((radius - distance) / sigma), np.ones_like(distance)]
        )

    def linear_at(parameters: FloatArray) -> FloatArray:
        return np.linalg.lstsq(shape_at(parameters), values, rcond=None)[0]

    def residual(parameters: FloatArray) -> FloatArray:
        return shape_at(parameters) @ linear_at(parameters) - values

    reach = start.radius_mm / 2
    fit = least_squares(
        residual,
        x0=(0.0, 0.0, start.radius_mm, 1.0),
        bounds=(
            (-reach, -reach, 0.6 * start.radius_mm, 0.3),
            (reach, reach, 1.5 * start.radius_mm, 3.0),
        ),
        xtol=1e-5,
        ftol=1e-7,
        max_nfev=40,
    )
    contrast, background = linear_at(fit.x)
    rod = Rod(
        x=float(start.x + fit.x[0]),
        y=float(start.y + fit.x[1]),
        radius_mm=float(fit.x[2]),
        contrast_hu=float(contrast),
        background_hu=float(background),
    )
    x, y = dx - fit.x[0], dy - fit.x[1]
    good = (
        _SMALLEST_MM <= rod.radius_mm <= _LARGEST_MM
        and _is_clear(rod, float(np.std(fit.fun)), noise_hu, slab.dx * slab.dy)
        and _is_round(x, y, values, rod.radius_mm, _EVEN)
    )
    return rod if good else None


def _is_clear(rod: Rod, misfit: float, noise_hu: float, pixel_mm2: float) -> bool:
    """Whether contrast outweighs the noise, and a disc explains what is seen."""
    pixels = np.pi * rod.radius_mm**2 / pixel_mm2
    # Noise of CT is correlated over a few pixels: three times that of white noise.
    uncertainty = 3 * noise_hu / np.sqrt(pixels)
    contrast = abs(rod.contrast_hu)
    return bool(
        contrast >= max(_LEAST_CONTRAST_HU, _LEAST_CLEARNESS * uncertainty)
        and misfit <= np.hypot(_MISFIT * contrast, 1.5 * noise_hu)
    )


def _is_round(
    x: FloatArray, y: FloatArray, values: FloatArray, radius: float, even: float
) -> bool:
    """Whether a disc leaves what is about it on all sides, and is even inside.

    `even` is the part of the contrast that every sector must show, and may miss.
    """
    distance = np.hypot(x, y)
    sector = ((np.arctan2(y, x) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.intp)
    sector = sector.clip(0, _SECTORS - 1)
    inner = (distance <= 0.85 * radius) & (distance > 0.3 * radius)
    outer = distance >= 1.15 * radius
    if not (inner.any() and outer.any()):
        return False
    level = float(np.median(values[inner]))
    contrast = level - float(np.median(values[outer]))
    inside = _means(values[inner], sector[inner])
    steps = inside - _means(values[outer], sector[outer])
    known = np.isfinite(steps)
    good = steps[known] * np.sign(contrast) > even * abs(contrast)
    good &= np.abs(inside[known] - level) < (1 - even) * abs(contrast)
    return bool(known.mean() > 0.5 and good.mean() >= _SECTORS_LEAST)


def _means(values: FloatArray, group: IntArray) -> FloatArray:
    """Mean of each sector; NaN where nothing of it is seen."""
    count = np.bincount(group, minlength=_SECTORS)
    total = np.bincount(group, weights=values, minlength=_SECTORS)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
