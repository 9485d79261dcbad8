"""The header of a DICOM file, read without decoding what is not needed.

A CT of 200 slices is 200 headers: a walk over the first bytes of each, which keeps
only the elements that matter, is twenty times as fast as a full parse. What the walk
does not understand goes to pydicom (`kerma.io.dicom.gateway`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from kerma.errors import DicomError

__all__ = [
    "ITEM",
    "ITEM_END",
    "SEQUENCE_END",
    "UNDEFINED",
    "Header",
    "OddHeaderError",
    "ShortHeaderError",
    "Tag",
    "element_at",
    "is_explicit",
    "pixel_data",
    "plain",
    "sequence_end",
    "walk",
]


class Tag(IntEnum):
    """The elements that are read."""

    MEDIA_STORAGE_SOP_CLASS_UID = 0x00020002
    TRANSFER_SYNTAX_UID = 0x00020010
    SPECIFIC_CHARACTER_SET = 0x00080005
    IMAGE_TYPE = 0x00080008
    SOP_CLASS_UID = 0x00080016
    SOP_INSTANCE_UID = 0x00080018
    STUDY_DATE = 0x00080020
    STUDY_TIME = 0x00080030
    MODALITY = 0x00080060
    ACCESSION_NUMBER = 0x00080050
    MANUFACTURER = 0x00080070
    REFERRING_PHYSICIAN_NAME = 0x00080090
    STATION_NAME = 0x00081010
    STUDY_DESCRIPTION = 0x00081030
    SERIES_DESCRIPTION = 0x0008103E
    MODEL_NAME = 0x00081090
    REFERENCED_SOP_INSTANCE_UID = 0x00081155
    PATIENT_NAME = 0x00100010
    PATIENT_ID = 0x00100020
    PATIENT_BIRTH_DATE = 0x00100030
    PATIENT_SEX = 0x00100040
    SLICE_THICKNESS = 0x00180050
    KVP = 0x00180060
    DEVICE_SERIAL_NUMBER = 0x00181000
    PROTOCOL_NAME = 0x00181030
    CONVOLUTION_KERNEL = 0x00181210
    PATIENT_POSITION = 0x00185100
    STUDY_INSTANCE_UID = 0x0020000D
    SERIES_INSTANCE_UID = 0x0020000E
    STUDY_ID = 0x00200010
    IMAGE_POSITION_PATIENT = 0x00200032
    IMAGE_ORIENTATION_PATIENT = 0x00200037
    FRAME_OF_REFERENCE_UID = 0x00200052
    LATERALITY = 0x00200060
    IMAGE_LATERALITY = 0x00200062
    SAMPLES_PER_PIXEL = 0x00280002
    PHOTOMETRIC_INTERPRETATION = 0x00280004
    NUMBER_OF_FRAMES = 0x00280008
    ROWS = 0x00280010
    COLUMNS = 0x00280011
    PIXEL_SPACING = 0x00280030
    BITS_ALLOCATED = 0x00280100
    BITS_STORED = 0x00280101
    HIGH_BIT = 0x00280102
    PIXEL_REPRESENTATION = 0x00280103
    PIXEL_PADDING_VALUE = 0x00280120
    PIXEL_PADDING_RANGE_LIMIT = 0x00280121
    RESCALE_INTERCEPT = 0x00281052
    RESCALE_SLOPE = 0x00281053
    RESCALE_TYPE = 0x00281054
    LOSSY_IMAGE_COMPRESSION = 0x00282110
    MODALITY_LUT_SEQUENCE = 0x00283000
    SOURCE_FRAME_OF_REFERENCE_UID = 0x00640003
    RT_IMAGE_LABEL = 0x30020002
    DOSE_SUMMATION_TYPE = 0x3004000A
    STRUCTURE_SET_LABEL = 0x30060002
    REFERENCED_FRAME_OF_REFERENCE_UID = 0x30060024
    RT_PLAN_LABEL = 0x300A0002
    BEAM_NUMBER = 0x300A00C0
    REFERENCED_BEAM_NUMBER = 0x300C0006
    SHARED_FUNCTIONAL_GROUPS = 0x52009229
    PER_FRAME_FUNCTIONAL_GROUPS = 0x52009230
    PIXEL_DATA = 0x7FE00010

    def __str__(self) -> str:
        """Name and number as in PS3.6, for messages."""
        name = self.name.replace("_", " ").title()
        for word in ("Uid", "Sop", "Lut", "Kvp"):
            name = name.replace(word, word.upper())
        return f"{name} ({self >> 16:04X},{self & 0xFFFF:04X})"


class ShortHeaderError(Exception):
    """The bytes at hand end before the header does."""


class OddHeaderError(Exception):
    """The bytes are not laid out in a way that the walk knows."""


@dataclass(frozen=True, eq=False)
class Header:
    """Undecoded elements of one image.

    Parameters
    ----------
    elements
        Value bytes by tag.
    is_little_endian
        Byte order of the numbers among them.
    has_pixels
        Whether there is Pixel Data.
    pixels_at, pixel_bytes
        Where its value begins in the file, and its length; ``None`` where it is
        compressed or otherwise left to pydicom.
    """

    elements: Mapping[int, bytes]
    is_little_endian: bool = True
    has_pixels: bool = False
    pixels_at: int | None = None
    pixel_bytes: int | None = None

    def has(self, tag: Tag) -> bool:
        """Whether the element is there and not empty."""
        return bool(self.elements.get(tag, b"").strip(b" \0"))

    def text(self, tag: Tag) -> str:
        """Text of an element; empty where it is missing."""
        value = self.elements.get(tag, b"").strip(b" \0")
        if value.isascii():
            return value.decode("ascii")
        is_utf8 = b"192" in self.elements.get(Tag.SPECIFIC_CHARACTER_SET, b"")
        return value.decode("utf-8" if is_utf8 else "latin-1", errors="replace")

    def texts(self, tag: Tag) -> tuple[str, ...]:
        """Text of each value of an element."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, tag: Tag, count: int) -> tuple[float, ...] | None:
        """Finite decimal numbers (VR DS or IS); ``None`` where it is missing or empty.

        Raises
        ------
        DicomError
            There are fewer or more numbers, or one is no number.
        """
        value = self.elements.get(tag, b"").strip(b" \0")
        if not value:
            return None
        try:
            numbers = tuple(map(float, value.split(b"\\")))
        except ValueError:
            numbers = ()
        good = len(numbers) == count and all(map(math.isfinite, numbers))
        if not good or b"_" in value:  # Python reads 1_0 as ten
            raise DicomError(f"{tag} is {plain(self.text(tag))!r}; {count} needed.")
        return numbers

    def number(self, tag: Tag) -> float | None:
        """One finite decimal number; ``None`` where it is missing or empty."""
        numbers = self.numbers(tag, 1)
        return None if numbers is None else numbers[0]

    def hint(self, tag: Tag) -> float | None:
        """A number that decides nothing; ``None`` where it is missing or is none."""
        try:
            return self.number(tag)
        except DicomError:
            return None

    def integer(self, tag: Tag, *, signed: bool = False) -> int | None:
        """A 16-bit number (VR US or SS); ``None`` where it is missing or empty."""
        value = self.elements.get(tag, b"")[:2]
        if len(value) < 2:
            return None
        return int.from_bytes(
            value, "little" if self.is_little_endian else "big", signed=signed
        )


def plain(text: str, longest: int = 64) -> str:
    """Foreign text made fit for a message: printable, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in text)[:longest]


UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 32
_WANTED = frozenset(int(tag) for tag in Tag)
# PS3.5, 7.1.2: these have two reserved bytes and a length of four.
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
_ANY = _LONG | _SHORT
_tag = struct.Struct("<HH").unpack_from
_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHL").unpack_from
_length = struct.Struct("<L").unpack_from


def is_explicit(data: bytes, start: int) -> bool:
    """Whether the element there names its value representation.

    The declared transfer syntax is not asked: it is missing or wrong at times, and
    no first element is so long that its length reads as two capitals.
    """
    return data[start + 4 : start + 6] in _ANY


def walk(
    data: bytes, start: int, *, explicit: bool, until: int, elements: dict[int, bytes]
) -> int:
    """Collect the wanted elements before a tag; where that tag's element begins.

    Raises
    ------
    ShortHeaderError
        The data end first.
    OddHeaderError
        This is no little-endian data set.
    """
    position = start
    try:
        while True:
            group, element = _tag(data, position)
            if group << 16 | element >= until:
                return position  # its layout may differ: after file meta it does
            tag, length, value_at, vr = element_at(data, position, explicit=explicit)
            if length == UNDEFINED:
                # PS3.5, 6.2.2: the inside of UN is implicit.
                inner = explicit and vr != b"UN"
                end, after = sequence_end(data, value_at, explicit=inner, depth=0)
            else:
                end = after = value_at + length
            if tag in _WANTED:
                if end > len(data):
                    raise ShortHeaderError
                elements[tag] = data[value_at:end]
            position = after
    except struct.error as error:
        raise ShortHeaderError from error


def pixel_data(data: bytes, start: int, *, explicit: bool) -> tuple[int, int] | None:
    """Where the value of Pixel Data begins and its length; ``None`` if compressed.

    Raises
    ------
    ShortHeaderError
        The data end first.
    OddHeaderError
        Another element is there.
    """
    try:
        tag, length, value_at, _ = element_at(data, start, explicit=explicit)
    except struct.error as error:
        raise ShortHeaderError from error
    if tag != Tag.PIXEL_DATA:
        raise OddHeaderError
    return None if length == UNDEFINED else (value_at, length)


def element_at(
    data: bytes, position: int, *, explicit: bool
) -> tuple[int, int, int, bytes]:
    """Tag, length, place of the value, and VR of the element at a position."""
    if not explicit:
        group, element, length = _implicit(data, position)
        return group << 16 | element, length, position + 8, b""
    group, element, vr, length = _explicit(data, position)
    if vr in _SHORT:
        return group << 16 | element, length, position + 8, vr
    if vr in _LONG:
        return group << 16 | element, _length(data, position + 8)[0], position + 12, vr
    raise OddHeaderError


def sequence_end(
    data: bytes, position: int, *, explicit: bool, depth: int
) -> tuple[int, int]:
    """Where the items of a sequence of undefined length end, and what follows them."""
    if depth > _DEEPEST:
        raise OddHeaderError
    while True:
        group, element, length = _implicit(data, position)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return position, position + 8
        if tag != ITEM:
            raise OddHeaderError
        position += 8
        if length != UNDEFINED:
            position += length
        else:
            position = _item_end(data, position, explicit=explicit, depth=depth)


def _item_end(data: bytes, position: int, *, explicit: bool, depth: int) -> int:
    """What follows an item of undefined length."""
    while True:
        group, element, _ = _implicit(data, position)
        if group << 16 | element == ITEM_END:
            return position + 8
        _, length, value_at, vr = element_at(data, position, explicit=explicit)
        if length == UNDEFINED:
            inner = explicit and vr != b"UN"
            _, position = sequence_end(data, value_at, explicit=inner, depth=depth + 1)
        else:
            position = value_at + length
