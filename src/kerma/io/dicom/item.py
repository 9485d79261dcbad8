"""Typed access to a parsed data set: every value checked, every error with its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import DicomError
from kerma.io.dicom.gateway import guarded
from kerma.io.dicom.header import plain

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Item", "element_name"]


@dataclass(frozen=True, eq=False)
class Item:
    """A data set, or one item of a sequence in it.

    Parameters
    ----------
    data
        As pydicom parsed it, nothing decoded yet.
    file
        Base name of the file, for messages.
    place
        Path of sequences that leads here, for messages; empty at the top.
    """

    data: Dataset
    file: str
    place: str = ""

    def has(self, keyword: str) -> bool:
        """Whether the element is there and not empty."""
        value: Any = self.raw(keyword)  # decoding may fail where nobody asks for it
        if value is None:
            value = self.value(keyword)
        if isinstance(value, str):
            return bool(value.strip(" \0"))
        if isinstance(value, bytes):  # a binary 0 or 32 is no blank
            return bool(value.strip(b" \0") if _is_text(keyword) else value)
        return value is not None and (not isinstance(value, Sequence) or len(value) > 0)

    def value(self, keyword: str) -> Any:
        """What pydicom makes of the element; ``None`` where it is missing."""
        with guarded(self._at(keyword)):
            element = self.data.get(keyword)
            return getattr(element, "value", element)

    def raw(self, keyword: str) -> bytes | None:
        """The undecoded bytes of an element; ``None`` if missing or decoded already."""
        from pydicom.datadict import tag_for_keyword

        tag = tag_for_keyword(keyword)
        if tag is None or tag not in self.data:
            return None
        # Deferred: nothing is decoded, so nothing can fail and no guard is needed.
        value = self.data.get_item(tag, keep_deferred=True).value
        return value if isinstance(value, bytes) else None

    def text(self, keyword: str) -> str:
        """Text; empty where it is missing."""
        value = self.value(keyword)
        if value is None:
            return ""
        if isinstance(value, bytes):  # a value representation that says nothing
            value = value.decode("latin-1")
        if not isinstance(value, str) and isinstance(value, Sequence):
            value = "\\".join(map(str, value))
        return str(value).strip(" \0")

    def texts(self, keyword: str) -> tuple[str, ...]:
        """Each value of a text; none where it is missing."""
        text = self.text(keyword)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def required_text(self, keyword: str) -> str:
        """Text that has to be there.

        Raises
        ------
        DicomError
            It is missing or empty.
        """
        text = self.text(keyword)
        if not text:
            raise self.problem(keyword, "is missing")
        return text

    def numbers(self, keyword: str, count: int | None = None) -> FloatArray | None:
        """(count,) finite numbers of any representation; ``None`` where missing.

        Raises
        ------
        DicomError
            There are fewer or more than `count`, or one is no finite number.
        """
        if not self.has(keyword):
            return None
        numbers = self._floats(keyword)
        if count is not None and numbers.size != count:
            raise self.problem(
                keyword, f"has {numbers.size} values; {count} are needed"
            )
        return numbers

    def required_numbers(self, keyword: str, count: int | None = None) -> FloatArray:
        """Numbers that have to be there; see `numbers`."""
        numbers = self.numbers(keyword, count)
        if numbers is None:
            raise self.problem(keyword, "is missing")
        return numbers

    def number(self, keyword: str) -> float | None:
        """One finite number; ``None`` where it is missing."""
        numbers = self.numbers(keyword, 1)
        return None if numbers is None else float(numbers[0])

    def required_number(self, keyword: str) -> float:
        """One finite number that has to be there."""
        return float(self.required_numbers(keyword, 1)[0])

    def integer(self, keyword: str) -> int | None:
        """One whole number; ``None`` where it is missing.

        Raises
        ------
        DicomError
            It is not whole.
        """
        number = self.number(keyword)
        if number is not None and not number.is_integer():
            raise self.problem(keyword, f"is {number:g}; a whole number is needed")
        return None if number is None else int(number)

    def required_integer(self, keyword: str) -> int:
        """One whole number that has to be there."""
        integer = self.integer(keyword)
        if integer is None:
            raise self.problem(keyword, "is missing")
        return integer

    def items(self, keyword: str) -> tuple[Item, ...]:
        """Items of a sequence; none where it is missing or empty.

        Raises
        ------
        DicomError
            The element is no sequence.
        """
        value = self.value(keyword)
        if value is None:
            return ()
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise self.problem(keyword, "is no sequence")
        where = self._at(keyword)[len(self.file) + 2 :]
        return tuple(
            Item(data, self.file, f"{where} item {number}")
            for number, data in enumerate(value, start=1)
        )

    def required_items(self, keyword: str) -> tuple[Item, ...]:
        """Items of a sequence that has at least one."""
        items = self.items(keyword)
        if not items:
            raise self.problem(keyword, "is missing")
        return items

    def problem(self, keyword: str, what: str) -> DicomError:
        """The error for an element: file, place, name and tag, then what is wrong."""
        return DicomError(f"{self._at(keyword)} {what}.")

    def _at(self, keyword: str) -> str:
        inside = f"{self.place}, " if self.place else ""
        return f"{self.file}: {inside}{element_name(keyword)}"

    def _is_decimal(self, keyword: str) -> bool:
        """Whether an element is numbers written as text, as it stands in the file."""
        from pydicom.datadict import dictionary_VR, tag_for_keyword

        if dictionary_VR(keyword) not in ("DS", "IS"):
            return False
        element = self.data.get_item(tag_for_keyword(keyword) or 0)
        return element.VR in ("DS", "IS", "UN", None)

    def _floats(self, keyword: str) -> FloatArray:
        # Decimal strings are taken apart here: pydicom makes an object of each.
        value: Any = self.raw(keyword) if self._is_decimal(keyword) else None
        if value is None:
            value = self.value(keyword)
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str):
            value = value.strip(" \0").split("\\")
        if isinstance(value, str) or not isinstance(value, Sequence):
            value = [value]
        try:
            numbers = [_float(part) for part in value]
        except (TypeError, ValueError):
            numbers = [math.nan]
        if not all(map(math.isfinite, numbers)):
            shown = plain("\\".join(map(str, value)), 40)
            raise self.problem(keyword, f"is {shown!r}; finite numbers are needed")
        return np.array(numbers, dtype=np.float64)


def _is_text(keyword: str) -> bool:
    """Whether the value of an element is characters."""
    from pydicom.datadict import dictionary_VR
    from pydicom.valuerep import STR_VR

    return dictionary_VR(keyword) in STR_VR


def _float(part: Any) -> float:
    if isinstance(part, str) and "_" in part:  # Python reads 1_0 as ten
        return math.nan
    return float(part)


def element_name(keyword: str) -> str:
    """Name and tag of an element as in PS3.6, as "Dose Units (3004,0002)"."""
    from pydicom.datadict import dictionary_description, tag_for_keyword

    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
