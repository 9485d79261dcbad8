"""Edits do to a file what they say, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from kerma.core.edit import Action, Edit, EditValue
from kerma.errors import DicomError, InputError
from kerma.io.edits import apply_edits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file with two items in a sequence, and three frames of two by two pixels."""
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.2"
    data.SOPInstanceUID = "1.2.3"
    data.Rows, data.Columns, data.NumberOfFrames = 2, 2, 3
    data.BitsAllocated, data.PixelRepresentation = 16, 0
    data.RescaleSlope, data.RescaleIntercept = 2, -10
    data.ImagePositionPatient = [1, 2, 3]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.GridFrameOffsetVector = [0, 4, 9]
    data.PixelData = np.arange(12, dtype="<u2").tobytes()
    data["PixelData"].VR = "OW"
    items = []
    for number in (1, 2):
        item = Dataset()
        item.BeamNumber = number
        item.ContourData = [0, 0, number, 2, 0, number, 2, 4, number]
        items.append(item)
    data.BeamSequence = items
    data.ensure_file_meta()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    return tmp_path


def edited(
    folder: Path,
    action: Action,
    element: str = "",
    value: EditValue = None,
    vr: str = "",
) -> Dataset:
    apply_edits(folder, [Edit("a.dcm", action, element, value, vr)])
    return dcmread(folder / "a.dcm")


def pixels(data: Dataset) -> list[int]:
    return np.frombuffer(data.PixelData, "<u2").tolist()


@pytest.mark.parametrize(
    ("action", "value", "expected"),
    [
        (Action.SET, (7, 8), [7, 8]),
        (Action.ADD, (1, 10), [1, 14, 10]),
        (Action.SCALE, -0.5, [0, -2, -4.5]),
        (Action.APPEND, 20, [0, 4, 9, 20]),
    ],
)
def test_numbers_are_changed(
    folder: Path, action: Action, value: EditValue, expected: Sequence[float]
) -> None:
    data = edited(folder, action, "GridFrameOffsetVector", value)
    assert list(data.GridFrameOffsetVector) == expected


def test_one_item_or_every_item_is_reached(folder: Path) -> None:
    data = edited(folder, Action.ADD, "BeamSequence[1].BeamNumber", 5)
    assert [item.BeamNumber for item in data.BeamSequence] == [1, 7]
    data = edited(folder, Action.ADD, "BeamSequence[*].BeamNumber", 5)
    assert [item.BeamNumber for item in data.BeamSequence] == [6, 12]


def test_items_are_reversed_and_repeated(folder: Path) -> None:
    data = edited(folder, Action.REVERSE, "BeamSequence")
    assert [item.BeamNumber for item in data.BeamSequence] == [2, 1]
    data = edited(folder, Action.REPEAT, "BeamSequence")
    assert [item.BeamNumber for item in data.BeamSequence] == [2, 1, 1]


def test_a_contour_gets_more_points_on_its_edges(folder: Path) -> None:
    data = edited(folder, Action.DENSER, "BeamSequence[0].ContourData", 2)
    points = np.reshape(data.BeamSequence[0].ContourData, (-1, 3)).astype(float)
    assert points[:, :2].tolist() == [[0, 0], [1, 0], [2, 0], [2, 2], [2, 4], [1, 2]]


def test_frames_backward_stay_where_they_are(folder: Path) -> None:
    """Frame n lies at z = 3 + (0, 4, 9) before, and at 12 + (0, -5, -9) after."""
    data = edited(folder, Action.BACKWARD)
    assert pixels(data) == [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]
    assert list(data.ImagePositionPatient) == [1, 2, 12]
    assert list(data.GridFrameOffsetVector) == [0, -5, -9]


def test_offsets_become_z(folder: Path) -> None:
    assert list(edited(folder, Action.ABSOLUTE).GridFrameOffsetVector) == [3, 7, 12]


def test_frames_are_dropped_with_their_offsets(folder: Path) -> None:
    data = edited(folder, Action.DROP, value=(1,))
    assert pixels(data) == [0, 1, 2, 3, 8, 9, 10, 11]
    assert list(data.GridFrameOffsetVector) == [0, 9]
    assert edited(folder, Action.TRIM, value=0.5).NumberOfFrames == 1


def test_another_rescale_keeps_the_values(folder: Path) -> None:
    """2 n - 10 = n' - 34000."""
    data = edited(folder, Action.RESCALE, value=(1, -34000, 1))
    assert pixels(data) == [2 * n - 10 + 34000 for n in range(12)]


def test_a_wrong_vr_is_written_as_asked(folder: Path) -> None:
    data = edited(folder, Action.SET, "Rows", "many", vr="LO")
    assert data["Rows"].VR == "LO"
    assert data.Rows == "many"


def test_bytes_are_swapped_with_their_coding(folder: Path) -> None:
    data = edited(folder, Action.ENCODE, value="1.2.840.10008.1.2.2")
    assert np.frombuffer(data.PixelData, ">u2").tolist() == list(range(12))


def test_files_are_cut_copied_shuffled_and_deleted(folder: Path) -> None:
    whole = (folder / "a.dcm").read_bytes()
    apply_edits(
        folder,
        [
            Edit("a.dcm", Action.COPY, value="b.dcm"),
            Edit("b.dcm", Action.CUT, value=0.5),
            Edit("?.dcm", Action.SHUFFLE),
        ],
    )
    assert (folder / "a.dcm").read_bytes() == whole[: len(whole) // 2]
    assert (folder / "b.dcm").read_bytes() == whole
    apply_edits(folder, [Edit("a.dcm", Action.DELETE)])
    assert [file.name for file in folder.iterdir()] == ["b.dcm"]


def test_an_edit_that_finds_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"there is no c\.dcm to edit"):
        apply_edits(folder, [Edit("c.dcm", Action.DELETE)])
    with pytest.raises(InputError, match=r"has no BeamSequence\[7\]\.BeamName to edit"):
        edited(folder, Action.SET, "BeamSequence[7].BeamName", "x")
    with pytest.raises(InputError, match="no DICOM element 'BeamNaem'"):
        edited(folder, Action.SET, "BeamNaem", "x")
    with pytest.raises(DicomError, match=r"a\.dcm: is damaged"):
        edited(folder, Action.ADD, "BeamName", 1)
