"""Breast implants: silicone and saline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.blocks import Blocks
from kerma.imaging.convexity import solidity
from kerma.imaging.mask_morphology import dilated, eroded, smoothed_within
from kerma.imaging.mask_regions import distance_inside, regions
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.implant_border import ImplantBlocks, drawn
from kerma.workflows.breast_ct.scale import HUScale

__all__ = ["Implant", "ImplantKind", "find_implants"]

ImplantKind = Literal["silicone", "saline"]


@dataclass(frozen=True, eq=False)
class Implant:
    """A breast implant.

    Parameters
    ----------
    mask
        (nk, nj, ni) its voxels.
    volume_ml
        What of it is in view.
    kind
        "silicone" or "saline", told by its CT number.
    mean_hu
        Well inside, HU.
    """

    mask: BoolArray
    volume_ml: float
    kind: ImplantKind
    mean_hu: float


@dataclass(frozen=True)
class _Looks:
    """What an implant of one filling looks like.

    Parameters
    ----------
    lowest, highest
        Its HU, as fractions from fat to gland.
    smallest_ml, smallest_depth_mm
        The least volume, and radius of the largest ball inside.
    """

    kind: ImplantKind
    lowest: float
    highest: float
    smallest_ml: float
    smallest_depth_mm: float


_FILLINGS = (
    # 100 to 300 HU, from halfway between it and gland; bone lies above and is thin.
    _Looks("silicone", 1.45, 2.7, 5.0, 6.0),
    # 0 to 20 HU, from halfway between it and gland: as muscle, which is thin. There are
    # no implants of saline so small that a cyst could be taken for one.
    _Looks("saline", 1.12, 1.45, 20.0, 8.0),
)
_BLOCK_MM = 1.2
_DENSE = 0.85  # above it there is little fat in a block
_SIGMA_MM = 1.8  # makes gland and saline, 50 HU apart, stand out from 45 HU of noise
_OPENINGS = (0.4, 0.5, 0.6)  # of the depth: what is thinner is no part of the implant
_LEAST_SOLIDITY = 0.92  # a small ellipsoid of blocks has 0.93, a large one 0.97
_LARGEST_SPREAD = 0.1  # SD of the smoothed fraction well inside; fat in gland gives 0.2
_MOST_AT_SKIN = 0.02  # of its blocks; muscle runs on to the skin
_SKIN_SIDE_MM = 2.4  # an implant lies under more tissue than that


def find_implants(
    image: BreastImage, inside: BoolArray, scale: HUScale
) -> tuple[Implant, ...]:
    """Find large, even, convex bodies of the CT number of silicone or saline.

    Parameters
    ----------
    image
        The scan.
    inside
        (nk, nj, ni) breast without fold and skin.
    scale
        What fat and gland read on it.
    """
    blocks = Blocks.near(inside.shape, image.spacing, _BLOCK_MM)
    hu, share = blocks.means(image.hu, inside)
    fraction = np.asarray(scale.fraction_of(hu))
    dense = (fraction > _DENSE) & (share > 0.5)
    even, _ = smoothed_within(fraction, dense, blocks.size, _SIGMA_MM)
    tissue = ImplantBlocks(fraction, share, dense, even)
    found = []
    for looks in _FILLINGS:
        # Silicone stands out by itself; smoothing would only blunt it.
        level = fraction if looks.kind == "silicone" else even
        candidate = dense & (level > looks.lowest) & (level < looks.highest)
        for body in _thick_bodies(candidate, blocks, looks):
            if _is_implant(body, fraction, share, blocks):
                mask = np.zeros(inside.shape, bool)
                box, drawn_there = drawn(body, blocks, tissue, image, scale)
                mask[box] = drawn_there & inside[box]
                found.append(_implant(mask, image, looks.kind))
                dense = dense & ~dilated(body, blocks.size, _BLOCK_MM)
    return tuple(found)


def _thick_bodies(
    candidate: BoolArray, blocks: Blocks, looks: _Looks
) -> Iterator[BoolArray]:
    """Thick convex parts of the candidate, without the thin ones that hang on them."""
    depth = distance_inside(candidate, blocks.size, border_is_outside=True)
    while (deepest := float(depth.max(initial=0.0))) > looks.smallest_depth_mm:
        summit = np.unravel_index(int(depth.argmax()), depth.shape)
        for part in _OPENINGS:
            numbers, _ = regions(depth > part * deepest)
            core = numbers == numbers[summit]
            body = dilated(core, blocks.size, part * deepest) & candidate
            if solidity(body) > _LEAST_SOLIDITY:
                if body.sum() * blocks.volume_ml > looks.smallest_ml:
                    yield body
                break
        depth = np.where(body, 0, depth)


def _is_implant(
    body: BoolArray, fraction: FloatArray, share: FloatArray, blocks: Blocks
) -> bool:
    """Whether a thick body is even, and clear of the skin as no muscle is."""
    even, _ = smoothed_within(fraction, body, blocks.size, _SIGMA_MM)
    well_inside = eroded(body, blocks.size, 1.5 * _BLOCK_MM)
    if float(even[well_inside].std()) > _LARGEST_SPREAD:
        return False
    to_skin = distance_inside(share > 0.5, blocks.size)
    beside_skin = np.count_nonzero(to_skin[body] < _SKIN_SIDE_MM)
    return bool(beside_skin < _MOST_AT_SKIN * np.count_nonzero(body))


def _implant(mask: BoolArray, image: BreastImage, kind: ImplantKind) -> Implant:
    """The record of an implant that has been drawn."""
    well_inside = eroded(mask, image.spacing, 2 * _BLOCK_MM)
    return Implant(
        mask,
        float(np.count_nonzero(mask) * image.voxel_ml),
        kind,
        float(image.hu[well_inside].mean()),
    )
