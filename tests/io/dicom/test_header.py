"""The walk over the first bytes of a DICOM file."""

from __future__ import annotations

import struct

import pytest

from kerma.errors import DicomError
from kerma.io.dicom.header import (
    Header,
    OddHeaderError,
    ShortHeaderError,
    Tag,
    is_explicit,
    pixel_data,
    plain,
    walk,
)

UNDEFINED = b"\xff\xff\xff\xff"
ITEM, ITEM_END, SEQUENCE_END = (
    struct.pack("<HH", 0xFFFE, element) for element in (0xE000, 0xE00D, 0xE0DD)
)
END = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 8)


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def sequence(tag: int, vr: bytes, content: bytes) -> bytes:
    """An explicit sequence of undefined length."""
    head = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0)
    return head + UNDEFINED + content + SEQUENCE_END + bytes(4)


ROWS = short(Tag.ROWS, b"US", b"\x04\x00")


def collect(data: bytes, *, explicit: bool = True) -> dict[int, bytes]:
    elements: dict[int, bytes] = {}
    walk(data, 0, explicit=explicit, until=Tag.PIXEL_DATA, elements=elements)
    return elements


def test_both_encodings_give_the_same_elements() -> None:
    end = implicit(Tag.PIXEL_DATA, b"")
    assert collect(ROWS + END) == {Tag.ROWS: b"\x04\x00"}
    assert collect(implicit(Tag.ROWS, b"\x04\x00") + end, explicit=False) == {
        Tag.ROWS: b"\x04\x00"
    }


@pytest.mark.parametrize("item_length", [UNDEFINED, b"\x0a\x00\x00\x00"])
def test_a_sequence_of_undefined_length_is_stepped_over(item_length: bytes) -> None:
    """What stands inside it, here other Rows, is not taken for the image's own."""
    inside = short(Tag.ROWS, b"US", b"\x09\x00")
    closing = ITEM_END + bytes(4) if item_length == UNDEFINED else b""
    nested = sequence(0x00081140, b"SQ", ITEM + item_length + inside + closing)
    assert collect(nested + ROWS + END) == {Tag.ROWS: b"\x04\x00"}


def test_sequences_nest() -> None:
    inner = sequence(0x00081150, b"SQ", ITEM + UNDEFINED + ROWS + ITEM_END + bytes(4))
    outer = ITEM + UNDEFINED + inner + ITEM_END + bytes(4)
    data = sequence(0x00081140, b"SQ", outer) + ROWS + END
    assert collect(data) == {Tag.ROWS: b"\x04\x00"}


def test_the_inside_of_an_unknown_sequence_is_implicit() -> None:
    inside = implicit(Tag.ROWS, b"\x09\x00")
    item = ITEM + UNDEFINED + inside + ITEM_END + bytes(4)
    assert collect(sequence(0x00091001, b"UN", item) + ROWS + END) == {
        Tag.ROWS: b"\x04\x00"
    }


def test_sequences_without_end_or_bottom_are_refused() -> None:
    opening = struct.pack("<HH2sH", 0x0008, 0x1140, b"SQ", 0) + UNDEFINED
    bottomless = (opening + ITEM + UNDEFINED) * 50
    with pytest.raises(OddHeaderError):
        collect(bottomless + END)
    with pytest.raises(OddHeaderError):
        collect(opening + b"garbage!" + END)
    with pytest.raises(ShortHeaderError):
        collect(opening)


def test_a_value_that_is_cut_off_needs_more_bytes() -> None:
    for end in range(len(ROWS)):
        with pytest.raises(ShortHeaderError):
            collect(ROWS[:end])


def test_an_unknown_value_representation_is_left_to_pydicom() -> None:
    with pytest.raises(OddHeaderError):
        collect(short(Tag.ROWS, b"??", b"\x04\x00") + END)


def test_compressed_pixels_have_no_length() -> None:
    assert pixel_data(END, 0, explicit=True) == (12, 8)
    compressed = END[:8] + UNDEFINED
    assert pixel_data(compressed, 0, explicit=True) is None
    with pytest.raises(OddHeaderError):
        pixel_data(ROWS, 0, explicit=True)


def test_the_encoding_is_told_by_the_first_element() -> None:
    assert is_explicit(ROWS, 0)
    assert not is_explicit(implicit(Tag.ROWS, b"\x04\x00"), 0)


def test_numbers_are_read_whatever_their_padding() -> None:
    header = Header({Tag.PIXEL_SPACING: b" 0.5\\+1.25e0 \0"})
    assert header.numbers(Tag.PIXEL_SPACING, 2) == (0.5, 1.25)
    assert header.numbers(Tag.IMAGE_POSITION_PATIENT, 3) is None


@pytest.mark.parametrize("text", [b"0.5", b"1\\2\\3", b"1,5\\2", b"nan\\1", b"1_0\\1"])
def test_numbers_that_are_none_are_refused_by_name(text: bytes) -> None:
    header = Header({Tag.PIXEL_SPACING: text})
    with pytest.raises(
        DicomError, match=r"Pixel Spacing \(0028,0030\) is '.*'; 2 need"
    ):
        header.numbers(Tag.PIXEL_SPACING, 2)


def test_integers_follow_byte_order_and_sign() -> None:
    little = Header({Tag.PIXEL_PADDING_VALUE: b"\x30\xf8"})
    big = Header({Tag.PIXEL_PADDING_VALUE: b"\xf8\x30"}, is_little_endian=False)
    for header in (little, big):
        assert header.integer(Tag.PIXEL_PADDING_VALUE, signed=True) == -2000
        assert header.integer(Tag.PIXEL_PADDING_VALUE) == 63536
    assert little.integer(Tag.ROWS) is None


def test_text_follows_its_character_set() -> None:
    latin = Header({Tag.PROTOCOL_NAME: b"Sch\xe4del "})
    modern = Header(
        {
            Tag.SPECIFIC_CHARACTER_SET: b"ISO_IR 192",
            Tag.PROTOCOL_NAME: "Schädel".encode(),
        }
    )
    assert latin.text(Tag.PROTOCOL_NAME) == modern.text(Tag.PROTOCOL_NAME) == "Schädel"


def test_foreign_text_is_made_harmless_for_a_message() -> None:
    assert plain("a\x1b[31m\nb") == "a?[31m?b"
    assert len(plain("x" * 1000)) == 64
