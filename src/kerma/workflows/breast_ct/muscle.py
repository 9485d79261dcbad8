"""The pectoral muscle at the chest wall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.blocks import Blocks
from kerma.imaging.mask_morphology import dilated, eroded, opened, smoothed_within
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["Muscle", "find_muscle"]

_BLOCK_MM = 0.6
_SLAB_MM = 30.0  # from the cut: how far muscle reaches into a breast
_COAT_MM = 10.0  # of muscle over an implant, wherever that lies
_DENSE = 0.72  # as a fraction from fat to gland: -100 HU where the scripts had it
_SIGMA_MM = 1.2  # over 1 cm³ and more, 45 HU of noise are 3
_THIN_MM = 0.9  # what is thinner than twice that is no muscle
_SMALLEST_CONTACT_MM2 = 100.0  # with the cut
_BORDER_MM = 0.9  # the border lies this near to that of the blocks

_FIRST_STEP = 0.07  # above gland: lets in the faintest muscle, 25 HU above gland
_LEAST_STEP = 0.09  # above gland, once its level is known
_USUAL_STEP = 0.24  # above gland: 51 HU
_ROUNDS = 4
_ENOUGH_GLAND_ML = 0.3  # to know its level
_WITHOUT_GLAND = 0.85  # muscle among fat alone, whatever the scale took for gland
_LEAST_PART_OF_CUT = 0.15  # that muscle among fat alone must cover
_MOST_OF_BREAST = 0.35


@dataclass(frozen=True, eq=False)
class Muscle:
    """The pectoralis major, as much of it as is in view.

    Parameters
    ----------
    mask
        (nk, nj, ni) its voxels; none where there is no muscle.
    volume_ml
        Their volume.
    remark
        What makes it doubtful; None if nothing does.
    """

    mask: BoolArray
    volume_ml: float
    remark: str | None = None


@dataclass(frozen=True, eq=False)
class _Tissue:
    """What blocks hold, CT numbers being fractions from fat to gland.

    Parameters
    ----------
    blocks
        How the image is cut into them.
    share
        Part of each that is soft tissue of the breast.
    dense
        The blocks without much fat.
    inner
        Those away from fat, which blurs into its neighbors.
    fraction
        Mean of each block.
    level
        Mean over the inner blocks around; zero where there are none.
    """

    blocks: Blocks
    share: FloatArray
    dense: BoolArray
    inner: BoolArray
    fraction: FloatArray
    level: FloatArray


@dataclass(frozen=True)
class _Levels:
    """Fractions from fat to gland of the muscle, and of its border with gland."""

    muscle: float
    border: float
    without_gland: bool


def find_muscle(
    image: BreastImage,
    inside: BoolArray,
    scale: HUScale,
    *,
    implant: BoolArray | None = None,
    bone: BoolArray | None = None,
) -> Muscle:
    """Find the layer at the chest wall that is brighter than the glands.

    Muscle lies a few tens of HU above gland, which the noise hides in a voxel and not
    in a cubic centimeter; both levels are measured on the scan itself. What is as
    bright, but does not reach the cut on a broad front, is no muscle.

    Parameters
    ----------
    image
        The scan.
    inside
        (nk, nj, ni) breast without fold and skin.
    scale
        What fat and gland read on it, to some 10 HU.
    implant, bone
        (nk, nj, ni) what has been found before; none by default.
    """
    soft = inside.copy()
    for other in (implant, bone):
        if other is not None:
            soft &= ~other
    tissue = _tissue(image, soft, scale)
    room = _room(tissue.blocks, soft, implant)
    levels = _levels(tissue, room)
    if levels is None:
        return Muscle(np.zeros(inside.shape, bool), 0.0)
    core = _core(tissue, room, levels.border)
    if not core.any():
        return Muscle(np.zeros(inside.shape, bool), 0.0)
    mask = _drawn(image, soft, scale, tissue, core, levels)
    volume_ml = float(np.count_nonzero(mask) * image.voxel_ml)
    return Muscle(mask, volume_ml, _remark(mask, inside, core, room, levels))


def _tissue(image: BreastImage, soft: BoolArray, scale: HUScale) -> _Tissue:
    """The breast in blocks."""
    blocks = Blocks.near(soft.shape, image.spacing, _BLOCK_MM)
    hu, share = blocks.means(image.smooth, soft)
    fraction = np.asarray(scale.fraction_of(hu))
    dense = (fraction > _DENSE) & (share > 0.5)
    inner = eroded(dense, blocks.size, 1.1 * max(blocks.size))
    level, _ = smoothed_within(fraction, inner, blocks.size, _SIGMA_MM)
    return _Tissue(blocks, share, dense, inner, fraction, level)


def _room(blocks: Blocks, soft: BoolArray, implant: BoolArray | None) -> BoolArray:
    """The blocks where muscle may be, from the first that holds tissue on."""
    room = np.zeros(blocks.shape, bool)
    filled = np.flatnonzero(soft.any(axis=(1, 2)))
    if filled.size == 0:
        return room
    first, last = filled[[0, -1]] // blocks.factors[0]
    deep = min(round(_SLAB_MM / blocks.size[0]), (last - first) // 2 + 1)
    room[first : first + deep] = True
    if implant is not None and implant.any():
        _, share = blocks.means(implant.astype(np.int16), implant)
        room |= dilated(share > 0.5, blocks.size, _COAT_MM)
    return room


def _levels(tissue: _Tissue, room: BoolArray) -> _Levels | None:
    """Levels of gland and muscle on this scan; None if there is no muscle."""
    gland = tissue.fraction[tissue.inner & ~room]
    if gland.size * tissue.blocks.volume_ml < _ENOUGH_GLAND_ML:
        return _levels_among_fat(tissue, room)
    gland_level = float(np.median(gland))
    border = gland_level + _FIRST_STEP
    core = _core(tissue, room, border) & tissue.inner
    level, fraction = tissue.level[core], tissue.fraction[core]
    muscle = gland_level
    for _ in range(_ROUNDS):
        bright = fraction[level > border]
        if bright.size == 0:
            return None
        muscle = float(np.median(bright))
        border = max(border, (gland_level + muscle) / 2)
    if muscle - gland_level < _LEAST_STEP:
        return None
    return _Levels(muscle, border, without_gland=False)


def _levels_among_fat(tissue: _Tissue, room: BoolArray) -> _Levels | None:
    """Levels where no gland lies in front; None if nothing covers much of the cut."""
    core = _core(tissue, room, _WITHOUT_GLAND)
    first = int(np.argmax(room.any(axis=(1, 2))))
    section = np.count_nonzero(tissue.share[first] > 0.5)
    if np.count_nonzero(core[first]) <= _LEAST_PART_OF_CUT * section:
        return None
    muscle = float(np.median(tissue.fraction[core]))
    # There may be some gland, though, right on the muscle.
    border = max(_WITHOUT_GLAND, muscle - _USUAL_STEP / 2)
    return _Levels(muscle, border, without_gland=True)


def _core(tissue: _Tissue, room: BoolArray, border: float) -> BoolArray:
    """Blocks above the border, thick enough, joined to the cut on a broad front."""
    size = tissue.blocks.size
    filled = np.flatnonzero(room.any(axis=(1, 2)))
    core = np.zeros_like(room)
    if filled.size == 0:
        return core
    part = slice(filled[0], filled[-1] + 1)
    bright = tissue.dense[part] & room[part] & (tissue.level[part] > border)
    numbers, _ = regions(opened(bright, size, _THIN_MM), connectivity=6)
    contact = np.bincount(numbers[0].ravel(), minlength=int(numbers.max()) + 1)
    broad = contact * size[1] * size[2] > _SMALLEST_CONTACT_MM2
    broad[0] = False
    core[part] = broad[numbers]
    return core


def _drawn(
    image: BreastImage,
    soft: BoolArray,
    scale: HUScale,
    tissue: _Tissue,
    core: BoolArray,
    levels: _Levels,
) -> BoolArray:
    """Voxels of muscle: up to halfway to gland, or halfway to fat, beside the blocks."""
    blocks = tissue.blocks
    near = dilated(core, blocks.size, _BORDER_MM)
    box = blocks.box_of(near)
    # Where no inner block is near, only fat or a thin strand of gland can be beside.
    level = np.where(tissue.level > 0, tissue.level, levels.muscle)
    mask = np.zeros(soft.shape, bool)
    mask[box] = (
        soft[box]
        & (image.smooth[box] > scale.at(levels.muscle / 2))
        & (blocks.spread(level, box) > levels.border)
        & (blocks.spread(near, box) > 0.5)
    )
    return mask


def _remark(
    mask: BoolArray,
    inside: BoolArray,
    core: BoolArray,
    room: BoolArray,
    levels: _Levels,
) -> str | None:
    """What makes a muscle doubtful, in one sentence."""
    part = np.count_nonzero(mask) / np.count_nonzero(inside)
    if part > _MOST_OF_BREAST:
        return f"The muscle takes {part:.0%} of the breast; is that so?"
    if levels.without_gland:
        return "The muscle was told by its shape alone: there is no gland to compare."
    last = np.flatnonzero(room.any(axis=(1, 2)))[-1]
    if core[last].any():
        return f"The muscle goes deeper than the {_SLAB_MM:g} mm that were searched."
    return None
