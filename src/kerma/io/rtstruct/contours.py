"""The contours of an RT structure set (PS3.3, C.8.8.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, IntArray
from kerma.core.structures import Contour, ContourKind
from kerma.errors import DicomError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.decimal_text import array_of
from kerma.io.dicom.header import (
    OddHeaderError,
    ShortHeaderError,
    Tag,
    is_explicit,
    plain,
    walk,
)
from kerma.io.dicom.item import Item
from kerma.io.rtstruct.shape import measure_shapes

__all__ = ["read_contours"]

_KINDS = {kind.value.encode(): kind for kind in ContourKind}
_MOST_TEXT = 256 * 2**20  # bytes of coordinates; a large set has 20 MiB
_FARTHEST = 1e6  # mm
# Narrower than this a contour is a line: coordinates have three or four decimals.
_LEAST_WIDTH = 1e-4  # mm, root mean square
_FLAT = 0.1  # mm
_LISTED = 8
_SEPARATOR = b"\\"


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A contour as it stands in the file; `declared` is its number of points."""

    roi: int
    number: int
    item: Item
    kind: ContourKind
    text: bytes
    declared: float | None
    image_uid: str


def read_contours(
    rois: Mapping[int, Item],
) -> tuple[dict[int, tuple[Contour, ...]], list[str]]:
    """Contours of each ROI, and what was odd about them.

    Closed contours lose a repeated last point. Those that then enclose nothing are
    left out, with a note.

    Parameters
    ----------
    rois
        Items of the ROI Contour Sequence by ROI number.

    Raises
    ------
    DicomError
        A contour is of no known kind, has no positions or bad ones, or there is more
        than fits into memory.
    """
    notes: list[str] = []
    drawn = [one for number, roi in rois.items() for one in _drawn(roi, number, notes)]
    points, sizes = _positions(drawn)
    declared = np.array([one.declared for one in drawn], np.float64)  # None is NaN
    is_closed = np.array([one.kind.is_closed for one in drawn], np.bool_)
    notes += _listed(
        drawn,
        declared != sizes,
        "Number of Contour Points (3006,0046) is missing or wrong; the points count",
    )
    points, sizes = _opened(points, sizes, is_closed)
    shapes = measure_shapes(points, sizes)
    is_empty = is_closed & (shapes.width_mm < _LEAST_WIDTH)
    is_bent = is_closed & (shapes.off_plane_mm > _FLAT)
    notes += _listed(drawn, is_empty, "encloses no area, so left out")
    notes += _listed(drawn, is_bent, f"leaves its plane by more than {_FLAT:g} mm")
    contours: dict[int, list[Contour]] = {number: [] for number in rois}
    parts = np.split(points, np.cumsum(sizes)[:-1])
    for one, part, empty in zip(drawn, parts, is_empty, strict=False):
        if not empty:
            contours[one.roi].append(Contour(part, one.kind, one.image_uid))
    return {number: tuple(some) for number, some in contours.items()}, notes


def _drawn(roi: Item, roi_number: int, notes: list[str]) -> Iterator[_Drawn]:
    """The contours of one ROI, still as text."""
    for number, part in enumerate(roi.items("ContourSequence"), start=1):
        item = Item(part.data, part.file, f"ROI {roi_number}, contour {number}")
        refuse_damage(item)
        declared = _declared(item)
        text = _text(item)
        if not text and declared == 0:
            notes.append(f"{item.place} has no points; left out.")
        elif not text:
            raise item.problem("ContourData", "is missing")
        else:
            kind = _kind(item)
            yield _Drawn(
                roi_number, number, item, kind, text, declared, _image_uid(item)
            )


def _declared(item: Item) -> float | None:
    value = item.raw("NumberOfContourPoints")
    if value is None:
        return item.number("NumberOfContourPoints")
    number = float(array_of(value)[0])
    return number if np.isfinite(number) else None


def _kind(item: Item) -> ContourKind:
    value = item.raw("ContourGeometricType")
    if value is None:
        value = item.text("ContourGeometricType").encode()
    value = value.strip(b" \0")
    kind = _KINDS.get(value)
    if kind is None:
        raise item.problem(
            "ContourGeometricType",
            f"is {plain(value.decode('latin-1'), 24)!r}; known are "
            f"{', '.join(ContourKind)}",
        )
    return kind


def _text(item: Item) -> bytes:
    """Contour Data as it stands in the file; over 64 KiB its VR may be UN."""
    from pydicom.datadict import tag_for_keyword

    value = item.raw("ContourData")
    if value is None:
        if item.has("ContourData"):
            raise item.problem("ContourData", "is no list of decimal numbers")
        return b""
    vr = item.data.get_item(tag_for_keyword("ContourData") or 0).VR
    if vr not in (None, "DS", "UN"):
        raise item.problem(
            "ContourData", f"is of value representation {vr}; DS is needed"
        )
    return value.strip(b" \0")


def _image_uid(item: Item) -> str:
    """UID of the image that the contour was drawn on; empty where none is named."""
    # To parse a sequence in each of a thousand contours would double the time.
    uid = _first_uid(item.raw("ContourImageSequence") or b"")
    if not uid:
        images = item.items("ContourImageSequence")
        return images[0].text("ReferencedSOPInstanceUID") if images else ""
    return plain(uid.decode("latin-1").strip(" \0"))


def _first_uid(sequence: bytes) -> bytes:
    """Referenced SOP Instance UID in the first item of a little-endian sequence."""
    elements: dict[int, bytes] = {}
    tag = Tag.REFERENCED_SOP_INSTANCE_UID
    start = 8  # after tag and length of the item
    with suppress(ShortHeaderError, OddHeaderError):
        explicit = is_explicit(sequence, start)
        walk(sequence, start, explicit=explicit, until=tag + 1, elements=elements)
    return elements.get(tag, b"")


def _positions(drawn: Sequence[_Drawn]) -> tuple[FloatArray, IntArray]:
    """(m, 3) points of all contours in a row, and (n,) how many each has."""
    if not drawn:
        return np.zeros((0, 3)), np.zeros(0, np.intp)
    if sum(len(one.text) for one in drawn) > _MOST_TEXT:
        raise DicomError(
            f"{drawn[0].item.file}: holds over {_MOST_TEXT >> 20} MiB of contours, too "
            f"much to read at once."
        )
    counts = np.array([one.text.count(_SEPARATOR) + 1 for one in drawn])
    if (counts % 3).any():
        one = drawn[int(np.argmax(counts % 3 > 0))]
        raise one.item.problem(
            "ContourData",
            f"has {one.text.count(_SEPARATOR) + 1} numbers, which is no multiple of 3. "
            f"Export it again",
        )
    numbers = array_of(_SEPARATOR.join([one.text for one in drawn]))
    bad = ~(np.abs(numbers) <= _FARTHEST)  # NaN is bad too
    if bad.any():
        first = int(np.argmax(bad))
        raise _bad_number(drawn, counts, first)
    return numbers.reshape(-1, 3), counts // 3


def _bad_number(drawn: Sequence[_Drawn], counts: IntArray, index: int) -> DicomError:
    ends = np.cumsum(counts)
    which = int(np.searchsorted(ends, index, side="right"))
    within = index - int(ends[which] - counts[which])
    part = drawn[which].text.split(_SEPARATOR)[within].decode("latin-1")
    return drawn[which].item.problem(
        "ContourData",
        f"has {plain(part, 24)!r} as number {within + 1}; needed are finite numbers "
        f"within {_FARTHEST:g} mm. Export it again",
    )


def _opened(
    points: FloatArray, sizes: IntArray, is_closed: BoolArray
) -> tuple[FloatArray, IntArray]:
    """The points without the last one of closed contours that repeat the first."""
    if not sizes.size:
        return points, sizes
    ends = np.cumsum(sizes)
    same = (points[ends - sizes] == points[ends - 1]).all(axis=1)
    repeats = is_closed & same & (sizes > 1)
    return np.delete(points, ends[repeats] - 1, axis=0), sizes - repeats


def _listed(drawn: Sequence[_Drawn], which: BoolArray, what: str) -> list[str]:
    """One note for each ROI with such contours."""
    numbers: dict[int, list[int]] = {}
    for index in np.flatnonzero(which).tolist():
        numbers.setdefault(drawn[index].roi, []).append(drawn[index].number)
    notes = []
    for roi, some in numbers.items():
        shown = ", ".join(map(str, some[:_LISTED]))
        more = f" and {len(some) - _LISTED} more" if len(some) > _LISTED else ""
        notes.append(f"ROI {roi}, contour {shown}{more}: {what}.")
    return notes
