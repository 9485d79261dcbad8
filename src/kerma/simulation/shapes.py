r"""Closed forms of blurred shapes: what a perfect scanner would show of them.

A shape of unit contrast, seen through a Gaussian point spread function of standard
deviation :math:`\sigma`, has a value between 0 and 1 at each point. None of these
functions samples the shape, so there is no grid whose steps could show.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import erf

from kerma.core.arrays import FloatArray
from kerma.imaging import discs

__all__ = ["blurred_disc", "blurred_ellipse", "blurred_rectangle", "slab_fraction"]

_REACH = 8.0  # in sigmas; beyond it the blur of an edge is under 1e-15
_STEPS_PER_SIGMA = 50  # linear interpolation is then good to 1.5e-5


@lru_cache(maxsize=256)
def _disc_profile(radius: float, sigma: float) -> tuple[FloatArray, FloatArray]:
    first = max(0.0, radius - _REACH * sigma)
    last = radius + _REACH * sigma
    steps = int(np.ceil((last - first) / sigma * _STEPS_PER_SIGMA)) + 1
    distance = np.linspace(first, last, steps)
    return distance, discs.blurred_disc(distance, radius, sigma)


def blurred_disc(distance: FloatArray, *, radius: float, sigma: float) -> FloatArray:
    """A disc through a Gaussian blur: `kerma.imaging.discs.blurred_disc`, tabulated.

    Parameters
    ----------
    distance
        Distances from the center of the disc.
    radius, sigma
        Radius and blur, in the unit of the distances.
    """
    return np.interp(distance, *_disc_profile(radius, sigma))


def _step(distance: FloatArray, sigma: float) -> FloatArray:
    """A half-plane through a Gaussian blur; `distance` is positive inside."""
    return 0.5 * (1 + erf(distance / (np.sqrt(2) * sigma)))


def blurred_ellipse(
    p: FloatArray, q: FloatArray, *, width: float, height: float, sigma: float
) -> FloatArray:
    r"""An ellipse through a Gaussian blur, by the distance to its edge.

    The edge is taken as straight and its distance as :math:`g(g-1)/|\nabla g|`,
    :math:`g` being 1 on the edge. For semi-axes R this errs by about
    :math:`0.2\,\sigma / R` of the contrast; a circle is exact.

    Parameters
    ----------
    p, q
        Positions from the center along the two axes.
    width, height, sigma
        Full sizes along p and q, and the blur.
    """
    if width == height:
        return blurred_disc(np.hypot(p, q), radius=width / 2, sigma=sigma)
    a, b = width / 2, height / 2
    size = np.hypot(p / a, q / b)
    slope = np.hypot(p / a**2, q / b**2)
    inside = (1 - size) * size / np.maximum(slope, 1e-12)
    # At the very center the distance to the edge is not defined, but it is inside.
    return np.where(size < 0.5, 1.0, _step(inside, sigma))


def blurred_rectangle(
    p: FloatArray, q: FloatArray, *, width: float, height: float, sigma: float
) -> FloatArray:
    """A rectangle through a Gaussian blur: the product of two blurred strips.

    Parameters
    ----------
    p, q
        Positions from the center along the two sides.
    width, height, sigma
        Full sizes along p and q, and the blur.
    """
    across = _step(width / 2 - p, sigma) - _step(-width / 2 - p, sigma)
    along = _step(height / 2 - q, sigma) - _step(-height / 2 - q, sigma)
    return across * along


def slab_fraction(
    position: FloatArray, *, first: float, last: float, thickness: float
) -> FloatArray:
    """Part of a slice that something lies in, by its extent along the axis.

    Parameters
    ----------
    position
        Middle of the slice along the axis.
    first, last
        Extent of the thing along the axis.
    thickness
        Thickness of the slice, sensitive throughout.

    Returns
    -------
    FloatArray
        0 outside, 1 where the whole slice is inside, and in between where the end
        of the thing passes through the slice.
    """
    top = np.minimum(position + thickness / 2, last)
    bottom = np.maximum(position - thickness / 2, first)
    return np.clip((top - bottom) / thickness, 0.0, 1.0)
