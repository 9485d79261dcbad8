"""Reading and writing RT Images."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from kerma.core.portal_image import Exposure, ImagePlane, PortalImage
from kerma.core.study import Study
from kerma.errors import DicomError, InputError
from kerma.io.rtimage.reader import read_portal_image
from kerma.io.rtimage.writer import write_portal_image
from tests.io.validators import dciodvfy_errors, dcmdump

STORED = (np.arange(15 * 7, dtype=np.uint16) * 600).reshape(15, 7)
IMAGE = PortalImage(
    STORED,
    (0.402, 0.4),
    rescale=(0.5, -10.0),
    intensity_relationship="LIN",
    intensity_sign=-1,
    pixel_scaling_factor=0.055322,
    source_detector_distance=1600.0,
    source_axis_distance=1000.0,
    first_pixel=(-1.25, 2.5),
    receptor_translation=(3.0, -4.0, -600.0),
    receptor_angle=0.0,
    gantry_angle=359.9,
    collimator_angle=90.0,
    couch_angle=10.0,
    plan_uid="1.2.3.7",
    beam_number=2,
    fraction_group=1,
    fraction_number=3,
    exposures=(Exposure(kv=6000.0, meterset=25.5),),
    dosimeter_unit="MU",
    label="Portal",
    description="before",
    machine="LINAC",
    manufacturer="Maker",
    model="Panel",
    station="ROOM1",
    date="20240102",
    time="101500.25",
    sop_instance_uid="1.2.3.4",
    series_instance_uid="1.2.3.5",
    study=Study(patient_id="P7", study_instance_uid="1.2.3.6"),
    series_description="Fraction 3",
)
PLAIN = PortalImage(STORED, (0.4, 0.4), manufacturer="Maker", model="Panel")

Change = Callable[[Dataset], Any]


def assert_same(first: PortalImage, second: PortalImage) -> None:
    """All fields but the notes are equal."""
    for field in fields(PortalImage):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name == "stored":
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
        elif field.name != "notes":
            assert one == other, field.name


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Change], Path]:
    """The image of the tests as a file, with something done to it."""

    def make(change: Change) -> Path:
        data = dcmread(write_portal_image(IMAGE, tmp_path / "ri.dcm"))
        change(data)
        content = io.BytesIO()
        data.save_as(content)
        (tmp_path / "ri.dcm").write_bytes(content.getvalue())
        return tmp_path / "ri.dcm"

    return make


@pytest.mark.parametrize(
    "dtype", [np.uint16, np.uint8]
)  # 105 pixels: of 8 bits they are padded
def test_an_image_comes_back_as_it_was(tmp_path: Path, dtype: type[Any]) -> None:
    image = replace(IMAGE, stored=(STORED // 256).astype(dtype))
    again = read_portal_image(write_portal_image(image, tmp_path / "ri.dcm"))
    assert_same(again, image)
    assert again.notes == ()


@pytest.mark.parametrize(
    ("name", "factor", "spacing"),
    [("EPID_001.dcm", 0.055322, 0.405), ("EPID_003.dcm", 0.0408082, 0.402)],
)
def test_a_real_image_is_read_as_it_is(
    real_data: Path, tmp_path: Path, name: str, factor: float, spacing: float
) -> None:
    image = read_portal_image(real_data / "portal" / name)
    data = dcmread(real_data / "portal" / name)
    np.testing.assert_array_equal(image.stored, data.pixel_array)
    assert image.stored.dtype == np.uint16
    assert (image.spacing, image.pixel_scaling_factor) == ((spacing,) * 2, factor)
    np.testing.assert_allclose(image.spacing_at_isocenter, spacing / 1.6, rtol=1e-12)
    x, y = image.positions_mm(ImagePlane.ISOCENTER)
    np.testing.assert_allclose(x[0], -1023 / 2 * spacing / 1.6)
    np.testing.assert_allclose(y[0], 1023 / 2 * spacing / 1.6)
    assert (image.gantry_angle, image.collimator_angle) == (0, None)
    assert image.intensity_sign is None
    assert (image.rescale, image.exposures, image.plan_uid) == (None, (), "")
    assert (image.date, image.time) == (data.AcquisitionDate, data.AcquisitionTime)
    assert len(image.notes) == 3
    file = write_portal_image(image, tmp_path / "ri.dcm")
    assert_same(read_portal_image(file), image)
    assert dciodvfy_errors(file) == []


KV_IMAGE = replace(
    IMAGE,
    image_type=("ORIGINAL", "PRIMARY", "SIMULATOR"),
    exposures=(Exposure(kv=120.0, tube_current_ma=80.0, time_ms=25.0), Exposure()),
)


@pytest.mark.parametrize(
    "image", [IMAGE, PLAIN, KV_IMAGE], ids=["portal", "plain", "kV"]
)
def test_dciodvfy_and_dcmtk_find_nothing_wrong(
    tmp_path: Path, image: PortalImage
) -> None:
    """dciodvfy looks for Image Type inside of an exposure, so it is put there for it."""
    file = write_portal_image(image, tmp_path / "ri.dcm")
    data = dcmread(file)
    for exposure in data.get("ExposureSequence", []):
        exposure.ImageType = data.ImageType
    data.save_as(file)
    assert dciodvfy_errors(file) == []
    assert "RTImagePlane" in dcmdump(file)


def test_a_plain_image_states_nothing_it_does_not_know(tmp_path: Path) -> None:
    again = read_portal_image(write_portal_image(PLAIN, tmp_path / "ri.dcm"))
    assert (again.intensity_sign, again.rescale) == (None, None)
    assert (again.first_pixel, again.source_axis_distance) == (None, None)
    assert (again.receptor_angle, again.pixel_scaling_factor) == (None, None)


def test_an_image_of_a_tube_keeps_its_exposure(tmp_path: Path) -> None:
    again = read_portal_image(write_portal_image(KV_IMAGE, tmp_path / "ri.dcm"))
    assert again.exposures == KV_IMAGE.exposures


def test_the_angle_of_the_exposure_counts(changed: Callable[[Change], Path]) -> None:
    """Image: gantry 359.9. Its only exposure says 90; two that differ leave it open."""

    def expose(*angles: str) -> Change:
        def change(data: Dataset) -> None:
            exposures = []
            for angle in angles:
                exposures.append(Dataset())
                exposures[-1].GantryAngle = angle
            data.ExposureSequence = exposures

        return change

    one = read_portal_image(changed(expose("90")))
    assert (one.gantry_angle, one.collimator_angle, one.notes) == (90, 90, ())
    two = read_portal_image(changed(expose("90", "100")))
    assert two.gantry_angle is None
    assert two.notes == (
        "Gantry Angle (300A,011E) differs from exposure to exposure and is left open.",
    )


def test_an_angle_below_zero_is_turned_round(changed: Callable[[Change], Path]) -> None:
    file = changed(lambda data: setattr(data, "GantryAngle", "-0.1"))
    assert read_portal_image(file).gantry_angle == 359.9


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_encodings_give_the_same_image(tmp_path: Path, syntax: str) -> None:
    data = dcmread(write_portal_image(IMAGE, tmp_path / "ri.dcm"))
    if syntax == ExplicitVRBigEndian:
        data["PixelData"].value = STORED.astype(">u2").tobytes()
    copy = Dataset()
    copy.update({element.tag: element for element in data})  # all decoded
    copy.file_meta = data.file_meta
    copy.file_meta.TransferSyntaxUID = syntax  # type: ignore[assignment]  # a plain string does
    content = io.BytesIO()
    dcmwrite(content, copy, enforce_file_format=True)
    (tmp_path / "ri.dcm").write_bytes(content.getvalue())
    assert_same(read_portal_image(tmp_path / "ri.dcm"), IMAGE)


def test_a_compressed_image_gives_the_same_numbers(
    changed: Callable[[Change], Path],
) -> None:
    file = changed(lambda data: data.compress(RLELossless, generate_instance_uid=False))
    assert_same(read_portal_image(file), IMAGE)


def test_one_frame_of_several_is_chosen_with_its_exposure(
    changed: Callable[[Change], Path],
) -> None:
    def stack(data: Dataset) -> None:
        data.NumberOfFrames = 2
        data.PixelData = STORED.tobytes() + (STORED + 1).tobytes()
        first = data.ExposureSequence[0]
        second = Dataset()
        first.ReferencedFrameNumber, second.ReferencedFrameNumber = 1, 2
        second.MetersetExposure = "7"
        data.ExposureSequence = [first, second]

    file = changed(stack)
    with pytest.raises(DicomError, match=r"Frames \(0028,0008\) is 2: choose one by"):
        read_portal_image(file)
    with pytest.raises(DicomError, match="is 2; there is no frame 3"):
        read_portal_image(file, frame=3)
    second = read_portal_image(file, frame=2)
    np.testing.assert_array_equal(second.stored, STORED + 1)
    assert second.meterset == 7
    assert read_portal_image(file, frame=1).meterset == 25.5


def test_bits_that_are_not_stored_are_left_out(
    changed: Callable[[Change], Path],
) -> None:
    """12 of 16 bits: an overlay in the upper four is no part of the number."""

    def overlay(data: Dataset) -> None:
        data.BitsStored, data.HighBit = 12, 11
        data.PixelData = ((STORED & 0x0FFF) | 0xA000).tobytes()

    stored = read_portal_image(changed(overlay)).stored
    np.testing.assert_array_equal(stored, STORED & 0x0FFF)


def test_the_scaling_factor_is_read_only_where_elekta_says_so(
    changed: Callable[[Change], Path],
) -> None:
    def rename(data: Dataset) -> None:
        data[0x0021, 0x0010].value = "Someone else"

    assert read_portal_image(changed(rename)).pixel_scaling_factor is None

    def move(data: Dataset) -> None:
        del data[0x0021, 0x0010], data[0x0021, 0x1002]
        data.add_new((0x0021, 0x0010), "LO", "Someone else")
        data.add_new((0x0021, 0x0011), "LO", "Elekta: Portal image")
        data.add_new((0x0021, 0x1002), "DS", "9")
        data.add_new((0x0021, 0x1102), "UN", b"0.25")

    assert read_portal_image(changed(move)).pixel_scaling_factor == 0.25


def put(keyword: str, value: Any) -> Change:
    return lambda data: setattr(data, keyword, value)


def drop(keyword: str) -> Change:
    return lambda data: delattr(data, keyword)


REFUSED: list[tuple[Change, str]] = [
    (put("RTImagePlane", "NON_NORMAL"), "is NON_NORMAL; only images across the beam"),
    (drop("RTImagePlane"), r"RT Image Plane \(3002,000C\) is missing; only"),
    (
        put("RTImageOrientation", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        r"\(3002,0010\) says that rows do not run",
    ),
    (put("ModalityLUTSequence", [Dataset()]), "only slope and intercept are read"),
    (drop("ImagePlanePixelSpacing"), r"ri\.dcm: Image Plane Pixel Spacing .* missing"),
    (put("ImagePlanePixelSpacing", [0.0, 1.0]), r"ri\.dcm: The row spacing is 0 mm"),
    (put("RTImageSID", "-1"), "source-detector distance is -1 mm"),
    (drop("RescaleIntercept"), r"\(0028,1053\) and Rescale Intercept"),
    (put("RescaleSlope", "0"), "have to be there together"),
    (put("PixelIntensityRelationshipSign", 2), "intensity sign is 2"),
    (put("Rows", 16), r"\(7FE0,0010\) has 210 bytes, but 1 frames of 16 x 7 .* 224"),
    (put("Rows", 0), "and Columns are 0 x 7"),
    (put("Columns", 8), "240"),
    (put("BitsAllocated", 12), "is 12; 8, 16 or 32 is read"),
    (put("BitsStored", 17), "does not fit 16 bits"),
    (put("PixelRepresentation", 2), "is 2; 0 or 1 is needed"),
    (put("SamplesPerPixel", 3), "is 3; 1 is needed"),
    (drop("PixelData"), r"\(7FE0,0010\) is missing"),
    (
        lambda data: data[0x0021, 0x1002].__setattr__("value", "0"),
        r"scaling factor \(0021,1002\) is 0; it has to be positive",
    ),
    (put("XRayImageReceptorTranslation", [1.0, 2.0]), "2 values; 3 are needed"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_an_image_that_would_mislead_is_refused(
    changed: Callable[[Change], Path], change: Change, message: str
) -> None:
    with pytest.raises(DicomError, match=message) as error:
        read_portal_image(changed(change))
    assert "P7" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("RTImagePosition", None), "taken as centered on the receptor"),
        (drop("XRayImageReceptorTranslation"), "centered on the beam axis"),
        (drop("PixelIntensityRelationshipSign"), "is left open"),
        (put("PhotometricInterpretation", "MONOCHROME1"), "displayed inverted"),
        (
            lambda data: data.ReferencedRTPlanSequence.append(Dataset()),
            "names 2 plans; the first is kept",
        ),
    ],
)
def test_what_is_assumed_is_noted(
    changed: Callable[[Change], Path], change: Change, message: str
) -> None:
    (note,) = read_portal_image(changed(change)).notes
    assert re.search(message, note)


def test_an_image_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write_portal_image(IMAGE, tmp_path / "whole.dcm").read_bytes()
    file = tmp_path / "ri.dcm"
    for size in [*range(0, len(whole), 37), len(whole) - 1]:
        file.write_bytes(whole[:size])
        with pytest.raises(InputError):
            read_portal_image(file)


def test_junk_in_an_image_never_raises_anything_else(tmp_path: Path) -> None:
    whole = write_portal_image(IMAGE, tmp_path / "whole.dcm").read_bytes()
    file = tmp_path / "ri.dcm"
    generator = np.random.default_rng(2)
    for _ in range(60):
        junk = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(132, junk.size, 5)
        junk[places] = generator.integers(0, 256, 5)
        file.write_bytes(junk.tobytes())
        with contextlib.suppress(InputError):
            read_portal_image(file)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (replace(PLAIN, stored=STORED.astype(np.int16)), "unsigned 8 or 16 bits"),
        (replace(PLAIN, plan_uid="x"), "no DICOM UID"),
        (replace(KV_IMAGE, exposures=(Exposure(time_ms=0.5),)), "ExposureTime is 0.5"),
    ],
)
def test_what_dicom_does_not_allow_is_not_written(
    tmp_path: Path, image: PortalImage, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_portal_image(image, tmp_path / "ri.dcm")
    assert not list(tmp_path.iterdir())


def test_uids_stay_unless_there_is_a_seed(tmp_path: Path) -> None:
    first, again = (
        read_portal_image(
            write_portal_image(IMAGE, tmp_path / f"{name}.dcm", uid_seed="s")
        )
        for name in "ab"
    )
    assert_same(first, again)
    assert first.sop_instance_uid != IMAGE.sop_instance_uid
    assert first.plan_uid == IMAGE.plan_uid
