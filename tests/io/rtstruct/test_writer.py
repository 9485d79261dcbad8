"""Writing RT structure sets: what comes back, and what others make of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray
from kerma.core.structures import Contour, ContourKind, Structure, StructureSet
from kerma.core.study import Study
from kerma.errors import GeometryError, InputError
from kerma.io.rtstruct.reader import read_structures
from kerma.io.rtstruct.writer import write_structures
from kerma.simulation.rt_set import Layout, RTSet, simulate_rt_set
from tests.io.validators import dciodvfy_errors, dcmdump, program

SQUARE = np.array([[0, 0, 5], [10, 0, 5], [10, 10, 5], [0, 10, 5]], np.float64)
LAYOUT = Layout(matrix=48, slices=12, pixel_mm=8.0, slice_mm=12.0)


def ring(count: int, z: float = 0.0, radius: float = 80.0) -> FloatArray:
    angle = 2 * np.pi * np.arange(count) / count
    return np.stack(
        [radius * np.cos(angle) + 7, radius * np.sin(angle) - 3, 0 * angle + z], axis=1
    )


def structure(*contours: Contour, number: int = 1, **more: Any) -> Structure:
    return Structure(number, f"S{number}", contours or (Contour(SQUARE),), **more)


def a_set(*structures: Structure, **more: Any) -> StructureSet:
    values = {"frame_of_reference": "1.2.3", "label": "Plan"} | more
    return StructureSet(structures or (structure(),), **values)


@pytest.fixture(scope="module")
def patient() -> RTSet:
    return simulate_rt_set(LAYOUT)


@pytest.fixture(scope="module")
def varied() -> StructureSet:
    """One of everything that a set can hold."""
    kinds = [Contour(SQUARE + k, kind) for k, kind in enumerate(list(ContourKind)[:4])]
    return a_set(
        structure(
            *kinds,
            number=9,
            interpreted_type="PTV",
            color=(1, 20, 255),
            generation_algorithm="SEMIAUTOMATIC",
            description="what it is",
        ),
        Structure(2, "Größe 肺"),
        Structure(3, "S9", (Contour(SQUARE[:1], ContourKind.POINT, "1.9.2"),)),
        Structure(4, "", (Contour(SQUARE),), frame_of_reference="1.2.9"),
        name="A longer name of the set",
        date="20240131",
        time="101112",
        ct_series_uid="1.8",
        ct_image_uids=("1.9.1", "1.9.2"),
        sop_instance_uid="1.2.3.4",
        series_instance_uid="1.2.3.5",
        study=Study(patient_name="A^B", patient_id="7", study_instance_uid="1.2.3.6"),
    )


def assert_same(one: StructureSet, other: StructureSet) -> None:
    for first, second in zip(one, other, strict=True):
        assert _fields(first) == _fields(second)
        for a, b in zip(first.contours, second.contours, strict=True):
            assert a.kind is b.kind
            assert np.abs(a.points - b.points).max() <= 1e-4


def _fields(one: Structure) -> tuple[object, ...]:
    return (
        one.number,
        one.name,
        one.interpreted_type,
        one.color,
        one.generation_algorithm,
        one.description,
    )


def test_everything_comes_back(varied: StructureSet, tmp_path: Path) -> None:
    back = read_structures(write_structures(varied, tmp_path / "rs.dcm"))
    assert_same(varied, back)
    assert [one.frame_of_reference for one in back] == ["1.2.3"] * 3 + ["1.2.9"]
    assert back[3].contours[0].image_uid == "1.9.2"
    fields = [
        "frame_of_reference",
        "label",
        "name",
        "date",
        "time",
        "ct_series_uid",
        "ct_image_uids",
        "sop_instance_uid",
        "series_instance_uid",
        "study",
    ]
    for field in fields:
        assert getattr(back, field) == getattr(varied, field)


@settings(max_examples=40)  # each writes and reads a file
@given(
    st.lists(
        st.tuples(*[st.floats(-2000, 2000)] * 3), min_size=1, max_size=5, unique=True
    )
)
def test_positions_come_back_within_a_ten_thousandth_of_a_millimeter(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, ...]]
) -> None:
    path = Contour(np.array(points), ContourKind.OPEN_NONPLANAR)
    file = tmp_path_factory.mktemp("rs") / "rs.dcm"
    back = read_structures(write_structures(a_set(structure(path)), file))
    assert np.abs(back[1].contours[0].points - path.points).max() <= 1e-4


def test_a_real_set_comes_back_to_the_last_digit(
    real_data: Path, tmp_path: Path
) -> None:
    ours = read_structures(real_data / "dicom_rt" / "breast_plan")
    back = read_structures(write_structures(ours, tmp_path / "rs.dcm"))
    for one, other in zip(ours, back, strict=True):
        assert _fields(one) == _fields(other)
        for a, b in zip(one.contours, other.contours, strict=True):
            assert a.points.tobytes() == b.points.tobytes()
            assert a.image_uid == b.image_uid
    assert back.ct_image_uids == ours.ct_image_uids
    assert back.notes == ()


@pytest.mark.parametrize("position", ["HFS", "FFP"])
def test_each_contour_refers_to_the_slice_it_was_drawn_on(
    position: str, tmp_path: Path
) -> None:
    patient = simulate_rt_set(replace(LAYOUT, position=position, tilt_deg=0.0))
    bare = replace(patient.structures, ct_series_uid="", ct_image_uids=())
    file = write_structures(bare, tmp_path / "rs.dcm", ct=patient.ct)
    back = read_structures(file)
    assert_same(patient.structures, back)
    assert back.ct_series_uid == patient.ct.series_instance_uid
    assert back.ct_image_uids == patient.ct.sop_instance_uids
    heights = {
        uid: patient.ct.grid.to_patient(np.array([k, 0.0, 0.0]))
        @ patient.ct.grid.normal
        for k, uid in enumerate(patient.ct.sop_instance_uids)
    }
    named = [c for one in back for c in one.contours]
    assert named
    for contour in named:
        off = contour.points @ patient.ct.grid.normal - heights[contour.image_uid]
        assert np.abs(off).max() < 1e-3


def test_others_see_the_same(varied: StructureSet, tmp_path: Path) -> None:
    """By pydicom, element by element."""
    data = pydicom.dcmread(write_structures(varied, tmp_path / "rs.dcm"))
    assert data.SOPClassUID.name == "RT Structure Set Storage"
    assert data.Modality == "RTSTRUCT"
    assert data.ApprovalStatus == "UNAPPROVED"
    first, second = data.ReferencedFrameOfReferenceSequence
    assert (first.FrameOfReferenceUID, second.FrameOfReferenceUID) == ("1.2.3", "1.2.9")
    (study,) = first.RTReferencedStudySequence
    assert study.ReferencedSOPInstanceUID == "1.2.3.6"
    (series,) = study.RTReferencedSeriesSequence
    images = [i.ReferencedSOPInstanceUID for i in series.ContourImageSequence]
    assert (series.SeriesInstanceUID, images) == ("1.8", ["1.9.1", "1.9.2"])
    drawn, empty, point, _ = data.ROIContourSequence
    assert [part.ReferencedROINumber for part in data.ROIContourSequence] == [
        9,
        2,
        3,
        4,
    ]
    assert "ContourSequence" not in empty
    assert [c.ContourGeometricType for c in drawn.ContourSequence] == list(ContourKind)[
        :4
    ]
    assert drawn.ContourSequence[1].ContourData == (SQUARE + 1).ravel().tolist()
    assert drawn.ContourSequence[1].NumberOfContourPoints == 4
    assert drawn.ROIDisplayColor == [1, 20, 255]
    image = point.ContourSequence[0].ContourImageSequence[0]
    assert image.ReferencedSOPInstanceUID == "1.9.2"
    assert image.ReferencedSOPClassUID.name == "CT Image Storage"
    assert data.RTROIObservationsSequence[0].RTROIInterpretedType == "PTV"


def test_dciodvfy_and_dcmtk_find_nothing_wrong(
    varied: StructureSet, patient: RTSet, tmp_path: Path
) -> None:
    large = a_set(structure(Contour(ring(9000))))
    sets = [(varied, None), (patient.structures, patient.ct), (large, None)]
    for number, (one, ct) in enumerate(sets):
        file = write_structures(one, tmp_path / f"{number}.dcm", uid_seed="a", ct=ct)
        # CLOSEDPLANAR_XOR is younger than the program's list.
        wrong = [e for e in dciodvfy_errors(file) if "<CLOSEDPLANAR_XOR>" not in e]
        assert wrong == []
        assert "RTStructureSetStorage" in dcmdump(file)


def test_plastimatch_reads_the_same_points(tmp_path: Path) -> None:
    ours = a_set(
        structure(*(Contour(ring(12, z)) for z in (0.0, 3.0, 6.0)), color=(255, 0, 9)),
        structure(Contour(ring(7, 3.0, 20.0)), number=2),
    )
    file = write_structures(ours, tmp_path / "rs.dcm")
    table = tmp_path / "rs.cxt"
    subprocess.run(
        [program("plastimatch"), "convert", "--input", file, "--output-cxt", table],
        check=True,
        capture_output=True,
    )
    lines = table.read_text(encoding="utf-8").splitlines()
    names = lines[lines.index("ROI_NAMES") + 1 : lines.index("END_OF_ROI_NAMES")]
    assert names[0] == "1|255 0 9|S1"
    assert names[1].endswith("|S2")
    rows = [line.split("|") for line in lines[lines.index("END_OF_ROI_NAMES") + 1 :]]
    contours = [c for one in ours for c in one.contours]
    for row, contour in zip(rows, contours, strict=True):
        points = np.array(row[-1].split("\\"), np.float64).reshape(-1, 3)
        assert np.abs(points - contour.points).max() < 1e-4  # it keeps float32


@pytest.mark.parametrize(("count", "explicit"), [(60, True), (9000, False)])
def test_long_contours_are_written_without_value_representations(
    tmp_path: Path,
    count: int,
    explicit: bool,  # noqa: FBT001
) -> None:
    """An element of VR DS holds 64 KiB, which is about 2000 points."""
    ours = a_set(structure(Contour(ring(count))))
    file = write_structures(ours, tmp_path / "rs.dcm")
    assert pydicom.dcmread(file).original_encoding[0] is not explicit
    assert_same(ours, read_structures(file))


def test_the_same_seed_makes_the_same_file(
    varied: StructureSet, tmp_path: Path
) -> None:
    first, second, other = (
        write_structures(varied, tmp_path / f"{number}.dcm", uid_seed=seed)
        for number, seed in enumerate(("a", "a", "b"))
    )
    assert first.read_bytes() == second.read_bytes()
    one, another = read_structures(first), read_structures(other)
    assert one.sop_instance_uid != another.sop_instance_uid
    assert one.sop_instance_uid != varied.sop_instance_uid
    assert one.study == varied.study


def test_patient_and_study_are_those_of_the_ct_unless_the_set_names_them(
    patient: RTSet, tmp_path: Path
) -> None:
    anonymous = replace(patient.structures, study=Study())
    file = write_structures(anonymous, tmp_path / "a.dcm", ct=patient.ct)
    assert read_structures(file).study == patient.ct.study
    given = Study(patient_id="8", study_instance_uid="1.2.3")
    file = write_structures(anonymous, file, ct=patient.ct, study=given)
    assert read_structures(file).study == given


def test_what_has_no_frame_of_reference_takes_that_of_the_ct(
    patient: RTSet, tmp_path: Path
) -> None:
    lost = a_set(frame_of_reference="")
    with pytest.raises(GeometryError, match="Structure 1 names no frame of reference"):
        write_structures(lost, tmp_path / "a.dcm")
    back = read_structures(write_structures(lost, tmp_path / "a.dcm", ct=patient.ct))
    assert back[1].frame_of_reference == patient.ct.grid.frame_of_reference


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (StructureSet((), "1.2.3"), "without structures cannot be written"),
        (
            a_set(structure(Contour(SQUARE), Contour(SQUARE[:2]))),
            "Contour 2 of structure 1 is closed, but has 2 points; at least 3",
        ),
        (a_set(structure(Contour(SQUARE * 1e6))), r"reaches 1e\+07 mm away"),
        (a_set(label="more than sixteen"), "StructureSetLabel cannot be written"),
        (a_set(Structure(1, "x" * 65)), "ROIName cannot be written"),
        (a_set(date="2020.01.31"), "StructureSetDate cannot be written"),
        (a_set(structure(interpreted_type="ptv")), "InterpretedType cannot be written"),
    ],
)
def test_what_dicom_cannot_say_is_refused(
    tmp_path: Path, bad: StructureSet, message: str
) -> None:
    file = tmp_path / "rs.dcm"
    file.write_text("the old one")
    with pytest.raises(InputError, match=message):
        write_structures(bad, file)
    assert file.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [file]


def test_structures_of_another_ct_are_refused(patient: RTSet, tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match=r"lies in .* 1\.2\.3, but the CT in 2\.25"):
        write_structures(a_set(), tmp_path / "rs.dcm", ct=patient.ct)
    nameless = replace(patient.ct, sop_instance_uids=())
    with pytest.raises(InputError, match="The CT has no UID for its series"):
        write_structures(patient.structures, tmp_path / "rs.dcm", ct=nameless)


def test_a_blank_label_is_filled_in(tmp_path: Path) -> None:
    back = read_structures(write_structures(a_set(label=""), tmp_path / "rs.dcm"))
    assert back.label == "Structures"
