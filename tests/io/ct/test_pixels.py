"""From stored pixels to CT numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from kerma.errors import DicomError, MissingDependencyError
from kerma.io import read_ct
from kerma.io.ct.pixels import read_hu
from kerma.io.ct.slice import Rescale, Slice
from kerma.io.dicom.header import Header
from kerma.io.dicom.pixel_format import PixelFormat
from kerma.io.dicom.source import DiskFile

Make = Callable[..., Dataset]
Save = Callable[..., Path]

ENHANCED = "1.2.840.10008.5.1.4.1.1.2.1"
JPEG_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"
JPEG_2000, RLE = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"


def test_whole_numbers_stay_int16(image: Make, save: Save) -> None:
    ct = read_ct(save(image()))
    assert ct.hu.dtype == np.int16
    assert ct.hu[0, 2].tolist() == [-12, -11, -10, -9, -8, -7]


def test_every_slice_has_its_own_rescale(image: Make, save: Save) -> None:
    """hu = slope * stored + intercept, slice by slice; stored is 10 everywhere."""
    stored = np.full((2, 2), 10)
    slices = [
        image(0, stored=stored, RescaleSlope="1", RescaleIntercept="-1000"),
        image(1, stored=stored, RescaleSlope="2.5", RescaleIntercept="-1024.5"),
    ]
    ct = read_ct(save(*slices))
    assert ct.hu.dtype == np.float32
    assert ct.hu[:, 0, 0].tolist() == [-990.0, -999.5]


def test_whole_intercepts_may_differ_and_stay_whole(image: Make, save: Save) -> None:
    stored = np.full((2, 2), 10)
    slices = [
        image(k, stored=stored, RescaleIntercept=f"{-1000 - k}.00") for k in range(3)
    ]
    ct = read_ct(save(*slices))
    assert ct.hu.dtype == np.int16
    assert ct.hu[:, 0, 0].tolist() == [-990, -991, -992]


def test_unsigned_values_above_32767_do_not_wrap(image: Make, save: Save) -> None:
    """33000 - 1024 fits int16; 40000 - 1024 does not, and is kept as float32."""
    unsigned = {"PixelRepresentation": 0}
    fits = read_ct(save(image(stored=[[33000, 0]], **unsigned)))
    assert fits.hu.dtype == np.int16
    assert fits.hu.tolist() == [[[31976, -1024]]]
    large = read_ct(save(image(stored=[[40000, 0]], **unsigned)))
    assert large.hu.dtype == np.float32
    assert large.hu.tolist() == [[[38976.0, -1024.0]]]


def test_the_ends_of_int16_are_reached_and_not_passed(image: Make, save: Save) -> None:
    stored = [[-32768, 32767]]
    exact = read_ct(save(image(stored=stored, RescaleIntercept="0")))
    assert exact.hu.dtype == np.int16
    assert exact.hu.tolist() == [stored]
    for intercept in ("1", "-1"):
        over = read_ct(save(image(stored=stored, RescaleIntercept=intercept)))
        assert over.hu.dtype == np.float32
        assert over.hu.tolist() == [[[s + int(intercept) for s in stored[0]]]]


@pytest.mark.parametrize(("bits", "kind"), [(8, "u1"), (32, "<i4")])
def test_other_word_sizes_are_read(
    bits: int, kind: str, image: Make, save: Save
) -> None:
    words = np.array([[1, 2], [3, 104]], kind)
    data = image(
        stored=words,
        PixelData=words.tobytes(),
        BitsAllocated=bits,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(kind == "<i4"),
        RescaleIntercept="-100",
    )
    if bits == 8:
        data["PixelData"].VR = "OB"
    ct = read_ct(save(data))
    assert ct.hu.dtype == np.int16
    assert ct.hu.tolist() == [[[-99, -98], [-97, 4]]]


def test_bits_that_do_not_belong_to_the_value_are_ignored(
    image: Make, save: Save
) -> None:
    """12 bits stored; an old overlay lies in bit 15."""
    data = image(
        stored=np.array([[100 | 0x8000, 4095]], np.uint16).view(np.int16),
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
    )
    ct = read_ct(save(data))
    assert ct.hu.tolist() == [[[100 - 1024, 4095 - 1024]]]
    assert any("bits set outside of Bits Stored" in note for note in ct.notes)


def test_signs_are_extended_from_the_high_bit(image: Make, save: Save) -> None:
    """In 12 bits 0xFFF is -1; with its sign extended or not."""
    twelve = {"BitsStored": 12, "HighBit": 11, "RescaleIntercept": "0"}
    ct = read_ct(save(image(stored=[[0x0FFF, -1, 0x07FF]], **twelve)))
    assert ct.hu.tolist() == [[[-1, -1, 2047]]]


def test_values_may_lie_at_the_upper_end_of_their_words(
    image: Make, save: Save
) -> None:
    upper = {"BitsStored": 12, "HighBit": 15, "RescaleIntercept": "0"}
    ct = read_ct(save(image(stored=[[-1 << 4, 5 << 4]], **upper)))
    assert ct.hu.tolist() == [[[-1, 5]]]


@pytest.mark.parametrize(
    ("stored", "padding", "signed"),
    [
        ([[-2000, 24, -2000]], ("SS", -2000), 1),
        ([[63536, 24, 63536]], ("US", 63536), 0),
        ([[-2000, 24, -2000]], ("US", 63536), 1),  # the wrong VR, the same bytes
    ],
)
def test_padding_is_a_stored_value_and_becomes_air(
    stored: list[list[int]],
    padding: tuple[str, int],
    signed: int,
    image: Make,
    save: Save,
) -> None:
    data = image(
        stored=np.array(stored).astype(np.uint16).view(np.int16),
        PixelRepresentation=signed,
        PixelPaddingValue=padding,
    )
    ct = read_ct(save(data))
    assert ct.hu.dtype == np.int16
    assert ct.hu.tolist() == [[[-1024, -1000, -1024]]]
    assert ct.notes[-1] == (
        "2 voxels are padding (Pixel Padding Value (0028,0120)) and were set to -1024 "
        "HU."
    )


@pytest.mark.parametrize("ends", [(-2000, -1990), (-1990, -2000)])
def test_padding_may_be_a_range(ends: tuple[int, int], image: Make, save: Save) -> None:
    data = image(
        stored=[[-2001, -2000, -1995, -1990, -1989]],
        RescaleIntercept="0",
        PixelPaddingValue=("SS", ends[0]),
        PixelPaddingRangeLimit=("SS", ends[1]),
    )
    assert read_ct(save(data)).hu.tolist() == [[[-2001, -1024, -1024, -1024, -1989]]]


def test_padding_outside_of_the_stored_bits_is_found(image: Make, save: Save) -> None:
    """63536 in words of which 12 bits are stored would read as 2096."""
    data = image(
        stored=np.array([[63536, 24]], np.uint16).view(np.int16),
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=0,
        PixelPaddingValue=("US", 63536),
    )
    assert read_ct(save(data)).hu.tolist() == [[[-1024, -1000]]]


def test_padding_in_a_float_ct_becomes_air(image: Make, save: Save) -> None:
    data = image(
        stored=[[-2000, 10]], RescaleSlope="0.5", PixelPaddingValue=("SS", -2000)
    )
    assert read_ct(save(data)).hu.tolist() == [[[-1024.0, -1019.0]]]


def test_a_padding_value_that_tissue_has_changes_nothing(
    image: Make, save: Save
) -> None:
    data = image(stored=[[0, 5]], RescaleIntercept="0", PixelPaddingValue=("SS", 0))
    ct = read_ct(save(data))
    assert ct.hu.tolist() == [[[0, 5]]]
    assert "at 0 HU they may be tissue" in ct.notes[-1]


def test_undeclared_values_far_below_air_are_left_and_noted(
    image: Make, save: Save
) -> None:
    ct = read_ct(save(image(stored=[[-2000, -76, -77]])))
    assert ct.hu.tolist() == [[[-3024, -1100, -1101]]]
    assert ct.notes[-1] == (
        "2 voxels are below -1100 HU (down to -3024) but not declared as padding and "
        "were left as they are."
    )


@pytest.mark.parametrize("length", [0, 46])
def test_pixel_data_that_are_too_short_are_refused(
    length: int, image: Make, save: Save
) -> None:
    data = image()
    data.PixelData = data.PixelData[:length]
    sentence = rf"999\.dcm: its pixel data end after {length} bytes, but 4 x 6 pixels"
    with pytest.raises(DicomError, match=sentence):
        read_ct(save(data))


def test_a_file_that_is_cut_off_is_named(image: Make, save: Save) -> None:
    folder = save(image(0), image(1))
    file = folder / "998.dcm"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(
        DicomError, match=r"998\.dcm: its pixel data end after 38 bytes"
    ):
        read_ct(folder)


def test_more_voxels_than_any_ct_has_are_not_allocated() -> None:
    header = Header({}, has_pixels=True)
    pixel_format = PixelFormat(16, 16, 15, signed=True)
    huge = Slice(
        DiskFile("x"), 0, header, 2**13, 2**13, (1, 1), None, None, pixel_format,
        Rescale(1, 0), None,
    )  # fmt: skip
    with pytest.raises(DicomError, match="voxels is too large; at most 2147483648"):
        read_hu([huge] * 33)


def enhanced(image: Make, *, frames: int = 3, **elements: Any) -> Dataset:
    """Enhanced CT at z = 4, 2, 0 mm, geometry and rescale in functional groups."""
    stored = np.stack([np.full((2, 3), 100 * k) for k in range(frames)])
    data = image(
        stored=stored,
        **{
            "SOPClassUID": ENHANCED,
            "NumberOfFrames": frames,
            "PixelSpacing": None,
            "ImagePositionPatient": None,
            "ImageOrientationPatient": None,
            "RescaleSlope": None,
            "RescaleIntercept": None,
            "RescaleType": None,
            "SliceThickness": None,
        }
        | elements,
    )
    data.SharedFunctionalGroupsSequence = Sequence(
        [
            group(
                PixelMeasuresSequence={"PixelSpacing": [1.5, 0.5], "SliceThickness": 2},
                PlaneOrientationSequence={
                    "ImageOrientationPatient": [1.0, 0, 0, 0, 1.0, 0]
                },
            )
        ]
    )
    data.PerFrameFunctionalGroupsSequence = Sequence(
        [
            group(
                PlanePositionSequence={"ImagePositionPatient": [0.0, 0, 4.0 - 2 * k]},
                PixelValueTransformationSequence={
                    "RescaleSlope": 1,
                    "RescaleIntercept": -1000 - k,
                    "RescaleType": "HU",
                },
            )
            for k in range(frames)
        ]
    )
    return data


def group(**sequences: dict[str, Any]) -> Dataset:
    """One item of functional groups."""
    outer = Dataset()
    for keyword, elements in sequences.items():
        inner = Dataset()
        for name, value in elements.items():
            setattr(inner, name, value)
        setattr(outer, keyword, Sequence([inner]))
    return outer


@pytest.mark.parametrize(
    "syntax",
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"],
)
def test_frames_of_an_enhanced_ct_are_sorted_and_rescaled_each(
    syntax: str, image: Make, save: Save
) -> None:
    """Frame k holds 100 k - 1000 - k HU and lies at z = 4 - 2 k mm."""
    ct = read_ct(save(enhanced(image), syntax=syntax))
    assert ct.grid.shape == (3, 2, 3)
    assert ct.grid.spacing == (2.0, 1.5, 0.5)
    assert ct.grid.origin == (0.0, 0.0, 0.0)
    assert ct.hu[:, 0, 0].tolist() == [-802, -901, -1000]
    assert ct.acquisition.slice_thickness_mm == 2.0


def test_a_compressed_enhanced_ct_is_decoded_frame_by_frame(
    image: Make, save: Save
) -> None:
    data = enhanced(image)
    data.file_meta = None  # type: ignore[assignment]  # compress makes its own
    data = compressed_by_rle(data)
    assert read_ct(save(data, syntax=RLE)).hu[:, 1, 2].tolist() == [-802, -901, -1000]


def compressed_by_rle(data: Dataset) -> Dataset:
    data.file_meta = Dataset()  # type: ignore[assignment]  # only the syntax is needed
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.compress(RLE, generate_instance_uid=False)
    return data


def test_an_enhanced_ct_with_frames_missing_is_refused(image: Make, save: Save) -> None:
    data = enhanced(image)
    del data.PerFrameFunctionalGroupsSequence[-1]
    with pytest.raises(DicomError, match="declares 3 frames but describes 2"):
        read_ct(save(data))


def test_an_enhanced_ct_shorter_than_its_frames_is_refused(
    image: Make, save: Save
) -> None:
    data = enhanced(image)
    data.PixelData = data.PixelData[:-6]
    with pytest.raises(DicomError, match=r"its pixel data end after .* truncated"):
        read_ct(save(data))


def test_a_real_perfusion_map_is_no_ct(real_data: Path) -> None:
    file = real_data / "dicom_rt/pydicom_files/eCT_Supplemental.dcm"
    with pytest.raises(DicomError, match="its values are in 'ml/100ml/s', not in HU"):
        read_ct(file)


def test_a_real_enhanced_ct_reads_as_its_groups_say(
    real_data: Path, tmp_path: Path
) -> None:
    """The same file without its mapping to blood flow; the z of its frames descends."""
    data = dcmread(real_data / "dicom_rt/pydicom_files/eCT_Supplemental.dcm")
    del data.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence
    data.save_as(tmp_path / "e.dcm")
    ct = read_ct(tmp_path / "e.dcm")
    frames = data.pixel_array.astype(int) - 1024
    # Rows run to the right of the patient, columns down: the normal is -z.
    assert ct.grid.axes[0] == (0.0, 0.0, -1.0)
    assert ct.grid.origin == (99.5, -301.5, -149.0)
    np.testing.assert_array_equal(ct.hu, frames[::-1])


def test_run_lengths_are_decoded(image: Make, save: Save) -> None:
    plain = read_ct(save(image()))
    packed = read_ct(save(compressed_by_rle(image()), syntax=RLE))
    np.testing.assert_array_equal(packed.hu, plain.hu)


@pytest.mark.parametrize(
    ("name", "syntax"),
    [
        ("JPEG-LL.dcm", JPEG_LOSSLESS),
        ("JLSL_16_15_1_1F.dcm", JPEG_LS),
        ("693_J2KR.dcm", JPEG_2000),
    ],
)
def test_real_compressed_images_are_decoded_bit_by_bit(
    name: str, syntax: str, real_data: Path, image: Make, save: Save
) -> None:
    """Real codestreams in a CT image; decoded by pydicom and scaled in the test."""
    real = dcmread(real_data / "dicom_rt/pydicom_files" / name)
    data = image(
        **{
            keyword: real[keyword].value
            for keyword in (
                "Rows",
                "Columns",
                "BitsAllocated",
                "BitsStored",
                "HighBit",
                "PixelRepresentation",
                "PixelData",
            )
        }
    )
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    ct = read_ct(save(data, syntax=syntax))
    np.testing.assert_array_equal(ct.hu[0], real.pixel_array.astype(int) - 1024)


def test_a_codestream_of_another_size_is_not_decoded(
    real_data: Path, image: Make, save: Save
) -> None:
    real = dcmread(real_data / "dicom_rt/pydicom_files/693_J2KR.dcm")
    data = image(PixelData=real.PixelData)
    data["PixelData"].is_undefined_length = True
    with pytest.raises(
        DicomError, match="has 512 x 512 pixels, but 4 x 6 are declared"
    ):
        read_ct(save(data, syntax=JPEG_2000))


def test_a_damaged_codestream_is_refused(image: Make, save: Save) -> None:
    data = image(PixelData=encapsulate([b"\xff\xd8\xff\xd9" * 9]))
    data["PixelData"].is_undefined_length = True
    for syntax in (JPEG_LOSSLESS, JPEG_LS, JPEG_2000, RLE):
        with pytest.raises(DicomError, match=r"999\.dcm: is damaged"):
            read_ct(save(data, syntax=syntax))


def test_an_unknown_compression_is_named(image: Make, save: Save) -> None:
    data = image(PixelData=encapsulate([bytes(10)]))
    data["PixelData"].is_undefined_length = True
    with pytest.raises(DicomError, match=r"its compression, MPEG2 .* not supported"):
        read_ct(save(data, syntax="1.2.840.10008.1.2.4.100"))


def test_compression_without_a_transfer_syntax_is_refused(
    image: Make, tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    data = image(PixelData=encapsulate([bytes(10)]))
    data["PixelData"].is_undefined_length = True
    content = encode(data, JPEG_2000)
    data_set = content.index(b"\x08\x00\x08\x00CS")
    (tmp_path / "x.dcm").write_bytes(content[data_set:])
    with pytest.raises(DicomError, match=r"does not say how \(Transfer Syntax UID"):
        read_ct(tmp_path / "x.dcm")


def test_a_missing_decoder_is_named(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_decoder(UID(JPEG_2000)), "_available", {})
    with pytest.raises(
        MissingDependencyError, match="pylibjpeg-openjpeg for JPEG 2000"
    ):
        read_ct(real_data / "dicom_rt/pydicom_files/693_J2KR.dcm")


def test_lossy_compression_is_noted(image: Make, save: Save) -> None:
    ct = read_ct(save(image(LossyImageCompression="01")))
    assert "The images were compressed with loss; CT numbers may be off." in ct.notes
