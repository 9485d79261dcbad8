"""From the frames of a segmentation to a grid."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray, IntArray, Vec3
from kerma.core.grid import Grid
from kerma.errors import DicomError, GeometryError
from kerma.io.dicom.orientation import row_and_column
from kerma.io.segmentation.frames import Frames

__all__ = ["place_on", "stack_frames"]

_SAME_PLACE = 0.01  # mm; no scanner makes slices as close as this
_OFF_LINE = 0.1  # mm; a plane further aside belongs to another stack
_OFF_GRID = 0.02  # mm; positions are often written with two decimals
_LEAST_ACROSS = 0.2  # cosine of the tilt; a gantry tilts by 30 degrees
_MOST_PLANES = 20_000


def stack_frames(frames: Frames) -> tuple[Grid, IntArray, tuple[str, ...]]:
    """Lay a grid through the planes of the frames.

    Frames in which nothing is segmented are left out of many files. Where the distances
    are multiples of the stated slice spacing, or of the smallest distance, the planes
    between are filled in; where they are not, the grid is uneven.

    Returns
    -------
    grid
        Slices ascend along the normal.
    slices
        (n,) slice of each frame.
    notes
        What was odd.

    Raises
    ------
    DicomError
        The planes do not lie on one line, or their distance cannot be known.
    """
    rows, columns, notes = row_and_column(frames.orientation, frames.item.file)
    normal = np.cross(rows, columns)
    heights = frames.positions @ normal
    order = np.argsort(heights, kind="stable")
    is_new = np.diff(heights[order], prepend=-np.inf) > _SAME_PLACE
    plane_of = np.empty(frames.count, dtype=np.int64)
    plane_of[order] = np.cumsum(is_new) - 1
    places = frames.positions[order[is_new]]
    _check_line(frames, frames.positions - places[plane_of], "another frame there")
    step, offsets = _line(frames, places, normal)
    spacing, slices, uneven, more = _spacing(frames, offsets, float(step @ normal))
    grid = Grid(
        shape=(int(slices[-1]) + 1, frames.rows, frames.columns),
        origin=_vec3(places[0]),
        spacing=(spacing, float(frames.spacing[0]), float(frames.spacing[1])),
        axes=(_vec3(step), _vec3(columns), _vec3(rows)),
        frame_of_reference=frames.item.text("FrameOfReferenceUID"),
        offsets=uneven,
    )
    return grid, slices[plane_of], notes + more


def _line(
    frames: Frames, places: FloatArray, normal: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Unit vector from plane to plane, and each plane's distance along it, mm."""
    if len(places) == 1:
        return normal, np.zeros(1)
    relative = places - places[0]
    step = relative[-1] / np.linalg.norm(relative[-1])
    if step @ normal < _LEAST_ACROSS:
        raise DicomError(
            f"{frames.item.file}: its planes lie beside each other, not above, so they "
            f"are no single stack."
        )
    offsets = np.round(relative @ step, 9)  # mm; without the dust of the arithmetic
    _check_line(frames, relative - np.outer(offsets, step), "the line of the planes")
    return step, offsets


def _check_line(frames: Frames, aside: FloatArray, what: str) -> None:
    worst = float(np.linalg.norm(aside, axis=1).max())
    if worst > _OFF_LINE:
        raise DicomError(
            f"{frames.item.file}: a frame lies {worst:.2f} mm aside of {what}, so these "
            f"frames are no single stack."
        )


def _spacing(
    frames: Frames, offsets: FloatArray, across: float
) -> tuple[float, IntArray, tuple[float, ...] | None, tuple[str, ...]]:
    """Distance of slices, slice of each plane, uneven offsets, notes."""
    stated = frames.slice_spacing or frames.thickness
    if offsets.size == 1:
        if stated is None:
            raise DicomError(
                f"{frames.item.file}: has a single plane and states neither its "
                f"thickness nor a slice spacing. Give the grid of the CT."
            )
        return stated, np.zeros(1, dtype=np.int64), None, ()
    smallest = float(np.diff(offsets).min())
    known = frames.slice_spacing
    for unit in (known / across if known else smallest, smallest):
        slices = np.rint(offsets / unit).astype(np.int64)
        last = int(slices[-1])
        if last >= _MOST_PLANES:
            break
        even = slices * (offsets[-1] / max(last, 1))
        fits = np.abs(offsets - even).max() <= max(_SAME_PLACE, 0.01 * unit)
        if last and fits and np.diff(slices).min() > 0:
            return float(even[-1] / last), slices, None, _filled(last, slices, known)
    median = float(np.median(np.diff(offsets)))
    note = "The planes are unevenly spaced; none was filled in."
    return median, np.arange(offsets.size), tuple(offsets.tolist()), (note,)


def _filled(last: int, slices: IntArray, known: float | None) -> tuple[str, ...]:
    missing = last + 1 - slices.size
    if not missing or known is not None:
        return ()
    note = (
        f"{missing} plane(s) without a frame were filled in as empty; no slice spacing "
        f"is stated, so it was taken from the planes that there are."
    )
    return (note,)


def place_on(grid: Grid, frames: Frames) -> IntArray:
    """(n,) slice of a given grid on which each frame lies.

    Raises
    ------
    GeometryError
        A frame does not lie on the voxels of a slice, or in another frame of reference.
    """
    name, frame = frames.item.file, frames.item.text("FrameOfReferenceUID")
    if frame != grid.frame_of_reference:
        raise GeometryError(
            f"{name}: lies in the frame of reference {frame or '(none)'}, but the grid "
            f"in {grid.frame_of_reference or '(none)'}."
        )
    if (frames.rows, frames.columns) != grid.shape[1:]:
        raise GeometryError(
            f"{name}: has {frames.rows} x {frames.columns} voxels a slice, but the grid "
            f"has {grid.shape[1]} x {grid.shape[2]}."
        )
    rows, columns, _ = row_and_column(frames.orientation, name)
    far = [
        (frames.columns - 1) * frames.spacing[1] * rows,
        (frames.rows - 1) * frames.spacing[0] * columns,
    ]
    slices = np.rint(grid.to_index(frames.positions)[:, 0]).astype(np.int64)
    first = np.zeros((slices.size, 3))
    first[:, 0] = slices
    # Three corners of each frame, as the grid and as the file place them.
    corners = [
        (np.zeros(3), np.zeros(3)),
        (np.array([0, 0, frames.columns - 1]), far[0]),
        (np.array([0, frames.rows - 1, 0]), far[1]),
    ]
    away = max(
        np.abs(grid.to_patient(first + index) - frames.positions - shift).max()
        for index, shift in corners
    )
    if away > _OFF_GRID or slices.min() < 0 or slices.max() >= grid.shape[0]:
        raise GeometryError(
            f"{name}: does not lie on the slices of the grid ({away:.2f} mm off, slices "
            f"{slices.min()} to {slices.max()} of {grid.shape[0]}). Read it without the "
            f"grid and resample it."
        )
    return slices


def _vec3(vector: FloatArray) -> Vec3:
    x, y, z = np.asarray(vector).tolist()
    return x, y, z
