"""The frames of a segmentation: their values and where they lie (PS3.3, C.8.20)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.errors import DicomError
from kerma.io.dicom.gateway import decode, guarded
from kerma.io.dicom.item import Item

__all__ = ["Frames", "read_frames"]

_MOST_FRAMES = 2**17
_MOST_PIXELS = 2**26  # of one frame
_FARTHEST = 1e5  # mm from the origin of patient coordinates


@dataclass(frozen=True, eq=False)
class Frames:
    """Every frame of a segmentation.

    Parameters
    ----------
    item
        The object.
    count, rows, columns
        Size of the image.
    positions
        (n, 3) Image Position (Patient) of each frame, mm.
    orientation
        (6,) Image Orientation (Patient), the same for all.
    spacing
        (2,) distance of rows and of columns, mm.
    slice_spacing, thickness
        Spacing Between Slices and Slice Thickness, mm, where they are stated.
    numbers
        (n,) segment of each frame; zero in a label map, where a frame has many.
    """

    item: Item
    count: int
    rows: int
    columns: int
    positions: FloatArray
    orientation: FloatArray
    spacing: FloatArray
    slice_spacing: float | None
    thickness: float | None
    numbers: IntArray

    def values(self, frame: int) -> IntArray:
        """(rows, columns) stored values of one frame.

        Raises
        ------
        DicomError
            They cannot be decoded.
        """
        if not isinstance(self._native, bytes):
            image = decode(self.item.data, self.item.file, frame)
            return np.asarray(image, dtype=np.uint16)
        pixels = self.rows * self.columns
        start = frame * pixels
        if self._bits == 1:
            first, last = start // 8, -(-(start + pixels) // 8)
            packed = np.frombuffer(self._native[first:last], np.uint8)
            bits = np.unpackbits(packed, bitorder="little")[start - 8 * first :]
            return bits[:pixels].reshape(self.rows, self.columns)
        order = "<" if self.item.data.original_encoding[1] is not False else ">"
        kind = np.dtype(f"{order}u{self._bits // 8}")
        stored: IntArray = np.frombuffer(
            self._native, kind, pixels, start * kind.itemsize
        )
        return stored.reshape(self.rows, self.columns)

    @cached_property
    def _bits(self) -> int:
        bits = self.item.required_integer("BitsAllocated")
        if bits not in (1, 8, 16) or self.item.integer("SamplesPerPixel") not in (
            1,
            None,
        ):
            raise self.item.problem(
                "BitsAllocated", f"is {bits}; a segmentation has 1, 8 or 16 bits"
            )
        return bits

    @cached_property
    def _native(self) -> bytes | None:
        """Pixel Data; ``None`` where they are compressed."""
        meta = Item(self.item.data.file_meta, self.item.file)
        syntax = meta.value("TransferSyntaxUID")
        with guarded(self.item.file):  # it may be no transfer syntax at all
            if syntax is not None and syntax.is_encapsulated:
                return None
        data = self.item.value("PixelData")
        needed = -(-self.count * self.rows * self.columns * self._bits // 8)
        if not isinstance(data, bytes) or len(data) < needed:
            raise self.item.problem(
                "PixelData",
                f"has {len(data or b'')} bytes; {self.count} frames of {self.rows} x "
                f"{self.columns} need {needed}",
            )
        return data


def read_frames(item: Item) -> Frames:
    """Gather what the functional groups say of each frame.

    Raises
    ------
    DicomError
        The groups do not fit the number of frames, a position is missing, or frames
        differ in orientation or spacing.
    """
    groups = _groups(item)
    measures = [_group(one, "PixelMeasuresSequence") for one in groups]
    planes = [_group(one, "PlaneOrientationSequence") for one in groups]
    places = [_group(one, "PlanePositionSequence") for one in groups]
    rows, columns = (item.required_integer(name) for name in ("Rows", "Columns"))
    if not 0 < rows * columns <= _MOST_PIXELS:
        raise item.problem("Rows", f"and columns are {rows} x {columns}")
    spacing = _common(measures, "PixelSpacing", 2)
    positions = [p.required_numbers("ImagePositionPatient", 3) for p in places]
    if spacing.min() <= 0 or np.abs(positions).max() > _FARTHEST:
        raise places[0].problem(
            "ImagePositionPatient",
            f"or spacing is impossible: {np.abs(positions).max():g} mm from the "
            f"origin, pixels of {spacing.tolist()} mm",
        )
    return Frames(
        item=item,
        count=len(groups),
        rows=rows,
        columns=columns,
        positions=np.array(positions),
        orientation=_common(planes, "ImageOrientationPatient", 6),
        spacing=spacing,
        slice_spacing=_positive(measures[0].number("SpacingBetweenSlices")),
        thickness=_positive(measures[0].number("SliceThickness")),
        numbers=np.array([_number(item, one) for one in groups]),
    )


def _groups(item: Item) -> list[tuple[Item, ...]]:
    """Per frame, where its functional groups are to be looked for."""
    shared = item.items("SharedFunctionalGroupsSequence")
    frames = item.required_items("PerFrameFunctionalGroupsSequence")
    count = item.integer("NumberOfFrames") or 1
    if count != len(frames) or count > _MOST_FRAMES:
        raise item.problem(
            "NumberOfFrames", f"is {count}, but {len(frames)} frames are described"
        )
    return [(frame, *shared) for frame in frames]


def _group(groups: tuple[Item, ...], keyword: str) -> Item:
    for group in groups:
        found = group.items(keyword)
        if found:
            return found[0]
    raise groups[0].problem(
        keyword, "is missing, so the frame has no place in the patient"
    )


def _common(items: list[Item], keyword: str, count: int) -> FloatArray:
    """Numbers that all frames have to share."""
    every = np.array([item.required_numbers(keyword, count) for item in items])
    if np.abs(every - every[0]).max() > 1e-4:
        raise items[0].problem(
            keyword, "differs between frames; such a segmentation cannot be stacked"
        )
    first: FloatArray = every[0]
    return first


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _number(item: Item, groups: tuple[Item, ...]) -> int:
    if item.text("SegmentationType") == "LABELMAP":
        return 0
    segment = _group(groups, "SegmentIdentificationSequence")
    number = segment.required_integer("ReferencedSegmentNumber")
    if number < 1:
        raise DicomError(
            f"{segment.problem('ReferencedSegmentNumber', f'is {number}')} Segments "
            f"count from 1."
        )
    return number
