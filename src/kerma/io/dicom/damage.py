"""Signs that a file was cut off or mangled, which a parser passes over in silence.

A parser takes what a cut file still holds and says nothing of the rest: a dose report
would lose irradiations, a registration matrices, a structure set contours.
"""

from __future__ import annotations

from typing import Any

from kerma.errors import DicomError
from kerma.io.dicom.gateway import content_of
from kerma.io.dicom.header import (
    UNDEFINED,
    OddHeaderError,
    ShortHeaderError,
    Tag,
    is_explicit,
    walk,
)
from kerma.io.dicom.item import Item
from kerma.io.dicom.source import Source

__all__ = ["refuse_cut", "refuse_damage"]

_DELIMITERS = 0xFFFE  # the group of items and their ends; never of an element
_AFTER_META = 0x00030000
_SENTINEL, _BEYOND = b"\xfc\xff\xfd\xff", 0xFFFCFFFD  # after the last tag that there is
_OTHERWISE_LAID_OUT = (b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2")


def refuse_cut(source: Source) -> None:
    """Follow the elements of a file to its last byte.

    A file without a preamble, deflated or in big endian, or laid out in a way that the
    walk does not know, is let through.

    Raises
    ------
    DicomError
        The file ends within an element or a sequence, or is too large.
    """
    content = content_of(source)
    if content[128:132] != b"DICM":
        return
    # Four bytes, so that an element that lacks some of its own cannot end on them.
    if not _is_odd(content) and not _reaches_end(content + _SENTINEL):
        raise DicomError(
            f"{source.name}: is cut off or damaged: it ends within an element. Export "
            f"it again."
        )


def _is_odd(content: bytes) -> bool:
    """Whether the walk meets what it does not know, before it meets the end."""
    try:
        _walk_all(content)
    except ShortHeaderError:
        return False
    except OddHeaderError:
        pass
    return True


def _reaches_end(content: bytes) -> bool:
    """Whether the walk ends on the sentinel."""
    try:
        _walk_all(content)
    except (OddHeaderError, ShortHeaderError):
        return False
    return True


def _walk_all(content: bytes) -> None:
    """Walk until the sentinel; a layout that is known to be another is odd."""
    meta: dict[int, bytes] = {}
    start = walk(content, 132, explicit=True, until=_AFTER_META, elements=meta)
    if meta.get(Tag.TRANSFER_SYNTAX_UID, b"").strip(b" \0") in _OTHERWISE_LAID_OUT:
        raise OddHeaderError
    walk(
        content, start, explicit=is_explicit(content, start), until=_BEYOND, elements={}
    )


def refuse_damage(item: Item) -> None:
    """Look at the elements of one data set; those inside its sequences are not seen.

    Raises
    ------
    DicomError
        An element is shorter than it says, or the end of a sequence stands in the
        place of an element.
    """
    for tag in item.data.keys():  # noqa: SIM118  (iterating the values decodes them)
        if tag >> 16 == _DELIMITERS:
            raise _damaged(item, "a sequence ends where none is open")
        element: Any = item.data.get_item(tag, keep_deferred=True)
        if not element.is_raw or element.length == UNDEFINED:
            continue
        there = len(element.value or b"")
        if there < element.length:
            raise _damaged(
                item,
                f"({tag >> 16:04X},{tag & 0xFFFF:04X}) declares {element.length} bytes, "
                f"but {there} are there",
            )


def _damaged(item: Item, what: str) -> DicomError:
    where = f"{item.place}: " if item.place else ""
    return DicomError(
        f"{item.file}: {where}is cut off or damaged: {what}. Export it again."
    )
