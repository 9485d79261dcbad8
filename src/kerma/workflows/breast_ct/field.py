"""The field of view, and the cylinder in it that holds the breast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.imaging.mask_regions import regions
from kerma.workflows.breast_ct.image import BreastImage

__all__ = ["Field", "find_cylinder", "find_field"]

_NOISY_SHARE = 0.2  # of the air in the field that differs from what fills the rest
_LEAST_OUTSIDE = 1e-3  # of a slice: fewer empty columns are chance
_IN_MOST_SLICES = 0.9
_LEAST_SPAN = 0.4  # of the image's width that a cylinder spans
_THICKEST_MM = 10.0


@dataclass(frozen=True, eq=False)
class Field:
    """The part of a slice that the scanner has seen.

    Parameters
    ----------
    mask
        (nj, ni).
    center
        Middle of its circle, indices ``(j, i)``; ``None`` where the whole slice was
        seen.
    radius_mm
        Of its circle; ``None`` with `center`.
    """

    mask: BoolArray
    center: tuple[float, float] | None = None
    radius_mm: float | None = None


def find_field(image: BreastImage, *, surface_hu: float) -> Field:
    """Where a scan has been seen: everywhere but where all slices hold one and the same number.

    A scan without noise tells no field: its air is as constant as what lies outside.

    Parameters
    ----------
    image
        The scan.
    surface_hu
        What lies below is air, HU.
    """
    hu = image.hu
    lowest = hu.min(axis=0)
    constant = hu.max(axis=0) == lowest
    whole = Field(np.ones(constant.shape, np.bool_))
    if constant.mean() < _LEAST_OUTSIDE or constant.all():
        return whole
    border = np.concatenate(
        [edge[part] for part in (0, -1) for edge in _edges(lowest, constant, part)]
    )
    if not border.size:
        return whole
    numbers, counts = np.unique(border, return_counts=True)
    fill = numbers[np.argmax(counts)]
    outside = constant & (lowest == fill)
    seen = hu[:, ~outside]
    air = seen[seen < surface_hu]
    if not air.size or np.mean(air != fill) < _NOISY_SHARE:
        return whole
    center, radius = _circle(~outside, image.spacing[1:])
    return Field(~outside, center, radius)


def _edges(
    values: FloatArray, constant: BoolArray, part: int
) -> tuple[tuple[FloatArray, ...], ...]:
    """The constant values along the first or last row and column."""
    row = values[part][constant[part]]
    column = values[:, part][constant[:, part]]
    return (row, row), (column, column)


def _circle(
    mask: BoolArray, spacing: tuple[float, ...]
) -> tuple[tuple[float, float], float]:
    """Middle, indices, and radius, mm, of the circle that bounds a mask.

    Least squares of the border voxels that are not on the border of the array, where
    a circle larger than the slice is cut off (Kåsa, IEEE Trans. Instrum. Meas. 25
    (1976) 8).
    """
    from kerma.imaging.mask_steps import shrunk

    rim = np.nonzero(mask & ~shrunk(mask))
    y, x = (index * step for index, step in zip(rim, spacing, strict=True))
    matrix = np.stack([y, x, np.ones_like(y)], axis=1)
    (a, b, c), *_ = np.linalg.lstsq(matrix, y**2 + x**2, rcond=None)
    radius = float(np.sqrt(max(c + (a**2 + b**2) / 4, 0.0)))
    return (float(a / 2 / spacing[0]), float(b / 2 / spacing[1])), radius


def find_cylinder(image: BreastImage, *, surface_hu: float) -> BoolArray:
    """(nj, ni) section of the cylinder that holds the breast; empty where there is none.

    It is a ring that stands at one place in nearly all slices, which a breast, growing
    thinner toward the nipple, does not.

    Parameters
    ----------
    image
        The scan.
    surface_hu
        What lies above is solid, HU.
    """
    solid = np.zeros(image.hu.shape[1:], np.int32)
    for section in image.hu:
        solid += section > surface_hu
    steady = solid >= _IN_MOST_SLICES * len(image.hu)
    numbers, sizes = regions(steady, connectivity=8)
    for number in np.argsort(-sizes[1:]) + 1:
        ring = np.asarray(numbers == number)
        if _is_ring(ring):
            return _annulus(ring, image.spacing[1:])
    return np.zeros_like(steady)


def _is_ring(mask: BoolArray) -> bool:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return False
    span = min(np.ptp(rows) / mask.shape[0], np.ptp(columns) / mask.shape[1])
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    return bool(span >= _LEAST_SPAN and not mask[middle])


def _annulus(ring: BoolArray, spacing: tuple[float, ...]) -> BoolArray:
    """The round ring that fits voxels best; none if they are not round."""
    y, x = (index * step for index, step in zip(np.nonzero(ring), spacing, strict=True))
    matrix = np.stack([y, x, np.ones_like(y)], axis=1)
    (a, b, _), *_ = np.linalg.lstsq(matrix, y**2 + x**2, rcond=None)
    inner, outer = np.percentile(np.hypot(y - a / 2, x - b / 2), [1, 99])
    if outer - inner > _THICKEST_MM:
        return np.zeros_like(ring)
    j, i = (
        np.arange(count) * step for count, step in zip(ring.shape, spacing, strict=True)
    )
    radius = np.hypot(j[:, None] - a / 2, i - b / 2)
    return np.asarray((radius >= inner) & (radius <= outer))
