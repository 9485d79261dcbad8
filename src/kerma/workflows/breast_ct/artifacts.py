"""Signs of a contrast agent and of rings, which move CT numbers."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, HUArray
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["enhanced_share", "ring_amplitude_hu"]

_ENHANCED = 1.5  # on the way from fat to gland; blood and muscle lie below 1.35
_LEAST_RADIUS_MM = 3.0  # nearer the axis a ring has few voxels
_FEWEST_VOXELS = 400  # of a ring in one slab
_SLAB_MM = 5.0
_RING_MM = 0.6


def enhanced_share(image: BreastImage, tissue: BoolArray, scale: HUScale) -> float:
    """Part of fat and gland that is brighter than any soft tissue without contrast.

    Parameters
    ----------
    image
        The scan.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    scale
        What fat and gland read.
    """
    voxels = np.count_nonzero(tissue)
    if not voxels:
        return 0.0
    bright = image.smooth > scale.at(_ENHANCED)
    return float(np.count_nonzero(bright & tissue)) / voxels


def ring_amplitude_hu(
    image: BreastImage, fat: BoolArray, center: tuple[float, float]
) -> float | None:
    """How much neighboring rings about the axis of rotation differ in fat, HU.

    The root mean square, over rings of 0.6 mm in slabs of 5 mm, of the difference of a
    ring from the mean of its two neighbors, less what the noise makes of it.

    Parameters
    ----------
    image
        The scan.
    fat
        (nk, nj, ni) voxels of pure fat.
    center
        Row and column of the axis of rotation.

    Returns
    -------
    The amplitude, or ``None`` where there is too little fat to tell.
    """
    rings = _ring_numbers(image, center)
    slices = max(1, round(_SLAB_MM / image.spacing[0]))
    squares: list[FloatArray] = []
    for first in range(0, len(fat), slices):
        part = slice(first, first + slices)
        found = _steps_of_slab(image.hu[part], fat[part], rings)
        if found.size:
            squares.append(found)
    if not squares:
        return None
    return float(np.sqrt(max(0.0, float(np.concatenate(squares).mean()))))


def _ring_numbers(image: BreastImage, center: tuple[float, float]) -> FloatArray:
    """(nj, ni) number of the ring of each pixel."""
    rows, columns = image.hu.shape[1:]
    down = (np.arange(rows) - center[0])[:, None] * image.spacing[1]
    across = (np.arange(columns) - center[1])[None, :] * image.spacing[2]
    return np.asarray(np.hypot(down, across) / _RING_MM)


def _steps_of_slab(hu: HUArray, fat: BoolArray, rings: FloatArray) -> FloatArray:
    """Squared steps between rings of one slab, what noise makes taken off, HU²."""
    numbers = rings.astype(np.int64)
    counts = np.bincount(numbers.ravel(), weights=fat.sum(axis=0).ravel())
    values = np.where(fat, hu, 0).astype(np.float64)
    sums = np.bincount(numbers.ravel(), weights=values.sum(axis=0).ravel())
    squares = np.bincount(numbers.ravel(), weights=(values**2).sum(axis=0).ravel())
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / counts
        variances = (squares / counts - means**2) / counts
    step = means[1:-1] - (means[:-2] + means[2:]) / 2
    noise = variances[1:-1] + (variances[:-2] + variances[2:]) / 4
    enough = (counts >= _FEWEST_VOXELS) & (
        np.arange(counts.size) * _RING_MM >= _LEAST_RADIUS_MM
    )
    known = enough[:-2] & enough[1:-1] & enough[2:]
    return np.asarray((step**2 - noise)[known])
