"""What an index says is wrong: with single files, and between them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kerma.errors import InputError
from kerma.io.indexing import Index, Problem, index
from tests.io.indexing.index_files import SLICES, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


def codes(found: Index) -> list[str]:
    return [problem.code for problem in found.problems]


def problem(folder: Folder) -> Problem:
    """The only problem of a folder."""
    (only,) = index(folder.path).problems
    return only


def test_a_file_that_is_cut_off_in_its_pixels_says_how_much(folder: Folder) -> None:
    file = folder.slice(0)
    file.write_bytes(file.read_bytes()[:-5])
    only = problem(folder)
    assert (only.severity, only.code) == ("error", "truncated")
    assert only.sentence.startswith("ct0.dcm: lacks 5 of 12 bytes of its pixels")
    assert only.files == ("A/ct0.dcm",)


def test_a_file_cut_off_anywhere_stops_nothing(folder: Folder) -> None:
    """Every length of a structure set ends in a problem, and the CT is still there."""
    folder.ct()
    file = folder.structures()
    content = file.read_bytes()
    for length in range(1, len(content), 41):
        file.write_bytes(content[:length])
        found = index(folder.path)
        assert len(found.find(kind="CT")) == SLICES
        assert found.problems, length


def test_an_image_without_pixels_is_no_whole_file(folder: Folder) -> None:
    folder.slice(0, PixelData=None)
    assert "has no Pixel Data (7FE0,0010)" in problem(folder).sentence


def test_files_that_are_no_dicom_are_counted_or_told(folder: Folder) -> None:
    folder.ct()
    for name in ("notes.txt", ".hidden.dcm", "text.dcm", "more.zip", "empty.dcm"):
        content = b"" if name == "empty.dcm" else b"no DICOM at all" * 20
        (folder.path / name).write_bytes(content)
    found = index(folder.path)
    assert codes(found) == ["not DICOM", "not DICOM", "archive"]
    assert {p.files[0] for p in found.problems} == {"text.dcm", "empty.dcm", "more.zip"}
    assert found.others == 5


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 300, b"\x08\x00\x05\x00CS" + b"\xff" * 9]
)
def test_junk_after_the_preamble_is_a_damaged_file(
    content: bytes, folder: Folder
) -> None:
    folder.ct()
    (folder.path / "junk.dcm").write_bytes(bytes(128) + b"DICM" + content)
    found = index(folder.path)
    assert codes(found) == ["damaged"]
    assert len(found.instances) == SLICES


def test_lengths_that_lie_end_in_a_problem(folder: Folder) -> None:
    file = folder.structures()
    content = file.read_bytes()
    for at in range(len(content) - 4):
        if content[at : at + 4] == b"\xfe\xff\x00\xe0":  # an item
            file.write_bytes(
                content[: at + 4] + b"\xf0\xff\xff\x7f" + content[at + 8 :]
            )
            assert index(folder.path).problems
            break
    else:
        pytest.fail("no item")


def test_items_without_end_are_refused(folder: Folder) -> None:
    """A sequence of two hundred thousand empty items in a plan."""
    file = folder.plan()
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 200_000
    length = len(items).to_bytes(4, "little")
    file.write_bytes(file.read_bytes() + b"\x0c\x30\x60\x00SQ\0\0" + length + items)
    assert "lists more items" in problem(folder).sentence


def test_links_that_lead_in_a_circle_stop_nothing(folder: Folder) -> None:
    folder.ct()
    inside = folder.path / "A"
    (inside / "circle").symlink_to(folder.path)
    (inside / "self.dcm").symlink_to(inside / "self.dcm")
    (inside / "nowhere.dcm").symlink_to(inside / "gone.dcm")
    os.mkfifo(inside / "pipe.dcm")
    found = index(folder.path)
    assert len(found.instances) == SLICES
    assert codes(found) == ["unreadable", "unreadable"]


def test_a_file_that_may_not_be_read_is_told(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.ct(count=2)

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("kerma.io.dicom.source.DiskFile.open", refuse)
    cache = folder.path.parent / "cache"
    found = index(folder.path, cache=cache)
    assert codes(found) == ["unreadable", "unreadable"]
    assert "ct0.dcm: cannot be read (Permission denied)" in found.problems[0].sentence
    monkeypatch.undo()
    assert len(index(folder.path, cache=cache).instances) == 2


def test_too_many_files_are_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.ct()
    monkeypatch.setattr("kerma.io.indexing.listing.MOST_FILES", 4)
    with pytest.raises(InputError, match=r"files: holds over 4 files"):
        index(folder.path)


def test_a_folder_that_is_not_there_is_refused(folder: Folder) -> None:
    with pytest.raises(InputError, match=r"there is no such file or folder"):
        index(folder.path)


def test_an_empty_folder_has_an_empty_index(tmp_path: Path) -> None:
    found = index(tmp_path)
    assert (found.patients, found.problems, found.others) == ((), (), 0)
    assert "0 patients, 0 DICOM files, 0 other files" in found.summary()


def test_copies_are_noted_and_one_of_each_is_used(folder: Folder) -> None:
    folder.everything()
    shutil.copytree(folder.path / "A", folder.path / "B")
    found = index(folder.path)
    assert codes(found) == ["copies"]
    (one,) = found.plan_sets(incomplete=True)
    assert one.is_complete
    assert one.images is not None
    assert one.images.stack is not None
    assert (one.images.stack.slices, one.images.stack.doubled) == (SLICES, 0)
    assert len(found.files(one.images)) == SLICES


def test_two_plans_with_one_uid_cannot_be_told_apart(folder: Folder) -> None:
    folder.everything()
    folder.plan("rp2", SOPInstanceUID=folder.uid("rp"), RTPlanLabel="Boost")
    found = index(folder.path)
    assert codes(found) == ["same UID", "several candidates"]
    assert not found.plan_sets()


def test_one_uid_under_several_patients_is_a_broken_anonymization(
    tmp_path: Path,
) -> None:
    """Only the patient ID was changed: every UID is the same for both."""
    Folder(tmp_path, patient="A").everything()
    Folder(tmp_path, patient="B").everything()
    found = index(tmp_path)
    assert set(codes(found)) == {
        "UID of several patients",
        "study of several patients",
        "series of several patients",
        "frame of several patients",
    }
    assert all(p.severity == "error" for p in found.problems)
    for one in found.plan_sets():  # each keeps to its own patient
        assert one.images is not None
        assert one.plan is not None
        assert one.images.patient == found.series_of(one.plan).patient == one.patient


def test_a_link_by_uid_across_patients_is_an_error(tmp_path: Path) -> None:
    Folder(tmp_path, patient="A").ct()
    Folder(tmp_path, patient="B").structures()
    assert "link across patients" in codes(index(tmp_path))


def test_one_patient_id_with_different_names_is_told_without_the_names(
    folder: Folder,
) -> None:
    folder.slice(0, PatientName="Mueller^Anna")
    folder.slice(1, PatientName="MUELLER^ANNA^^")  # the same, otherwise written
    assert not index(folder.path).problems
    folder.slice(2, PatientName="Other^Person")
    only = problem(folder)
    assert (only.severity, only.code) == ("warning", "several names")
    assert "Other" not in only.sentence


def test_several_patient_ids_in_one_study_are_an_error(folder: Folder) -> None:
    folder.slice(0)
    folder.slice(0, "second", PatientID="X", FrameOfReferenceUID="1.7")
    assert codes(index(folder.path)) == ["study of several patients"]


def test_one_series_in_two_studies_is_torn_apart(folder: Folder) -> None:
    folder.ct()
    folder.slice(9, StudyInstanceUID="1.8")
    assert codes(index(folder.path)) == ["series of several studies"]


def test_two_frames_of_reference_in_one_series_are_an_error(folder: Folder) -> None:
    folder.ct()
    folder.slice(5, FrameOfReferenceUID="1.8")
    assert codes(index(folder.path)) == ["mixed frames"]


def test_slices_that_do_not_stack_are_told(folder: Folder) -> None:
    folder.ct()
    folder.slice(5, Rows=3, PixelData=bytes(18))
    found = index(folder.path)
    assert codes(found) == ["no stack"]
    assert found.series[0].stack is None


def test_two_slices_at_one_place_are_told(folder: Folder) -> None:
    folder.ct()
    folder.slice(9, ImagePositionPatient=[-1, -2, 4.0])
    assert codes(index(folder.path)) == ["doubled slices"]


@pytest.mark.parametrize(
    "keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"]
)
@pytest.mark.parametrize("value", ["", None])
def test_a_missing_uid_is_told(keyword: str, value: str | None, folder: Folder) -> None:
    folder.slice(0, "ct", **{keyword: value})
    only = problem(folder)
    assert only.code == "no UID"
    assert "ct0.dcm" in only.sentence


def test_a_uid_that_is_far_too_long_is_none(folder: Folder) -> None:
    with pytest.warns(UserWarning, match="UI"):
        folder.slice(0, SOPInstanceUID="1." + "9" * 90)
    assert problem(folder).code == "no UID"


def test_files_without_a_patient_id_go_by_their_study(folder: Folder) -> None:
    folder.slice(0, PatientID="")
    folder.slice(
        0, "second", PatientID="", StudyInstanceUID="1.9", FrameOfReferenceUID="1.7"
    )
    found = index(folder.path)
    assert len(found.patients) == 2
    assert codes(found) == ["no patient ID", "no patient ID"]


def test_the_worst_comes_first(folder: Folder) -> None:
    folder.dose()
    folder.slice(0).write_bytes((folder.path / "A/ct0.dcm").read_bytes()[:-5])
    (folder.path / "more.zip").write_bytes(b"x")
    severities = [p.severity for p in index(folder.path).problems]
    assert severities == ["error", "warning", "note"]
