"""The nipple: what stands out from the round of the breast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, Vec3
from kerma.imaging.blocks import Blocks
from kerma.imaging.mask_morphology import dilated, opened
from kerma.imaging.mask_regions import distance_inside, regions

__all__ = ["Nipple", "find_nipple"]

_BLOCK_MM = 0.6
_BALL_MM = 10.0  # wider than a nipple, narrower than the tip of a breast
_ANTERIOR = 0.4  # share of the breast's length in which it may lie
_LEAST_HEIGHT_MM = 1.2
_LEAST_ML = 0.02
_ROOT = 1.5  # thicknesses of skin: about the nipple it is thicker than elsewhere
_LARGEST_ML = 4.0


@dataclass(frozen=True, eq=False)
class Nipple:
    """The nipple with the skin below it.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels.
    position
        Indices ``(k, j, i)`` of its tip.
    """

    mask: BoolArray
    position: tuple[float, float, float]


def find_nipple(breast: BoolArray, spacing: Vec3, *, skin_mm: float) -> Nipple | None:
    """The nipple, or none where nothing stands out.

    It is what a ball of 10 mm radius, rolled along the inside of the surface, does not
    reach, with the skin that the rounded breast would have there, half as thick again as
    elsewhere.

    Parameters
    ----------
    breast
        (nk, nj, ni) voxels, without folds.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    skin_mm
        Thickness of the skin.
    """
    blocks = Blocks.near(breast.shape, spacing, _BLOCK_MM)
    coarse = blocks.means(breast.view(np.uint8), breast)[1] >= 0.5
    filled = np.flatnonzero(coarse.any(axis=(1, 2)))
    if not filled.size:
        return None
    first = int(filled[0] + (1 - _ANTERIOR) * (filled[-1] - filled[0]))
    # The ball rolls on beyond the first of these sections.
    start = max(0, first - round(2 * _BALL_MM / blocks.size[0]))
    part = coarse[start:]
    round_part = opened(part, blocks.size, _BALL_MM)
    bump = _bump(part & ~round_part, round_part, blocks, first - start)
    if bump is None:
        return None
    return _on_the_voxels(bump, round_part, breast, blocks, start, _ROOT * skin_mm)


def _bump(
    rest: BoolArray, round_part: BoolArray, blocks: Blocks, first: int
) -> BoolArray | None:
    """The largest of the parts that stand out far enough."""
    numbers, sizes = regions(rest, connectivity=6)
    height = distance_inside(~round_part, blocks.size)
    for number in np.argsort(-sizes[1:]) + 1:
        volume = sizes[number] * blocks.volume_ml
        if volume < _LEAST_ML:
            return None
        bump = np.asarray(numbers == number)
        anterior = np.flatnonzero(bump.any(axis=(1, 2))).mean() >= first
        tall = float(height[bump].max()) >= _LEAST_HEIGHT_MM
        if anterior and tall and volume <= _LARGEST_ML:
            return bump
    return None


def _on_the_voxels(
    bump: BoolArray,
    round_part: BoolArray,
    breast: BoolArray,
    blocks: Blocks,
    start: int,
    root_mm: float,
) -> Nipple:
    """The voxels about a bump, down to a depth below the rounded breast."""
    near = np.zeros(blocks.shape, np.bool_)
    near[start:] = dilated(bump, blocks.size, root_mm + blocks.size[0])
    box = blocks.box_of(near, margin_mm=1.0)
    # Depth below the rounded surface, half a block less than to the next center.
    depth = np.zeros(blocks.shape, np.float32)
    depth[start:] = distance_inside(round_part, blocks.size) - blocks.size[0] / 2
    shallow = blocks.spread(depth, box) <= root_mm
    around = blocks.spread(near.astype(np.float32), box) >= 0.5
    mask = np.zeros_like(breast)
    mask[box] = shallow & around & breast[box]
    tip = np.argwhere(mask)
    k = tip[:, 0].max()
    j, i = tip[tip[:, 0] == k, 1:].mean(axis=0)
    return Nipple(mask, (float(k), float(j), float(i)))
