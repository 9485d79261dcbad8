"""Values that take the place of identifying ones."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

__all__ = ["REMOVED", "dummy", "looks_personal", "shifted"]

REMOVED = "REMOVED"
_DATES = {"DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y"}
_ZEROS = {"DS": "0", "IS": "0", "FD": 0.0, "FL": 0.0}
_PERSONAL = re.compile(
    r"""
    \d{1,4}[./-]\d{1,2}[./-]\d{1,4}   # a date
    | \d{6}                           # a date or a number of a patient or telephone
    | [@^]                            # an address, a person's name
    | \b(?:dr|prof|mr|mrs|ms|herr|frau|mme|md|phd|by)\b  # a title, or who did it
    """,
    re.VERBOSE | re.IGNORECASE,
)
_UID = re.compile(r"\d+(?:\.\d+){5,}")


def dummy(vr: str, size: int, text: str = REMOVED) -> Any:
    """A value of the representation that says nothing.

    Parameters
    ----------
    vr
        Value representation.
    size
        Bytes of the old value; binary values keep their length.
    text
        What to put for text.
    """
    if vr in _DATES:
        return _DATES[vr]
    if vr in _ZEROS:
        return _ZEROS[vr]
    if vr in ("OB", "OD", "OF", "OL", "OV", "OW", "UN"):
        return bytes(size)
    return 0 if vr in ("SL", "SS", "SV", "UL", "US", "UV") else text


def looks_personal(text: str) -> bool:
    """Whether a short text may hold more than a description: dates, numbers, people."""
    return _PERSONAL.search(text) is not None or _UID.search(text) is not None


def shifted(text: str, vr: str, days: int) -> str:
    """Dates or dates with times, moved by days; times stay.

    A date that is none, or that is too short to be shifted (a year alone), is left
    out, as it cannot be moved by the same number of days.
    """
    if vr == "TM":
        return text
    return "\\".join(_shifted(part.strip(), days) for part in text.split("\\"))


def _shifted(text: str, days: int) -> str:
    date = re.match(r"(\d{4})\.?(\d{2})\.?(\d{2})", text)
    rest = re.match(r"[\d.]*", text[date.end() :]) if date else None
    if date is None or rest is None:
        return ""
    try:
        old = dt.date(*map(int, date.groups()))
        new = old + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return new.isoformat().replace("-", "") + rest.group()
