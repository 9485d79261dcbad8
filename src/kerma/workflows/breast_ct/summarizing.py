"""From the masks of a segmented breast to its numbers."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Acquisition
from kerma.workflows.breast_ct.anatomy import Anatomy
from kerma.workflows.breast_ct.checks import Findings
from kerma.workflows.breast_ct.flags import Flag
from kerma.workflows.breast_ct.result import (
    BreastCT,
    FoundImplant,
    Grade,
    SkinSummary,
    Speck,
)
from kerma.workflows.breast_ct.settings import Settings
from kerma.workflows.breast_ct.shape import (
    gland_by_radius,
    quadrants,
    shape_of,
    volumes_ml,
)

__all__ = ["summarize"]


def summarize(
    found: Findings,
    grid: Grid,
    settings: Settings,
    *,
    name: str,
    laterality: str | None,
    acquisition: Acquisition,
    flags: tuple[Flag, ...],
) -> BreastCT:
    """The numbers of a segmented breast.

    Parameters
    ----------
    found
        Everything found.
    grid
        Where its voxels lie.
    settings
        How it was analyzed.
    name, laterality, acquisition, flags
        As in the result.
    """
    anatomy, reading = found.anatomy, found.reading
    spacing, numbers = grid.spacing, found.numbers
    nipple = _voxel(anatomy.skin.nipple)
    vgf_with_skin = reading.glandularity.vgf_with_skin.value
    return BreastCT(
        scan=name,
        laterality=laterality,
        acquisition=acquisition,
        shape=grid.shape,
        spacing_mm=spacing,
        device=settings.device.name,
        scale=reading.fit,
        shading_hu=reading.shading_hu,
        glandularity=reading.glandularity,
        grade=Grade(
            settings.grades.grade_of(float(np.clip(vgf_with_skin, 0, 1))),
            settings.grades.name,
        ),
        volumes_ml=volumes_ml(numbers, spacing),
        breast=shape_of(numbers, spacing),
        skin=_skin(anatomy),
        nipple_mm=None if nipple is None else _position(grid, nipple),
        quadrants=quadrants(numbers, nipple, spacing, laterality)
        if nipple is not None and laterality
        else (),
        rings=gland_by_radius(numbers, nipple, spacing) if nipple is not None else (),
        implants=tuple(
            FoundImplant(one.kind, one.volume_ml, one.mean_hu)
            for one in anatomy.implants
        ),
        specks=tuple(
            Speck(_position(grid, clip.index), clip.volume_ml, clip.peak_hu)
            for clip in anatomy.clips.specks
        ),
        flags=flags,
    )


def _skin(anatomy: Anatomy) -> SkinSummary:
    skin = anatomy.skin
    return SkinSummary(skin.mean_mm, skin.sd_mm, skin.coverage)


def _voxel(index: Vec3 | None) -> tuple[int, int, int] | None:
    if index is None:
        return None
    k, j, i = (round(value) for value in index)
    return k, j, i


def _position(grid: Grid, index: Vec3) -> Vec3:
    x, y, z = grid.to_patient(np.array(index, np.float64)).tolist()
    return x, y, z
