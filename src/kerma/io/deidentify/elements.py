"""A parsed data set, element by element, with as little decoded as possible.

What is not decoded is written as it was read, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerma.errors import DicomError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "NUMBERS",
    "TEXTS",
    "bytes_of",
    "element_label",
    "expected_vr",
    "items_of",
    "text_of",
    "vr_of",
    "walk",
]

_DEEPEST = 32

# fmt: off
TEXTS = frozenset((
    "AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR",
    "UT",
))
NUMBERS = frozenset((
    "AT", "DS", "FD", "FL", "IS", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL",
    "US", "UV", "US or SS", "US or OW", "US or SS or OW", "OB or OW",
))
# fmt: on


def expected_vr(tag: int) -> str:
    """Value representation in PS3.6; UN where it lists no such element."""
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def vr_of(data: Dataset, tag: int) -> str:
    """Value representation: the file's, or that of PS3.6 where the file says none."""
    vr = data.get_item(tag).VR
    return expected_vr(tag) if vr in (None, "UN") else str(vr)


def bytes_of(data: Dataset, tag: int) -> bytes:
    """The undecoded value; empty where pydicom has decoded it."""
    value: Any = data.get_item(tag).value
    return value if isinstance(value, bytes) else b""


def text_of(data: Dataset, tag: int) -> str:
    """Text of an element, values parted by a backslash.

    Text outside ASCII is given in each reading that it may have been meant in, as the
    character set is often declared wrongly; for searching, not for writing.
    """
    from pydicom.dataelem import RawDataElement, convert_raw_data_element

    element: Any = data.get_item(tag)
    if not isinstance(element, RawDataElement):
        return _joined(element.value)
    raw = element.value or b""
    if raw.isascii() and b"\x1b" not in raw:  # an escape begins another character set
        return str(raw.decode("ascii")).rstrip(" \0")
    readings = [raw.decode(code, "ignore") for code in ("utf-8", "latin-1")]
    if vr_of(data, tag) in TEXTS:
        codes = data.original_character_set or None
        converted = convert_raw_data_element(element, encoding=codes, ds=data)
        readings.insert(0, _joined(converted.value))
    return "\n".join(readings)


def _joined(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    if hasattr(value, "components"):  # a person's name, which iterates its letters
        return str(value)
    return "\\".join(str(part) for part in value)


def items_of(data: Dataset, tag: int) -> list[Dataset]:
    """Items of a sequence; none where it is empty or no sequence."""
    value = data[tag].value
    return list(value) if data[tag].VR == "SQ" and value else []


def walk(data: Dataset, depth: int = 0) -> Iterator[tuple[Dataset, int, str]]:
    """Every element at any depth, as the data set it is in, its tag and its VR.

    Raises
    ------
    DicomError
        Sequences are nested deeper than any object of the standard nests them. pydicom
        would need memory without bounds to say so.
    """
    if depth > _DEEPEST:
        raise DicomError(
            f"Its sequences are nested over {_DEEPEST} deep, so it was left unread."
        )
    for tag in list(data.keys()):
        vr = vr_of(data, tag)
        yield data, int(tag), vr
        if vr == "SQ":
            for item in items_of(data, tag):
                yield from walk(item, depth + 1)


def element_label(tag: int) -> str:
    """Keyword of an element; of a private or unknown one only that it is one."""
    from pydicom.datadict import keyword_for_tag

    if (tag >> 16) % 2:
        return "private elements"
    return keyword_for_tag(tag) or "elements unknown to PS3.6"
