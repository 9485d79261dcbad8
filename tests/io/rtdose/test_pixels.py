"""From stored pixels to dose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from kerma.errors import DicomError, InputError
from kerma.io.rtdose.reader import read_dose
from tests.io.rtdose.dose_objects import dose_object, encoded, save

WORDS = np.arange(60).reshape(3, 4, 5)


@pytest.mark.parametrize("words", ["<u1", "<u2", "<u4"])
def test_the_dose_is_the_stored_value_times_the_scaling(
    words: str, tmp_path: Path
) -> None:
    stored = WORDS.astype(words)
    stored[-1, -1, -1] = np.iinfo(words).max  # as unsigned, not as -1
    dose = read_dose(save(dose_object(stored, DoseGridScaling="1.4e-5"), tmp_path))
    assert dose.array.dtype == np.float32
    np.testing.assert_array_equal(dose.array, (stored * 1.4e-5).astype(np.float32))
    assert dose.notes == ()


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
        ExplicitVRBigEndian,
    ],
)
@pytest.mark.parametrize("words", ["<u2", "<u4"])
def test_the_transfer_syntax_changes_nothing(
    words: str, syntax: str, tmp_path: Path
) -> None:
    stored = (WORDS * 1000).astype(words)
    is_big = syntax == ExplicitVRBigEndian
    content = stored.astype(words.replace("<", ">")) if is_big else stored
    data = dose_object(stored, PixelData=content.tobytes())
    dose = read_dose(save(data, tmp_path, syntax=syntax))
    np.testing.assert_array_equal(dose.array, (stored * 0.001).astype(np.float32))


def test_rle_frames_are_decoded_each_to_its_place(tmp_path: Path) -> None:
    stored = (WORDS * 1000).astype("<u2")
    file = save(dose_object(stored, GridFrameOffsetVector=[0, -3, -6]), tmp_path)
    data = dcmread(file)
    data.compress(RLELossless, encoding_plugin="pydicom")
    data.save_as(file)
    dose = read_dose(file)
    np.testing.assert_array_equal(dose.array[::-1], (stored * 1e-3).astype(np.float32))


def test_jpeg_2000_frames_are_decoded_each_to_its_place(tmp_path: Path) -> None:
    stored = (np.arange(3 * 40 * 50).reshape(3, 40, 50) * 10).astype("<u2")
    frames = encapsulate([encode_array(frame) for frame in stored])
    data = dose_object(
        stored, PixelData=frames, GridFrameOffsetVector=[0.0, -3.0, -6.0]
    )
    data["PixelData"].is_undefined_length = True
    dose = read_dose(save(data, tmp_path, syntax=JPEG2000Lossless))
    np.testing.assert_array_equal(dose.array[::-1], (stored * 1e-3).astype(np.float32))


def test_a_file_without_file_meta_is_read(tmp_path: Path) -> None:
    data = dose_object()
    content = encoded(data, ImplicitVRLittleEndian)
    start = content.index(b"\x08\x00\x16\x00")
    (tmp_path / "bare").write_bytes(content[start:])
    np.testing.assert_array_equal(
        read_dose(tmp_path / "bare").array, (WORDS * 0.001).astype(np.float32)
    )


def test_only_the_stored_bits_count(tmp_path: Path) -> None:
    """12 bits in the upper part of 16; the 4 below hold something else."""
    stored = ((WORDS << 4) | 5).astype("<u2")
    data = dose_object(stored, BitsStored=12, HighBit=15)
    dose = read_dose(save(data, tmp_path))
    np.testing.assert_array_equal(dose.array, (WORDS * 0.001).astype(np.float32))
    (note,) = dose.notes
    assert note.startswith("3 frames have bits set outside of Bits Stored (0028,0101)")


@pytest.mark.parametrize("bits", [12, 16])
def test_a_difference_of_doses_may_be_negative(bits: int, tmp_path: Path) -> None:
    stored = (WORDS - 30).astype("<i2")
    words = stored if bits == 16 else (stored & 0xFFF).astype("<i2")
    data = dose_object(words, DoseType="ERROR", BitsStored=bits, HighBit=bits - 1)
    dose = read_dose(save(data, tmp_path))
    np.testing.assert_array_equal(dose.array, (stored * 0.001).astype(np.float32))
    assert dose.notes == ()


def test_a_missing_pixel_representation_follows_from_the_dose_type(
    tmp_path: Path,
) -> None:
    stored = (WORDS - 30).astype("<i2")
    data = dose_object(stored, DoseType="ERROR", PixelRepresentation=None)
    assert read_dose(save(data, tmp_path)).array.min() == np.float32(-0.03)


@pytest.mark.parametrize(
    ("dose_type", "sign"), [("PHYSICAL", 1), ("EFFECTIVE", 1), ("ERROR", 0)]
)
def test_a_sign_that_the_dose_type_denies_is_refused_where_it_matters(
    dose_type: str, sign: int, tmp_path: Path
) -> None:
    plain = dose_object(DoseType=dose_type, PixelRepresentation=sign)
    assert read_dose(save(plain, tmp_path)).array.max() == np.float32(0.059)
    stored = WORDS.astype("<u2")
    stored[1, 1, 1] = 0x8000
    data = dose_object(stored, DoseType=dose_type, PixelRepresentation=sign)
    with pytest.raises(DicomError, match=rf"\(0028,0103\) is {sign}, which does not"):
        read_dose(save(data, tmp_path))


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"DoseGridScaling": None}, r"Dose Grid Scaling \(3004,000E\) is missing"),
        ({"DoseGridScaling": ""}, r"\(3004,000E\) is missing"),
        ({"DoseGridScaling": "0"}, "is 0, which gives no dose"),
        ({"DoseGridScaling": "-1e-5"}, "is -1e-05, which gives no dose"),
        ({"DoseGridScaling": "1e300"}, "which gives no dose"),
        ({"DoseGridScaling": ("LO", "NaN")}, "is 'NaN'; finite numbers"),
        ({"SamplesPerPixel": 3}, r"\(0028,0002\) is 3; 1 is needed"),
        ({"BitsAllocated": None}, r"\(0028,0100\) is missing"),
        ({"BitsAllocated": 64}, "is 64; 8, 16 or 32"),
        ({"BitsAllocated": 12}, "is 12; 8, 16 or 32"),
        ({"BitsStored": 17}, r"\(0028,0101\) is 17 and High Bit .* does not fit 16"),
        ({"BitsStored": 0}, "does not fit 16 bits"),
        ({"HighBit": 16}, "does not fit 16 bits"),
        ({"BitsStored": 12, "HighBit": 10}, "does not fit 16 bits"),
        ({"PixelRepresentation": 2}, "is 2; 0 or 1 is needed"),
        ({"PixelData": None}, "holds no dose distribution"),
        ({"NumberOfFrames": 2}, "has 120 bytes, but 2 frames of 4 x 5 .* need 80"),
        ({"Rows": 5}, "has 120 bytes, but 3 frames of 5 x 5 pixels need 150"),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "need 240"),
    ],
)
def test_pixels_that_cannot_be_the_dose_are_refused(
    elements: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    file = save(dose_object(**elements), tmp_path)
    with pytest.raises(DicomError, match=sentence) as refused:
        read_dose(file)
    assert str(refused.value).startswith("dose.dcm: ")


def test_an_odd_number_of_bytes_is_padded(tmp_path: Path) -> None:
    stored = np.arange(27, dtype="u1").reshape(3, 3, 3)
    data = dose_object(stored, PixelData=stored.tobytes() + b"\0")
    assert read_dose(save(data, tmp_path)).array.max() == np.float32(0.026)


def test_a_compressed_file_with_too_few_frames_is_refused(tmp_path: Path) -> None:
    file = save(dose_object(), tmp_path)
    data = dcmread(file)
    data.compress(RLELossless, encoding_plugin="pydicom")
    data.NumberOfFrames = 4
    data.GridFrameOffsetVector = [0, 3, 6, 9]
    data.save_as(file)
    with pytest.raises(DicomError, match="damaged"):
        read_dose(file)


def test_a_compressed_file_whose_frames_have_another_size_is_refused(
    tmp_path: Path,
) -> None:
    file = save(dose_object(), tmp_path)
    data = dcmread(file)
    data.compress(RLELossless, encoding_plugin="pydicom")
    data.Rows = 8
    data.save_as(file)
    with pytest.raises(DicomError, match=r"dose\.dcm: "):
        read_dose(file)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_a_truncated_file_is_never_read_as_a_smaller_dose(
    syntax: str, tmp_path: Path
) -> None:
    content = encoded(dose_object(SOPInstanceUID="1.2.3"), syntax)
    file = tmp_path / "cut.dcm"
    for size in range(0, len(content), 7):
        file.write_bytes(content[:size])
        with pytest.raises(InputError, match=r"cut\.dcm"):
            read_dose(file)


def test_junk_is_refused_or_read_but_never_breaks(tmp_path: Path) -> None:
    """Bytes changed at random give a dose or a sentence, no other error."""
    content = encoded(dose_object())
    file = tmp_path / "junk.dcm"
    generator = np.random.default_rng(1)
    told = []
    for _ in range(300):
        junk = bytearray(content)
        for place in generator.integers(132, len(content), size=3):
            junk[place] = generator.integers(256)
        file.write_bytes(junk)
        try:
            read_dose(file)
        except InputError as error:
            told.append(str(error))
    assert len(told) > 20
    assert all(sentence.startswith("junk.dcm: ") for sentence in told)
