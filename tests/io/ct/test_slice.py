"""What a CT header has to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from kerma.core.volume import Acquisition
from kerma.errors import DicomError
from kerma.io import read_ct


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"Rows": 0}, r"Rows \(0028,0010\) is 0"),
        ({"Columns": None}, r"Columns \(0028,0011\) is None"),
        ({"Rows": 65535, "Columns": 65535}, "at most 67108864 pixels"),
        ({"PixelData": None}, "has no Pixel Data"),
        ({"NumberOfFrames": 2}, r"Number Of Frames \(0028,0008\) is 2"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "color image"),
        ({"BitsAllocated": 12}, r"Bits Allocated \(0028,0100\) is 12"),
        ({"BitsStored": 12, "HighBit": 3}, r"Bits Stored .* is 12 and High Bit .* 3"),
        ({"PixelRepresentation": 7}, r"Pixel Representation \(0028,0103\) is 7"),
        ({"PixelSpacing": None}, r"Pixel Spacing \(0028,0030\) is missing"),
        ({"PixelSpacing": ("LO", "nan\\nan")}, "Pixel Spacing .* is 'nan.*; 2 needed"),
        ({"PixelSpacing": [0.0, 1.0]}, "Pixel Spacing .* is 0 x 1 mm, which no CT has"),
        ({"PixelSpacing": [1.0, 512.0]}, "is 1 x 512 mm, which no CT has"),
        ({"ImagePositionPatient": [0.0, 0.0, 1e9]}, "beyond any scanner"),
        (
            {"ImagePositionPatient": ("LO", "1\\2")},
            "Image Position Patient .* 3 needed",
        ),
        ({"ImageOrientationPatient": ("LO", "x")}, "Orientation .* is 'x'; 6 needed"),
        ({"RescaleType": "ED"}, r"Rescale Type \(0028,1054\) is 'ED': these are not"),
        ({"RescaleType": "Z_EFF"}, "is 'Z_EFF': these are not CT numbers in HU"),
        ({"RescaleType": "HU_MOD"}, "is 'HU_MOD': these are not CT numbers in HU"),
        ({"RescaleSlope": None}, r"Rescale Slope \(0028,1053\) is missing"),
        ({"RescaleIntercept": None}, r"Rescale Intercept \(0028,1052\) is missing"),
        ({"RescaleSlope": "0"}, "Slope .* is 0 and .* cannot give CT numbers"),
        ({"RescaleSlope": ("LO", "inf")}, "Rescale Slope .* is 'inf'"),
    ],
)
def test_a_header_that_cannot_give_numbers_is_refused_by_tag(
    elements: dict[str, Any],
    sentence: str,
    image: Callable[..., Dataset],
    save: Callable[..., Path],
) -> None:
    with pytest.raises(DicomError, match=rf"^999\.dcm: .*{sentence}"):
        read_ct(save(image(**elements)))


def test_a_table_of_ct_numbers_is_refused(
    image: Callable[..., Dataset], save: Callable[..., Path]
) -> None:
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    data = image(RescaleSlope=None, RescaleIntercept=None)
    data.ModalityLUTSequence = Sequence([table])
    with pytest.raises(DicomError, match=r"Modality LUT Sequence \(0028,3000\) gives"):
        read_ct(save(data))


@pytest.mark.parametrize("kind", [None, "", "HU", "US"])
def test_a_rescale_type_that_may_be_hu_is_taken_as_hu(
    kind: str | None, image: Callable[..., Dataset], save: Callable[..., Path]
) -> None:
    ct = read_ct(save(image(RescaleType=kind)))
    assert ct.hu[0, 0, 0] == -24
    assert ct.acquisition.rescale_type == (kind or None)
    assert any("is US (unspecified)" in note for note in ct.notes) == (kind == "US")


def test_what_the_scanner_says_is_kept_and_what_it_leaves_blank_is_none(
    image: Callable[..., Dataset], save: Callable[..., Path]
) -> None:
    data = image(
        Manufacturer="Maker",
        ManufacturerModelName="Model",
        StationName="CT1",
        DeviceSerialNumber="0042",
        KVP="120",
        ConvolutionKernel=["Br38f", "3"],
        ProtocolName="",
        SeriesDescription="Head 1.5",
        StudyDate="20260102",
        StudyTime="101112.5",
        PatientPosition="HFS",
    )
    assert read_ct(save(data)).acquisition == Acquisition(
        manufacturer="Maker",
        model="Model",
        station="CT1",
        serial_number="0042",
        kv=120.0,
        kernel="Br38f\\3",
        slice_thickness_mm=3.0,
        protocol=None,
        series_description="Head 1.5",
        study_date="20260102",
        study_time="101112.5",
        patient_position="HFS",
        rescale_type="HU",
    )


@pytest.mark.parametrize(
    ("series", "image_side", "laterality"),
    [("R", "", "R"), ("", "L", "L"), ("L", "R", "L"), ("", "B", None), ("", "", None)],
)
def test_the_side_is_that_of_the_series_then_of_the_image(
    image: Callable[..., Dataset],
    save: Callable[..., Path],
    series: str,
    image_side: str,
    laterality: str | None,
) -> None:
    data = image(Laterality=series, ImageLaterality=image_side)
    assert read_ct(save(data)).acquisition.laterality == laterality


def test_no_message_names_the_patient(
    image: Callable[..., Dataset], save: Callable[..., Path]
) -> None:
    data = image(PatientName="Doe^Jane", PatientID="12345", RescaleSlope="0")
    with pytest.raises(DicomError) as caught:
        read_ct(save(data))
    assert "Doe" not in str(caught.value)
    assert "12345" not in str(caught.value)
