"""Bone at the chest wall."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["find_bone"]

_HARD = 1.66  # as a fraction from fat to gland: 100 HU where the scripts had it
_BESIDE = 1.2  # muscle, which lies around a rib
_SLAB_MM = 40.0  # ribs lie behind the breast; how far one reaches into the view
_SMALLEST_CONTACT_MM2 = 10.0  # with the cut; less is a calcification at the cut
_SMALLEST_ML = 0.09


def find_bone(
    image: BreastImage,
    inside: BoolArray,
    scale: HUScale,
    *,
    implant: BoolArray | None = None,
) -> BoolArray:
    """(nk, nj, ni) mask of ribs with their marrow.

    Bone is what is hard, reaches the cut at the chest wall and is no implant.

    Parameters
    ----------
    image
        The scan.
    inside
        (nk, nj, ni) breast without fold and skin.
    scale
        What fat and gland read on it.
    implant
        (nk, nj, ni) mask of the implants; none by default.
    """
    bone = np.zeros(inside.shape, bool)
    filled = np.flatnonzero(inside.any(axis=(1, 2)))
    if filled.size == 0:
        return bone
    first = int(filled[0])
    last = first + max(1, round(_SLAB_MM / image.spacing[0]))
    smooth = image.smooth[first:last]
    hard = (smooth > scale.at(_HARD)) & inside[first:last]
    if implant is not None:
        hard &= ~implant[first:last]
    ribs = _at_the_cut(hard, image)
    for number, part in ribs:
        bone[first:last][part] |= _filled(smooth[part], number[part], scale)
    return bone & inside


def _at_the_cut(
    hard: BoolArray, image: BreastImage
) -> list[tuple[BoolArray, tuple[slice, ...]]]:
    """Each region that is large enough and reaches the first slice, with its box."""
    from scipy.ndimage import find_objects

    numbers, sizes = regions(hard)
    contact = np.bincount(numbers[0].ravel(), minlength=sizes.size)
    contact_mm2 = contact * image.spacing[1] * image.spacing[2]
    large = (contact_mm2 > _SMALLEST_CONTACT_MM2) & (
        sizes * image.voxel_ml > _SMALLEST_ML
    )
    boxes = find_objects(numbers)
    return [
        (numbers == number, boxes[number - 1])
        for number in np.flatnonzero(large[1:]) + 1
    ]


def _filled(smooth: FloatArray, rib: BoolArray, scale: HUScale) -> BoolArray:
    """A rib up to halfway to the muscle around it, with what it encloses."""
    from scipy.ndimage import binary_fill_holes

    halfway = (float(np.median(smooth[rib])) + scale.at(_BESIDE)) / 2
    hard = rib & (smooth > halfway)
    filled = np.stack([binary_fill_holes(section) for section in hard])
    # Marrow is open toward the cut and at the ends of the rib. Across the rib, its
    # mirror image at the cut closes it.
    along = 1 if rib.shape[1] > rib.shape[2] else 2
    across = np.moveaxis(filled, along, 0)
    for number, section in enumerate(across):
        closed = binary_fill_holes(np.concatenate([section[::-1], section]))
        across[number] = closed[len(section) :]
    return filled
