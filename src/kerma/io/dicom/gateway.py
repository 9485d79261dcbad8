"""The one place where pydicom touches bytes from outside.

Whatever goes wrong inside it leaves as a :class:`DicomError` that names the file and
quotes nothing of its content: pydicom's own messages may hold patient data.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import DicomError, KermaError, MissingDependencyError
from kerma.io.dicom.codestream import coded_size
from kerma.io.dicom.header import Header, Tag, plain
from kerma.io.dicom.source import READ_ERRORS, Source, unreadable

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["content_of", "decode", "frame_headers", "guarded", "parse", "parse_header"]

_LARGEST_FILE = 2 * 10**9  # bytes; they are held in memory, and one read gives < 2**31
_MOST_FRAMES = 2**16
_MOST_ITEMS = 2**19  # pydicom makes a kilobyte of each, which may be eight in the file
_ITEM_TAGS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # little and big endian
_TAGS = frozenset(int(tag) for tag in Tag)
_UNITS_OF_HU = ("[hnsf'U]", "[hnsf'U", "HU")  # UCUM, and what is written for it


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """A block in which pydicom may fail in any way: it leaves as a `DicomError`."""
    logger = logging.getLogger("pydicom")
    was_disabled, logger.disabled = logger.disabled, True  # it quotes what it reads
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is checked by the caller
            yield
    except KermaError:
        raise
    except Exception as error:  # pydicom and its decoders raise anything
        raise DicomError(
            f"{name}: is damaged, or not the DICOM it says it is "
            f"({type(error).__name__}). Export it again."
        ) from error
    finally:
        logger.disabled = was_disabled


def content_of(source: Source) -> bytes:
    """All bytes of a file.

    Raises
    ------
    DicomError
        It cannot be read, or is larger than what is held in memory.
    """
    try:
        with source.open() as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except READ_ERRORS as error:
        raise unreadable(source, error) from error
    if len(content) > _LARGEST_FILE:
        raise DicomError(
            f"{source.name}: over {_LARGEST_FILE / 1e9:g} GB, too large to decode."
        )
    return content


def parse(source: Source, *, pixels: bool = True) -> Dataset:
    """Parse a whole file with pydicom.

    Raises
    ------
    DicomError
        It is damaged, too large, or lists items without end.
    """
    from pydicom import dcmread

    with guarded(source.name):
        content = content_of(source)
        if max(content.count(tag) for tag in _ITEM_TAGS) > _MOST_ITEMS:
            raise DicomError(
                f"{source.name}: lists over {_MOST_ITEMS} items, more than a sound file "
                f"does. It was left unread."
            )
        return dcmread(io.BytesIO(content), stop_before_pixels=not pixels, force=True)


def parse_header(source: Source) -> Header:
    """Header of a file that only pydicom can take apart, as a big-endian one.

    Raises
    ------
    DicomError
        It is damaged.
    """
    data = parse(source, pixels=False)
    with guarded(source.name):
        elements = _wanted(data) | _wanted(data.file_meta)
        is_little_endian = data.original_encoding[1] is not False
    return Header(elements, is_little_endian=is_little_endian, has_pixels=True)


def decode(data: Dataset, name: str, frame: int) -> NDArray[np.integer[Any]]:
    """(nj, ni) stored values of one frame, decompressed.

    Raises
    ------
    DicomError
        The transfer syntax is missing or unknown, or the data are damaged.
    MissingDependencyError
        The decoder is not installed.
    """
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    syntax = data.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise DicomError(
            f"{name}: is compressed, but does not say how (Transfer Syntax UID "
            f"(0002,0010) is missing). Export it again, uncompressed."
        )
    with guarded(name):
        try:
            decoder = get_decoder(syntax)
        except NotImplementedError as error:
            raise DicomError(
                f"{name}: its compression, {plain(syntax.name)}, is not supported. Export it "
                f"again, uncompressed."
            ) from error
        if not decoder.is_available:
            raise MissingDependencyError(
                f"{name}: decoding {syntax.name} needs a package that is not "
                f"installed: python-gdcm for JPEG and JPEG-LS, pylibjpeg-openjpeg for "
                f"JPEG 2000."
            )
        _check_coded_size(data, name, frame)
        stored: NDArray[np.integer[Any]] = pixel_array(data, index=frame, raw=True)
    return stored


def _check_coded_size(data: Dataset, name: str, frame: int) -> None:
    if not data.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    from pydicom.encaps import get_frame

    count = int(data.get("NumberOfFrames") or 1)
    coded = coded_size(get_frame(data.PixelData, frame, number_of_frames=count))
    declared = (data.Rows, data.Columns)
    if coded is not None and coded != declared:
        raise DicomError(
            f"{name}: its compressed image has {coded[0]} x {coded[1]} pixels, but "
            f"{declared[0]} x {declared[1]} are declared. Export it again."
        )


def frame_headers(source: Source, header: Header) -> list[Header]:
    """One header for each frame of an enhanced multi-frame image.

    What stands in its functional groups (PS3.3, C.7.6.16), shared or per frame, is
    put beside what stands at the top.

    Raises
    ------
    DicomError
        The groups do not fit the number of frames, or the unit is not HU.
    """
    data = parse(source, pixels=False)
    with guarded(source.name):
        count = int(header.hint(Tag.NUMBER_OF_FRAMES) or 0)
        per_frame = data.get("PerFrameFunctionalGroupsSequence") or []
        if not 1 <= count <= _MOST_FRAMES or len(per_frame) != count:
            raise DicomError(
                f"{source.name}: declares {count} frames but describes "
                f"{len(per_frame)}. Export it again."
            )
        common = dict(header.elements)
        for group in data.get("SharedFunctionalGroupsSequence") or []:
            common |= _of_groups(source.name, group)
        every = [common | _of_groups(source.name, group) for group in per_frame]
    return [
        _with_frame(header, elements, frame, count)
        for frame, elements in enumerate(every)
    ]


def _with_frame(
    header: Header, elements: dict[int, bytes], frame: int, count: int
) -> Header:
    """Header of one frame, and where its pixels lie among those of all."""
    if header.pixels_at is None or header.pixel_bytes is None:
        return replace(header, elements=elements)
    each = header.pixel_bytes // count
    start = header.pixels_at + frame * each
    return replace(header, elements=elements, pixels_at=start, pixel_bytes=each)


def _of_groups(name: str, groups: Dataset) -> dict[int, bytes]:
    """Wanted elements of the functional groups of one frame."""
    elements: dict[int, bytes] = {}
    for group in groups:
        if group.VR != "SQ" or not group.value:
            continue
        if group.keyword == "RealWorldValueMappingSequence":
            _check_unit(name, group.value[0])
        elements |= _wanted(group.value[0])
    return elements


def _check_unit(name: str, mapping: Dataset) -> None:
    for code in mapping.get("MeasurementUnitsCodeSequence") or []:
        unit = str(code.get("CodeValue", ""))
        if unit not in _UNITS_OF_HU:
            raise DicomError(
                f"{name}: its values are in {unit[:16]!r}, not in HU (Real World Value "
                f"Mapping Sequence (0040,9096)). Choose the series of CT images."
            )


def _wanted(data: Dataset) -> dict[int, bytes]:
    """Undecoded values of the elements that are read."""
    return {
        int(tag): value
        for tag in data.keys()  # noqa: SIM118  (iterating the values decodes them)
        if tag in _TAGS and (value := _undecoded(data, tag)) is not None
    }


def _undecoded(data: Dataset, tag: int) -> bytes | None:
    value = data.get_item(tag).value
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, list | tuple):  # pydicom has decoded it already
        return "\\".join(map(str, value)).encode()
    return str(value).encode()
