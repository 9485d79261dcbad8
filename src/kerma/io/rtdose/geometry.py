"""Where the planes of an RT Dose lie (PS3.3, C.8.8.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray, Vec3
from kerma.core.grid import Grid
from kerma.io.dicom.item import Item, element_name
from kerma.io.dicom.orientation import row_and_column

__all__ = ["Planes", "is_axial", "read_planes"]

_SAME_PLACE = 0.01  # mm; offsets are often written with two decimals
_DEFAULT_THICKNESS = 1.0  # mm
_SPACING = (0.001, 100.0)  # mm; dose grids are rarely over 10
_FARTHEST = 1e5  # mm from the origin of patient coordinates
_MOST_VOXELS = 2**30  # 4 GiB of float32
_OFFSETS = "GridFrameOffsetVector"


@dataclass(frozen=True, eq=False)
class Planes:
    """The grid of a dose, and which frame of the file is which slice of it.

    Parameters
    ----------
    grid
        Where the voxels lie; slices ascend along the normal.
    slices
        (nk,) number of the slice that each frame holds, in the order of the frames.
    notes
        What was odd about the positions.
    """

    grid: Grid
    slices: IntArray
    notes: tuple[str, ...]


def read_planes(item: Item) -> Planes:
    """Place the frames of a dose.

    Raises
    ------
    DicomError
        Matrix, spacing, position, orientation or offsets are missing or wrong, the
        offsets have neither of the two forms that DICOM has, or two frames lie in
        one place or out of order.
    """
    shape = _shape(item)
    spacing = item.required_numbers("PixelSpacing", 2)
    if not (_SPACING[0] <= spacing.min() and spacing.max() <= _SPACING[1]):
        raise item.problem(
            "PixelSpacing",
            f"is {spacing[0]:g} x {spacing[1]:g} mm, which no dose grid has",
        )
    orientation = item.required_numbers("ImageOrientationPatient", 6)
    rows, columns, notes = row_and_column(orientation, item.file)
    normal = np.cross(rows, columns)
    position = item.required_numbers("ImagePositionPatient", 3)
    if np.abs(position).max() > _FARTHEST:
        raise item.problem(
            "ImagePositionPatient", f"is {position.tolist()} mm, beyond any patient"
        )
    axial = is_axial(rows, columns)
    offsets, dropped = _offsets(item, shape[0], position[2] if axial else None)
    slices = np.arange(shape[0])
    if offsets[-1] < 0:  # the frames run against the normal
        slices = slices[::-1]
    ascending = np.round(offsets[slices] - offsets[slices[0]], 9)
    distance, uneven, uneven_notes = _distance(item, ascending)
    frame, frame_notes = _frame_of_reference(item)
    grid = Grid(
        shape=shape,
        origin=_vec3(position + offsets[slices[0]] * normal),
        spacing=(distance, float(spacing[0]), float(spacing[1])),
        axes=(_vec3(normal), _vec3(columns), _vec3(rows)),
        frame_of_reference=frame,
        offsets=uneven,
    )
    notes += dropped + uneven_notes + frame_notes
    return Planes(grid, slices, notes)


def is_axial(rows: FloatArray, columns: FloatArray) -> bool:
    """Whether the orientation is 1, 0, 0, 0, 1, 0, the only one with absolute z."""
    return bool(np.allclose([*rows, *columns], [1, 0, 0, 0, 1, 0], atol=1e-4))


def _shape(item: Item) -> tuple[int, int, int]:
    count = item.integer("NumberOfFrames")
    count = 1 if count is None else count
    rows, columns = item.required_integer("Rows"), item.required_integer("Columns")
    for keyword, number in (
        ("NumberOfFrames", count),
        ("Rows", rows),
        ("Columns", columns),
    ):
        if number < 1:
            raise item.problem(keyword, f"is {number}; at least 1 is needed")
    if count * rows * columns > _MOST_VOXELS:
        raise item.problem(
            "NumberOfFrames",
            f"is {count}, of {rows} x {columns} pixels; at most {_MOST_VOXELS} voxels "
            f"are read",
        )
    return count, rows, columns


def _offsets(
    item: Item, count: int, axial_z: float | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """(count,) distance of each frame from the first along the normal, mm.

    The vector either starts from 0 and runs along the normal, or holds the z of each
    frame; in the axial orientation, the only one that allows z, the normal is z, so
    that both forms agree once the first value is taken off.
    """
    vector = item.numbers(_OFFSETS)
    if vector is None:
        if count > 1:
            raise item.problem(
                _OFFSETS,
                f"is missing, so the places of {count} frames are unknown. Export the "
                f"dose again",
            )
        return np.zeros(1), ()
    if vector.size < count:
        raise item.problem(_OFFSETS, f"has {vector.size} values for {count} frames")
    first = float(vector[0])
    starts = (0.0,) if axial_z is None else (0.0, axial_z)
    if not any(abs(first - start) <= _SAME_PLACE for start in starts):
        z = "" if axial_z is None else f", nor the z of the first frame, {axial_z:g}"
        raise item.problem(
            _OFFSETS,
            f"starts from {first:g} mm, which is not 0{z}: where the frames lie cannot "
            f"be told. Export the dose again",
        )
    if np.abs(vector[:count]).max() > _FARTHEST:
        raise item.problem(_OFFSETS, "holds values beyond any patient")
    note = (
        f"{element_name(_OFFSETS)} has {vector.size} values for {count} frames; those "
        f"beyond were left out."
    )
    return vector[:count] - first, (note,) if vector.size > count else ()


def _distance(
    item: Item, ascending: FloatArray
) -> tuple[float, tuple[float, ...] | None, tuple[str, ...]]:
    """Distance of slices, their offsets where it is uneven, and what to note."""
    if ascending.size == 1:
        return _thickness(item)
    gaps = np.diff(ascending)
    if gaps.min() <= _SAME_PLACE:
        raise item.problem(
            _OFFSETS,
            f"puts two frames in one place or out of order (one is {gaps.min():g} mm "
            f"from the one before). Export the dose again",
        )
    even = np.linspace(0.0, ascending[-1], ascending.size)
    if np.abs(ascending - even).max() <= _SAME_PLACE:
        return round(float(ascending[-1]) / gaps.size, 9), None, ()
    note = f"The planes are unevenly spaced, {gaps.min():g} to {gaps.max():g} mm apart."
    return float(np.median(gaps)), tuple(ascending.tolist()), (note,)


def _thickness(item: Item) -> tuple[float, None, tuple[str, ...]]:
    thickness = item.number("SliceThickness")
    if thickness is not None and thickness > 0:
        source = f"its Slice Thickness (0018,0050) of {thickness:g} mm"
    else:
        thickness = _DEFAULT_THICKNESS
        source = f"{thickness:g} mm, since Slice Thickness (0018,0050) is missing"
    return thickness, None, (f"A single plane; its extent is taken as {source}.",)


def _frame_of_reference(item: Item) -> tuple[str, tuple[str, ...]]:
    frame = item.text("FrameOfReferenceUID")
    note = f"{element_name('FrameOfReferenceUID')} is missing."
    return frame, () if frame else (note,)


def _vec3(vector: FloatArray) -> Vec3:
    x, y, z = vector.tolist()
    return x, y, z
