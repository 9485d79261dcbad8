"""The breast and all that hangs beside it, apart from air and cylinder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray
from kerma.errors import InputError
from kerma.imaging.mask_regions import regions
from kerma.imaging.mask_steps import grown, shrunk
from kerma.workflows.breast_ct.field import Field, find_cylinder, find_field
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import AIR_HU, HUScale

__all__ = ["SKIN", "Body", "Box", "find_body", "surface_level"]

Box = tuple[slice, slice, slice]

SKIN = 1.2
"""Skin on the way from fat (0) to gland (1): some 45 HU above gland at 60 kV."""

_MARGIN_MM = 5.0
_LEAST_BODY_ML = 5.0
_LEAST_PART_ML = 0.2  # specks are smaller, folds larger
_POSTERIOR_MM = 2.0
_MOST_OF_FIELD = 0.98


@dataclass(frozen=True, eq=False)
class Body:
    """The breast with what hangs beside it.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels, without holes.
    cylinder
        (nj, ni) section of the cylinder, the same in all slices; empty where there is
        none.
    field
        What the scanner has seen.
    bounds
        Box of the array around the mask, with a margin of 5 mm where there is room.
    field_cut_fraction
        Part of the surface, the posterior cut aside, that lies on the wall of the
        field: there is more breast behind it.
    """

    mask: BoolArray
    cylinder: BoolArray
    field: Field
    bounds: Box
    field_cut_fraction: float

    @property
    def cylinder_mask(self) -> BoolArray:
        """(nk, nj, ni) voxels of the cylinder."""
        return np.broadcast_to(self.cylinder, self.mask.shape)


def surface_level(scale: HUScale) -> float:
    """CT number, HU, half way from air to skin, where the body ends."""
    return (AIR_HU + scale.at(SKIN)) / 2


def find_body(image: BreastImage, scale: HUScale) -> Body:
    """The breast, its folds, the field of view and the cylinder.

    Above half way from air to skin, parts are kept that hang from the posterior end of
    the scan, after everything thinner than three voxels has been cut; internal air is
    filled, but not that which is open to the border of the scan.

    Parameters
    ----------
    image
        The scan.
    scale
        Its HU scale; the rough one will do.

    Raises
    ------
    InputError
        There is no tissue, or nothing but tissue.
    """
    level = surface_level(scale)
    field = find_field(image, surface_hu=level)
    cylinder = find_cylinder(image, surface_hu=level)
    tissue = np.asarray(image.hu > level)
    tissue &= field.mask & ~cylinder
    if tissue.mean() > _MOST_OF_FIELD * (field.mask & ~cylinder).mean():
        raise InputError(
            f"Above {level:.0f} HU the field of view is full of tissue: a breast CT "
            f"shows a breast in air. Is the HU scale right, and is this a breast CT?"
        )
    mask = _hanging_parts(tissue, image)
    volume = float(np.count_nonzero(mask)) * image.voxel_ml
    if volume < _LEAST_BODY_ML:
        raise InputError(
            f"Only {volume:.1f} ml of tissue hang together above {level:.0f} HU: there "
            f"is no breast in this scan, or its HU scale is another one."
        )
    bounds = _bounds(mask, image.spacing)
    mask = _filled(mask, bounds)
    cut = _cut_fraction(mask[bounds], field.mask[bounds[1:]])
    return Body(mask, cylinder, field, bounds, cut)


def _hanging_parts(tissue: BoolArray, image: BreastImage) -> BoolArray:
    """The largest part, and others that reach the posterior end."""
    numbers, sizes = regions(shrunk(tissue))
    if sizes.size < 2:
        return np.zeros_like(tissue)
    kept = np.zeros(sizes.size, np.bool_)
    kept[1 + int(np.argmax(sizes[1:]))] = True
    posterior = max(1, round(_POSTERIOR_MM / image.spacing[0]))
    kept[np.unique(numbers[:posterior])] = True
    kept &= (sizes * image.voxel_ml >= _LEAST_PART_ML) & (np.arange(sizes.size) > 0)
    return grown(kept[numbers]) & tissue


def _bounds(mask: BoolArray, spacing: tuple[float, ...]) -> Box:
    box = []
    for axis, step in enumerate(spacing):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        margin = int(np.ceil(_MARGIN_MM / step))
        last = min(int(filled[-1]) + 1 + margin, mask.shape[axis])
        box.append(slice(max(int(filled[0]) - margin, 0), last))
    return box[0], box[1], box[2]


def _filled(mask: BoolArray, bounds: Box) -> BoolArray:
    """A mask with the air it encloses; air on the border of the box is open."""
    numbers, sizes = regions(~mask[bounds], connectivity=6)
    open_air = np.zeros(sizes.size, np.bool_)
    open_air[0] = True
    for axis in range(3):
        for end in (0, -1):
            open_air[np.unique(numbers.take(end, axis=axis))] = True
    if open_air.all():
        return mask
    filled = mask.copy()
    filled[bounds] |= ~open_air[numbers]
    return filled


def _cut_fraction(mask: BoolArray, seen: BoolArray) -> float:
    """Part of the faces of a mask, the posterior ones aside, that look out of the field."""
    seen = np.broadcast_to(seen, mask.shape)
    cut = total = 0
    for axis in range(3):
        inside, within = np.moveaxis(mask, axis, 0), np.moveaxis(seen, axis, 0)
        for way in (1, -1) if axis else (1,):
            here, there = inside[::way], within[::way]
            faces = here[:-1] & ~here[1:]
            last = int(np.count_nonzero(here[-1]))
            cut += int(np.count_nonzero(faces & ~there[1:])) + last
            total += int(np.count_nonzero(faces)) + last
    return cut / max(total, 1)
