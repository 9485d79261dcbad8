"""Set many elements of a data set at once, each as its value representation asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kerma.core.uids import is_uid
from kerma.errors import InputError
from kerma.io.dicom.writer import decimals, set_text

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["new_item", "put", "put_or_blank", "reference_item"]

_LIMITS = {"IS": (-(2**31), 2**31 - 1), "SS": (-(2**15), 2**15 - 1), "US": (0, 65535)}
_NUMBERS = ("DS", "FL", *_LIMITS)


def new_item(**elements: Any) -> Dataset:
    """A data set with elements, those left out that are unknown; see `put`."""
    from pydicom import Dataset

    item = Dataset()
    put(item, **elements)
    return item


def reference_item(sop_class: str, sop_instance_uid: str) -> Dataset:
    """An item that refers to another object."""
    return new_item(
        ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=sop_instance_uid
    )


def put(data: Dataset, **elements: Any) -> None:
    """Set elements by keyword; those that are unknown are left out (type 3).

    Parameters
    ----------
    data
        What gets them.
    elements
        Text, a UID, a number, several numbers, or the items of a sequence. ``None``,
        an empty text and nothing at all are unknown.

    Raises
    ------
    InputError
        A text or UID is none that DICOM allows, or a number does not fit its element.
    """
    for keyword, value in elements.items():
        if not _is_unknown(value):
            _set(data, keyword, value)


def put_or_blank(data: Dataset, **elements: Any) -> None:
    """Set elements by keyword; those that are unknown are left blank (type 2).

    Raises
    ------
    InputError
        As `put` does.
    """
    for keyword, value in elements.items():
        if _is_unknown(value):
            setattr(data, keyword, None)
        else:
            _set(data, keyword, value)


def _is_unknown(value: Any) -> bool:
    return value is None or (isinstance(value, Sequence) and not len(value))


def _set(data: Dataset, keyword: str, value: Any) -> None:
    from pydicom.datadict import dictionary_VR

    vr = dictionary_VR(keyword)
    if vr == "SQ":
        setattr(data, keyword, list(value))
    elif vr == "UI":
        if not is_uid(value):
            raise InputError(f"{keyword} is {value[:64]!r}, which is no DICOM UID.")
        setattr(data, keyword, value)
    elif vr in _NUMBERS:
        setattr(data, keyword, _numbers(keyword, vr, value))
    else:
        set_text(data, keyword, *([value] if isinstance(value, str) else value))


def _numbers(keyword: str, vr: str, value: Any) -> Any:
    """One number or several, as pydicom wants them for a value representation."""
    several = isinstance(value, Sequence)
    numbers = list(value) if several else [value]
    low, high = _LIMITS.get(vr, (-math.inf, math.inf))
    for number in numbers:
        whole = vr not in _LIMITS or float(number).is_integer()
        if not (math.isfinite(number) and whole and low <= number <= high):
            raise InputError(
                f"{keyword} is {number:g}, which cannot be written as DICOM ({vr})."
            )
    if vr == "DS":
        numbers = decimals(numbers)
    elif vr in _LIMITS:
        numbers = [int(number) for number in numbers]
    return numbers if several else numbers[0]
