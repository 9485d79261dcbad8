"""A walk over a data set that enters only the sequences that are asked for.

What is not asked for is passed over by its length, so that a structure set of
megabytes costs no more than its first elements; the contours are never decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from kerma.io.dicom.header import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    Header,
    OddHeaderError,
    ShortHeaderError,
    element_at,
    is_explicit,
    sequence_end,
)

__all__ = ["CrowdedError", "Node", "Wanted", "read_tree"]

Wanted: TypeAlias = Mapping[int, "Wanted | None"]
"""Tags to keep: ``None`` for a value, what to keep of each item for a sequence."""

_PIXELS = 0x7FE00000  # group of every kind of pixel data; the last one that counts
_MOST_ITEMS = 2**17  # in one file; the items of a crafted one would fill the memory
_item = struct.Struct("<HHL").unpack_from


class CrowdedError(Exception):
    """There are more items than a sound file has."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """What was asked for of a data set, or of one item in it.

    Parameters
    ----------
    elements
        Undecoded values by tag.
    sequences
        Items by the tag of their sequence.
    """

    elements: dict[int, bytes] = field(default_factory=dict)
    sequences: dict[int, list[Node]] = field(default_factory=dict)

    @property
    def header(self) -> Header:
        """The values, as a header."""
        return Header(self.elements)

    def items(self, *tags: int) -> list[Node]:
        """Items that a path of nested sequences leads to; none where one is missing."""
        found = [self]
        for tag in tags:
            found = [item for node in found for item in node.sequences.get(tag, ())]
        return found


def read_tree(data: bytes, start: int, wanted: Wanted, node: Node) -> int:
    """Fill a node with what is wanted; where the pixel data or the end was met.

    The node keeps what was found until an error. An end beyond that of the data
    means that the last element goes on there.

    Raises
    ------
    ShortHeaderError
        The data end first.
    OddHeaderError
        This is no little-endian data set.
    CrowdedError
        There are too many items.
    """
    walk = _Walk(data)
    explicit = is_explicit(data, start)
    try:
        return walk.elements(start, len(data), explicit, wanted, node)
    except struct.error as error:
        raise ShortHeaderError from error


class _Walk:
    """The bytes that are walked over, and how many items were met."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items = 0

    def elements(
        self,
        position: int,
        end: int,
        explicit: bool,  # noqa: FBT001  (called for each item)
        wanted: Wanted,
        node: Node,
    ) -> int:
        """Keep elements up to an end, the pixel data or the end of an item."""
        data = self._data
        while position < end:
            tag, length, at, vr = self._element(position, explicit=explicit)
            if tag >= _PIXELS:
                return position
            # PS3.5, 6.2.2: the inside of UN is implicit.
            inner = explicit and vr != b"UN"
            if tag not in wanted:
                if length == UNDEFINED:
                    _, position = sequence_end(data, at, explicit=inner, depth=0)
                else:
                    position = at + length
            elif (inside := wanted[tag]) is not None:
                items = node.sequences.setdefault(tag, [])
                position = self._sequence(at, length, inner, inside, items)
            else:
                position = at + length
                if position > len(data):
                    raise ShortHeaderError
                node.elements[tag] = data[at:position]
        return position

    def _element(self, position: int, *, explicit: bool) -> tuple[int, int, int, bytes]:
        """As `element_at`; what ends an item has no VR in any transfer syntax."""
        group, element, length = _item(self._data, position)
        if group >= _PIXELS >> 16:
            return group << 16 | element, length, position + 8, b""
        return element_at(self._data, position, explicit=explicit)

    def _sequence(
        self,
        position: int,
        length: int,
        explicit: bool,  # noqa: FBT001  (as above)
        wanted: Wanted,
        items: list[Node],
    ) -> int:
        """Keep what is wanted of each item; what follows the sequence."""
        end = len(self._data) if length == UNDEFINED else position + length
        while position < end:
            group, element, item_length = _item(self._data, position)
            position += 8
            if group << 16 | element == SEQUENCE_END and length == UNDEFINED:
                return position
            if group << 16 | element != ITEM:
                raise OddHeaderError
            self._items += 1
            if self._items > _MOST_ITEMS:
                raise CrowdedError
            items.append(node := Node())
            stop = end if item_length == UNDEFINED else position + item_length
            position = self.elements(position, stop, explicit, wanted, node)
            position = self._after_item(position, stop, item_length)
        if length == UNDEFINED:
            raise ShortHeaderError
        if position != end:
            raise OddHeaderError
        return position

    def _after_item(self, position: int, stop: int, length: int) -> int:
        """What follows an item; its elements must end where it does."""
        if length != UNDEFINED:
            if position != stop:
                raise OddHeaderError
            return position
        group, element, _ = _item(self._data, position)
        if group << 16 | element != ITEM_END:
            raise OddHeaderError
        return position + 8
