"""Reading RT structure sets, sound and defective ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import DataElement, Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from kerma.core.structures import ContourKind, StructureSet
from kerma.errors import DicomError, InputError, KermaError
from kerma.io.rtstruct.reader import read_structures

RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
SQUARE = "0\\0\\5\\10\\0\\5\\10\\10\\5\\0\\10\\5"
TRIANGLE = "1.5\\1\\8\\2\\1\\8\\2\\-3.25\\8"
CONTOUR_DATA = r"Contour Data \(3006,0050\)"

Save = Callable[..., Path]


def part(**elements: Any) -> Dataset:
    """An item; an element given as a pair of VR and value gets that VR."""
    item = Dataset()
    for keyword, value in elements.items():
        if isinstance(value, tuple):
            tag = pydicom.datadict.tag_for_keyword(keyword) or 0
            vr, content = value
            item[tag] = DataElement(tag, vr, content, already_converted=True)
        else:
            setattr(item, keyword, value)
    return item


def contour(data: Any = SQUARE, kind: str = "CLOSED_PLANAR", **more: Any) -> Dataset:
    """A contour, its data of VR DS unless a pair of VR and value is given."""
    pair = data if isinstance(data, tuple) else ("DS", data.split("\\"))
    count = len(pair[1]) // 3 if isinstance(pair[1], list) else 1
    values = {"NumberOfContourPoints": count, "ContourGeometricType": kind} | more
    present = {keyword: v for keyword, v in values.items() if v is not None}
    return part(ContourData=pair, **present)


def roi(number: int, name: str = "", **more: Any) -> Dataset:
    frame = {"ReferencedFrameOfReferenceUID": "1.2.3"} | more
    present = {keyword: value for keyword, value in frame.items() if value is not None}
    return part(ROINumber=number, ROIName=name, **present)


def drawing(number: int, *contours: Dataset, **more: Any) -> Dataset:
    return part(ReferencedROINumber=number, ContourSequence=list(contours), **more)


def structure_set(*contours: Dataset, **elements: Any) -> Dataset:
    """A set of one ROI, number 1, with some contours; elements as by `part`."""
    values: dict[str, Any] = {
        "SOPClassUID": RT_STRUCTURE_SET,
        "SOPInstanceUID": "1.2.3.4",
        "Modality": "RTSTRUCT",
        "PatientName": "Secret^Name",
        "PatientID": "SECRET",
        "StructureSetROISequence": [roi(1, "PTV")],
        "ROIContourSequence": [drawing(1, *contours)],
        "RTROIObservationsSequence": [
            part(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="PTV")
        ],
    }
    values |= elements
    return part(**{key: value for key, value in values.items() if value is not None})


def typical() -> Dataset:
    """Three ROIs: a PTV, an empty one and a point; nothing in the same order twice."""
    images = [
        part(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID=f"1.9.{k}")
        for k in range(2)
    ]
    series = part(SeriesInstanceUID="1.8", ContourImageSequence=images)
    study = part(ReferencedSOPInstanceUID="1.7", RTReferencedSeriesSequence=[series])
    frame = part(FrameOfReferenceUID="1.2.3", RTReferencedStudySequence=[study])
    return structure_set(
        StructureSetLabel="Plan A",
        StructureSetName="A name",
        StructureSetDate="20240131",
        StructureSetTime="101112",
        SeriesInstanceUID="1.2.3.9",
        StudyInstanceUID="1.2.3.8",
        ReferencedFrameOfReferenceSequence=[frame],
        StructureSetROISequence=[
            roi(7, "Iso"),
            roi(2, "Empty", ROIDescription="nothing"),
            roi(5, "PTV 60", ROIGenerationAlgorithm="MANUAL"),
        ],
        ROIContourSequence=[
            drawing(
                5,
                contour(ContourImageSequence=[images[1]]),
                contour(TRIANGLE, "CLOSEDPLANAR_XOR", ContourImageSequence=[images[0]]),
                ROIDisplayColor=[255, 0, 10],
            ),
            drawing(7, contour("1\\2\\3", "POINT")),
        ],
        RTROIObservationsSequence=[
            part(ReferencedROINumber=2, RTROIInterpretedType=""),
            part(ReferencedROINumber=7, RTROIInterpretedType="ISOCENTER"),
            part(ReferencedROINumber=5, RTROIInterpretedType="PTV"),
        ],
    )


def is_typical(found: StructureSet) -> bool:
    """Whether the geometry of a set is that of `typical`."""
    iso, empty, ptv = found
    square, triangle = ptv.contours
    return (
        (iso.number, empty.number, ptv.number) == (7, 2, 5)
        and empty.is_empty
        and iso.contours[0].points.tolist() == [[1, 2, 3]]
        and square.points.tolist() == [[0, 0, 5], [10, 0, 5], [10, 10, 5], [0, 10, 5]]
        and triangle.points.tolist() == [[1.5, 1, 8], [2, 1, 8], [2, -3.25, 8]]
    )


@pytest.fixture
def put(tmp_path: Path, encode: Callable[..., bytes]) -> Save:
    """Write a data set to a file."""

    def write(data: Dataset, syntax: str = ExplicitVRLittleEndian) -> Path:
        file = tmp_path / "rs.dcm"
        file.write_bytes(encode(data, syntax))
        return file

    return write


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
@pytest.mark.parametrize("undefined", [False, True])
def test_everything_is_joined_by_number_in_every_transfer_syntax(
    put: Save,
    syntax: str,
    undefined: bool,  # noqa: FBT001
) -> None:
    data = typical()
    for sequence in data.iterall():
        if sequence.VR == "SQ":
            sequence.is_undefined_length = undefined
            for item in sequence.value:
                item.is_undefined_length_sequence_item = undefined
    found = read_structures(put(data, syntax))
    assert is_typical(found)
    iso, empty, ptv = found
    assert found.names == ("Iso", "Empty", "PTV 60")
    assert [one.interpreted_type for one in found] == ["ISOCENTER", "", "PTV"]
    assert [one.color for one in found] == [None, None, (255, 0, 10)]
    assert (ptv.generation_algorithm, empty.description) == ("MANUAL", "nothing")
    assert [c.kind for c in ptv.contours] == [
        ContourKind.CLOSED_PLANAR,
        ContourKind.CLOSED_PLANAR_XOR,
    ]
    assert [c.image_uid for c in ptv.contours] == ["1.9.1", "1.9.0"]
    assert iso.contours[0].kind is ContourKind.POINT
    assert (found.label, found.name) == ("Plan A", "A name")
    assert (found.date, found.time) == ("20240131", "101112")
    assert (found.ct_series_uid, found.ct_image_uids) == ("1.8", ("1.9.0", "1.9.1"))
    assert (found.sop_instance_uid, found.series_instance_uid) == ("1.2.3.4", "1.2.3.9")
    assert found.frame_of_reference == ptv.frame_of_reference == "1.2.3"
    assert found.study.patient_name == "Secret^Name"
    assert found.notes == ()


@pytest.mark.parametrize(
    "name",
    [
        "breast_plan/rtss.dcm",
        "pydicom_files/rtstruct.dcm",
        "rt_utils_mock/mock_data/rt.dcm",
        "rt_utils_mock/mock_data/invalid_reference_rt.dcm",
        "rt_utils_mock/mock_data/non_existent_reference_rt.dcm",
    ],
)
def test_every_coordinate_of_real_files_is_that_of_pydicom(
    real_data: Path, name: str
) -> None:
    file = real_data / "dicom_rt" / name
    expected = pydicom.dcmread(file, force=True)
    found = read_structures(file)
    assert found.names == tuple(r.ROIName for r in expected.StructureSetROISequence)
    for drawn in expected.ROIContourSequence:
        contours = found[int(drawn.ReferencedROINumber)].contours
        theirs = drawn.get("ContourSequence") or []
        for ours, other in zip(contours, theirs, strict=True):
            points = np.array(other.ContourData, np.float64).reshape(-1, 3)
            if ours.kind.is_closed and (points[0] == points[-1]).all():
                points = points[:-1]
            assert ours.points.tobytes() == points.tobytes()
            images = other.get("ContourImageSequence")
            uid = images[0].ReferencedSOPInstanceUID if images else ""
            assert ours.image_uid == uid
    for seen in expected.RTROIObservationsSequence:
        kind = found[int(seen.ReferencedROINumber)].interpreted_type
        assert kind == seen.RTROIInterpretedType


def test_the_breast_plan_has_an_empty_structure(real_data: Path) -> None:
    found = read_structures(real_data / "dicom_rt" / "breast_plan")
    assert [one.name for one in found if one.is_empty] == ["Areola"]
    assert sum(len(one.contours) for one in found) == 441
    assert found["BODY"].color == (154, 155, 100)
    assert len(found.ct_image_uids) == 98


def test_contours_over_64_kib_are_read_though_their_vr_is_un(put: Save) -> None:
    text = "\\".join(f"{number:.3f}" for number in np.arange(30000) % 997 + 0.125)
    assert len(text) > 2**16
    file = put(structure_set(contour(("DS", text), NumberOfContourPoints=10000)))
    assert b"\x06\x30\x50\x00UN" in file.read_bytes()
    (found,) = read_structures(file).structures
    points = np.arange(30000) % 997 + 0.125
    assert found.contours[0].points.tolist() == points.reshape(-1, 3).tolist()


def test_names_may_repeat(put: Save) -> None:
    data = structure_set(StructureSetROISequence=[roi(1, "GTV"), roi(2, "GTV")])
    assert read_structures(put(data)).names == ("GTV", "GTV")


def test_names_may_be_blank_or_foreign(put: Save) -> None:
    data = structure_set(StructureSetROISequence=[roi(1), roi(2, "Größe 肺")])
    data.SpecificCharacterSet = "ISO_IR 192"
    assert read_structures(put(data)).names == ("", "Größe 肺")


def test_open_contours_and_points_stay_as_they_are(put: Save) -> None:
    line = "0\\0\\0\\1\\0\\0\\2\\0\\1\\0\\0\\0"
    data = structure_set(
        contour(line, "OPEN_NONPLANAR"),
        contour(line, "OPEN_PLANAR"),
        contour("1\\2\\3", "POINT"),
    )
    found = read_structures(put(data))
    assert [len(c.points) for c in found[1].contours] == [4, 4, 1]
    assert found.notes == ()


def test_a_closed_contour_loses_its_repeated_last_point(put: Save) -> None:
    data = structure_set(contour(SQUARE + "\\0\\0\\5"), contour(TRIANGLE))
    found = read_structures(put(data))
    assert [len(c.points) for c in found[1].contours] == [4, 3]
    assert found[1].contours[1].points[0].tolist() == [1.5, 1, 8]
    assert found.notes == ()


@pytest.mark.parametrize(
    "flat",
    [
        "1\\2\\3",
        "1\\2\\3\\4\\5\\6",
        "1\\2\\3\\1\\2\\3\\1\\2\\3",
        "0\\0\\0\\1\\1\\0\\3\\3\\0",
        "0\\0\\0\\1\\1\\0\\0\\0\\0",
    ],
)
def test_a_closed_contour_without_area_is_left_out_with_a_note(
    put: Save, flat: str
) -> None:
    found = read_structures(put(structure_set(contour(), contour(flat), contour())))
    assert [len(c.points) for c in found[1].contours] == [4, 4]
    assert found.notes == ("ROI 1, contour 2: encloses no area, so left out.",)


def test_a_figure_of_eight_is_kept(put: Save) -> None:
    eight = "0\\0\\0\\2\\2\\0\\2\\0\\0\\0\\2\\0"
    assert len(read_structures(put(structure_set(contour(eight))))[1].contours) == 1


def test_a_closed_contour_off_its_plane_is_noted(put: Save) -> None:
    """Corners up and down by h in turn lie h off the best plane."""
    bent = "9\\9\\.3\\-9\\9\\-.3\\-9\\-9\\.3\\9\\-9\\-.3"
    found = read_structures(put(structure_set(contour(), contour(bent))))
    assert found.notes == ("ROI 1, contour 2: leaves its plane by more than 0.1 mm.",)
    assert len(found[1].contours) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1\\x\\2", "'x' as number 2"),
        ("1\\\\2", "'' as number 2"),
        ("1\\2\\nan", "'nan' as number 3"),
        ("1e400\\0\\0", "'1e400' as number 1"),
        ("1\\2\\3\\4\\1_0\\6", "'1_0' as number 5"),
        ("1,5\\2\\3", "'1,5' as number 1"),
        ("1\\2\\2000000", "'2000000' as number 3"),
        ("0\\0\\" + "9" * 400, f"'{'9' * 24}' as number 3"),
    ],
)
def test_what_is_no_position_is_refused_by_roi_and_contour(
    put: Save, text: str, shown: str
) -> None:
    bad = contour(("DS", text))
    with pytest.raises(
        DicomError,
        match=rf"rs\.dcm: ROI 1, contour 2, {CONTOUR_DATA} has {shown}; needed are "
        rf"finite numbers within 1e\+06 mm",
    ) as error:
        read_structures(put(structure_set(contour(), bad, contour())))
    assert "secret" not in str(error.value).lower()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (contour("1\\2\\3\\4"), f"{CONTOUR_DATA} has 4 numbers, which is no multiple"),
        (contour(kind="CLOSED_CURVED"), r"\(3006,0042\) is 'CLOSED_CURVED'; known are"),
        (
            contour(ContourGeometricType=None),
            r"\(3006,0042\) is ''; known are CLOSED_P",
        ),
        (contour(("DS", None), NumberOfContourPoints=4), f"{CONTOUR_DATA} is missing"),
        (part(ContourGeometricType="POINT"), f"{CONTOUR_DATA} is missing"),
        (contour(("FD", [1.0, 2.0, 3.0])), f"{CONTOUR_DATA} is of value repr.* FD;"),
        (contour(("SQ", [part(ROINumber=1)])), CONTOUR_DATA),
    ],
    ids=["rest", "kind", "no kind", "no data", "nothing", "FD", "SQ"],
)
def test_a_contour_that_could_be_misread_is_refused(
    put: Save, bad: Dataset, message: str
) -> None:
    with pytest.raises(DicomError, match=rf"rs\.dcm: ROI 1, contour 1, .*{message}"):
        read_structures(put(structure_set(bad)))


def test_a_contour_that_declares_no_points_and_has_none_is_noted(put: Save) -> None:
    none = contour(("DS", None), NumberOfContourPoints=0)
    found = read_structures(put(structure_set(none, contour())))
    assert len(found[1].contours) == 1
    assert found.notes == ("ROI 1, contour 1 has no points; left out.",)


@pytest.mark.parametrize("declared", [3, 5, None])
def test_a_wrong_number_of_points_alone_is_noted(
    put: Save, declared: int | None
) -> None:
    odd = contour(NumberOfContourPoints=declared)
    found = read_structures(put(structure_set(contour(), odd)))
    assert [len(c.points) for c in found[1].contours] == [4, 4]
    (note,) = found.notes
    assert note == (
        "ROI 1, contour 2: Number of Contour Points (3006,0046) is missing or "
        "wrong; the points count."
    )


def test_many_odd_contours_make_one_note(put: Save) -> None:
    odd = [contour(NumberOfContourPoints=1) for _ in range(20)]
    (note,) = read_structures(put(structure_set(*odd))).notes
    assert note.startswith("ROI 1, contour 1, 2, 3, 4, 5, 6, 7, 8 and 12 more: ")


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (
            {"StructureSetROISequence": [roi(1), roi(1)]},
            r"ROI Number \(3006,0022\) is 1, as that of an ROI before it",
        ),
        ({"StructureSetROISequence": [part(ROIName="x")]}, r"\(3006,0022\) is missing"),
        ({"StructureSetROISequence": None}, r"\(3006,0020\) is missing, so the file"),
        ({"ROIContourSequence": None}, r"\(3006,0039\) is missing, so the file may be"),
        ({"ROIContourSequence": ("LO", "x")}, r"\(3006,0039\) is no sequence"),
        (
            {"ROIContourSequence": [drawing(1), drawing(1)]},
            r"Referenced ROI Number \(3006,0084\) is 1, as that of an item before it",
        ),
        (
            {"ROIContourSequence": [part(ROIDisplayColor=[1, 2, 3])]},
            r"0084\) is missing",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(
    put: Save, elements: dict[str, Any], message: str
) -> None:
    with pytest.raises(DicomError, match=message) as error:
        read_structures(put(structure_set(**elements)))
    assert "secret" not in str(error.value).lower()


def test_a_set_without_anything_in_it_is_read(put: Save) -> None:
    data = structure_set(StructureSetROISequence=[], ROIContourSequence=[])
    data.RTROIObservationsSequence = []
    assert len(read_structures(put(data))) == 0


@pytest.mark.parametrize(
    ("elements", "note"),
    [
        (
            {"ROIContourSequence": [drawing(1), drawing(9, contour())]},
            "Contours of ROI 9, which does not exist; left out.",
        ),
        (
            {"RTROIObservationsSequence": None},
            "No ROI says what it is: RT ROI Observations are missing.",
        ),
        (
            {
                "RTROIObservationsSequence": [
                    part(ReferencedROINumber=1, RTROIInterpretedType=kind)
                    for kind in ("PTV", "CTV")
                ]
            },
            "ROI 1 has 2 interpreted types; the first is.",
        ),
        (
            {"ROIContourSequence": [drawing(1, ROIDisplayColor=[1, 2])]},
            "ROI 1 has a display color that is none; left out.",
        ),
    ],
)
def test_what_changes_no_contour_is_noted(
    put: Save, elements: dict[str, Any], note: str
) -> None:
    assert read_structures(put(structure_set(**elements))).notes == (note,)


def test_dates_that_are_none_stay_text(put: Save) -> None:
    data = structure_set(
        StructureSetDate=("LO", "2020.01.31"), StructureSetTime=("LO", "noon")
    )
    found = read_structures(put(data))
    assert (found.date, found.time) == ("2020.01.31", "noon")


def test_each_roi_says_in_which_frame_of_reference_it_lies(put: Save) -> None:
    frames = [roi(1), roi(2, ReferencedFrameOfReferenceUID="1.2.9")]
    found = read_structures(put(structure_set(StructureSetROISequence=frames)))
    assert [one.frame_of_reference for one in found] == ["1.2.3", "1.2.9"]
    assert found.frame_of_reference == "1.2.3"
    assert found.notes == ("The ROIs lie in 2 frames of reference.",)


def test_a_missing_frame_of_reference_is_that_of_the_images(put: Save) -> None:
    nameless = [roi(1, ReferencedFrameOfReferenceUID=None)]
    data = structure_set(StructureSetROISequence=nameless)
    without = read_structures(put(data))
    assert without.frame_of_reference == ""
    data.ReferencedFrameOfReferenceSequence = [part(FrameOfReferenceUID="1.5")]
    found = read_structures(put(data))
    assert found.frame_of_reference == found[1].frame_of_reference == "1.5"
    assert found.notes == (
        "ROI 1 names no frame of reference; that of the set is taken.",
    )


def test_images_in_another_frame_than_the_structures_are_noted(put: Save) -> None:
    images = [part(FrameOfReferenceUID="1.5")]
    data = structure_set(ReferencedFrameOfReferenceSequence=images)
    found = read_structures(put(data))
    assert found.frame_of_reference == "1.2.3"
    assert "another frame of reference than the images" in found.notes[0]


def test_one_set_is_chosen_among_several(
    tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    for number in (1, 2):
        data = structure_set(SOPInstanceUID=f"1.2.{number}")
        (tmp_path / f"{number}.dcm").write_bytes(encode(data))
    with pytest.raises(InputError, match="holds 2 objects of kind RT Structure Set"):
        read_structures(tmp_path)
    assert (
        read_structures(tmp_path, sop_instance_uid="1.2.2").sop_instance_uid == "1.2.2"
    )


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
@pytest.mark.parametrize("undefined", [False, True])
def test_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path: Path,
    encode: Callable[..., bytes],
    syntax: str,
    undefined: bool,  # noqa: FBT001
) -> None:
    """At worst the end of the file is lost, with a note: it holds no contours."""
    data = typical()
    data["ROIContourSequence"].is_undefined_length = undefined
    for item in data.ROIContourSequence:
        item.is_undefined_length_sequence_item = undefined
    whole = encode(data, syntax)
    file = tmp_path / "rs.dcm"
    kept, said = [], []
    for size in range(0, len(whole), 3):
        file.write_bytes(whole[:size])
        try:
            found = read_structures(file)
        except KermaError as error:
            said.append(str(error).lower())
        else:
            assert is_typical(found)
            assert "RT ROI Observations are missing" in " ".join(found.notes)
            kept.append(size)
    assert len(kept) <= 4  # where the last element would begin
    assert not any("secret" in message for message in said)


def test_flipped_bytes_end_in_a_sentence_or_a_set(
    tmp_path: Path, encode: Callable[..., bytes]
) -> None:
    whole = encode(typical())
    generator = random.Random(1)
    file = tmp_path / "rs.dcm"
    said = []
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 6)):
            damaged[generator.randrange(132, len(damaged))] = generator.randrange(256)
        file.write_bytes(damaged)
        try:
            found = read_structures(file)
        except KermaError as error:
            said.append(str(error).lower())
        else:
            assert isinstance(found, StructureSet)
    assert len(said) > 100
    assert not any("secret" in message for message in said)


def test_too_much_to_hold_is_refused(
    put: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerma.io.rtstruct.contours._MOST_TEXT", 2 * len(SQUARE) - 1)
    with pytest.raises(DicomError, match="MiB of contours, too much to read at once"):
        read_structures(put(structure_set(contour(), contour())))
