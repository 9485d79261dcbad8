"""The skin, its thickness and the nipple."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.imaging.surface_shell import SurfaceShell, shell_below
from kerma.workflows.breast_ct.body import surface_level
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.nipple import Nipple, find_nipple
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.skin_thickness import (
    DEEPEST_MM,
    USUAL_MM,
    Patches,
    measure_thickness,
)

__all__ = ["Skin", "find_skin"]


@dataclass(frozen=True, eq=False)
class Skin:
    """The skin of a breast.

    Parameters
    ----------
    mask
        (nk, nj, ni) voxels, the nipple included.
    positions
        (n, 3) indices ``(k, j, i)`` of patches of the surface, some 2 mm wide.
    thickness_mm
        (n,) thickness of the skin there, smoothed over some 7 mm; zero where the
        surface is a cut through fat.
    measured
        (n,) whether it has been measured in the patch itself; elsewhere it is that of
        patches near by.
    mean_mm, sd_mm
        Of the thickness over the measured surface, nipple and cuts aside; ``None``
        where nothing could be measured.
    coverage
        Part of the surface, nipple and cuts aside, where it has been measured.
    nipple
        Indices ``(k, j, i)`` of the tip of the nipple; ``None`` where nothing stands out
        from the round of the breast.
    """

    mask: BoolArray
    positions: FloatArray
    thickness_mm: FloatArray
    measured: BoolArray
    mean_mm: float | None
    sd_mm: float | None
    coverage: float
    nipple: tuple[float, float, float] | None


def find_skin(
    image: BreastImage,
    body: BoolArray,
    fold: BoolArray,
    scale: HUScale,
    *,
    field: BoolArray | None = None,
) -> Skin:
    """The skin, as thick as it shows where there is fat behind it.

    Where there is none in all the breast, it is taken to be 1.45 mm thick.

    Parameters
    ----------
    image
        The scan.
    body, fold
        (nk, nj, ni) voxels of the breast with its folds, and of the folds.
    scale
        The HU scale; the rough one will do.
    field
        (nj, ni) what the scanner has seen; the surface on its wall is no skin.
    """
    box = _box_around(body)
    hu, breast = image.hu[box], (body & ~fold)[box]
    closed = None
    if field is not None and not field.all():
        closed = np.broadcast_to(~field[box[1:]], breast.shape)
    shell = shell_below(
        hu,
        breast,
        image.spacing,
        level=surface_level(scale),
        reach_mm=DEEPEST_MM,
        closed=closed,
    )
    patches = measure_thickness(shell, hu, scale, voxel_mm=max(image.spacing))
    thickness = patches.typical_mm
    nipple = find_nipple(breast, image.spacing, skin_mm=thickness or USUAL_MM)
    mask = np.zeros(body.shape, np.bool_)
    mask[box] = _skin_mask(shell, patches, nipple, breast)
    return _skin(mask, patches, nipple, image, box)


def _box_around(body: BoolArray) -> tuple[slice, slice, slice]:
    """Box around the body with a voxel of margin where there is one."""
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(body.any(axis=others))
        box.append(slice(max(int(filled[0]) - 1, 0), int(filled[-1]) + 2))
    return box[0], box[1], box[2]


def _skin_mask(
    shell: SurfaceShell, patches: Patches, nipple: Nipple | None, breast: BoolArray
) -> BoolArray:
    mask = np.zeros(breast.shape, np.bool_)
    limit = patches.thickness_mm[patches.of_point][shell.nearest]
    mask.ravel()[shell.voxels[shell.depth_mm <= limit]] = True
    if nipple is not None:
        mask |= nipple.mask
    return mask


def _skin(
    mask: BoolArray,
    patches: Patches,
    nipple: Nipple | None,
    image: BreastImage,
    box: tuple[slice, slice, slice],
) -> Skin:
    corner = np.array([part.start for part in box])
    positions = patches.positions / image.spacing + corner
    counted = patches.thickness_mm > 0
    tip = None
    if nipple is not None:
        k, j, i = (float(a) for a in np.add(nipple.position, corner))
        tip = (k, j, i)
        counted &= ~_inside(positions - corner, nipple.mask)
    measured = patches.measured & counted
    mean, sd = _weighted(patches.thickness_mm[measured], patches.points[measured])
    return Skin(
        mask,
        positions,
        patches.thickness_mm,
        patches.measured,
        mean,
        sd,
        float(patches.points[measured].sum() / max(patches.points[counted].sum(), 1)),
        tip,
    )


def _inside(positions: FloatArray, mask: BoolArray) -> BoolArray:
    """Whether positions, indices, lie in a mask or next to it."""
    from kerma.imaging.mask_steps import grown

    index = np.rint(positions).astype(np.intp)
    index = np.clip(index, 0, np.array(mask.shape) - 1)
    return np.asarray(grown(mask)[tuple(index.T)])


def _weighted(
    values: FloatArray, weights: IntArray
) -> tuple[float | None, float | None]:
    if not values.size:
        return None, None
    mean = float(np.average(values, weights=weights))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
