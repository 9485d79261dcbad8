"""Files in every wrapping that DICOM comes in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite

import kerma.io.dicom.file
from kerma.errors import DicomError, InputError
from kerma.io import read_ct
from kerma.io.dicom.file import read_header
from kerma.io.dicom.header import Tag
from kerma.io.dicom.source import DiskFile

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
HU = (np.arange(24) - 24).reshape(1, 4, 6)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "slice.dcm"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED])
def test_every_little_endian_encoding_is_walked_and_gives_the_same_ct(
    syntax: str,
    file: Path,
    image: Callable[..., Dataset],
    encode: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kerma.io.dicom.file, "parse_header", lambda _: 1 / 0)
    file.write_bytes(encode(image(), syntax))
    ct = read_ct(file)
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.grid.spacing == (3.0, 1.5, 0.5)


def test_big_endian_numbers_are_turned_round(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    stored = (HU[0] + 1024).astype(">i2").tobytes()
    data = image(PixelData=stored, PixelPaddingValue=("SS", 1001))
    file.write_bytes(encode(data, BIG_ENDIAN))
    expected = HU.copy()
    expected[0, 0, 1] = -23  # 1001 is -23 HU: tissue, so no padding
    np.testing.assert_array_equal(read_ct(file).hu, expected)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_preamble_and_file_meta_may_be_missing(
    syntax: str,
    file: Path,
    image: Callable[..., Dataset],
    encode: Callable[..., bytes],
) -> None:
    file.write_bytes(encode(image(), syntax, meta=False))
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_a_preamble_may_be_followed_by_the_data_set_at_once(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    file.write_bytes(bytes(128) + b"DICM" + encode(image(), meta=False))
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_file_meta_may_lack_the_preamble_or_the_transfer_syntax(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    content = encode(image())
    file.write_bytes(content[132:])
    np.testing.assert_array_equal(read_ct(file).hu, HU)
    element = b"\x02\x00\x10\x00UI\x14\x00" + EXPLICIT.encode() + b"\0"
    assert element in content
    file.write_bytes(content.replace(element, b""))
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_a_transfer_syntax_that_lies_is_seen_through(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    content = encode(image())
    file.write_bytes(
        content.replace(EXPLICIT.encode() + b"\0", b"1.2.840.10008.1.2\0\0\0")
    )
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_a_header_longer_than_the_first_read_is_read_on(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    data = image()
    data.add_new(0x00091001, "OB", bytes(300_000))
    file.write_bytes(encode(data))
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_a_layout_the_walk_does_not_know_is_read_by_pydicom(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    """Elements after the pixels, and pixels under another name before them."""
    data = image()
    data.add_new(0x00091001, "LO", "text")
    content = encode(data).replace(b"\x09\x00\x01\x10LO", b"\x09\x00\x01\x10ZZ")
    file.write_bytes(content)
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_only_the_first_elements_of_another_kind_are_read(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    dose = image(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2", Modality="RTDOSE")
    file.write_bytes(encode(dose))
    found = read_header(DiskFile(str(file)))
    assert found is not None
    assert found[1].text(Tag.MODALITY) == "RTDOSE"
    assert not found[1].has(Tag.ROWS)


@pytest.mark.parametrize(
    "content", [b"", b"DICM", b"text " * 100, bytes(200), b"\x08\x00\xff\xff" * 50]
)
def test_what_is_no_dicom_is_none(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    assert read_header(DiskFile(str(file))) is None


def test_a_blank_class_is_made_up_for_by_the_modality(
    file: Path, image: Callable[..., Dataset]
) -> None:
    data = image(SOPClassUID=None, SOPInstanceUID=None)
    content = io.BytesIO()
    dcmwrite(content, data, implicit_vr=False, little_endian=True)
    file.write_bytes(content.getvalue())
    np.testing.assert_array_equal(read_ct(file).hu, HU)


def test_every_cut_of_a_file_ends_in_one_sentence(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    content = encode(image())
    for end in range(0, len(content), 7):
        file.write_bytes(content[:end])
        with pytest.raises(InputError, match=r"^slice\.dcm: "):
            read_ct(file)


def test_every_damaged_byte_of_a_header_ends_in_a_ct_or_one_sentence(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    content = encode(image())
    generator = np.random.default_rng(4)
    for _ in range(300):
        damaged = bytearray(content)
        for at in generator.integers(128, len(content) - 48, size=3):
            damaged[at] = generator.integers(256)
        file.write_bytes(damaged)
        try:
            read_ct(file)
        except InputError as error:
            assert str(error).count("slice.dcm") >= 1  # noqa: PT017  (either outcome is right)


def test_messages_quote_no_content_of_a_file_that_pydicom_refuses(
    file: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    data = image(PatientName="Doe^Jane", PatientID="12345")
    content = encode(data, BIG_ENDIAN)
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DicomError) as caught:
        read_ct(file)
    assert "Doe" not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_real_files_are_walked_as_pydicom_reads_them(real_data: Path) -> None:
    """Second implementation: each element that the walk keeps, on every real CT."""
    walked = 0
    for path in sorted((real_data / "dicom_rt").rglob("*.dcm")):
        found = read_header(DiskFile(str(path)))
        if found is None or not found[1].has(Tag.ROWS) or found[1].pixels_at is None:
            continue
        data = dcmread(path, force=True)
        for tag in (Tag.ROWS, Tag.COLUMNS, Tag.BITS_STORED):
            assert found[1].integer(tag) == data[tag].value
        for tag in (Tag.SERIES_INSTANCE_UID, Tag.SOP_INSTANCE_UID):
            assert found[1].text(tag) == data[tag].value
        assert found[1].pixel_bytes == len(data.PixelData)
        walked += 1
    assert walked > 30
