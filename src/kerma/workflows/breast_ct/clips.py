"""Surgical clips and calcifications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, IntArray, Vec3
from kerma.imaging.mask_morphology import dilated
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["Clip", "Clips", "find_clips"]

_DENSE = 3.06  # as a fraction from fat to gland: 400 HU on the scale of the scripts
_LARGEST_ML = 1.0
_RIM_MM = 0.9  # blurred, a dense speck brightens what is beside it


@dataclass(frozen=True)
class Clip:
    """A speck of metal or calcium.

    Parameters
    ----------
    index
        Its center, (k, j, i).
    volume_ml
        Of the voxels above the threshold.
    peak_hu
        Its largest CT number, HU.
    """

    index: Vec3
    volume_ml: float
    peak_hu: float


@dataclass(frozen=True, eq=False)
class Clips:
    """All specks of a breast, and the voxels they spoil.

    Parameters
    ----------
    mask
        (nk, nj, ni) specks with a rim of 0.9 mm.
    specks
        Each of them, the largest first.
    """

    mask: BoolArray
    specks: tuple[Clip, ...]


def find_clips(
    image: BreastImage,
    inside: BoolArray,
    scale: HUScale,
    *,
    bone: BoolArray | None = None,
) -> Clips:
    """Find what is far denser than any soft tissue, and small.

    Parameters
    ----------
    image
        The scan.
    inside
        (nk, nj, ni) breast without fold and skin.
    scale
        What fat and gland read on it.
    bone
        (nk, nj, ni) mask of the ribs, whose noise would pass for specks; none by
        default.
    """
    dense = (image.hu > scale.at(_DENSE)) & inside
    if bone is not None and bone.any():
        dense &= ~dilated(bone, image.spacing, _RIM_MM)
    mask = np.zeros(inside.shape, bool)
    if not dense.any():
        return Clips(mask, ())
    numbers, sizes = regions(dense)
    specks = []
    for number, box in _boxes(numbers):
        if sizes[number] * image.voxel_ml > _LARGEST_ML:
            continue
        speck = numbers[box] == number
        center = np.argwhere(speck).mean(axis=0) + [part.start for part in box]
        peak = float(image.hu[box][speck].max())
        k, j, i = (float(value) for value in center)
        specks.append(Clip((k, j, i), float(sizes[number] * image.voxel_ml), peak))
        wide = _widened(box, image.spacing)
        mask[wide] |= dilated(numbers[wide] == number, image.spacing, _RIM_MM)
    specks.sort(key=lambda clip: -clip.volume_ml)
    return Clips(mask & inside, tuple(specks))


def _boxes(numbers: IntArray) -> list[tuple[int, tuple[slice, slice, slice]]]:
    """The box of each region."""
    from scipy.ndimage import find_objects

    return list(enumerate(find_objects(numbers), start=1))


def _widened(
    box: tuple[slice, slice, slice], spacing: Vec3
) -> tuple[slice, slice, slice]:
    """A box with room for the rim."""
    rims = [int(np.ceil(_RIM_MM / step)) for step in spacing]
    k, j, i = (
        slice(max(0, part.start - rim), part.stop + rim)
        for part, rim in zip(box, rims, strict=True)
    )
    return k, j, i
