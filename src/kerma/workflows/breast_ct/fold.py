"""Folds of the abdominal or thoracic wall that hang beside the breast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.blocks import Blocks
from kerma.imaging.mask_regions import distance_inside, regions
from kerma.workflows.breast_ct.body import Body
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["find_fold"]

_BLOCK_MM = 0.9
_POSTERIOR = 0.4  # share of the length in which folds lie
_LEAST_ML = 0.5
_LEAST_CORE_ML = 0.02  # of a fold of that size that has shrunk
_LEVEL_MM = 0.5
_WAIST = 1.5  # a fold is so many times as deep as the place where it touches
_WAIST_MM = 2.0
_FAT = (-0.5, 0.5)  # on the way from fat (0) to gland (1)
_MOST_FAT = 0.3  # of what lies between: where two skins touch, there is hardly any
_BETWEEN_MM = 1.0


@dataclass(frozen=True, eq=False)
class _Cores:
    """Breast and folds without what is nearer to air than to their middle."""

    breast: BoolArray
    fold: BoolArray


def find_fold(image: BreastImage, body: Body, scale: HUScale) -> BoolArray:
    """(nk, nj, ni) voxels of the folds, skin and all; empty where there is none.

    The body is shrunk until parts come off that lie in its posterior two fifths, of at
    least 0.5 ml. One that hung together with the breast is a fold if it is one and a
    half times as deep as the place where it did, and what lies there is not fat. What is nearer
    to the shrunken fold than to the shrunken breast belongs to the fold.

    Parameters
    ----------
    image
        The scan.
    body
        The breast and all that hangs beside it.
    scale
        The HU scale; the rough one will do.
    """
    blocks = Blocks.near(body.mask.shape, image.spacing, _BLOCK_MM)
    hu, share = blocks.means(image.hu, body.mask)
    coarse = share >= 0.5
    # Whole blocks only: at the surface air makes skin look like fat.
    fat = (share == 1) & (hu > scale.at(_FAT[0])) & (hu < scale.at(_FAT[1]))
    deep = distance_inside(coarse, blocks.size)
    fold = np.zeros(coarse.shape, np.bool_)
    nearer = np.full(coarse.shape, -np.inf, np.float32)
    for cores in _cores(coarse, deep, blocks):
        lead = _distance(cores.breast, blocks) - _distance(cores.fold, blocks)
        part = coarse & (lead > 0)
        between = coarse & (np.abs(lead) < _BETWEEN_MM)
        fatty = between.any() and np.mean(fat[between]) > _MOST_FAT
        if fatty or part.sum() * blocks.volume_ml < _LEAST_ML:
            continue
        nearer = np.maximum(nearer, lead)
        fold |= part
    return _on_the_voxels(fold, nearer, body, blocks)


def _cores(coarse: BoolArray, deep: FloatArray, blocks: Blocks) -> list[_Cores]:
    """The parts that come off, each at the depth at which it does."""
    filled = np.flatnonzero(coarse.any(axis=(1, 2)))
    middle = int(filled[0] + _POSTERIOR * (filled[-1] - filled[0]))
    front = deep[middle:]
    seed = np.unravel_index(np.argmax(front), front.shape)
    found: list[_Cores] = []
    off = np.zeros_like(coarse)
    for level in np.arange(0.0, float(front[seed]), _LEVEL_MM):
        numbers, sizes = regions(deep > level, connectivity=6)
        breast = numbers[middle + seed[0], seed[1], seed[2]]
        for number in np.flatnonzero(sizes * blocks.volume_ml >= _LEAST_CORE_ML):
            part = np.asarray(numbers == number)
            if number in (0, breast) or part[middle:].any() or (part & off).any():
                continue
            peak = float(deep[part].max())
            if level == 0 or peak > max(_WAIST * level, level + _WAIST_MM):
                found.append(_Cores(np.asarray(numbers == breast), part))
                off |= part
    return found


def _distance(core: BoolArray, blocks: Blocks) -> FloatArray:
    return distance_inside(~core, blocks.size)


def _on_the_voxels(
    fold: BoolArray, nearer: FloatArray, body: Body, blocks: Blocks
) -> BoolArray:
    mask = np.zeros_like(body.mask)
    if fold.any():
        box = blocks.box_of(fold, margin_mm=2 * _BLOCK_MM)
        mask[box] = (blocks.spread(nearer, box) > 0) & body.mask[box]
    return mask
