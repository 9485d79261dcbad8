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
    dense
        The blocks without much fat.
    even
        The fraction, smoothed over what holds little fat.
    """

    fraction: FloatArray
    share: FloatArray
    dense: BoolArray
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
    own = _of_implant(body, blocks, tissue)
    box = blocks.box_of(beyond < _BAND_MM + max(blocks.size))
    seen = np.asarray(scale.fraction_of(image.smooth[box]))
    here = blocks.spread(depth, box)
    # What lies beside is fat and lobules of gland in turns: the voxels tell the implant
    # from fat, or from both where it stands out; from gland, only their mean does.
    outer = blocks.spread(_beside(tissue.share > 0.9, beyond, blocks, tissue), box)
    gland = blocks.spread(_beside(tissue.dense, beyond, blocks, tissue), box)
    is_in = seen > own / 2
    is_in &= (np.abs(own - outer) <= _CLEAR) | _on_the_side_of(own, outer, seen)
    smooth = _on_the_side_of(own, gland, blocks.spread(tissue.even, box))
    smooth = np.where(np.abs(own - gland) < _FAINT, here > 0, smooth)
    is_in &= (np.abs(own - gland) > _CLEAR) | smooth
    is_in = (is_in & (here > -_BAND_MM)) | (here > _BAND_MM)
    return box, largest_region(is_in, connectivity=6)


def _beside(
    kept: BoolArray, beyond: FloatArray, blocks: Blocks, tissue: ImplantBlocks
) -> FloatArray:
    """Fraction of the kept blocks beside the border; that of fat where there are none.

    It is given for each block; far from the border it means nothing.
    """
    ring = kept & (beyond > _BESIDE_MM[0]) & (beyond < _BESIDE_MM[1])
    outer, _ = smoothed_within(tissue.fraction, ring, blocks.size, _SIGMA_MM)
    return outer


def _on_the_side_of(own: float, other: FloatArray, value: FloatArray) -> BoolArray:
    """Whether a value lies nearer to the implant's than to the other."""
    return np.asarray((value > (own + other) / 2) ^ (other > own))


def _of_implant(body: BoolArray, blocks: Blocks, tissue: ImplantBlocks) -> float:
    """The implant's own fraction, from well inside it."""
    return float(np.median(tissue.fraction[eroded(body, blocks.size, _BESIDE_MM[0])]))
