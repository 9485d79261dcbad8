"""Size and shape of the breast, and where in it the gland lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, IntArray, LabelArray, Vec3
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = [
    "BreastShape",
    "Part",
    "gland_by_radius",
    "quadrants",
    "shape_of",
    "volumes_ml",
]

_RING_MM = 5.0
_DEPTH_MM = 5.0
_OF_BREAST = (Tissue.FAT, Tissue.GLAND, Tissue.SKIN, Tissue.IMPLANT)


@dataclass(frozen=True)
class BreastShape:
    """Size and shape of a breast: fat, glands, skin and implant.

    Parameters
    ----------
    volume_ml
        Without muscle, bone and fold.
    length_mm
        From the first slice at the chest wall to the most anterior skin.
    chest_wall_diameter_mm
        Effective diameter in the first slice, of all tissue there but the fold.
    depths_mm
        Distance from the first slice, every 5 mm.
    effective_diameters_mm
        Diameter of the circle of equal area there, 2 sqrt(A / pi).
    """

    volume_ml: float
    length_mm: float
    chest_wall_diameter_mm: float
    depths_mm: tuple[float, ...]
    effective_diameters_mm: tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """Fat and gland in one part of the breast.

    Parameters
    ----------
    name
        Such as "upper outer" or "5-10 mm".
    tissue_ml
        Fat and gland, ml.
    gland_fraction
        Gland over fat and gland, by volume; ``None`` where there is neither.
    """

    name: str
    tissue_ml: float
    gland_fraction: float | None


def volumes_ml(numbers: LabelArray, spacing: Vec3) -> dict[str, float]:
    """Volume in ml of each tissue that a label map holds, by its title.

    Parameters
    ----------
    numbers
        (nk, nj, ni) tissue numbers.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    """
    voxel_ml = float(np.prod(spacing)) / 1000
    counts = np.bincount(numbers.ravel(), minlength=max(Tissue) + 1)
    return {
        tissue.title: float(counts[tissue]) * voxel_ml
        for tissue in Tissue
        if tissue is not Tissue.AIR
    }


def shape_of(numbers: LabelArray, spacing: Vec3) -> BreastShape:
    """Size and shape of the breast in a label map, chest wall first.

    Parameters
    ----------
    numbers
        (nk, nj, ni) tissue numbers, first axis from chest wall to nipple.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    """
    counts = np.array([np.bincount(part.ravel(), minlength=10) for part in numbers])
    pixel_mm2 = spacing[1] * spacing[2]
    breast = counts[:, list(_OF_BREAST)].sum(axis=1)
    whole = breast + counts[:, [Tissue.MUSCLE, Tissue.BONE]].sum(axis=1)
    diameters = 2 * np.sqrt(whole * pixel_mm2 / np.pi)
    held = np.flatnonzero(breast)
    last = int(held[-1]) if held.size else -1
    rows = np.arange(0, last + 1, max(1, round(_DEPTH_MM / spacing[0])))
    return BreastShape(
        volume_ml=float(breast.sum() * np.prod(spacing) / 1000),
        length_mm=float((last + 1) * spacing[0]),
        chest_wall_diameter_mm=float(diameters[0]),
        depths_mm=tuple(float(row * spacing[0]) for row in rows),
        effective_diameters_mm=tuple(float(diameters[row]) for row in rows),
    )


def quadrants(
    numbers: LabelArray,
    nipple: tuple[int, int, int],
    spacing: Vec3,
    laterality: str,
) -> tuple[Part, ...]:
    """Gland in the four quadrants about the axis of the nipple.

    The axis runs through the nipple, perpendicular to the slices.

    Parameters
    ----------
    numbers
        (nk, nj, ni) tissue numbers, head first along the second axis and the
        patient's right first along the third.
    nipple
        Its index ``(k, j, i)``.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    laterality
        "L" or "R": which breast it is.
    """
    _, row, column = nipple
    upper, lower = slice(0, row), slice(row, None)
    right, left = slice(0, column), slice(column, None)
    outer, inner = (left, right) if laterality == "L" else (right, left)
    voxel_ml = float(np.prod(spacing)) / 1000
    return tuple(
        _part(f"{height} {side}", numbers[:, rows, columns], voxel_ml)
        for height, rows in (("upper", upper), ("lower", lower))
        for side, columns in (("outer", outer), ("inner", inner))
    )


def gland_by_radius(
    numbers: LabelArray, nipple: tuple[int, int, int], spacing: Vec3
) -> tuple[Part, ...]:
    """Gland in rings of 5 mm about the axis of the nipple.

    Parameters
    ----------
    numbers, nipple, spacing
        As for `quadrants`.
    """
    rings = _rings(numbers.shape[1:], nipple, spacing)
    voxel_ml = float(np.prod(spacing)) / 1000
    fat = _in_rings(numbers == Tissue.FAT, rings)
    gland = _in_rings(numbers == Tissue.GLAND, rings)
    held = np.flatnonzero(fat + gland)
    outermost = int(held[-1]) + 1 if held.size else 0
    return tuple(
        _counted(
            f"{ring * _RING_MM:g}-{(ring + 1) * _RING_MM:g} mm",
            int(fat[ring]),
            int(gland[ring]),
            voxel_ml,
        )
        for ring in range(outermost)
    )


def _rings(
    shape: tuple[int, ...], nipple: tuple[int, int, int], spacing: Vec3
) -> IntArray:
    down = (np.arange(shape[0]) - nipple[1])[:, None] * spacing[1]
    across = (np.arange(shape[1]) - nipple[2])[None, :] * spacing[2]
    return np.floor(np.hypot(down, across) / _RING_MM).astype(np.int64)


def _in_rings(mask: BoolArray, rings: IntArray) -> IntArray:
    """Voxels of a mask in each ring."""
    depth = mask.sum(axis=0)
    counts: IntArray = np.zeros(rings.max() + 1, np.int64)
    np.add.at(counts, rings, depth)
    return counts


def _part(name: str, numbers: LabelArray, voxel_ml: float) -> Part:
    fat = int(np.count_nonzero(numbers == Tissue.FAT))
    gland = int(np.count_nonzero(numbers == Tissue.GLAND))
    return _counted(name, fat, gland, voxel_ml)


def _counted(name: str, fat: int, gland: int, voxel_ml: float) -> Part:
    tissue = fat + gland
    return Part(name, tissue * voxel_ml, gland / tissue if tissue else None)
