"""Breast CTs as arrays in the frame of the breast, and arrays as scans again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray
from kerma.core.grid import Grid
from kerma.core.label_map import LabelMap
from kerma.core.volume import CT, Acquisition, Volume
from kerma.errors import GeometryError, InputError
from kerma.workflows.breast_ct.body import surface_level
from kerma.workflows.breast_ct.field import find_cylinder, find_field
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.orientation import turned
from kerma.workflows.breast_ct.scale import rough_scale
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["OUTSIDE_HU", "BreastArray", "breast_array", "place_like", "to_scan"]

OUTSIDE_HU = -1024
"""What the first breast CT scripts have outside the field, HU."""

_HIGHEST_HU = 1024  # of those scripts
_LEAST_SPAN_HU = 50.0  # fat and gland alone lie some 200 apart
_SAME_PLACE = 0.02  # of a voxel
_PARALLEL = 1e-4  # cosine off one


@dataclass(frozen=True, eq=False)
class BreastArray:
    """A breast CT as the first scripts want it.

    Parameters
    ----------
    ct
        int16 HU: chest wall, head and the patient's right first.
    cylinder
        (nj, ni) section of the cylinder, the same in all slices.
    """

    ct: CT
    cylinder: BoolArray


def breast_array(
    ct: CT,
    *,
    drop_posterior: int = 0,
    keep_cylinder: bool = False,
    clip: bool = False,
) -> BreastArray:
    """A scan turned to the frame of the breast, without cylinder and surroundings.

    -1024 HU stands for them; all else keeps its CT numbers, in whole HU.

    Parameters
    ----------
    ct
        The scan.
    drop_posterior
        Slices at the chest wall that are left out.
    keep_cylinder
        Whether the cylinder stays.
    clip
        Whether CT numbers are cut to -1024 to 1024 HU.

    Raises
    ------
    InputError
        The scan shows no tissue, or has fewer slices.
    GeometryError
        The slices are uneven, sheared or oblique.
    """
    upright = turned(replace(ct, array=_whole(ct.hu)))
    slices = upright.array.shape[0]
    if not 0 <= drop_posterior < slices:
        raise InputError(
            f"The scan has {slices} slices from chest wall to nipple; {drop_posterior} "
            f"of them cannot be left out."
        )
    image = BreastImage(upright.array, upright.grid.spacing)
    level = surface_level(rough_scale(image))
    cylinder = find_cylinder(image, surface_hu=level)
    hu = upright.array.astype(np.int16)
    hu[:, ~find_field(image, surface_hu=level).mask] = OUTSIDE_HU
    if not keep_cylinder:
        hu[:, cylinder] = OUTSIDE_HU
    if clip:
        np.clip(hu, OUTSIDE_HU, _HIGHEST_HU, out=hu)
    grid = _without_first(upright.grid, drop_posterior)
    kept = CT(np.ascontiguousarray(hu[drop_posterior:]), grid, ct.acquisition)
    return BreastArray(kept, cylinder)


def place_like(volume: Volume, header: CT, *, drop_posterior: int = 0) -> Volume:
    """An array in the frame of the breast, put where the breast of a scan lies.

    Parameters
    ----------
    volume
        The array; its own grid is not asked.
    header
        The scan that it is of.
    drop_posterior
        Slices of the scan at the chest wall that the array does not have.

    Raises
    ------
    GeometryError
        It does not fit into the scan.
    """
    grid = turned(replace(header, array=_whole(header.hu))).grid
    shape = volume.array.shape
    room = (grid.shape[0] - drop_posterior, *grid.shape[1:])
    if shape[1:] != room[1:] or shape[0] > room[0] or drop_posterior < 0:
        raise GeometryError(
            f"An array of shape {shape} does not fit into the header's {grid.shape} "
            f"voxels behind {drop_posterior} slices left out at the chest wall. Is it of "
            f"this scan?"
        )
    rest = _without_first(grid, drop_posterior)
    return replace(volume, grid=replace(rest, shape=(shape[0], *grid.shape[1:])))


def to_scan(
    volume: Volume, *, header: CT | None = None, cylinder: BoolArray | None = None
) -> CT:
    """An array as a scan: HU as they are, tissue numbers as CT numbers.

    Parameters
    ----------
    volume
        What to make a scan of; a label map holds tissue numbers.
    header
        Whose scan it is. Where it has several slices, the array lies on its voxels and
        comes out in the order of its axes.
    cylinder
        (nj, ni) section or (nk, nj, ni) voxels of the cylinder in the array: put back as
        9 among tissue numbers, else with the CT numbers of the header.

    Raises
    ------
    InputError
        The cylinder does not fit the array, or its CT numbers are asked for without the
        scan that has them.
    GeometryError
        The array does not lie on the voxels of the header.
    """
    is_labels = isinstance(volume, LabelMap)
    if not is_labels:
        _check_hu(volume.array)
    array = _whole(volume.array)
    ring = _ring(cylinder, array)
    grid = volume.grid
    surroundings = None
    if header is not None and header.grid.shape[0] > 1:
        order, ways, grid, box = _place_on(grid, header.grid)
        array = np.ascontiguousarray(array.transpose(order)[ways])
        ring = None if ring is None else ring.transpose(order)[ways]
        surroundings = _whole(header.hu)[box]
    if ring is not None:
        array = _with_cylinder(
            array, ring, None if is_labels else surroundings, is_labels
        )
    name = "Tissue numbers, not HU" if is_labels else "Breast CT from an array"
    known = Acquisition() if header is None else header.acquisition
    acquisition = replace(known, series_description=name, rescale_type="HU")
    if header is None:
        return CT(array, grid, acquisition)
    return CT(array, grid, acquisition, study=header.study)


def _check_hu(array: NDArray[np.generic]) -> None:
    """Refuse fractions that whole HU would wipe out, as of an image scaled to 0 to 1.

    Raises
    ------
    InputError
        They span too little.
    """
    if array.dtype.kind != "f":
        return
    lowest, highest = float(np.min(array)), float(np.max(array))
    if 0 < highest - lowest < _LEAST_SPAN_HU:
        raise InputError(
            f"Numbers from {lowest:g} to {highest:g} are no CT numbers in HU, which from "
            f"air to tissue span hundreds."
        )


def _whole(array: NDArray[np.generic]) -> NDArray[np.int16]:
    """Whole numbers in int16.

    Raises
    ------
    InputError
        A number is none, or does not fit.
    """
    if array.dtype == np.int16:
        return np.asarray(array, np.int16)
    limits = np.iinfo(np.int16)
    lowest, highest = float(np.min(array)), float(np.max(array))
    if not (limits.min - 0.5 <= lowest and highest < limits.max + 0.5):  # nor NaN
        raise InputError(
            f"Numbers from {lowest:g} to {highest:g} do not fit the 16 bits of a CT "
            f"image."
        )
    return np.rint(array).astype(np.int16)


def _without_first(grid: Grid, count: int) -> Grid:
    x, y, z = grid.to_patient(np.array([count, 0, 0])).tolist()
    return replace(
        grid, shape=(grid.shape[0] - count, *grid.shape[1:]), origin=(x, y, z)
    )


def _ring(cylinder: BoolArray | None, array: NDArray[np.int16]) -> BoolArray | None:
    """(nk, nj, ni) voxels of the cylinder.

    Raises
    ------
    InputError
        They do not fit the array.
    """
    if cylinder is None:
        return None
    if cylinder.shape not in (array.shape, array.shape[1:]):
        raise InputError(
            f"A cylinder of shape {cylinder.shape} does not fit an array of shape "
            f"{array.shape}; it is one section or all voxels."
        )
    return np.broadcast_to(cylinder, array.shape)


def _with_cylinder(
    array: NDArray[np.int16],
    ring: BoolArray,
    surroundings: NDArray[np.int16] | None,
    is_labels: bool,  # noqa: FBT001  (a private step)
) -> NDArray[np.int16]:
    if is_labels:
        return np.where(ring & (array == Tissue.AIR), Tissue.CYLINDER, array).astype(
            np.int16
        )
    if surroundings is None:
        raise InputError(
            "The CT numbers of the cylinder are those of the scan that the array was "
            "made from; give that scan as the header."
        )
    return np.where(ring, surroundings, array)


def _place_on(
    grid: Grid, whole: Grid
) -> tuple[tuple[int, int, int], tuple[slice, ...], Grid, tuple[slice, slice, slice]]:
    """How to turn an array to the axes of another grid, and which of its voxels it has.

    Returns
    -------
    Order of the axes, their ways, the grid of the turned array, and its box.

    Raises
    ------
    GeometryError
        The voxels of the one are no voxels of the other.
    """
    cosines = np.array(whole.axes) @ np.array(grid.axes).T  # (axis there, axis here)
    k, j, i = (int(axis) for axis in np.argmax(np.abs(cosines), axis=1))
    order = (k, j, i)
    along = cosines[range(3), order]
    steps = np.array([grid.spacing[axis] for axis in order])
    count = np.array([grid.shape[axis] for axis in order])
    ends = grid.to_patient(np.array([[0, 0, 0], np.array(grid.shape) - 1]))
    indices = whole.to_index(ends)
    first, last = indices.min(axis=0), indices.max(axis=0)
    corner = np.rint(first).astype(int)
    fits = (
        sorted(order) == [0, 1, 2]
        and np.abs(along).min() > 1 - _PARALLEL
        and np.abs(steps - whole.spacing).max() < _SAME_PLACE * steps.min()
        and np.abs(first - corner).max() < _SAME_PLACE
        and np.abs(last - first - (count - 1)).max() < _SAME_PLACE
        and corner.min() >= 0
        and (corner + count <= whole.shape).all()
    )
    if not fits:
        raise GeometryError(
            f"The array, {count.tolist()} voxels {steps.tolist()} mm apart, does not lie "
            f"on the voxels of the header, {list(whole.shape)} voxels "
            f"{list(whole.spacing)} mm apart. Is it of this scan?"
        )
    ways = tuple(slice(None, None, -1 if c < 0 else 1) for c in along)
    x, y, z = whole.to_patient(corner.astype(float)).tolist()
    nk, nj, ni = count.tolist()
    place = replace(whole, shape=(nk, nj, ni), origin=(x, y, z))
    a, b, c = (slice(n, n + m) for n, m in zip(corner, count, strict=True))
    return order, ways, place, (a, b, c)
