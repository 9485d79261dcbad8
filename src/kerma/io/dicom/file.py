"""From a file to its header, whatever wrapping it comes in."""

from __future__ import annotations

from collections.abc import Mapping

from kerma.errors import DicomError
from kerma.io.dicom.gateway import parse_header
from kerma.io.dicom.header import (
    Header,
    OddHeaderError,
    ShortHeaderError,
    Tag,
    is_explicit,
    pixel_data,
    walk,
)
from kerma.io.dicom.source import READ_ERRORS, DeflatedSource, Source, unreadable

__all__ = [
    "data_set_start",
    "is_ct",
    "is_deflated",
    "is_enhanced",
    "read_header",
    "sop_classes",
]

_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
_ENHANCED = (f"{_CT_IMAGE}.1", f"{_CT_IMAGE}.2")  # and legacy converted enhanced
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = b"1.2.840.10008.1.2.2"
_FIRST_READ = 16 * 2**10  # bytes; most headers fit
_LARGEST_HEADER = 64 * 2**20


def sop_classes(header: Header) -> set[str]:
    """SOP Class UIDs that the data set and the file meta name; they should agree."""
    tags = (Tag.SOP_CLASS_UID, Tag.MEDIA_STORAGE_SOP_CLASS_UID)
    return {header.text(tag) for tag in tags} - {""}


def is_ct(header: Header) -> bool:
    """Whether this is a CT image: by its class, or by modality where it names none."""
    named = sop_classes(header)
    if named:
        return _CT_IMAGE in named or is_enhanced(header)
    return header.text(Tag.MODALITY) == "CT"


def is_enhanced(header: Header) -> bool:
    """Whether frames are described by functional groups."""
    return not sop_classes(header).isdisjoint(_ENHANCED)


def read_header(source: Source) -> tuple[Source, Header] | None:
    """Header of a DICOM file; ``None`` if it is none.

    Only the first elements are read where the file is no CT image.

    Raises
    ------
    DicomError
        It cannot be read or is damaged.
    """
    size = _FIRST_READ
    while True:
        data = _head(source, size)
        elements: dict[int, bytes] = {}
        try:
            return _parse(source, data, elements)
        except OddHeaderError:
            return source, parse_header(source)
        except ShortHeaderError:
            if len(data) < size:  # the file ends here: keep what there is
                return source, Header(elements)
        size *= 16
        if size > _LARGEST_HEADER:
            raise DicomError(
                f"{source.name}: its header is over {_LARGEST_HEADER >> 20} MiB."
            )


def _head(source: Source, size: int) -> bytes:
    try:
        with source.open() as stream:
            return stream.read(size)
    except READ_ERRORS as error:
        raise unreadable(source, error) from error


def _parse(
    source: Source, data: bytes, elements: dict[int, bytes]
) -> tuple[Source, Header] | None:
    start = data_set_start(source, data, elements)
    if start is None:
        return None
    if is_deflated(elements):
        return read_header(DeflatedSource(source, start))
    return source, _read_data_set(data, start, elements)


def data_set_start(
    source: Source, data: bytes, elements: dict[int, bytes]
) -> int | None:
    """Where the data set begins; what the file meta says goes to the elements.

    ``None`` if the bytes, the first of a file, are no DICOM.

    Raises
    ------
    ShortHeaderError
        The data end first.
    OddHeaderError
        It is big-endian.
    """
    start = _first_element(source, data)
    if start is not None and data[start : start + 2] == b"\x02\x00":
        start = walk(data, start, explicit=True, until=0x00030000, elements=elements)
    if _syntax(elements) == _BIG_ENDIAN:
        raise OddHeaderError
    return start


def is_deflated(elements: Mapping[int, bytes]) -> bool:
    """Whether the file meta says that the data set is deflated."""
    return _syntax(elements) == _DEFLATED


def _syntax(elements: Mapping[int, bytes]) -> bytes:
    return elements.get(Tag.TRANSFER_SYNTAX_UID, b"").strip(b" \0")


def _first_element(source: Source, data: bytes) -> int | None:
    """Where the file meta or the data set begins; ``None`` if this is no DICOM."""
    if isinstance(source, DeflatedSource):
        return 0
    if data[128:132] == b"DICM":
        return 132
    # Without a preamble the first element gives DICOM away: it is of group 2 or 8.
    group, element = data[0:2], int.from_bytes(data[2:4], "little")
    short = int.from_bytes(data[4:8], "little") <= 256
    known = group in (b"\x02\x00", b"\x08\x00") and element <= 0x0070
    return 0 if known and (short or is_explicit(data, 0)) else None


def _read_data_set(data: bytes, start: int, elements: dict[int, bytes]) -> Header:
    explicit = is_explicit(data, start)
    start = walk(data, start, explicit=explicit, until=0x00100000, elements=elements)
    if not is_ct(header := Header(elements)):
        return header
    start = walk(
        data, start, explicit=explicit, until=Tag.PIXEL_DATA, elements=elements
    )
    place = pixel_data(data, start, explicit=explicit)
    if place is None:
        return Header(elements, has_pixels=True)
    return Header(elements, has_pixels=True, pixels_at=place[0], pixel_bytes=place[1])
