"""One tissue number for each voxel, from the masks of the steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.anatomy import Anatomy
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["label"]


def label(anatomy: Anatomy, gland: BoolArray) -> NDArray[np.uint8]:
    """(nk, nj, ni) tissue numbers; what is nothing else is fat.

    A speck has no number of its own and takes that of the tissue it lies in.

    Parameters
    ----------
    anatomy
        Everything but the glands.
    gland
        (nk, nj, ni) voxels of gland.
    """
    numbers = anatomy.body.mask.astype(np.uint8)  # fat is 1
    numbers[gland] = Tissue.GLAND
    numbers[anatomy.muscle.mask] = Tissue.MUSCLE
    numbers[anatomy.bone] = Tissue.BONE
    numbers[anatomy.implant] = Tissue.IMPLANT
    numbers[anatomy.skin.mask] = Tissue.SKIN
    numbers[anatomy.fold] = Tissue.FOLD
    _place_specks(numbers, anatomy.clips.mask)
    return numbers


def _place_specks(numbers: NDArray[np.uint8], specks: BoolArray) -> None:
    if not specks.any():
        return
    for part in _boxes(specks):
        inside = specks[part]
        around = numbers[part][~inside]
        is_gland = 2 * np.count_nonzero(around == Tissue.GLAND) > np.count_nonzero(
            (around == Tissue.GLAND) | (around == Tissue.FAT)
        )
        numbers[part][inside] = Tissue.GLAND if is_gland else Tissue.FAT


def _boxes(mask: BoolArray) -> list[tuple[slice, ...]]:
    """The box of each connected region, one voxel wider."""
    from scipy.ndimage import find_objects

    numbers, _ = regions(mask)
    return [
        tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
        for box in find_objects(numbers.astype(np.int32))
    ]
