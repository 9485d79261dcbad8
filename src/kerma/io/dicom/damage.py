"""Signs that a file was cut off or mangled, which a parser passes over in silence."""

from __future__ import annotations

from typing import Any

from kerma.errors import DicomError
from kerma.io.dicom.item import Item

__all__ = ["refuse_damage"]

_UNDEFINED = 0xFFFFFFFF
_DELIMITERS = 0xFFFE  # the group of items and their ends; never of an element


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
        if not element.is_raw or element.length == _UNDEFINED:
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
