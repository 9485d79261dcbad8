"""Whether a DICOM file is there to its end.

A parser takes what a cut file still holds and says nothing of the rest; a dose report
would lose irradiations, a registration matrices.
"""

from __future__ import annotations

from kerma.errors import DicomError
from kerma.io.dicom.header import (
    OddHeaderError,
    ShortHeaderError,
    Tag,
    is_explicit,
    walk,
)
from kerma.io.dicom.source import READ_ERRORS, Source, unreadable

__all__ = ["refuse_cut"]

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
        The file ends within an element or a sequence.
    """
    try:
        with source.open() as stream:
            content = stream.read()
    except READ_ERRORS as error:
        raise unreadable(source, error) from error
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
