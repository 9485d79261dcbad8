"""Read segmentations (PS3.3, A.51 and C.8.20)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.core.grid import Grid
from kerma.core.segmentation import TISSUE, Segment, Segmentation, crop
from kerma.errors import DicomError, GeometryError, InputError
from kerma.io.dicom.code import read_code
from kerma.io.dicom.item import Item
from kerma.io.dicom.objects import Kind, read_object, study_of
from kerma.io.dicom.references import other_images, read_homes
from kerma.io.segmentation.frames import Frames, read_frames
from kerma.io.segmentation.geometry import place_on, stack_frames

__all__ = ["read_segmentation"]

_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
_KIND = Kind("segmentation", (_SEGMENTATION, _LABEL_MAP), "SEG")
_MOST_VOXELS = 2**32  # of one box


def read_segmentation(
    source: Path | str | Sequence[Path | str],
    *,
    sop_instance_uid: str | None = None,
    grid: Grid | None = None,
) -> Segmentation:
    """Read a segmentation: binary, fractional, or a label map.

    Parameters
    ----------
    source
        A file, a folder, a zip archive, or a list of these.
    sop_instance_uid
        Which segmentation, where there are several.
    grid
        The grid to put it on, as a rule that of the CT. Without one a grid is laid
        through the planes of the file, which may be fewer than the CT has.

    Raises
    ------
    InputError
        There is no segmentation, or several and none was chosen.
    DicomError
        It is damaged, or its frames cannot be stacked.
    GeometryError
        It does not lie on the given grid.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    frames = read_frames(item)
    grid, slices, notes = _place(frames, grid)
    try:
        return Segmentation(
            grid,
            _read_segments(frames, slices),
            fractional_type=item.text("SegmentationFractionalType") or "OCCUPANCY",
            label=item.text("ContentLabel"),
            description=item.text("ContentDescription"),
            date=item.text("ContentDate"),
            time=item.text("ContentTime"),
            images=other_images(read_homes(item), ()),
            sop_class_uid=item.text("SOPClassUID"),
            sop_instance_uid=item.text("SOPInstanceUID"),
            series_instance_uid=item.text("SeriesInstanceUID"),
            study=study_of(item),
            notes=notes,
        )
    except DicomError:
        raise
    except InputError as error:  # a number or a code that no segment can have
        raise DicomError(f"{item.file}: {error}") from error


def _place(frames: Frames, grid: Grid | None) -> tuple[Grid, IntArray, tuple[str, ...]]:
    """The grid, the slice of each frame, and what was odd."""
    if grid is not None:
        return grid, place_on(grid, frames), ()
    try:
        return stack_frames(frames)
    except GeometryError as error:
        raise DicomError(f"{frames.item.file}: {error}") from error


def _read_segments(frames: Frames, slices: IntArray) -> tuple[Segment, ...]:
    described = {
        one.required_integer("SegmentNumber"): one
        for one in frames.item.required_items("SegmentSequence")
    }
    kind = frames.item.text("SegmentationType")
    if kind == "LABELMAP":
        return _label_segments(frames, slices, described)
    if kind not in ("BINARY", "FRACTIONAL"):
        raise frames.item.problem(
            "SegmentationType", "is none of BINARY, FRACTIONAL and LABELMAP"
        )
    unknown = set(frames.numbers.tolist()) - set(described)
    if unknown:
        raise frames.item.problem(
            "SegmentSequence", f"does not describe the segments {sorted(unknown)}"
        )
    segments = []
    for number, item in described.items():
        held = np.flatnonzero(frames.numbers == number)
        array, first = _stack(frames, held, slices[held])
        whole = (
            _fractions(frames, array) if kind == "FRACTIONAL" else _truth(frames, array)
        )
        segments.append(_segment(number, item, whole, first))
    return tuple(segments)


def _label_segments(
    frames: Frames, slices: IntArray, described: dict[int, Item]
) -> tuple[Segment, ...]:
    """Segments of a label map; its background may be described, but is no segment."""
    background = {0, frames.item.integer("PixelPaddingValue") or 0}
    numbers, first = _stack(frames, np.arange(frames.count), slices)
    unknown = set(np.unique(numbers).tolist()) - set(described) - background
    if unknown:
        raise frames.item.problem(
            "SegmentSequence", f"does not describe the segments {sorted(unknown)[:8]}"
        )
    return tuple(
        _segment(number, item, numbers == number, first)
        for number, item in described.items()
        if number not in background
    )


def _stack(frames: Frames, held: IntArray, slices: IntArray) -> tuple[IntArray, int]:
    """(nk, nj, ni) stored values of frames between the first and the last slice."""
    if not held.size:
        return np.zeros((0, frames.rows, frames.columns), np.uint8), 0
    if np.unique(slices).size < slices.size:
        raise DicomError(
            f"{frames.item.file}: two frames of a segment lie in one place; it seems to "
            f"hold several points in time."
        )
    first, last = int(slices.min()), int(slices.max())
    shape = (last - first + 1, frames.rows, frames.columns)
    if np.prod(shape) > _MOST_VOXELS:
        raise DicomError(f"{frames.item.file}: {shape} voxels are too many to hold.")
    stacked = np.zeros(shape, dtype=frames.values(int(held[0])).dtype)
    for n, k in zip(held.tolist(), slices.tolist(), strict=True):
        stacked[k - first] = frames.values(n)
    return stacked, first


def _truth(frames: Frames, stored: IntArray) -> BoolArray:
    if stored.size and stored.max() > 1:
        raise frames.item.problem(
            "PixelData", f"holds {stored.max()} in a binary segmentation"
        )
    return stored.astype(np.bool_)


def _fractions(frames: Frames, stored: IntArray) -> FloatArray:
    largest = frames.item.required_integer("MaximumFractionalValue")
    if largest < 1 or (stored.size and stored.max() > largest):
        raise frames.item.problem(
            "MaximumFractionalValue", f"is {largest}, but there are greater values"
        )
    return stored.astype(np.float32) / np.float32(largest)


def _segment(
    number: int, item: Item, array: BoolArray | FloatArray, first: int
) -> Segment:
    box, (k, j, i) = crop(array)
    return Segment(
        number,
        item.text("SegmentLabel"),
        box,
        (k + first, j, i),
        category=read_code(item, "SegmentedPropertyCategoryCodeSequence") or TISSUE,
        property_type=read_code(item, "SegmentedPropertyTypeCodeSequence") or TISSUE,
        algorithm_type=item.text("SegmentAlgorithmType"),
        algorithm_name=item.text("SegmentAlgorithmName"),
    )
