"""Where exactly an implant ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.blocks import Blocks
from kerma.imaging.mask_morphology import eroded, smoothed_within
from kerma.imaging.mask_regions import distance_inside, largest_region
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["ImplantBlocks", "drawn"]

_BAND_MM = 1.8  # the border lies this near to that of the blocks
_BESIDE_MM = (1.8, 4.8)  # from the blocks' border: what lies beside, not blurred by it
_SIGMA_MM = 2.4  # over which the surroundings are averaged
Box = tuple[slice, slice, slice]

_CLEAR = 0.6  # of the way from fat to gland: a contrast that stands out of the noise
_FAINT = 0.12  # a contrast that does not even after smoothing


@dataclass(frozen=True, eq=False)
class ImplantBlocks:
    """The tissue in each block of a breast.

    Parameters
    ----------
    fraction
        Mean CT number, as a fraction from fat to gland.
    share
        Part of the block that lies inside the breast.
    even
        The fraction, smoothed over what holds little fat.
    """

    fraction: FloatArray
    share: FloatArray
    even: FloatArray


def drawn(
    body: BoolArray,
    blocks: Blocks,
    tissue: ImplantBlocks,
    image: BreastImage,
    scale: HUScale,
) -> tuple[Box, BoolArray]:
    """An implant found in blocks, up to its border.

    The border lies halfway between the CT number of the implant and that of what lies
    beside it. Where that is the same, as with saline under muscle, the border of the
    blocks holds: it is smooth, since it has been opened with a ball.

    Parameters
    ----------
    body
        Blocks of the implant.
    blocks
        How the image is cut into them.
    tissue
        What they hold.
    image, scale
        The scan, and what fat and gland read on it.

    Returns
    -------
    The box it lies in, and its voxels there.
    """
    beyond = distance_inside(~body, blocks.size)
    # Both distances end at the centers of blocks: between two of them lies the border.
    depth = distance_inside(body, blocks.size) - beyond
    halfway, contrast = _beside(body, beyond, blocks, tissue)
    box = blocks.box_of(beyond < _BAND_MM + max(blocks.size))
    middle, above = blocks.spread(halfway, box), blocks.spread(contrast, box)
    seen = np.asarray(scale.fraction_of(image.smooth[box]))
    smooth = blocks.spread(tissue.even, box)
    is_in = np.where(np.abs(above) > _CLEAR, seen > middle, smooth > middle)
    is_in ^= above < 0  # bone beside it is brighter
    here = blocks.spread(depth, box)
    is_in = np.where(np.abs(above) < _FAINT, here > 0, is_in)
    # Blurred over lobules of gland, the border would run through the fat between them.
    is_in &= seen > _of_implant(body, blocks, tissue) / 2
    is_in = (is_in & (here > -_BAND_MM)) | (here > _BAND_MM)
    return box, largest_region(is_in, connectivity=6)


def _beside(
    body: BoolArray, beyond: FloatArray, blocks: Blocks, tissue: ImplantBlocks
) -> tuple[FloatArray, FloatArray]:
    """Fraction halfway to what lies beside, and how far the implant lies above that.

    Both are given for each block; far from the border they mean nothing.
    """
    own = _of_implant(body, blocks, tissue)
    beside = (beyond > _BESIDE_MM[0]) & (beyond < _BESIDE_MM[1]) & (tissue.share > 0.9)
    outer, weight = smoothed_within(tissue.fraction, beside, blocks.size, _SIGMA_MM)
    outer = np.where(weight > 0, outer, own)
    return (own + outer) / 2, own - outer


def _of_implant(body: BoolArray, blocks: Blocks, tissue: ImplantBlocks) -> float:
    """The implant's own fraction, from well inside it."""
    return float(np.median(tissue.fraction[eroded(body, blocks.size, _BESIDE_MM[0])]))
