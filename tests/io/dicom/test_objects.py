"""Finding the one object of a kind."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset

from kerma.errors import DicomError, InputError
from kerma.io.dicom.objects import Kind, read_object, read_objects, study_of

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
KIND = Kind("RT Plan", (PLAN,), "RTPLAN")


@pytest.fixture
def folder(
    tmp_path: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> Path:
    """A CT image, two plans, a text file and a damaged DICOM file."""
    plan = {"SOPClassUID": PLAN, "Modality": "RTPLAN", "PixelData": None}
    (tmp_path / "ct.dcm").write_bytes(encode(image()))
    (tmp_path / "a.dcm").write_bytes(encode(image(0, **plan, PatientID="P1")))
    (tmp_path / "b.dcm").write_bytes(encode(image(1, **plan)))
    (tmp_path / "note.txt").write_text("nothing here")
    return tmp_path


def test_one_object_is_found_by_its_uid(folder: Path) -> None:
    chosen = read_object(folder, KIND, sop_instance_uid="1.2.3.4.2")
    assert chosen.file == "b.dcm"
    assert len(read_objects(folder, KIND)) == 2


def test_several_are_listed_and_none_is_said(folder: Path) -> None:
    with pytest.raises(InputError, match=r"holds 2 objects of kind RT Plan \(a\.dcm, "):
        read_object(folder, KIND)
    with pytest.raises(InputError, match=r"holds no RT Plan with SOP Instance UID 9\."):
        read_object(folder, KIND, sop_instance_uid="9")
    with pytest.raises(InputError, match=r"ct\.dcm: holds no RT Plan\."):
        read_object(folder / "ct.dcm", KIND)


def test_a_file_given_by_itself_has_to_be_dicom(folder: Path) -> None:
    with pytest.raises(DicomError, match=r"note\.txt: is no DICOM file"):
        read_object(folder / "note.txt", KIND)


def test_a_file_without_a_class_is_known_by_its_modality(
    tmp_path: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    bare = image(SOPClassUID=None, Modality="RTPLAN", PixelData=None)
    (tmp_path / "x").write_bytes(encode(bare, meta=False))
    assert read_object(tmp_path, KIND).text("Modality") == "RTPLAN"


def test_the_study_is_what_the_object_names(folder: Path) -> None:
    study = study_of(read_object(folder / "a.dcm", KIND))
    assert study.patient_id == "P1"
    assert study.patient_name == ""


def test_items_without_end_are_refused_before_they_fill_the_memory(
    tmp_path: Path, image: Callable[..., Dataset], encode: Callable[..., bytes]
) -> None:
    whole = encode(image(SOPClassUID=PLAN, Modality="RTPLAN", PixelData=None))
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 600_000
    sequence = struct.pack("<HH2sHI", 0x300A, 0x00B0, b"SQ", 0, len(items))
    (tmp_path / "plan.dcm").write_bytes(whole + sequence + items)
    with pytest.raises(DicomError, match=r"plan\.dcm: lists over 524288 items"):
        read_object(tmp_path, KIND)


def test_a_file_larger_than_the_memory_is_refused_by_its_size(
    tmp_path: Path,
    image: Callable[..., Dataset],
    encode: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kerma.io.dicom.gateway._LARGEST_FILE", 5000)
    whole = encode(image(SOPClassUID=PLAN, Modality="RTPLAN"))
    (tmp_path / "plan.dcm").write_bytes(whole + bytes(5000))
    with pytest.raises(DicomError, match=r"plan\.dcm: over 5e-06 GB, too large"):
        read_object(tmp_path, KIND)
