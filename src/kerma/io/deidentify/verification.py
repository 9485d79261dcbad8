"""The finished file, read anew and searched for what should be gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from kerma.io.deidentify.elements import bytes_of, element_label, text_of, walk
from kerma.io.deidentify.identifiers import Identifiers
from kerma.io.deidentify.marking import MARKS, marks_text
from kerma.io.deidentify.profile import Option, Profile, without_terms
from kerma.io.deidentify.search import holds

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["remains"]

_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_SURE_WORD = 6  # letters; shorter ones are met by chance among binary numbers


def remains(
    data: Dataset,
    content: bytes,
    identifiers: Identifiers,
    uids: Collection[str],
    profile: Profile,
) -> tuple[str, ...]:
    """Elements, or bytes, of a finished file in which an identifier is left.

    Parameters
    ----------
    data
        The file, parsed anew.
    content
        Its bytes.
    identifiers
        Of the patient.
    uids
        The old UIDs that were replaced.
    profile
        By which it was de-identified.
    """
    old = frozenset(uids) if Option.UIDS not in profile.options else frozenset()
    found = [
        element_label(tag)
        for holder, tag, vr in _originals(data)
        if (tag >> 16) % 2
        or holds(holder, tag, identifiers)
        or (vr != "SQ" and _has_uid(holder, tag, vr, old))
    ]
    if _is_in_bytes(_without_pixels(data, content), identifiers):
        found.append("the bytes of the file")
    return tuple(dict.fromkeys(found))


def _originals(data: Dataset) -> Iterator[tuple[Dataset, int, str]]:
    """Every element that was not written here, of the file meta too."""
    yield from walk(data.file_meta)
    pseudonym = str(data.PatientID)
    for keyword in MARKS:
        del data[keyword]
    for holder, tag, vr in walk(data):
        is_ours = element_label(tag) in MARKS and text_of(holder, tag) == pseudonym
        if tag not in _PIXELS and not is_ours:
            yield holder, tag, vr


def _has_uid(data: Dataset, tag: int, vr: str, old: frozenset[str]) -> bool:
    if vr in ("DS", "IS"):
        return False
    text = bytes_of(data, tag).decode("latin-1") or text_of(data, tag)
    return not old.isdisjoint(re.findall(r"\d+(?:\.\d+)+", text))


def _without_pixels(data: Dataset, content: bytes) -> bytes:
    for tag in _PIXELS:
        if tag in data and (pixels := bytes_of(data, tag)):
            content = content.replace(pixels, b"")
    return content


def _is_in_bytes(content: bytes, identifiers: Identifiers) -> bool:
    """Whether a long name stands anywhere in the bytes, element or not."""
    words = [
        word
        for word in identifiers.words
        if len(word) >= _SURE_WORD
        and word.isascii()
        and without_terms(word.upper())
        and word not in marks_text()
    ]
    lower = content.lower()
    return any(word.encode() in lower for word in words)
