from __future__ import annotations

import re
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom._dicom_dict import DicomDictionary
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from kerma.core.uids import is_uid
from kerma.errors import InputError
from kerma.io import read_ct
from kerma.io.deidentify import DeidentificationReport, deidentify
from kerma.io.deidentify.pseudonyms import Pseudonyms
from tests.io.deidentify.patient_files import (
    CT,
    FRAME,
    ID,
    NAME,
    SECRETS,
    ct_slice,
    dose,
    implicit,
    item,
    patient,
    plan,
    structures,
    write,
    write_patient,
)
from tests.io.validators import dciodvfy_errors

KEY = b"a key of 16 bytes or more"
EVERY = [
    "clean-descriptors",
    "modified-dates",
    "patient-characteristics",
    "device",
    "institution",
]


def run(source: Path, out: Path, *options: str, **more: Any) -> DeidentificationReport:
    return deidentify(source, out, key=KEY, options=options, **more)


def objects(out: Path) -> dict[str, list[Dataset]]:
    """Written objects by modality, in the order of slices."""
    found: dict[str, list[Dataset]] = {}
    for file in sorted(out.rglob("*.dcm")):
        data = dcmread(file)
        found.setdefault(data.Modality, []).append(data)
    found.get("CT", []).sort(key=lambda data: data.ImagePositionPatient[2])
    return found


def one(data: Dataset, tmp_path: Path, *options: str, **more: Any) -> Dataset:
    """De-identify one object."""
    report = run(write(data, tmp_path / "in.dcm"), tmp_path / "out", *options, **more)
    (written,) = report.written
    return dcmread(tmp_path / "out" / written.path)


def left_in(file: Path) -> list[bytes]:
    """Secrets in a file outside its pixels."""
    content = file.read_bytes()
    pixels = dcmread(file).get("PixelData")
    content = content.replace(pixels, b"") if pixels else content
    return [secret for secret in SECRETS if secret in content.lower()]


@pytest.mark.parametrize("options", [[], EVERY, ["full-dates"]], ids=str)
def test_nothing_of_the_patient_is_left_in_bytes_or_names(
    tmp_path: Path, options: list[str]
) -> None:
    files = write_patient(tmp_path / "in")
    report = run(tmp_path / "in", tmp_path / "out", *options)
    assert report.passed
    assert len(report.written) == len(files)
    assert report.patients == 1
    for file in (tmp_path / "out").rglob("*"):
        assert not [s for s in SECRETS if s.decode() in str(file).lower()]
        if file.is_file():
            assert not left_in(file)
            assert file.read_bytes()[:128] == bytes(128)
    text = (report.to_json() + report.summary()).lower()
    assert not [s for s in SECRETS if s.decode() in text]


@pytest.mark.parametrize("options", [[], EVERY], ids=str)
def test_a_name_is_found_in_every_text_element_of_the_standard(
    tmp_path: Path, options: list[str]
) -> None:
    """All elements of PS3.6 with a text VR, at the top and in a nested item."""
    texts = {
        "AE",
        "AS",
        "CS",
        "LO",
        "LT",
        "PN",
        "SH",
        "ST",
        "UC",
        "UR",
        "UT",
        "OB",
        "UN",
    }
    planted = {
        tag: b"Zaphodius "
        for tag, (vr, *_) in DicomDictionary.items()
        if vr in texts and 0x0008 <= tag >> 16 < 0x7FE0 and tag != 0x00080005
    }
    own = {
        0x00080016: CT.encode() + b"\0",
        0x00080018: b"1.2.3.4.5.6.7 ",
        0x00080060: b"CT",
        0x00100010: NAME.encode() + b" ",
        0x00100020: ID.encode(),
        0x00420011: None,
        0x00080064: None,
    }
    planted |= {tag: value for tag, value in own.items() if value}
    for tag, value in own.items():
        if value is None:
            del planted[tag]
    inner = implicit(planted)
    # Beam Limiting Device Tolerance Sequence is not in the table, so it is gone into.
    planted[0x300A0048] = struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner
    file = tmp_path / "in.dcm"
    file.write_bytes(implicit(planted))
    report = run(file, tmp_path / "out", *options)
    assert report.passed, report.refused
    out = tmp_path / "out" / report.written[0].path
    assert len(planted) > 1000
    assert b"zaphodius" not in out.read_bytes().lower()


def test_references_between_the_files_keep_working(tmp_path: Path) -> None:
    write_patient(tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out")
    new = objects(tmp_path / "out")
    (structure_set,), (rtplan,), (rtdose,) = (
        new["RTSTRUCT"],
        new["RTPLAN"],
        new["RTDOSE"],
    )
    every = [data for kind in new.values() for data in kind]
    (frame,) = {data.FrameOfReferenceUID for data in every}
    assert frame != FRAME
    assert len({data.StudyInstanceUID for data in every}) == 1
    assert new["REG"][0].RegistrationSequence[0].FrameOfReferenceUID == frame
    roi = structure_set.StructureSetROISequence[0]
    assert roi.ReferencedFrameOfReferenceUID == frame
    contours = structure_set.ROIContourSequence[0].ContourSequence
    for image, contour in zip(new["CT"], contours, strict=True):
        (named,) = contour.ContourImageSequence
        assert named.ReferencedSOPInstanceUID == image.SOPInstanceUID
        assert named.ReferencedSOPClassUID == CT
        assert contour.ContourData[2] == image.ImagePositionPatient[2]
    (to_structures,) = rtplan.ReferencedStructureSetSequence
    assert to_structures.ReferencedSOPInstanceUID == structure_set.SOPInstanceUID
    (to_plan,) = rtdose.ReferencedRTPlanSequence
    assert to_plan.ReferencedSOPInstanceUID == rtplan.SOPInstanceUID
    for data in every:
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        assert "SourceApplicationEntityTitle" not in data.file_meta


def test_the_ct_numbers_and_positions_are_those_of_the_original(tmp_path: Path) -> None:
    write_patient(tmp_path / "in")
    run(tmp_path / "in", tmp_path / "out")
    old, new = read_ct(tmp_path / "in"), read_ct(tmp_path / "out")
    assert np.array_equal(old.hu, new.hu)
    assert np.array_equal(old.grid.origin, new.grid.origin)


def test_pixel_data_stay_as_they_are_even_where_they_spell_a_name(
    tmp_path: Path,
) -> None:
    assert one(dose(), tmp_path).PixelData == dose().PixelData


def test_the_object_says_that_and_how_it_was_deidentified(tmp_path: Path) -> None:
    data = one(plan(), tmp_path, "113105", "modified-dates")
    assert data.PatientIdentityRemoved == "YES"
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [code.CodeValue for code in data.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113105", "113107"]
    assert all(len(text) <= 64 for text in data.DeidentificationMethod)


def test_the_pseudonym_follows_from_key_and_patient_alone(tmp_path: Path) -> None:
    first = one(plan(), tmp_path / "a")
    second = one(dose(), tmp_path / "b", "device")
    assert first.PatientID == second.PatientID == str(first.PatientName)
    other = plan()
    other.PatientID = "another"
    assert one(other, tmp_path / "c").PatientID != first.PatientID


def test_a_file_without_patient_id_belongs_to_the_patient_of_its_study(
    tmp_path: Path,
) -> None:
    bare = structures()
    bare.PatientID = bare.PatientName = ""
    write(plan(), tmp_path / "in" / "1.dcm")
    write(bare, tmp_path / "in" / "2.dcm")
    report = run(tmp_path / "in", tmp_path / "out", "clean-descriptors")
    assert report.patients == 1
    (new,) = objects(tmp_path / "out")["RTSTRUCT"]
    # The name stands in the plan alone, but is recognized in the structures.
    assert new.StructureSetROISequence[1].ROIName == "ROI-2"


def test_names_of_structures_are_numbers_by_default(tmp_path: Path) -> None:
    rois = one(structures(), tmp_path).StructureSetROISequence
    assert [roi.ROIName for roi in rois] == ["ROI-1", "ROI-2", "ROI-3", "ROI-4"]
    assert all("ROIDescription" not in roi for roi in rois)


def test_clean_names_of_structures_are_kept_on_request(tmp_path: Path) -> None:
    data = one(structures(), tmp_path, "clean-descriptors")
    rois = data.StructureSetROISequence
    assert [roi.ROIName for roi in rois] == ["PTV_60Gy", "ROI-2", "ROI-3", "ROI-4"]
    assert "StructureSetName" not in data  # it holds a date
    assert data.StructureSetLabel == "REMOVED"


def test_text_that_is_kept_loses_what_names_a_person(tmp_path: Path) -> None:
    """Beam Name is not in the table; the operator's name in it is taken out."""
    file = write(plan(), tmp_path / "in.dcm")
    report = run(file, tmp_path / "out")
    (data,) = objects(tmp_path / "out")["RTPLAN"]
    assert [beam.BeamName for beam in data.BeamSequence] == ["REMOVED", "pa"]
    assert report.written[0].blanked == ("BeamName",)


def test_dates_are_removed_by_default(tmp_path: Path) -> None:
    data = one(plan(), tmp_path)
    assert data.StudyDate == ""
    assert data.RTPlanDate == "19000101"  # may be needed, so it is a dummy
    assert data.LongitudinalTemporalInformationModified == "REMOVED"


def test_shifted_dates_keep_intervals_weekdays_and_times(tmp_path: Path) -> None:
    from datetime import date

    data = one(plan(), tmp_path, "modified-dates")
    study = date.fromisoformat(data.StudyDate)
    planned = date.fromisoformat(data.RTPlanDate)
    assert (planned - study).days == 3
    assert study.weekday() == date(2024, 1, 5).weekday()
    years = (date(2024, 1, 5) - study).days / 365.25
    assert 0.9 < years < 10.1
    assert data.StudyTime == "101112"
    assert data.PatientBirthDate == ""


def test_each_option_keeps_what_it_is_for(tmp_path: Path) -> None:
    bare = one(ct_slice(0), tmp_path / "bare")
    assert bare.PatientSex == ""
    assert "PatientAge" not in bare
    assert bare.DeviceSerialNumber == "REMOVED"
    assert bare.InstitutionName == "REMOVED"
    full = one(
        ct_slice(0),
        tmp_path / "full",
        "patient-characteristics", "device", "full-dates", "uids",
    )  # fmt: skip
    assert (full.PatientSex, full.PatientAge) == ("F", "072Y")
    assert full.DeviceSerialNumber == "SN445566"
    assert full.StudyDate == "20240105"
    assert full.FrameOfReferenceUID == FRAME
    data = ct_slice(0)
    data.InstitutionName = "Northern Hospital"
    kept = one(data, tmp_path / "kept", "institution")
    assert kept.InstitutionName == "Northern Hospital"


def test_an_institution_named_after_a_person_is_not_kept(tmp_path: Path) -> None:
    assert one(ct_slice(0), tmp_path, "institution").InstitutionName == "REMOVED"


def test_private_overlay_curve_and_unknown_elements_go(tmp_path: Path) -> None:
    data = ct_slice(0)
    data.add_new(0x60000010, "US", 4)
    data.add_new(0x60003000, "OW", b"\1\0")
    data.add_new(0x50000005, "US", 1)
    data.add_new(0x00087FFE, "LO", "nobody knows")
    data.add_new(0x00091001, "LO", "no creator")
    new = one(data, tmp_path)
    groups = {element.tag.group for element in new}
    assert not {g for g in groups if g % 2 or 0x5000 <= g <= 0x60FF}
    assert 0x00087FFE not in new


def refusal(data: Dataset, tmp_path: Path, **more: Any) -> str:
    report = run(write(data, tmp_path / "in.dcm"), tmp_path / "out", **more)
    assert not report.passed
    assert not list((tmp_path / "out").rglob("*.dcm"))
    return report.refused[0].reason


def test_images_that_may_hold_text_are_refused_until_asked_for(tmp_path: Path) -> None:
    data = ct_slice(0)
    data.BurnedInAnnotation = "YES"
    assert "burned into the image" in refusal(data, tmp_path)
    one(data, tmp_path, allow_burned_in=True)


@pytest.mark.parametrize(
    ("elements", "why"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1"}, "ultrasound"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.4"}, "photograph"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "screen"),
        ({"ConversionType": "WSD"}, "screen"),
        ({"RecognizableVisualFeatures": "YES"}, "face"),
    ],
)
def test_what_often_shows_text_is_refused(
    elements: dict[str, Any], why: str, tmp_path: Path
) -> None:
    data = ct_slice(0)
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    assert why in refusal(data, tmp_path)


def test_an_overlay_in_the_bits_of_the_pixels_is_refused(tmp_path: Path) -> None:
    data = ct_slice(0)
    data.add_new(0x60000100, "US", 16)
    data.add_new(0x60000102, "US", 12)
    assert "overlay" in refusal(data, tmp_path)


@pytest.mark.parametrize(
    ("sop_class", "why"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.67", "structured report"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "encapsulated document"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "presentation state"),
        ("1.2.840.10008.5.1.4.1.1.66", "raw data"),
        ("1.3.12.2.1107.5.9.1", "private or unknown kind"),
    ],
)
def test_documents_are_refused_even_on_request(
    sop_class: str, why: str, tmp_path: Path
) -> None:
    data = patient(sop_class, "DOC", "1.2.3.4.5.9")
    assert why in refusal(data, tmp_path, allow_burned_in=True)


def test_text_where_numbers_belong_is_refused(tmp_path: Path) -> None:
    data = ct_slice(0)
    data.add_new(0x00180060, "LO", "Zaphodius")  # KVP; written implicitly
    assert "KVP (0018,0060) holds text" in refusal(data, tmp_path)


def test_pixels_inside_a_sequence_are_no_hiding_place(tmp_path: Path) -> None:
    data = plan()
    data.BeamSequence[0].add_new(0x7FE00010, "OW", b"Zaphodius^")
    new = one(data, tmp_path)
    assert "PixelData" not in new.BeamSequence[0]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_file_that_was_cut_off_is_refused_and_not_written_as_a_whole_one(
    tmp_path: Path, encode: Callable[..., bytes], syntax: str
) -> None:
    whole = encode(plan(), syntax)
    (tmp_path / "in.dcm").write_bytes(whole)
    assert run(tmp_path / "in.dcm", tmp_path / "whole").passed
    beams = (0x300A00B0).to_bytes(4, "big")
    swapped = beams if syntax == ExplicitVRBigEndian else beams[1::-1] + beams[:1:-1]
    inside = whole.index(swapped) + 20
    # In big endian what follows the beams may be cut without a sign of it.
    ends = inside + 70 if syntax == ExplicitVRBigEndian else len(whole)
    for end in range(inside, ends, 10):
        (tmp_path / "in.dcm").write_bytes(whole[:end])
        report = run(tmp_path / "in.dcm", tmp_path / "cut")
        assert not report.written
        assert "damaged" in report.refused[0].reason
    assert not list(tmp_path.glob("cut/**/*.dcm"))


@pytest.mark.parametrize("depth", [40, 2000])
@pytest.mark.parametrize("is_defined", [True, False])
def test_sequences_nested_beyond_reason_are_refused(
    tmp_path: Path, depth: int, *, is_defined: bool
) -> None:
    inner = b""
    for _ in range(depth):
        length = len(inner) if is_defined else 0xFFFFFFFF
        end = b"" if is_defined else struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
        head = struct.pack("<HHL", 0xFFFE, 0xE000, length) + inner + end
        length = len(head) if is_defined else 0xFFFFFFFF
        end = b"" if is_defined else struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        inner = struct.pack("<HHL", 0x300A, 0x0048, length) + head + end
    top = {0x00080016: CT.encode() + b"\0", 0x00080018: b"1.2.3.4.5.6.7 "}
    file = tmp_path / "in.dcm"
    file.write_bytes(implicit(top) + inner)
    report = run(file, tmp_path / "out")
    assert re.search("is damaged|nested over 32 deep", report.refused[0].reason)


def test_a_private_transfer_syntax_is_refused(tmp_path: Path) -> None:
    file = write(plan(), tmp_path / "in.dcm")
    old, private = b"1.2.840.10008.1.2\0", b"1.2.840.113619.5\0\0"
    content = file.read_bytes().replace(old, private[: len(old)], 1)
    file.write_bytes(content)
    report = run(file, tmp_path / "out")
    assert not report.passed
    assert not report.written


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    files = write_patient(tmp_path / "in")
    content = files[0].read_bytes()
    files[0].write_bytes(content[: len(content) // 3])
    (tmp_path / "in" / "readme.txt").write_text(NAME)
    report = run(tmp_path / "in", tmp_path / "out")
    assert [refused.number for refused in report.refused] == [1]
    assert len(report.written) == len(files) - 1
    assert report.skipped == 1
    assert not report.passed
    assert "1 skipped that are no DICOM" in report.summary()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file = write(plan(), tmp_path / "in.dcm")
    first = run(file, tmp_path / "out")
    written = tmp_path / "out" / first.written[0].path
    before = written.stat().st_mtime_ns
    again = run(file, tmp_path / "out")
    assert "there already" in again.refused[0].reason
    assert written.stat().st_mtime_ns == before


def test_a_head_comes_with_a_caution(tmp_path: Path) -> None:
    data = ct_slice(0)
    assert not run(write(data, tmp_path / "1.dcm"), tmp_path / "1").notes
    data.BodyPartExamined = "HEAD"
    del data.BurnedInAnnotation
    notes = run(write(data, tmp_path / "2.dcm"), tmp_path / "2").notes
    assert any("face" in note for note in notes)
    assert any("burned in" in note for note in notes)


def test_a_patient_called_head_does_not_cost_the_body_part(tmp_path: Path) -> None:
    data = ct_slice(0)
    data.PatientName = "Head^Beam"
    data.BodyPartExamined = "HEAD"
    data.ProtocolName = "Beam, low dose"
    new = one(data, tmp_path, "clean-descriptors")
    assert new.BodyPartExamined == "HEAD"
    assert new.ProtocolName == "REMOVED"


def test_the_finished_file_is_searched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were an element forgotten by the cleaner, the file would not be written."""
    from kerma.io.deidentify.cleaner import Cleaner
    from kerma.io.deidentify.profile import Action

    monkeypatch.setattr(Cleaner, "_examine", lambda *_: Action.KEEP)
    why = refusal(plan(), tmp_path)
    assert why == "an identifier was left in BeamName, so it was not written."


def test_an_old_uid_that_is_left_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kerma.io.deidentify.cleaner import Cleaner

    put = Cleaner._map_uids

    def forgetful(self: Cleaner, data: Dataset, tag: int, tally: Any) -> Any:
        old = data[tag].value
        done = put(self, data, tag, tally)
        if tag == 0x300600C2 or data.get("ROINumber") == 4:
            data[tag].value = old
        return done

    monkeypatch.setattr(Cleaner, "_map_uids", forgetful)
    assert "ReferencedFrameOfReferenceUID" in refusal(structures(), tmp_path)


def test_a_missing_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file, key = write(plan(), tmp_path / "in.dcm"), tmp_path / "site.key"
    first = deidentify(file, tmp_path / "a", key=key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes().strip()) == 64
    second = deidentify(file, tmp_path / "b", key=key)
    assert first.written == second.written


def test_secrets_do_not_lie_in_what_is_given_away(tmp_path: Path) -> None:
    file, out = write(plan(), tmp_path / "in.dcm"), tmp_path / "out"
    with pytest.raises(InputError, match="key would lie in the output folder"):
        deidentify(file, out, key=out / "site.key")
    with pytest.raises(InputError, match="mapping would lie in the output folder"):
        deidentify(file, out, key=KEY, mapping=out / "deep" / "map.csv")
    with pytest.raises(InputError, match="has 5 bytes"):
        deidentify(file, out, key=b"short")
    assert not out.exists()
    assert "key=..." in repr(Pseudonyms(KEY))


def test_the_mapping_leads_back(tmp_path: Path) -> None:
    file, table = write(plan(), tmp_path / "in.dcm"), tmp_path / "map.csv"
    report = run(file, tmp_path / "out", mapping=table)
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    rows = [line.split(",") for line in table.read_text().splitlines()]
    (data,) = objects(tmp_path / "out")["RTPLAN"]
    assert rows[0] == ["kind", "old", "new"]
    assert ["file 1", "in.dcm", report.written[0].path] in rows
    assert ["patient", ID, data.PatientID] in rows
    assert ["uid", FRAME, data.FrameOfReferenceUID] in rows
    with pytest.raises(InputError, match="there already"):
        run(file, tmp_path / "new", mapping=table)


def test_a_source_without_dicom_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match="holds no DICOM files"):
        run(tmp_path / "notes.txt", tmp_path / "out")


def test_the_report_reads_back_as_an_equal_record(tmp_path: Path) -> None:
    write_patient(tmp_path / "in")
    report = run(tmp_path / "in", tmp_path / "out", *EVERY)
    assert DeidentificationReport.from_json(report.to_json()) == report
    assert report.actions["removed"] > 0
    assert report.edition == "2026c"


uids = st.from_regex(r"(1|2)(\.(0|[1-9]\d{0,8})){1,6}", fullmatch=True)


@given(st.lists(uids, unique=True, min_size=2), st.binary(min_size=16, max_size=64))
def test_new_uids_are_valid_stable_and_distinct(old: list[str], key: bytes) -> None:
    new = [Pseudonyms(key).uid(uid) for uid in old]
    assert all(is_uid(uid) and uid.startswith("2.25.") for uid in new)
    assert len(set(new)) == len(old)
    assert new == [Pseudonyms(key).uid(uid) for uid in old]
    assert new[0] != Pseudonyms(key + b"!").uid(old[0])


def test_uids_of_the_standard_stay_but_not_what_is_hung_below_them() -> None:
    new = Pseudonyms(KEY).uid
    assert new(CT) == CT
    assert new("1.2.840.10008.1.2.4.70") == "1.2.840.10008.1.2.4.70"
    assert new(f"{CT}.77342211") != f"{CT}.77342211"


def test_text_in_another_character_set_is_searched_as_it_was_meant(
    tmp_path: Path,
) -> None:
    data = structures()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName = "Grüßner^Ægir=山田^太郎"
    names = ("Gruessner", "grussner li", "山田 PTV", "AEGIR", "Lung")
    rois = [item(ROINumber=k, ROIName=name) for k, name in enumerate(names)]
    data.StructureSetROISequence = rois
    new = one(data, tmp_path, "clean-descriptors").StructureSetROISequence
    assert [roi.ROIName for roi in new] == ["ROI-0", "ROI-1", "ROI-2", "ROI-3", "Lung"]


@pytest.mark.parametrize("options", [[], EVERY], ids=str)
def test_real_files_pass_and_have_no_new_faults(
    real_data: Path, tmp_path: Path, options: list[str]
) -> None:
    from collections import Counter

    from kerma.io.dicom.source import DiskFile, open_sources

    source = real_data / "dicom_rt"
    report = run(source, tmp_path, *options)
    assert len(report.written) > 50
    checked = 0
    with open_sources(source) as files:
        for written in report.written:
            file = files[written.number - 1]
            assert isinstance(file, DiskFile)
            old, new = Path(file.path), tmp_path / written.path
            before, after = dcmread(old, force=True), dcmread(new)
            assert before.get("PixelData") == after.get("PixelData")
            assert after.PatientName == after.PatientID != before.get("PatientID")
            if written.number % 7 == 0:
                faults = [
                    Counter(re.sub(r"<[^>]*>", "", line) for line in dciodvfy_errors(f))
                    for f in (old, new)
                ]
                assert not faults[1] - faults[0], new
                checked += 1
    assert checked > 5


def test_a_real_series_reads_as_before(real_data: Path, tmp_path: Path) -> None:
    source = real_data / "dicom_rt" / "tilted_ct_ge"
    run(source, tmp_path)
    old, new = read_ct(source), read_ct(tmp_path)
    assert np.array_equal(old.hu, new.hu)
