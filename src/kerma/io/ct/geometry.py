"""From the positions of slices to a grid (PS3.3, C.7.6.2.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.errors import DicomError
from kerma.io.ct.pixels import read_hu
from kerma.io.ct.slice import Slice
from kerma.io.dicom.header import Tag
from kerma.io.dicom.orientation import row_and_column

__all__ = ["Stack", "stack_slices"]

_SAME_PLACE = 0.01  # mm; no scanner makes slices as close as this
_OFF_LINE = 0.1  # mm; a slice further aside belongs to another stack
_LEAST_ACROSS = 0.2  # cosine of the tilt; a gantry tilts by 30 degrees
_LISTED = 8


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices in the order of the grid's first axis.

    Parameters
    ----------
    slices
        One for each k.
    grid
        Where their voxels lie.
    notes
        What was odd about their positions.
    """

    slices: tuple[Slice, ...]
    grid: Grid
    notes: tuple[str, ...]


def stack_slices(slices: Sequence[Slice]) -> Stack:
    """Sort slices along their normal and lay a grid through them.

    Only positions count; slice numbers, slice locations and file names do not.

    Raises
    ------
    DicomError
        Positions or orientations are missing or wrong, two different images lie in
        one place, or the slices do not lie on one line.
    """
    rows, columns, notes = _directions(slices)
    places, placed = _positions(slices)
    notes += placed
    normal = np.cross(rows, columns)
    order = np.argsort(places @ normal, kind="stable")
    kept, twice = _without_duplicates(
        [slices[n] for n in order], places[order], places[order] @ normal
    )
    notes += twice
    places = places[order][kept]
    ordered = tuple(slices[order[n]] for n in kept)
    step, offsets = _line(ordered, places, normal)
    spacing, uneven, gaps = _spacing(ordered, offsets)
    first = ordered[0]
    grid = Grid(
        shape=(len(ordered), first.rows, first.columns),
        origin=_vec3(places[0]),
        spacing=(spacing, *first.pixel_spacing),
        axes=(_vec3(step), _vec3(columns), _vec3(rows)),
        frame_of_reference=first.frame_of_reference,
        offsets=uneven,
    )
    return Stack(ordered, grid, notes + gaps)


def _directions(
    slices: Sequence[Slice],
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Unit vectors along a row and down a column, made exactly perpendicular."""
    first = next((s for s in slices if s.orientation is not None), None)
    if first is None or first.orientation is None:
        if len(slices) > 1:
            raise DicomError(_missing(slices[0], Tag.IMAGE_ORIENTATION_PATIENT))
        note = f"{Tag.IMAGE_ORIENTATION_PATIENT} is missing; taken as axial."
        return np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (note,)
    return row_and_column(first.orientation, first.name)


def _positions(slices: Sequence[Slice]) -> tuple[FloatArray, tuple[str, ...]]:
    """(n, 3) origin of each slice, mm, and what to note."""
    unplaced = next((image for image in slices if image.position is None), None)
    if unplaced is None:
        return np.array([image.position for image in slices]), ()
    if len(slices) > 1:
        raise DicomError(_missing(unplaced, Tag.IMAGE_POSITION_PATIENT))
    note = f"{Tag.IMAGE_POSITION_PATIENT} is missing; taken as 0, 0, 0."
    return np.zeros((1, 3)), (note,)


def _missing(image: Slice, tag: Tag) -> str:
    return (
        f"{image.name}: {tag} is missing, so its place in the series is unknown. "
        f"Export the series again."
    )


def _without_duplicates(
    slices: Sequence[Slice], places: FloatArray, heights: FloatArray
) -> tuple[list[int], tuple[str, ...]]:
    """Numbers of the slices to keep, one for each place.

    Raises
    ------
    DicomError
        Images in one place differ.
    """
    kept = [0]
    for n in range(1, len(slices)):
        last = kept[-1]
        if heights[n] - heights[last] > _SAME_PLACE:
            kept.append(n)
        elif not _are_same(slices[last], slices[n], places[last] - places[n]):
            raise DicomError(
                f"{slices[last].name} and {slices[n].name} differ but lie in one "
                f"place, {np.round(places[n], 3).tolist()} mm. The series seems to "
                f"hold several acquisitions or phases: give the files of one as a list."
            )
    dropped = len(slices) - len(kept)
    note = f"{dropped} image(s) were there twice, pixel by pixel; one of each was kept."
    return kept, (note,) if dropped else ()


def _are_same(one: Slice, other: Slice, shift: FloatArray) -> bool:
    """Whether two images have one origin and the same CT numbers."""
    if np.abs(shift).max() > _SAME_PLACE:
        return False
    first, second = read_hu([one]), read_hu([other])
    return bool(np.array_equal(first.hu, second.hu))


def _line(
    slices: Sequence[Slice], places: FloatArray, normal: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Unit vector from slice to slice, and each slice's distance along it, mm.

    It is not the normal where the gantry was tilted.
    """
    if len(slices) == 1:
        return normal, np.zeros(1)
    relative = places - places[0]
    step = relative[-1] / np.linalg.norm(relative[-1])
    offsets = np.round(relative @ step, 9)  # mm; without the dust of the arithmetic
    if step @ normal < _LEAST_ACROSS:
        raise DicomError(
            f"{slices[-1].name}: lies beside the first slice, not above it, so these "
            f"images are no single stack: give the files of one as a list."
        )
    aside = np.linalg.norm(relative - np.outer(offsets, step), axis=1)
    worst = int(np.argmax(aside))
    if aside[worst] > _OFF_LINE:
        raise DicomError(
            f"{slices[worst].name}: lies {aside[worst]:.2f} mm aside of the line "
            f"through the first and the last slice, so these images are no single "
            f"stack: give the files of one as a list."
        )
    return step, offsets


def _spacing(
    slices: Sequence[Slice], offsets: FloatArray
) -> tuple[float, tuple[float, ...] | None, tuple[str, ...]]:
    """Distance of slices, their offsets where it is uneven, and what to note."""
    if len(slices) == 1:
        thickness = slices[0].header.hint(Tag.SLICE_THICKNESS)
        spacing, source = 1.0, "1 mm, since Slice Thickness (0018,0050) is missing"
        if thickness and thickness > 0:
            spacing, source = thickness, f"its thickness of {thickness:g} mm"
        return spacing, None, (f"A single slice; its extent is taken as {source}.",)
    distances = np.diff(offsets)
    median = float(np.median(distances))
    # Every slice is held against its place on the even grid, not each distance
    # against the median: small errors of one sign would add up.
    even = np.linspace(0.0, offsets[-1], offsets.size)
    if np.abs(offsets - even).max() <= max(0.01, 0.01 * median):
        return round(float(offsets[-1]) / (offsets.size - 1), 9), None, ()
    return median, tuple(offsets.tolist()), (_uneven(distances, median),)


def _uneven(distances: FloatArray, median: float) -> str:
    odd = np.flatnonzero(np.abs(distances - median) > max(0.01, 0.01 * median))
    listed = ", ".join(
        f"{distances[k]:.2f} mm between {k} and {k + 1}" for k in odd[:_LISTED]
    )
    more = f" and {odd.size - _LISTED} more" if odd.size > _LISTED else ""
    return (
        f"The slices are unevenly spaced: {median:.2f} mm apart (median), but "
        f"{listed}{more}. Slices may be missing."
    )


def _vec3(vector: FloatArray) -> Vec3:
    x, y, z = vector.tolist()
    return x, y, z
