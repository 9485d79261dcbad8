"""From masks to contours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.label_map import LabelMap
from kerma.core.mask import Mask
from kerma.core.structures import Contour, Structure
from kerma.errors import InputError

__all__ = ["contours_of_labels", "contours_of_mask"]

_LEVELS = (0.25, 0.75)  # a surface is not sought further away from its place
_HALVINGS = 9  # of that range
_CLOSE = 2e-4  # of the volume
_SMALLEST_PIXELS = 1e-3  # area of a contour that is more than rounding


def contours_of_mask(
    mask: Mask,
    *,
    level: float | None = None,
    number: int = 1,
    image_uids: tuple[str, ...] = (),
) -> Structure:
    """Draw around a mask, slice by slice.

    The contours lie where the fraction of the pixels, interpolated between their
    centers, reaches a level. Those of voxels that are full or empty follow their edges,
    half way between the centers, but for their corners.

    Parameters
    ----------
    mask
        It gives the structure its name and its frame of reference.
    level
        Fraction from which a place counts as inside. By default a half where all
        voxels are full or empty; else the level near a half at which the contours
        enclose the volume of the mask, since what is curved is rounded off by voxels.
    number
        ROI number of the structure.
    image_uids
        SOP Instance UIDs of the slices of the grid, where the contours shall name them.

    Returns
    -------
    Structure
        With closed contours; holes are contours of their own.

    Raises
    ------
    InputError
        A level that is not between 0 and 1, or not one UID for each slice.
    """
    if level is None:
        level = _level_of_volume(mask)
    if not 0 < level < 1:
        raise InputError(f"A level lies between 0 and 1; got {level}.")
    count = mask.grid.shape[0]
    if image_uids and len(image_uids) != count:
        raise InputError(
            f"Give one UID for each of the {count} slices; got {len(image_uids)}."
        )
    contours = []
    for n, pixels in enumerate(mask.fraction):
        k = mask.corner[0] + n
        for line in _outlines(pixels, level):
            index = np.column_stack([np.full(len(line), k), line + mask.corner[1:]])
            uid = image_uids[k] if image_uids else ""
            contours.append(Contour(mask.grid.to_patient(index), image_uid=uid))
    return Structure(
        number=number,
        name=mask.name,
        contours=tuple(contours),
        generation_algorithm="AUTOMATIC",
        frame_of_reference=mask.grid.frame_of_reference,
    )


def contours_of_labels(
    label_map: LabelMap, *, image_uids: tuple[str, ...] = ()
) -> tuple[Structure, ...]:
    """Draw around each labeled region, with its number, name and color.

    Parameters and errors as for `contours_of_mask`.
    """
    structures = []
    for label in label_map.labels:
        mask = Mask.of(label_map.mask(label.number), label_map.grid, name=label.name)
        drawn = contours_of_mask(mask, number=label.number, image_uids=image_uids)
        structures.append(replace(drawn, color=label.color))
    return tuple(structures)


def _outlines(pixels: FloatArray, level: float) -> list[FloatArray]:
    """Closed lines (n, 2), ``(row, column)``, without the repeated point."""
    from contourpy import LineType, contour_generator

    from kerma.kernels.coverage import signed_area

    # Empty pixels all around close the lines at the border of the box.
    padded = np.pad(pixels.astype(np.float64), 1)
    generator = contour_generator(z=padded, line_type=LineType.Separate)
    outlines = []
    for line in generator.lines(level):
        points = np.asarray(line)[:-1, ::-1] - 1.0  # contourpy says (column, row)
        distinct = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1) > 0
        points = points[distinct]
        if len(points) > 2 and abs(signed_area(points)) > _SMALLEST_PIXELS:
            outlines.append(points)
    return outlines


def _level_of_volume(mask: Mask) -> float:
    """The level at which the contours enclose the volume of a mask."""
    from kerma.kernels.coverage import signed_area

    low, high = _LEVELS
    level = 0.5
    whole = mask.volume_mm3
    if not ((mask.fraction > 0) & (mask.fraction < 1)).any():
        return level
    for _ in range(_HALVINGS):
        # Holes run around the other way, so that they take their area off.
        areas = np.array(
            [
                sum(signed_area(line) for line in _outlines(pixels, level))
                for pixels in mask.fraction
            ]
        )
        enclosed = abs(float(areas @ mask.voxel_volumes_mm3))
        if abs(enclosed - whole) <= _CLOSE * whole:
            break
        low, high = (level, high) if enclosed > whole else (low, level)
        level = (low + high) / 2
    return level
