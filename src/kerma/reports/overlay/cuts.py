"""Planes through the patient, and what CT and dose are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.volume import CT, Volume
from kerma.errors import InputError
from kerma.imaging import resample

__all__ = [
    "AXIAL",
    "VIEWS",
    "Box",
    "Cut",
    "View",
    "box_above",
    "field_of_view",
    "make_cut",
    "reach_of",
]

_BODY_HU = -400.0
_MARGIN_MM = 12.0
_LEAST_MM = 60.0  # of a panel
_PROBES = 2e6  # voxels that are looked at to find the body


@dataclass(frozen=True)
class View:
    """A direction to look in, in patient coordinates.

    Parameters
    ----------
    name
        Axial, coronal or sagittal.
    normal, across, upright
        Axes of the patient, 0 to 2 for x to z: the one looked along, the one to the
        right of the picture, and the one that stands upright in it.
    up
        1 where the upright axis points up, -1 where it points down.
    letters
        Sides of the patient at the left, right, top and bottom.
    """

    name: str
    normal: int
    across: int
    upright: int
    up: int
    letters: str


AXIAL = View("Axial", normal=2, across=0, upright=1, up=-1, letters="RLAP")
VIEWS = {
    "axial": AXIAL,
    "coronal": View("Coronal", normal=1, across=0, upright=2, up=1, letters="RLHF"),
    "sagittal": View("Sagittal", normal=0, across=1, upright=2, up=1, letters="APHF"),
}
"""As radiologists hang them: axial from the feet, coronal from the front, so that the
patient's left is on the right, and sagittal from the patient's left."""


@dataclass(frozen=True, eq=False)
class Box:
    """A piece of the patient: (3,) lowest and highest x, y and z, mm."""

    low: FloatArray
    high: FloatArray

    @property
    def size(self) -> FloatArray:
        """(3,) extent along x, y and z, mm."""
        return self.high - self.low

    def widened(self, margin_mm: float) -> Box:
        """The box with a margin all round."""
        return Box(self.low - margin_mm, self.high + margin_mm)

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def cropped(self, other: Box) -> Box:
        """What the other box leaves of it."""
        return Box(np.maximum(self.low, other.low), np.minimum(self.high, other.high))

    def holds(self, position: FloatArray) -> bool:
        """Whether a position lies in it."""
        return bool(np.all((position >= self.low) & (position <= self.high)))

    def require(self, position: FloatArray) -> None:
        """Refuse a position outside.

        Raises
        ------
        InputError
            The position is not in the box.
        """
        if self.holds(position):
            return
        place = ", ".join(f"{c:.1f}" for c in position)
        raise InputError(
            f"The position ({place}) mm lies outside CT and dose, which reach over "
            f"{self}; choose one inside."
        )

    def __str__(self) -> str:
        """As it is written in a sentence."""
        spans = zip("xyz", self.low, self.high, strict=True)
        return (
            ", ".join(f"{a} {low:.1f} to {high:.1f}" for a, low, high in spans) + " mm"
        )


@dataclass(frozen=True, eq=False)
class Cut:
    """CT and dose in a plane.

    Parameters
    ----------
    view
        Where it is seen from.
    at_mm
        Position of the plane along the axis that is looked along.
    across, upright
        (n,) and (m,) positions of the pixel centers along the two axes, ascending, mm.
    hu, dose
        (m, n) values, upright first; NaN where there are none.
    """

    view: View
    at_mm: float
    across: FloatArray
    upright: FloatArray
    hu: FloatArray
    dose: FloatArray

    @property
    def lacks_ct(self) -> bool:
        """Whether there is a place without CT."""
        return bool(np.isnan(self.hu).any())


def field_of_view(ct: CT, dose: Dose, lowest: float, point: Vec3 | None = None) -> Box:
    """What of CT and dose is worth a picture: body and dose with a margin.

    Parameters
    ----------
    ct, dose
        Of one frame of reference.
    lowest
        Dose from which on it is drawn.
    point
        What is to be in it, ``(x, y, z)`` in mm.

    Raises
    ------
    InputError
        The point lies outside CT and dose.
    """
    whole = reach_of(ct.grid).joined(reach_of(dose.grid))
    box = box_above(ct, _BODY_HU) or reach_of(ct.grid)
    treated = box_above(dose, lowest)
    if treated is not None:
        box = box.joined(treated)
    if point is not None:
        whole.require(np.array(point))
        box = box.joined(Box(np.array(point), np.array(point)))
    box = box.widened(_MARGIN_MM).cropped(whole)
    missing = np.maximum(0.0, _LEAST_MM - box.size) / 2
    return Box(box.low - missing, box.high + missing)


def reach_of(grid: Grid) -> Box:
    """As far as values are interpolated: a single voxel has its thickness."""
    ends = [(0.0, n - 1.0) if n > 1 else (-0.5, 0.5) for n in grid.shape]
    corners = np.stack(np.meshgrid(*ends), axis=-1).reshape(-1, 3)
    return _around(grid.to_patient(corners))


def box_above(volume: Volume, threshold: float) -> Box | None:
    """Box of the voxels above a threshold; not all voxels of a large volume are seen."""
    stride = max(1, int(np.ceil(np.cbrt(volume.array.size / _PROBES))))
    # Never so coarse along one axis that nothing is left of it.
    strides = [min(stride, max(1, n // 32)) for n in volume.grid.shape]
    seen = volume.array[tuple(slice(None, None, step) for step in strides)]
    found = np.argwhere(seen > threshold)
    if not len(found):
        return None
    return _around(volume.grid.to_patient(found * np.array(strides)))


def _around(positions: FloatArray) -> Box:
    return Box(positions.min(axis=0), positions.max(axis=0))


def make_cut(
    ct: CT, dose: Dose, view: View, point: Vec3, box: Box, *, pixel_mm: float
) -> Cut:
    """CT and dose in the plane of a view through a point, over the sides of a box."""
    across = _places(box, view.across, pixel_mm)
    upright = _places(box, view.upright, pixel_mm)
    # Thinner than any voxel, so that nothing is averaged across the plane.
    thin = min(*ct.grid.spacing, *dose.grid.spacing)
    unit = np.eye(3)
    origin = np.empty(3)
    origin[view.normal] = point[view.normal]
    origin[view.across], origin[view.upright] = across[0], upright[0]
    plane = Grid(
        shape=(1, upright.size, across.size),
        origin=_vec3(origin),
        spacing=(thin, float(upright[1] - upright[0]), float(across[1] - across[0])),
        axes=(
            _vec3(unit[view.normal]),
            _vec3(unit[view.upright]),
            _vec3(unit[view.across]),
        ),
        frame_of_reference=ct.grid.frame_of_reference,
    )
    return Cut(
        view=view,
        at_mm=float(point[view.normal]),
        across=across,
        upright=upright,
        hu=resample(ct, plane, outside=np.nan).array[0],
        dose=resample(dose, plane, outside=np.nan).array[0],
    )


def _places(box: Box, axis: int, pixel_mm: float) -> FloatArray:
    """Pixel centers that fill the box evenly."""
    count = max(2, int(np.ceil(box.size[axis] / pixel_mm)))
    step = box.size[axis] / count
    return np.asarray(box.low[axis] + step * (np.arange(count) + 0.5))


def _vec3(numbers: FloatArray) -> Vec3:
    x, y, z = numbers.tolist()
    return x, y, z
