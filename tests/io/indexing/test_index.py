"""What an index of a folder says is there, and what belongs together."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import ExplicitVRBigEndian

from kerma.errors import InputError
from kerma.io.indexing import Index, Instance, Reference, Series, index
from tests.io.indexing.index_files import CLASSES, SLICES, Folder, item


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


def codes(found: Index) -> list[str]:
    return [problem.code for problem in found.problems]


def reference(found: Index, kind: str, role: str) -> Reference:
    (source,) = found.find(kind=kind)
    (one,) = [r for r in found.references_of(source) if r.role == role]
    return one


def named(target: Instance | Series | None) -> str:
    assert isinstance(target, Instance)
    return target.name


def test_a_sound_treatment_is_one_complete_and_certain_set(folder: Folder) -> None:
    folder.everything()
    found = index(folder.path)
    assert not found.problems
    (patient,) = found.patients
    assert patient.patient_id == "A"
    assert {s.kind: len(s.instances) for s in patient.series} == {
        "CT": SLICES,
        "RTSTRUCT": 1,
        "RTPLAN": 1,
        "RTDOSE": 1,
    }
    (one,) = found.plan_sets()
    assert one.is_complete
    assert one.is_certain
    assert [named(i) for i in (one.plan, one.structures, *one.doses)] == [
        "rp.dcm",
        "rs.dcm",
        "rd.dcm",
    ]
    assert one.images is not None
    assert len(found.files(one.images)) == SLICES


def test_slices_are_in_the_order_of_their_positions(folder: Folder) -> None:
    """Slices at 0, 2, 4, 6, 8 mm; rows lie in x, so the normal is z."""
    folder.ct(PixelSpacing=[0.5, 0.75])
    for k in range(SLICES):
        file = folder.path / "A" / f"ct{k}.dcm"
        file.rename(file.with_name(f"{9 - k}.dcm"))
    (series,) = index(folder.path).series
    assert [i.name for i in series.instances] == [f"{9 - k}.dcm" for k in range(SLICES)]
    stack = series.stack
    assert stack is not None
    assert (stack.rows, stack.columns, stack.slices) == (2, 3, SLICES)
    assert stack.pixel_spacing_mm == (0.5, 0.75)
    assert (stack.first_mm, stack.last_mm, stack.spacing_mm) == (0.0, 8.0, 2.0)
    assert (stack.missing, stack.doubled) == (0, 0)


def test_a_tilted_stack_is_measured_along_its_normal(folder: Folder) -> None:
    """Columns in (0, 0.8, 0.6): the normal is (0, -0.6, 0.8), 1.6 mm for 2 mm in z."""
    folder.ct(ImageOrientationPatient=[1, 0, 0, 0, 0.8, 0.6])
    stack = index(folder.path).series[0].stack
    assert stack is not None
    assert stack.spacing_mm == pytest.approx(1.6)
    assert stack.first_mm == pytest.approx(1.2)


def test_a_slice_that_is_missing_is_counted(folder: Folder) -> None:
    folder.ct(count=12)
    for k in (3, 4, 8):
        (folder.path / "A" / f"ct{k}.dcm").unlink()
    found = index(folder.path)
    assert found.series[0].stack is not None
    assert found.series[0].stack.missing == 3
    assert codes(found) == ["missing slices"]


def test_a_scout_view_and_a_report_in_the_series_do_not_disturb_the_stack(
    folder: Folder,
) -> None:
    folder.ct()
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    folder.slice(
        50, Rows=9, ImageType=scout, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]
    )
    found = index(folder.path)
    assert found.series[0].stack is not None
    assert found.series[0].stack.slices == SLICES
    assert not found.problems


def test_beam_doses_name_their_beam_and_it_must_be_in_the_plan(folder: Folder) -> None:
    folder.everything()
    folder.beam_dose(2)
    found = index(folder.path)
    assert not found.problems
    assert [r.beams for r in found.references if r.role == "plan"] == [(), (2,)]
    assert len(found.plan_sets()[0].doses) == 2
    folder.beam_dose(7)
    (problem,) = index(folder.path).problems
    assert problem.code == "beam not in plan"
    assert "beam 7" in problem.sentence


def test_an_rt_image_and_a_treatment_record_lead_to_their_plan(folder: Folder) -> None:
    folder.everything()
    plan = [folder.to("rp")]
    folder.write(
        "ri",
        "RTIMAGE",
        ReferencedRTPlanSequence=plan,
        ReferencedBeamNumber=2,
        PixelData=b"12",
        BitsAllocated=16,
    )
    folder.write("rt", "RTRECORD", ReferencedRTPlanSequence=plan)
    found = index(folder.path)
    assert not found.problems
    image = reference(found, "RTIMAGE", "plan")
    assert (named(image.target), image.beams) == ("rp.dcm", (2,))
    assert named(reference(found, "RTRECORD", "plan").target) == "rp.dcm"
    (own,) = found.find(kind="RTPLAN")
    sources = [r.source.kind for r in found.referenced_by(own)]
    assert sorted(sources) == ["RTDOSE", "RTIMAGE", "RTRECORD"]


def test_a_registration_leads_to_both_scans(folder: Folder) -> None:
    """One by the images it names, the other by its frame of reference only."""
    other = folder.uid("other frame")
    folder.ct("ct")
    folder.ct("second", FrameOfReferenceUID=other)
    items = [
        item(
            FrameOfReferenceUID=folder.uid("frame"),
            ReferencedImageSequence=[folder.to("ct1")],
        ),
        item(FrameOfReferenceUID=other),
    ]
    folder.write("reg", "REG", RegistrationSequence=items)
    found = index(folder.path)
    (registration,) = found.find(kind="REG")
    assert registration.frames == (folder.uid("frame"), other)
    ends = {
        (r.target.series_instance_uid, r.how)
        for r in found.references_of(registration)
        if isinstance(r.target, Series)
    }
    assert ends == {
        (folder.uid("ct"), "uid"),
        (folder.uid("second"), "frame of reference"),
    }
    assert set(found.frames_of_reference) == {folder.uid("frame"), other}
    assert not found.problems


def test_a_segmentation_leads_to_its_source_series(folder: Folder) -> None:
    folder.ct()
    source = item(
        SeriesInstanceUID=folder.uid("ct"),
        ReferencedInstanceSequence=[folder.to("ct0"), folder.to("ct1")],
    )
    folder.write(
        "seg",
        "SEG",
        ReferencedSeriesSequence=[source],
        PixelData=b"12",
        BitsAllocated=16,
    )
    found = index(folder.path)
    one = reference(found, "SEG", "images")
    assert (one.how, len(one.uids), one.missing) == ("uid", 2, 0)
    assert one.target == found.series_of(found.find(kind="CT")[0])
    (slice_, *_) = found.find(kind="CT")
    assert found.referenced_by(slice_) == (one,)


def test_where_uids_lead_nowhere_the_frame_links_and_says_so(folder: Folder) -> None:
    folder.ct()
    folder.structures(of="gone")
    folder.plan(of="gone")
    folder.dose(of="gone")
    found = index(folder.path)
    assert codes(found).count("link by frame") == 1
    assert reference(found, "RTSTRUCT", "images").how == "frame of reference"
    assert (
        reference(found, "RTDOSE", "plan").how == "not here"
    )  # the plan names no frame
    assert not found.plan_sets()

    folder.plan(of="gone", FrameOfReferenceUID=folder.uid("frame"))
    found = index(folder.path)
    assert reference(found, "RTDOSE", "plan").how == "frame of reference"
    (one,) = found.plan_sets()
    assert one.is_complete
    assert not one.is_certain


def test_images_in_another_frame_are_no_candidates(folder: Folder) -> None:
    folder.ct(FrameOfReferenceUID=folder.uid("elsewhere"))
    folder.structures(of="gone")
    found = index(folder.path)
    assert reference(found, "RTSTRUCT", "images").how == "not here"
    assert codes(found) == ["orphan"]


def test_where_several_share_the_frame_none_is_taken(folder: Folder) -> None:
    folder.ct("ct")
    folder.ct("second")
    folder.structures(of="gone")
    found = index(folder.path)
    one = reference(found, "RTSTRUCT", "images")
    assert (one.target, one.how) == (None, "several")
    assert codes(found) == ["several candidates"]


def test_a_dose_of_a_plan_that_is_not_here_is_not_given_to_another(
    folder: Folder,
) -> None:
    folder.everything()
    folder.plan(FrameOfReferenceUID=folder.uid("frame"))
    folder.dose("other", of="gone")
    found = index(folder.path)
    assert codes(found) == ["orphan"]
    assert len(found.plan_sets()[0].doses) == 1
    whole, rest = found.plan_sets(incomplete=True)
    assert whole.is_complete
    assert rest.plan is None
    assert "The plan is not here." in rest.gaps


def test_a_frame_of_reference_links_nothing_across_patients(tmp_path: Path) -> None:
    Folder(tmp_path, patient="A").ct()
    other = Folder(tmp_path, patient="B")
    other.structures(of="gone", StudyInstanceUID="1.9")
    found = index(tmp_path)
    assert reference(found, "RTSTRUCT", "images").how == "not here"
    assert codes(found) == ["frame of several patients", "orphan"]


def test_a_dose_in_another_frame_makes_no_complete_set(folder: Folder) -> None:
    folder.everything()
    folder.dose(
        FrameOfReferenceUID=folder.uid("other"),
        ReferencedStructureSetSequence=[folder.to("rs")],
    )
    found = index(folder.path)
    assert codes(found) == ["other frame"]
    assert not found.plan_sets()
    (one,) = found.plan_sets(incomplete=True)
    assert "rd.dcm" in one.gaps[0]


def test_a_dose_of_other_structures_than_those_of_its_plan_is_told(
    folder: Folder,
) -> None:
    folder.everything()
    folder.structures("older")
    folder.dose(ReferencedStructureSetSequence=[folder.to("older")])
    (one,) = index(folder.path).plan_sets(incomplete=True)
    assert one.gaps == (
        "rd.dcm: this dose names another structure set than its plan does.",
    )


def test_images_that_are_named_but_not_here_are_counted(folder: Folder) -> None:
    folder.everything()
    (folder.path / "A/ct4.dcm").unlink()
    found = index(folder.path)
    assert reference(found, "RTSTRUCT", "images").missing == 1
    assert codes(found) == ["images not here"]


@pytest.mark.parametrize(
    ("kind", "role"),
    [("RTSTRUCT", "images"), ("RTPLAN", "structure set"), ("RTDOSE", "plan")],
)
def test_an_object_alone_is_an_orphan(kind: str, role: str, folder: Folder) -> None:
    write = {
        "RTSTRUCT": folder.structures,
        "RTPLAN": folder.plan,
        "RTDOSE": folder.dose,
    }
    write[kind]()
    found = index(folder.path)
    assert reference(found, kind, role).how == "not here"
    assert codes(found) == ["orphan"]
    assert role in found.problems[0].sentence


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_every_encoding_gives_the_same_index(
    undefined: bool,  # noqa: FBT001
    implicit: bool,  # noqa: FBT001
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kerma.io.indexing.reading._by_pydicom", lambda _: 1 / 0)
    folder.everything()
    expected = [i.mentions for i in index(folder.path).instances]
    for name in ("rs", "rp", "rd"):
        data = dcmread(folder.path / "A" / f"{name}.dcm")
        for element in data.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = undefined
                for one in element.value:
                    one.is_undefined_length_sequence_item = undefined
        folder.save(name, data, implicit=implicit)
    found = index(folder.path)
    assert [i.mentions for i in found.instances] == expected
    assert found.find(kind="RTPLAN")[0].beams == (1, 2)
    assert not found.problems


def test_a_sequence_of_unknown_representation_is_implicit_inside(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PS3.5, 6.2.2: as an archive that does not know the sequence writes it."""
    monkeypatch.setattr("kerma.io.indexing.reading._by_pydicom", lambda _: 1 / 0)
    folder.everything()
    file = folder.path / "A/rp.dcm"
    uid = folder.uid("rs").encode()
    inside = b"\x08\x00\x55\x11" + len(uid).to_bytes(4, "little") + uid
    items = b"\xfe\xff\x00\xe0" + len(inside).to_bytes(4, "little") + inside
    folder.plan(ReferencedStructureSetSequence=None)
    length = len(items).to_bytes(4, "little")
    unknown = b"\x0c\x30\x60\x00UN\0\0" + length + items
    file.write_bytes(file.read_bytes() + unknown)
    found = index(folder.path)
    assert named(reference(found, "RTPLAN", "structure set").target) == "rs.dcm"
    assert not found.problems


def test_a_big_endian_file_is_understood(folder: Folder) -> None:
    folder.everything()
    file = folder.path / "A/rs.dcm"
    data = dcmread(file)
    list(data.iterall())  # decoded, so that it can be turned round
    data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dcmwrite(file, data, implicit_vr=False, little_endian=False)
    found = index(folder.path)
    assert not found.problems
    assert len(found.plan_sets()) == 1


def test_an_archive_is_looked_into(folder: Folder, tmp_path: Path) -> None:
    folder.everything()
    archive = Path(shutil.make_archive(str(tmp_path / "all"), "zip", folder.path))
    found = index(archive)
    assert len(found.plan_sets()) == 1
    with pytest.raises(InputError, match=r"all.zip: is an archive; unpack it"):
        found.files(found.instances[0])


def test_the_summary_and_the_dictionary_name_no_patient(folder: Folder) -> None:
    folder.patient = "SECRET"
    folder.everything()
    found = index(folder.path)
    (folder.path / "SECRET").rename(folder.path / "data")
    found = index(folder.path)
    text = json.dumps(found.to_dict()) + found.summary() + repr(found)
    assert "SECRET" not in text
    assert "patient 1: CT of 5 + structures + plan + 1 dose: complete" in text
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_files_are_found_by_kind_patient_and_uid(tmp_path: Path) -> None:
    Folder(tmp_path, patient="A").everything()
    second = Folder(tmp_path, patient="B", root="1.5").everything()
    found = index(tmp_path)
    assert len(found.find(kind="RTDOSE")) == 2
    (dose,) = found.find(kind="RTDOSE", patient=2)
    assert dose.sop_instance_uid == second.uid("rd")
    assert found.find(sop_instance_uid=second.uid("rd")) == (dose,)
    assert len(found.find(series_instance_uid=second.uid("ct"))) == SLICES
    assert len(found.plan_sets()) == 2
    with pytest.raises(InputError, match=r"nowhere.dcm: is not in this index"):
        found.series_of(Instance("x/nowhere.dcm", "CT"))


def test_progress_goes_from_nothing_to_all(folder: Folder) -> None:
    folder.ct()
    seen: list[float] = []
    index(folder.path, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_the_real_files_are_all_classified(real_data: Path) -> None:
    folder = real_data / "dicom_rt"
    found = index(folder)
    expected = {}
    for file in folder.rglob("*.dcm"):
        data = dcmread(file, stop_before_pixels=True, force=True)
        expected[str(file.relative_to(folder))] = data.SOPClassUID
    assert {i.path: i.sop_class_uid for i in found.instances} == expected
    counts = {kind: len(found.find(kind=kind)) for kind in CLASSES}
    assert counts == {
        "CT": 42,
        "REG": 0,
        "SEG": 6,
        "RTIMAGE": 0,
        "RTDOSE": 5,
        "RTSTRUCT": 5,
        "RTRECORD": 0,
        "RTPLAN": 3,
    }
    (breast,) = found.plan_sets()
    assert breast.is_certain
    assert breast.plan is not None
    assert breast.plan.beams == (1, 2, 3, 4)
    assert breast.structures is not None
    assert breast.structures.count == 10
    references = {r.role: r for r in found.references_of(breast.structures)}
    assert (len(references["images"].uids), references["images"].missing) == (1, 97)
    broken = [p for p in found.problems if p.code == "link by frame"]
    assert [p.files for p in broken] == [
        ("rt_utils_mock/mock_data/non_existent_reference_rt.dcm",)
    ]


def test_the_real_scans_have_the_slices_that_are_known(real_data: Path) -> None:
    found = index(real_data / "ct_phantoms")
    sizes = {s.instances[0].path.split("/")[0]: len(s.instances) for s in found.series}
    assert sizes["catphan504_obi_head"] == 70
    assert sizes["catphan504_obi_pelvis"] == 22
    assert sizes["catphan504_truebeam_head"] == 25
    (pelvis,) = [s for s in found.series if "pelvis" in s.key]
    assert pelvis.stack is not None
    assert pelvis.stack.missing == 50 - 6 + 1 - 22


def test_blank_uids_leave_one_series_for_each_folder(real_data: Path) -> None:
    found = index(real_data / "organ_dose" / "torso_ct")
    (series,) = found.series
    assert series.stack is not None
    assert series.stack.slices == 20
    assert codes(found).count("no UID") == 3


@pytest.mark.slow
def test_ten_thousand_files_take_seconds(folder: Folder, tmp_path: Path) -> None:
    """Less than 3 s of CPU, five times as fast as pydicom, and then under 1 s.

    The headers have about 3 KiB in 85 elements, as those of a real scanner.
    """
    file = folder.slice(0)
    data = dcmread(file)
    for n in range(60):
        data.add_new((0x0019, 0x1000 + n), "LO", f"private element number {n} of these")
    folder.save("ct0", data)
    content = file.read_bytes()
    uid = folder.uid("ct0").encode()
    for k in range(10_000):
        place = folder.path / f"{k // 500}"
        place.mkdir(exist_ok=True)
        other = str(10 ** (len(uid) - 4) + k).encode()
        (place / f"{k}.dcm").write_bytes(content.replace(uid, b"1." + other + b"1"))
    start = time.process_time()
    assert len(index(folder.path, cache=tmp_path / "cache").instances) == 10_001
    first = time.process_time() - start
    assert first < 3
    index(folder.path, cache=tmp_path / "cache")
    assert time.process_time() - start - first < 1
    start = time.process_time()
    for k in range(1000):
        list(dcmread(folder.path / f"{k // 500}/{k}.dcm"))
    assert first < 10 * (time.process_time() - start) / 5
