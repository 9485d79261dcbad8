"""Parts, holes, gaps and roughness of a mask."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.core.mask import Mask
from kerma.errors import InputError
from kerma.imaging.between_planes import plane_distances
from kerma.imaging.signed_distance import filled

__all__ = [
    "fill_holes",
    "fill_slices",
    "largest_part",
    "remove_small_parts",
    "smooth",
]

_HALVINGS = 24  # of the range of a level, until the volume is met


def largest_part(mask: Mask) -> Mask:
    """The largest of the parts that do not touch; see `remove_small_parts`."""
    numbers, volumes = _parts(mask)
    if not volumes.size:
        return mask
    return _where(mask, numbers == 1 + volumes.argmax())


def remove_small_parts(mask: Mask, *, least_mm3: float) -> Mask:
    """The parts of at least a volume.

    Voxels that share a face and are not empty belong to one part.
    """
    numbers, volumes = _parts(mask)
    kept = np.concatenate([[False], volumes >= least_mm3])
    return _where(mask, kept[numbers])


def _parts(mask: Mask) -> tuple[IntArray, FloatArray]:
    """Number of the part of each voxel, from 1, and volumes of the parts, mm³."""
    from scipy import ndimage

    numbers, count = ndimage.label(mask.fraction > 0)
    voxels = mask.voxel_volumes_mm3[:, np.newaxis, np.newaxis] * mask.fraction
    volumes = np.bincount(numbers.ravel(), voxels.ravel(), minlength=count + 1)
    return numbers, np.asarray(volumes[1:], dtype=np.float64)


def _where(mask: Mask, kept: BoolArray) -> Mask:
    return _changed(mask, np.where(kept, mask.fraction, 0))


def _changed(
    mask: Mask, array: FloatArray, low: tuple[int, int, int] = (0, 0, 0)
) -> Mask:
    """The mask with other fractions, from a box that begins `low` before its own."""
    k, j, i = (a - b for a, b in zip(mask.corner, low, strict=True))
    return Mask.of(array, mask.grid, name=mask.name, corner=(k, j, i), notes=mask.notes)


def fill_holes(mask: Mask, *, in_slices: bool = False) -> Mask:
    """The structure without its holes.

    A hole is what is less than half filled and closed in by voxels that are filled by
    half or more. The voxels at its wall are filled too.

    Parameters
    ----------
    mask
        The structure.
    in_slices
        Fill what is closed in within its slice, as the lumen of a tube. By default
        only what is closed in on all sides.
    """
    from scipy import ndimage

    half = mask.fraction >= 0.5
    faces = ndimage.generate_binary_structure(3, 1)
    if in_slices:
        faces[[0, 2]] = False
    holes = ndimage.binary_fill_holes(half, faces) & ~half
    around = np.ones((3, 3, 3), bool)
    if in_slices:
        around[[0, 2]] = False
    wall = ndimage.binary_dilation(holes, around) & half
    return _changed(mask, np.where(holes | wall, np.float32(1), mask.fraction))


def fill_slices(mask: Mask) -> Mask:
    """The structure with the empty slices between filled ones filled in.

    Between the outlines on both sides of a gap, the distance from the outline is
    interpolated. Filled slices stay as they are.
    """
    drawn = np.flatnonzero(mask.fraction.any(axis=(1, 2)))
    if drawn.size < 2:
        return mask
    padded = np.pad(mask.fraction, [(0, 0), (1, 1), (1, 1)])
    distances = plane_distances(padded[drawn], mask.grid.spacing[1:])
    offsets = mask.grid.slice_offsets[mask.box[0]]
    array = mask.fraction.copy()
    for k in np.setdiff1d(np.arange(drawn[0], drawn[-1]), drawn):
        above = int(np.searchsorted(drawn, k))
        ends = offsets[drawn[above - 1 : above + 1]]
        share = np.float32((offsets[k] - ends[0]) / (ends[1] - ends[0]))
        between = (1 - share) * distances[above - 1] + share * distances[above]
        array[k] = filled(between[np.newaxis])[0, 1:-1, 1:-1]
    return _changed(mask, array)


def smooth(mask: Mask, *, sigma_mm: float) -> Mask:
    """The structure with a smoother surface and the same volume.

    The fractions are blurred with a Gaussian; the new surface lies at the level that
    keeps the volume.

    Parameters
    ----------
    mask
        On evenly spaced slices.
    sigma_mm
        Standard deviation of the Gaussian: roughness finer than this goes.

    Raises
    ------
    InputError
        A width that is not positive, or slices that are unevenly spaced.
    """
    from scipy import ndimage

    if not 0 < sigma_mm < np.inf or not mask.grid.is_even:
        raise InputError(
            f"Smoothing needs a positive width and evenly spaced slices; got "
            f"{sigma_mm} mm on {'even' if mask.grid.is_even else 'uneven'} slices."
        )
    if mask.is_empty:
        return mask
    sigmas = sigma_mm / np.array(mask.grid.spacing)
    room = np.ceil(4 * sigmas).astype(int)
    box = np.pad(mask.fraction, np.repeat(room[:, np.newaxis], 2, axis=1))
    blurred = ndimage.gaussian_filter(box, sigmas, mode="constant")
    low = np.minimum(room, mask.corner)
    high = np.minimum(np.add(mask.corner, mask.shape) + room, mask.grid.shape) - (
        np.array(mask.corner) - room
    )
    first = room - low
    blurred = blurred[first[0] : high[0], first[1] : high[1], first[2] : high[2]]
    k, j, i = low.tolist()
    return _changed(mask, _at_volume(blurred, float(mask.fraction.sum())), (k, j, i))


def _at_volume(blurred: FloatArray, volume: float) -> FloatArray:
    """Fractions of the voxels inside the level that holds a volume, in voxels."""
    low, high = 0.0, 1.0
    array = blurred
    for _ in range(_HALVINGS):
        level = (low + high) / 2
        array = filled(level - blurred)
        low, high = (level, high) if array.sum() > volume else (low, level)
    return array
