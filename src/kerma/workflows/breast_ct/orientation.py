"""Scans turned to the frame of the breast, and label maps turned back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, HUArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.errors import GeometryError
from kerma.workflows.breast_ct.flags import Flag, Severity

__all__ = ["BREAST_AXES", "Turned", "breast_grid", "turned"]

BREAST_AXES: tuple[Vec3, Vec3, Vec3] = (
    (0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0),
)  # fmt: skip
"""Chest wall to nipple, head to feet and right to left, in patient coordinates."""

_STEEPEST_DEG = 20.0
_TISSUE_HU = -500.0  # between air and any tissue, whatever the scale
_END = 0.1  # share of the slices at each end
_CLEARLY = 1.5
_LEAST_AREA = 0.02  # of a slice: what the chest wall fills at the least

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Turned:
    """A scan in the frame of the breast.

    Parameters
    ----------
    array
        (nk, nj, ni) values: chest wall to nipple, head to feet, patient's right to left.
    grid
        Where these voxels lie. After half a turn against the header it is where the
        header says that they lie, not where they do.
    order
        For each axis of `array` the axis of the scan that it was.
    flipped
        Whether each axis of `array` runs against that axis of the scan.
    flags
        What was odd about the orientation.
    """

    array: HUArray
    grid: Grid
    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    flags: tuple[Flag, ...] = ()

    def back(self, array: NDArray[T]) -> NDArray[T]:
        """An array on the voxels of the turned scan, in the order of the scan itself.

        Raises
        ------
        GeometryError
            It has not the shape of the turned scan.
        """
        if array.shape != self.array.shape:
            raise GeometryError(
                f"An array of shape {array.shape} does not lie on a scan turned to "
                f"{self.array.shape}."
            )
        inverse = np.argsort(self.order)
        return np.ascontiguousarray(_flip(array, self.flipped).transpose(inverse))


def breast_grid(shape: tuple[int, int, int], spacing: Vec3) -> Grid:
    """A grid for an array that nothing is known of but its voxel size.

    The first slice is taken to lie at the chest wall, the first row at the head and the
    first column at the patient's right, as segmentation scripts for breast CT have it.
    """
    return Grid(shape, (0.0, 0.0, 0.0), spacing, BREAST_AXES, "")


def turned(volume: Volume) -> Turned:
    """A scan with its axes put in the order and direction of the breast.

    The grid says which axis of the array lies nearest to which axis of the patient;
    nothing is interpolated. A breast grows thinner toward the nipple: where the first
    slices hold clearly less tissue than the last, the patient lay on the other side than
    the header says, and the scan is turned by half a turn about its head-feet axis.

    Raises
    ------
    GeometryError
        The slices are uneven or sheared, or the axes more than 20 degrees oblique.
    """
    grid = volume.grid
    _check(grid)
    cosines = np.array(BREAST_AXES) @ np.array(grid.axes).T  # (breast axis, grid axis)
    k, j, i = max(
        permutations(range(3)),
        key=lambda axes: sum(abs(cosines[n, axis]) for n, axis in enumerate(axes)),
    )
    order = (k, j, i)
    along = cosines[range(3), order]
    steepest = float(np.rad2deg(np.arccos(np.clip(np.abs(along).min(), 0, 1))))
    if steepest > _STEEPEST_DEG:
        raise GeometryError(
            f"The axes of this scan stand up to {steepest:.0f} degrees oblique to the "
            f"patient; up to {_STEEPEST_DEG:g} are taken. Resample it to an upright grid."
        )
    a, b, c = (bool(cosine < 0) for cosine in along)
    array = volume.array.transpose(order)
    half_turn, flags = _checked(_flip(array, (a, b, c)))
    if half_turn:
        a, c = not a, not c
    flipped = (a, b, c)
    turned_array = np.ascontiguousarray(_flip(array, flipped))
    return Turned(turned_array, _grid(grid, order, flipped), order, flipped, flags)


def _flip(array: NDArray[T], flipped: tuple[bool, bool, bool]) -> NDArray[T]:
    ways = tuple(slice(None, None, -1 if flip else 1) for flip in flipped)
    return array[ways]


def _check(grid: Grid) -> None:
    if grid.offsets is not None:
        steps = np.diff(grid.slice_offsets)
        odd = int(np.argmax(np.abs(steps - grid.spacing[0])))
        raise GeometryError(
            f"The slices of a breast CT are evenly spaced; between slices {odd + 1} and "
            f"{odd + 2} there are {steps[odd]:.3f} mm, elsewhere {grid.spacing[0]:.3f} mm. "
            f"Is a slice missing?"
        )
    if grid.is_sheared:
        raise GeometryError(
            "The slices of this scan are stacked obliquely, as with a tilted gantry; a "
            "breast CT is not. Resample it to an upright grid."
        )


def _grid(grid: Grid, order: tuple[int, ...], flipped: tuple[bool, ...]) -> Grid:
    first = np.zeros(3)
    for axis, flip in zip(order, flipped, strict=True):
        first[axis] = grid.shape[axis] - 1 if flip else 0
    x, y, z = grid.to_patient(first).tolist()
    signs = [-1.0 if flip else 1.0 for flip in flipped]
    k, j, i = (
        _times(grid.axes[axis], sign) for axis, sign in zip(order, signs, strict=True)
    )
    nk, nj, ni = (grid.shape[axis] for axis in order)
    dk, dj, di = (grid.spacing[axis] for axis in order)
    return Grid(
        (nk, nj, ni), (x, y, z), (dk, dj, di), (k, j, i), grid.frame_of_reference
    )


def _times(axis: Vec3, sign: float) -> Vec3:
    x, y, z = axis
    return sign * x, sign * y, sign * z


def _checked(array: NDArray[Any]) -> tuple[bool, tuple[Flag, ...]]:
    """Whether half a turn is needed, and what the tissue says of the orientation."""
    areas = np.array([np.mean(section > _TISSUE_HU) for section in array])
    chest, nipple = _at_the_ends(areas)
    if nipple > _CLEARLY * chest and nipple > _LEAST_AREA:
        return True, (
            Flag(
                "wrong_axis_direction",
                Severity.LOOK,
                f"The header puts the chest wall where tissue fills {chest:.0%} of the "
                f"slices and the nipple where it fills {nipple:.0%}. The scan was turned "
                f"by half a turn about the head-feet axis; check left and right.",
            ),
        )
    if chest <= _CLEARLY * nipple or chest <= _LEAST_AREA:
        return False, (
            Flag(
                "orientation_guessed",
                Severity.LOOK,
                f"Tissue fills {chest:.0%} of the slices at the chest wall and "
                f"{nipple:.0%} at the nipple, which does not look like a breast in "
                f"air. The orientation of the header was used; check it.",
            ),
        )
    return False, ()


def _at_the_ends(areas: FloatArray) -> tuple[float, float]:
    count = max(1, round(_END * areas.size))
    return float(areas[:count].mean()), float(areas[-count:].mean())
