"""Which voxels are gland, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["Glands", "find_glands"]

T = TypeVar("T", bound=np.generic)

_SEED = 0.95  # of the way from fat to gland: surely gland
_LOWEST, _HIGHEST = 0.25, 0.95  # between which the lower threshold may lie
_PASSES = 3
_ROUNDS = 3
_BLUR_MM = 0.2  # no more than the blur of the scan: thin strands would fade
_BIN_HU = 0.5


@dataclass(frozen=True, eq=False)
class Glands:
    """The gland of a breast.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels of gland.
    percent
        (nk, nj, ni) uint8: how much of each voxel is gland, %, 0 outside the tissue.
    lower_hu
        Threshold down to which gland was grown from its cores, HU.
    segmented_fraction
        Gland's share of the voxels of fat and gland.
    partial_fraction
        The same by how much of each voxel is gland.
    """

    mask: BoolArray
    percent: NDArray[np.uint8]
    lower_hu: float
    segmented_fraction: float
    partial_fraction: float


def find_glands(
    image: BreastImage,
    tissue: BoolArray,
    scale: HUScale,
    fraction: float,
    *,
    noise_hu: float = 30.0,
) -> Glands:
    """Tell gland from fat so that its share is the one that the CT numbers give.

    Gland is grown from voxels that are surely gland to neighbors above a lower
    threshold, which is set so that the share comes out. Instead of blurring the scan,
    each voxel's CT number is shifted by what its six neighbors are: by the noise variance
    over the contrast for each, so that a voxel between fat and gland follows them and a
    clear one does not (iterated conditional modes of a Potts model, J Besag, J R Stat Soc
    B 48 (1986) 259).

    Parameters
    ----------
    image
        The scan, without leakage of skin and muscle.
    tissue
        (nk, nj, ni) voxels of fat and gland.
    scale
        What fat and gland read.
    fraction
        Gland's share of the tissue by mean CT number.
    noise_hu
        Standard deviation of the CT numbers in one tissue, HU.
    """
    from kerma.kernels.tissue_map import supported_values, weighted_percent

    voxels = int(np.count_nonzero(tissue))
    if not voxels:
        none = np.zeros(tissue.shape, bool)
        return Glands(none, none.astype(np.uint8), scale.at(_SEED), 0.0, 0.0)
    box = _box(tissue)
    hu, inside = np.ascontiguousarray(image.hu[box]), np.ascontiguousarray(tissue[box])
    votes = _votes(noise_hu**2 / scale.contrast_hu, image.spacing)
    field = supported_values(hu, inside, scale.at(0.5), votes, _PASSES)
    gland, lower = _grown(field, inside, scale, fraction * voxels)
    percent = weighted_percent(
        hu, inside, gland, _weights(image.spacing), (scale.fat_hu, scale.gland_hu)
    )
    return Glands(
        mask=_whole(gland, box, tissue.shape),
        percent=_whole(percent, box, tissue.shape),
        lower_hu=lower,
        segmented_fraction=int(np.count_nonzero(gland)) / voxels,
        partial_fraction=float(percent.sum(dtype=np.int64)) / (100 * voxels),
    )


def _grown(
    field: FloatArray, inside: BoolArray, scale: HUScale, wanted: float
) -> tuple[BoolArray, float]:
    """Regions above a threshold that hold a core, so many voxels; and the threshold."""
    lowest, highest = scale.at(_LOWEST), scale.at(_HIGHEST)
    edges = np.arange(lowest, highest + _BIN_HU, _BIN_HU)
    values = field[inside]
    counts, _ = np.histogram(values, np.append(edges, np.inf))
    above = np.cumsum(counts[::-1])[::-1]
    missing = 0.0
    best, best_lower, best_error = np.zeros(inside.shape, bool), highest, wanted
    for _ in range(_ROUNDS):
        lower = _threshold(edges, above, wanted + missing)
        gland = _with_core(field, lower, scale.at(_SEED))
        count = np.count_nonzero(gland)
        if abs(count - wanted) < best_error:
            best, best_lower, best_error = gland, lower, abs(count - wanted)
        # Regions without a core do not count: go as much lower.
        missing += wanted - count
    return best, best_lower


def _threshold(edges: FloatArray, above: FloatArray, wanted: float) -> float:
    """CT number above which so many voxels lie, within the bounds, HU."""
    return float(np.interp(-wanted, -above.astype(np.float64), edges))


def _with_core(field: FloatArray, lower: float, core: float) -> BoolArray:
    """Regions above a threshold that reach a higher one somewhere."""
    numbers, sizes = regions(field > lower)
    held = np.zeros(sizes.size, bool)
    held[numbers[field >= core]] = True
    held[0] = False
    return held[numbers]


def _votes(vote_hu: float, spacing: Vec3) -> tuple[float, float, float]:
    """What each neighbor counts, HU: less, the farther away it lies."""
    nearest = min(spacing)
    k, j, i = (vote_hu * nearest / step for step in spacing)
    return k, j, i


def _weights(spacing: Vec3) -> FloatArray:
    """(3, 3, 3) float32 weights of a Gaussian about a voxel."""
    k, j, i = (
        np.exp(-((np.arange(-1, 2) * step / _BLUR_MM) ** 2) / 2) for step in spacing
    )
    return np.asarray(
        k[:, None, None] * j[:, None] * i + np.finfo(np.float32).tiny, np.float32
    )


def _box(mask: BoolArray) -> tuple[slice, slice, slice]:
    """The smallest box around a mask that holds a voxel."""
    box = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return box[0], box[1], box[2]


def _whole(
    part: NDArray[T], box: tuple[slice, slice, slice], shape: tuple[int, ...]
) -> NDArray[T]:
    """An array in its place among zeros."""
    whole = np.zeros(shape, part.dtype)
    whole[box] = part
    return whole
