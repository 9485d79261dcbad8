"""Read structured reports (PS3.3, C.17)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from kerma.core.image_reference import ImageReference
from kerma.core.report import ContentItem, Report, Value
from kerma.errors import DicomError
from kerma.io.dicom.code import read_code
from kerma.io.dicom.item import Item
from kerma.io.dicom.objects import Kind, read_object, study_of

__all__ = ["read_report"]

_ROOT = "1.2.840.10008.5.1.4.1.1.88"
_CLASSES = (11, 22, 33, 34, 35, 50, 59, 65, 67, 68, 69, 70, 71, 72, 73, 74, 75)
_KIND = Kind("structured report", tuple(f"{_ROOT}.{n}" for n in _CLASSES), "SR")
_ROUNDING = 1e-2  # a decimal may be rounded for people, but not to another number
_DEEPEST = 60  # no template comes near; Python stops at a thousand calls


def read_report(
    source: Path | str | Sequence[Path | str], *, sop_instance_uid: str | None = None
) -> Report:
    """Read a structured report of any template, as an X-ray radiation dose report.

    Parameters
    ----------
    source
        A file, a folder, a zip archive, or a list of these.
    sop_instance_uid
        Which report, where there are several.

    Raises
    ------
    InputError
        There is no report, or several and none was chosen.
    DicomError
        It is damaged.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    root = _read_node(item, 0)
    unnamed = sum(node.name is None for node in root.walk())
    note = f"{unnamed} item(s) of the report do not say what they are about."
    return Report(
        root,
        sop_class_uid=item.text("SOPClassUID"),
        sop_instance_uid=item.text("SOPInstanceUID"),
        series_instance_uid=item.text("SeriesInstanceUID"),
        date=item.text("ContentDate"),
        time=item.text("ContentTime"),
        is_complete=item.text("CompletionFlag") == "COMPLETE",
        is_verified=item.text("VerificationFlag") == "VERIFIED",
        study=study_of(item),
        notes=(note,) if unnamed else (),
    )


def _read_node(item: Item, depth: int) -> ContentItem:
    if depth > _DEEPEST:
        raise DicomError(
            f"{item.file}: its content is nested over {_DEEPEST} deep; it is damaged."
        )
    value_type = item.text("ValueType")
    read = _READERS.get(value_type, _nothing)
    measured = item.items("MeasuredValueSequence") if value_type == "NUM" else ()
    return ContentItem(
        value_type,
        read_code(item, "ConceptNameCodeSequence"),
        read(item),
        read_code(measured[0], "MeasurementUnitsCodeSequence") if measured else None,
        item.text("RelationshipType"),
        tuple(_read_node(child, depth + 1) for child in item.items("ContentSequence")),
    )


def _nothing(_: Item) -> Value:
    return None


def _number(item: Item) -> Value:
    """The number of a measurement, the binary one where there is one."""
    measured = item.items("MeasuredValueSequence")
    if not measured:
        return None
    if len(measured) > 1:
        raise item.problem(
            "MeasuredValueSequence", f"has {len(measured)} items; only one is allowed"
        )
    decimal = measured[0].number("NumericValue")
    exact = measured[0].number("FloatingPointValue")
    if exact is None or decimal is None:
        return decimal if exact is None else exact
    if not math.isclose(exact, decimal, rel_tol=_ROUNDING, abs_tol=1e-12):
        raise measured[0].problem(
            "NumericValue", f"is {decimal:g}, but its binary value is {exact:g}"
        )
    return exact


def _text(keyword: str) -> Callable[[Item], Value]:
    return lambda item: item.text(keyword) or None


def _images(item: Item) -> Value:
    named = item.items("ReferencedSOPSequence")
    if not named:
        return None
    uids = tuple(one.text("ReferencedSOPInstanceUID") for one in named)
    return ImageReference(uids, named[0].text("ReferencedSOPClassUID"))


def _points(dimensions: int) -> Callable[[Item], Value]:
    def read(item: Item) -> Value:
        numbers = item.numbers("GraphicData")
        if numbers is None:
            return None
        if numbers.size % dimensions:
            raise item.problem(
                "GraphicData", f"has {numbers.size} values for points of {dimensions}"
            )
        return tuple(tuple(point) for point in numbers.reshape(-1, dimensions).tolist())

    return read


_READERS: dict[str, Callable[[Item], Value]] = {
    "NUM": _number,
    "CODE": lambda item: read_code(item, "ConceptCodeSequence"),
    "TEXT": _text("TextValue"),
    "PNAME": _text("PersonName"),
    "DATE": _text("Date"),
    "TIME": _text("Time"),
    "DATETIME": _text("DateTime"),
    "UIDREF": _text("UID"),
    "IMAGE": _images,
    "COMPOSITE": _images,
    "WAVEFORM": _images,
    "SCOORD": _points(2),
    "SCOORD3D": _points(3),
}
