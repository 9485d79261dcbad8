"""Whether an element holds what identifies a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.io.deidentify.elements import (
    NUMBERS,
    bytes_of,
    expected_vr,
    text_of,
    vr_of,
)
from kerma.io.deidentify.identifiers import Identifiers
from kerma.io.deidentify.profile import without_terms

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["holds"]


def holds(data: Dataset, tag: int, identifiers: Identifiers) -> bool:
    """Search one element that is no sequence.

    Numbers, dates and UIDs are not searched: digits of an identifier are among them by
    chance. Numbers that PS3.6 knows as something else are, and so are coded texts,
    words of the standard left out: a patient may be called Head.
    """
    vr, expected = vr_of(data, tag), expected_vr(tag)
    if vr in ("DA", "DT", "TM", "UI", "SQ") or (vr in NUMBERS and expected in NUMBERS):
        return False
    text = text_of(data, tag)
    if vr == "CS":
        text = without_terms(text)
    if vr not in NUMBERS and vr not in ("OB", "UN"):
        return identifiers.found_in(text)
    raw = bytes_of(data, tag)
    codes = ("utf-8", "latin-1")
    return any(identifiers.found_in(raw.decode(code, "ignore")) for code in codes)
