"""Writing a CT as a DICOM series."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

import kerma.io.ct.writer
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.core.volume import CT, Acquisition
from kerma.errors import InputError
from kerma.io import read_ct, write_ct
from tests.io.validators import dciodvfy_errors, dcmdump

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
SCAN = Acquisition(
    manufacturer="Maker",
    model="Model",
    station="CT1",
    serial_number="0042",
    kv=120.0,
    kernel="Br38f\\3",
    slice_thickness_mm=3.0,
    protocol="Schädel",
    series_description="Head 1.5",
    study_date="20260102",
    study_time="101112.5",
    patient_position="HFS",
    laterality="L",
    rescale_type="HU",
)


def make_ct(grid: Grid | None = None, **fields: object) -> CT:
    grid = grid or Grid((3, 2, 4), (-10.1, 20.2, 30.3), (2.5, 0.7, 0.9), AXIAL, "1.2.3")
    hu = np.arange(np.prod(grid.shape), dtype=np.int16).reshape(grid.shape) * 100 - 1000
    ct = CT(hu.astype(np.int16), grid, SCAN)
    return dataclasses.replace(ct, **fields)  # type: ignore[arg-type]  # by name


def test_a_ct_comes_back_as_it_was_written(tmp_path: Path) -> None:
    ct = make_ct(series_instance_uid="1.2.9", sop_instance_uids=("1.5", "1.4", "1.3"))
    files = write_ct(ct, tmp_path / "new" / "series")
    assert [file.name for file in files] == [
        "ct_0001.dcm",
        "ct_0002.dcm",
        "ct_0003.dcm",
    ]
    back = read_ct(tmp_path / "new" / "series")
    assert back.hu.dtype == np.int16
    np.testing.assert_array_equal(back.hu, ct.hu)
    assert back.grid == ct.grid
    assert back.acquisition == ct.acquisition
    assert back.series_instance_uid == "1.2.9"
    assert back.sop_instance_uids == ("1.5", "1.4", "1.3")
    assert back.notes == ()


def test_uneven_slices_come_back_uneven(tmp_path: Path) -> None:
    grid = Grid(
        (4, 2, 3), (0, 0, 0), (2.0, 1.0, 1.0), AXIAL, "1.2.3", offsets=(0, 2, 6, 8)
    )
    write_ct(make_ct(grid), tmp_path)
    assert read_ct(tmp_path).grid == grid


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    angle=st.floats(-3, 3),
    tilt=st.floats(-0.5, 0.5),
    origin=st.tuples(*[st.floats(-1000, 1000)] * 3),
    spacing=st.tuples(*[st.floats(0.05, 10)] * 3),
)
def test_every_grid_comes_back_within_a_micrometer(
    angle: float,
    tilt: float,
    origin: tuple[float, float, float],
    spacing: tuple[float, float, float],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("series")
    rows = np.array([np.cos(angle), np.sin(angle), 0])
    columns = np.array([-np.sin(angle) * 0.6, np.cos(angle) * 0.6, 0.8])
    normal = np.cross(rows, columns)
    step = np.cos(tilt) * normal + np.sin(tilt) * columns
    axes = tuple(tuple(map(float, axis)) for axis in (step, columns, rows))
    grid = Grid((3, 2, 4), origin, spacing, axes, "1.2.3")  # type: ignore[arg-type]  # three of three
    write_ct(make_ct(grid), folder)
    assert read_ct(folder).grid.is_same_as(grid, tolerance_mm=1e-6)


def test_float_ct_numbers_are_rounded_to_whole_ones(tmp_path: Path) -> None:
    hu = make_ct().hu + np.float32(0.3)
    write_ct(make_ct(array=hu.astype(np.float32)), tmp_path)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, make_ct().hu)


@pytest.mark.parametrize("value", [np.nan, np.inf, 32768.0, -32769.0])
def test_ct_numbers_that_do_not_fit_are_refused(value: float, tmp_path: Path) -> None:
    hu = make_ct().hu.astype(np.float32)
    hu[1, 1, 1] = value
    with pytest.raises(InputError, match="do not fit the 16 bits of a CT image"):
        write_ct(make_ct(array=hu), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_every_required_attribute_is_there(tmp_path: Path) -> None:
    """PS3.3, A.3.3: type 1 has a value, type 2 is there."""
    bare = make_ct(acquisition=Acquisition())
    data = dcmread(write_ct(bare, tmp_path)[1])
    required = """
        SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID Modality
        FrameOfReferenceUID ImageType PixelSpacing ImageOrientationPatient
        ImagePositionPatient SamplesPerPixel PhotometricInterpretation Rows Columns
        BitsAllocated BitsStored HighBit PixelRepresentation RescaleIntercept
        RescaleSlope PixelData InstanceNumber
    """
    may_be_blank = """
        PatientBirthDate PatientSex StudyDate StudyTime ReferringPhysicianName StudyID
        AccessionNumber SeriesNumber Manufacturer PositionReferenceIndicator
        SliceThickness KVP AcquisitionNumber PatientPosition PatientName PatientID
    """
    for keyword in required.split():
        assert data[keyword].value not in (None, ""), keyword
    for keyword in may_be_blank.split():
        assert keyword in data, keyword
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
    assert (data.PixelRepresentation, data.BitsStored, data.HighBit) == (1, 16, 15)
    assert data["PixelData"].VR == "OW"


def test_what_the_scanner_did_not_say_stays_unsaid(tmp_path: Path) -> None:
    write_ct(make_ct(acquisition=Acquisition()), tmp_path)
    assert read_ct(tmp_path).acquisition == Acquisition(rescale_type="HU")


def test_decimal_strings_have_at_most_16_characters(tmp_path: Path) -> None:
    third = 1 / 3
    turned = (
        (0, 0, 1),
        (-np.sin(third), np.cos(third), 0),
        (np.cos(third), np.sin(third), 0),
    )
    grid = Grid(
        (2, 2, 2), (-third * 1e3, third, 1e-7), (third, third, third), turned, "1.2"
    )
    for file in write_ct(make_ct(grid), tmp_path):
        data = dcmread(file)
        for element in data:
            if element.VR == "DS" and element.value is not None:
                raw = data.get_item(element.tag)
                texts = str(raw.value).strip("[]").split(", ")
                assert all(len(text.strip("'")) <= 16 for text in texts), (
                    element.keyword
                )


def test_a_seed_makes_the_same_new_uids_each_time(tmp_path: Path) -> None:
    ct = make_ct(series_instance_uid="1.2.9", sop_instance_uids=("1.5", "1.4", "1.3"))
    uids = []
    for folder in ("a", "b", "c"):
        seed = "one" if folder != "c" else "another"
        files = write_ct(ct, tmp_path / folder, uid_seed=seed)
        uids.append([dcmread(file).SOPInstanceUID for file in files])
    assert uids[0] == uids[1]
    assert not {"1.5", *uids[0]} & set(uids[2])
    assert (tmp_path / "a/ct_0001.dcm").read_bytes() == (
        tmp_path / "b/ct_0001.dcm"
    ).read_bytes()


def test_without_uids_or_seed_new_ones_are_made(tmp_path: Path) -> None:
    first = read_ct(write_ct(make_ct(), tmp_path / "a"))
    second = read_ct(write_ct(make_ct(), tmp_path / "b"))
    assert first.series_instance_uid.startswith("2.25.")
    assert first.series_instance_uid != second.series_instance_uid
    assert len(set(first.sop_instance_uids)) == 3


def test_uids_that_are_none_or_not_one_each_are_made_anew(tmp_path: Path) -> None:
    grid = Grid((2, 2, 2), (0, 0, 0), (1, 1, 1), AXIAL, "")
    ct = make_ct(grid, series_instance_uid="1.2.9", sop_instance_uids=("1.1", "1.1"))
    back = read_ct(write_ct(ct, tmp_path))
    assert back.series_instance_uid == "1.2.9"
    assert len(set(back.sop_instance_uids)) == 2
    assert back.grid.frame_of_reference.startswith("2.25.")
    with pytest.raises(
        InputError, match="Study Instance UID is 'x', which is no DICOM"
    ):
        write_ct(ct, tmp_path / "b", study=Study(study_instance_uid="x"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ct_0002.dcm").write_text("mine")
    with pytest.raises(InputError, match=r"ct_0002\.dcm is there already; nothing was"):
        write_ct(make_ct(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ct_0002.dcm"]
    assert (tmp_path / "ct_0002.dcm").read_text() == "mine"


@pytest.mark.parametrize("stage", ["write", "move"])
def test_a_failure_leaves_nothing_behind(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def failing(*_: object) -> Path:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        return tmp_path / "ct_0001.dcm"

    (tmp_path / "other").write_text("mine")
    if stage == "write":
        monkeypatch.setattr(kerma.io.ct.writer, "write_file", failing)
    else:
        monkeypatch.setattr(Path, "rename", failing)
        monkeypatch.setattr(kerma.io.ct.writer, "write_file", lambda *_: None)
    with pytest.raises(
        InputError, match=r"cannot be written \(No space left on device"
    ):
        write_ct(make_ct(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("station", "a name of over 16 characters", "StationName cannot be written"),
        ("series_description", "x" * 65, "SeriesDescription .*65 characters"),
        ("study_date", "2026-01-02", "StudyDate cannot be written as DICOM"),
        ("study_time", "noon", "StudyTime cannot be written as DICOM"),
        ("patient_position", "head first", "PatientPosition cannot be written"),
        ("manufacturer", "a\\b", "Manufacturer cannot be written"),
    ],
)
def test_text_that_dicom_does_not_allow_is_refused(
    field: str, value: str, sentence: str, tmp_path: Path
) -> None:
    acquisition = dataclasses.replace(SCAN, **{field: value})  # type: ignore[arg-type]  # by name
    with pytest.raises(InputError, match=sentence):
        write_ct(make_ct(acquisition=acquisition), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_patient_is_as_given(tmp_path: Path) -> None:
    file = write_ct(make_ct(), tmp_path, study=Study("A^B", "7"))[0]
    data = dcmread(file)
    assert (data.PatientName, data.PatientID) == ("A^B", "7")


@pytest.mark.parametrize(
    "series",
    [
        "dicom_rt/tilted_ct_ge",
        "dicom_rt/rt_utils_mock/mock_data",
        "ct_phantoms/catphan504_obi_pelvis",
    ],
)
def test_real_series_come_back(series: str, real_data: Path, tmp_path: Path) -> None:
    ct = read_ct(real_data / series)
    back = read_ct(write_ct(ct, tmp_path))
    np.testing.assert_array_equal(back.hu, ct.hu)
    assert back.grid.is_same_as(ct.grid)
    assert back.acquisition == dataclasses.replace(ct.acquisition, rescale_type="HU")
    assert back.sop_instance_uids == ct.sop_instance_uids


def test_an_independent_validator_finds_nothing_wrong(tmp_path: Path) -> None:
    for ct in (make_ct(), make_ct(acquisition=Acquisition())):
        file = write_ct(ct, tmp_path / str(id(ct)))[0]
        assert dciodvfy_errors(file) == []
        assert "CTImageStorage" in dcmdump(file)


def test_images_name_those_they_were_derived_from(tmp_path: Path) -> None:
    grid = Grid((3, 2, 2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), AXIAL, "1.2.5")
    source = CT(
        np.zeros(grid.shape, np.int16), grid,
        series_instance_uid="1.2.7", sop_instance_uids=("1.2.7.1", "1.2.7.2", "1.2.7.3"),
    )  # fmt: skip
    made = CT(np.ones(grid.shape, np.int16), grid)

    files = write_ct(made, tmp_path, uid_seed="made", source=source)

    named = [
        dcmread(file).SourceImageSequence[0].ReferencedSOPInstanceUID for file in files
    ]
    assert named == list(source.sop_instance_uids)
    assert dciodvfy_errors(files[0]) == []
    with pytest.raises(InputError, match="does not name an image for each of its 3"):
        write_ct(made, tmp_path / "other", source=made)


def test_images_are_replaced_on_request_only(tmp_path: Path) -> None:
    grid = Grid((2, 2, 2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), AXIAL, "1.2.5")
    write_ct(CT(np.zeros(grid.shape, np.int16), grid), tmp_path)
    one = CT(np.ones(grid.shape, np.int16), grid)

    with pytest.raises(InputError, match="is there already"):
        write_ct(one, tmp_path)
    write_ct(one, tmp_path, overwrite=True)

    assert (read_ct(tmp_path).hu == 1).all()
