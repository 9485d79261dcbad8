"""Placing the frames of a dose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerma.core.dose import Dose
from kerma.errors import DicomError
from kerma.io.rtdose.reader import read_dose
from tests.io.rtdose.dose_objects import (
    dose_object,
    sampled,
    save,
    true_dose,
    voxel_positions,
)

POSITION = (-10.3, -20.7, 31.4)
HEAD_FIRST_SUPINE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
PATIENT_POSITIONS = {
    "HFS": HEAD_FIRST_SUPINE,
    "HFP": (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
    "FFS": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "FFP": (1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
    "HFDR": (0.0, -1.0, 0.0, 1.0, 0.0, 0.0),
    "HFDL": (0.0, 1.0, 0.0, -1.0, 0.0, 0.0),
    "FFDR": (0.0, 1.0, 0.0, 1.0, 0.0, 0.0),
    "FFDL": (0.0, -1.0, 0.0, -1.0, 0.0, 0.0),
}
SCALING = {"u2": 1e-3, "u4": 2e-8}


def written(
    folder: Path,
    places: list[float],
    *,
    offsets: list[float] | None = None,
    orientation: tuple[float, ...] = HEAD_FIRST_SUPINE,
    words: str = "u2",
    **elements: Any,
) -> Path:
    """A file of frames at `places` along the normal that hold the true dose."""
    dose = sampled(POSITION, orientation, places)
    stored = np.rint(dose / SCALING[words]).astype(f"<{words}")
    values: dict[str, Any] = {
        "ImagePositionPatient": list(POSITION),
        "ImageOrientationPatient": list(orientation),
        "GridFrameOffsetVector": places if offsets is None else offsets,
        "DoseGridScaling": f"{SCALING[words]:g}",
    }
    return save(dose_object(stored, **(values | elements)), folder)


def assert_true(dose: Dose, words: str = "u2") -> None:
    """Every voxel has the dose of its place, within the rounding of storage."""
    grid = dose.grid
    wanted = true_dose(voxel_positions(grid))
    allowed = SCALING[words] / 2 + 4e-6  # float32 at 60 Gy
    np.testing.assert_allclose(dose.array, wanted, rtol=0, atol=allowed)
    assert np.dot(grid.axes[0], grid.normal) == pytest.approx(1)


@pytest.mark.parametrize("words", ["u2", "u4"])
@pytest.mark.parametrize(
    ("places", "start"),
    [
        ([0, 3, 6, 9], 0.0),
        ([0, -3, -6, -9], 0.0),
        ([0, 3, 6, 9], POSITION[2]),
        ([0, -3, -6, -9], POSITION[2]),
        ([0, 3, 7, 8], 0.0),
        ([0, -3, -7, -8], POSITION[2]),
    ],
    ids=["a+", "a-", "b+", "b-", "a uneven", "b- uneven"],
)
def test_every_form_of_the_offsets_gives_the_true_dose(
    places: list[float], start: float, words: str, tmp_path: Path
) -> None:
    offsets = [place + start for place in places]
    dose = read_dose(written(tmp_path, places, offsets=offsets, words=words))
    assert_true(dose, words)
    gaps = np.abs(np.diff(places))
    np.testing.assert_allclose(sorted(np.diff(dose.grid.slice_offsets)), sorted(gaps))
    assert dose.grid.is_even == (len(set(gaps)) == 1)


@pytest.mark.parametrize("places", [[0, 3, 6, 9], [0, -3, -6, -9], [0, 3, 7, 8]])
@pytest.mark.parametrize("name", PATIENT_POSITIONS)
def test_every_patient_position_gives_the_true_dose(
    name: str, places: list[float], tmp_path: Path
) -> None:
    orientation = PATIENT_POSITIONS[name]
    assert_true(read_dose(written(tmp_path, places, orientation=orientation)))


def test_an_oblique_grid_gives_the_true_dose(tmp_path: Path) -> None:
    rows, columns = [0.8, 0.48, 0.36], [-0.6, 0.64, 0.48]  # unit, perpendicular
    file = written(tmp_path, [0, -2, -4], orientation=(*rows, *columns))
    assert_true(read_dose(file))


def test_both_forms_agree_where_the_first_frame_is_at_z_0(tmp_path: Path) -> None:
    position = [-10.0, -20.0, 0.0]
    file = save(dose_object(ImagePositionPatient=position), tmp_path)
    dose = read_dose(file)
    assert dose.grid.origin == (-10.0, -20.0, 0.0)
    assert dose.grid.spacing == (3.0, 2.0, 2.5)


def test_rounded_absolute_offsets_are_known_as_such(tmp_path: Path) -> None:
    """The vector has two decimals where the position has six."""
    file = save(
        dose_object(
            ImagePositionPatient=[0, 0, -761.876543],
            GridFrameOffsetVector=[-761.88, -758.88, -755.88],
        ),
        tmp_path,
    )
    dose = read_dose(file)
    assert dose.grid.origin[2] == -761.876543
    assert dose.grid.spacing[0] == 3


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        (
            {"GridFrameOffsetVector": [5, 8, 11]},
            r"\(3004,000C\) starts from 5 mm, which is not 0, nor the z of the .*, 30",
        ),
        (  # absolute z, but the planes are not axial: which way up is not said
            {
                "GridFrameOffsetVector": [30, 33, 36],
                "ImageOrientationPatient": [-1, 0, 0, 0, 1, 0],
            },
            "starts from 30 mm, which is not 0: where",
        ),
        ({"GridFrameOffsetVector": [0, 3]}, "has 2 values for 3 frames"),
        ({"GridFrameOffsetVector": [0, 3, 3]}, "puts two frames in one place"),
        ({"GridFrameOffsetVector": [0, 3, 2]}, "in one place or out of order"),
        ({"GridFrameOffsetVector": [0, 3, -3]}, "in one place or out of order"),
        ({"GridFrameOffsetVector": [0, 3, 1e6]}, "beyond any patient"),
        ({"GridFrameOffsetVector": None}, r"\(3004,000C\) is missing.*of 3 frames"),
        (
            {"GridFrameOffsetVector": ("LO", "0\\x\\6")},
            "finite numbers are needed",
        ),
        ({"ImagePositionPatient": None}, r"\(0020,0032\) is missing"),
        ({"ImagePositionPatient": [0, 0]}, "has 2 values; 3 are needed"),
        ({"ImagePositionPatient": [0, 0, 1e6]}, "beyond any patient"),
        ({"ImageOrientationPatient": None}, r"\(0020,0037\) is missing"),
        (
            {"ImageOrientationPatient": [1, 0, 0, 0.1, 1, 0]},
            "two perpendicular unit vectors",
        ),
        ({"PixelSpacing": None}, r"Pixel Spacing \(0028,0030\) is missing"),
        ({"PixelSpacing": [0, 2]}, "is 0 x 2 mm, which no dose grid has"),
        ({"PixelSpacing": [2, -2]}, "is 2 x -2 mm, which no dose grid has"),
        ({"Rows": None}, r"Rows \(0028,0010\) is missing"),
        ({"Columns": 0}, r"Columns \(0028,0011\) is 0; at least 1"),
        ({"NumberOfFrames": 0}, r"Number of Frames \(0028,0008\) is 0; at least 1"),
        ({"NumberOfFrames": 2**31 - 1}, "voxels are read"),
    ],
)
def test_what_places_the_dose_wrongly_is_refused(
    elements: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    file = save(dose_object(**elements), tmp_path)
    with pytest.raises(DicomError, match=sentence) as refused:
        read_dose(file)
    assert str(refused.value).startswith("dose.dcm: ")


def test_offsets_beyond_the_frames_are_left_out_with_a_note(tmp_path: Path) -> None:
    file = save(dose_object(GridFrameOffsetVector=[0, 3, 6, 9, 1]), tmp_path)
    dose = read_dose(file)
    assert dose.grid.shape[0] == 3
    (note,) = dose.notes
    assert "has 5 values for 3 frames; those beyond were left out" in note


def test_uneven_planes_are_kept_and_noted(tmp_path: Path) -> None:
    dose = read_dose(written(tmp_path, [0, 3, 7, 8]))
    assert dose.grid.offsets == (0.0, 3.0, 7.0, 8.0)
    assert dose.notes == ("The planes are unevenly spaced, 1 to 4 mm apart.",)


def test_offsets_rounded_to_two_decimals_are_even(tmp_path: Path) -> None:
    dose = read_dose(written(tmp_path, [0, 3.33, 6.67, 10]))
    assert dose.grid.is_even
    assert dose.grid.spacing[0] == pytest.approx(10 / 3)


@pytest.mark.parametrize(
    ("thickness", "spacing", "source"),
    [
        ("2.5", 2.5, "its Slice Thickness (0018,0050) of 2.5 mm"),
        (None, 1.0, "1 mm, since Slice Thickness"),
        ("", 1.0, "1 mm, since Slice Thickness"),
        ("0", 1.0, "1 mm, since Slice Thickness"),
    ],
)
def test_a_single_plane_needs_no_offsets(
    thickness: str | None, spacing: float, source: str, tmp_path: Path
) -> None:
    data = dose_object(
        np.ones((1, 4, 5), "<u2"),
        NumberOfFrames=None,
        GridFrameOffsetVector=None,
        FrameIncrementPointer=None,
        SliceThickness=thickness,
    )
    dose = read_dose(save(data, tmp_path))
    assert dose.grid.shape == (1, 4, 5)
    assert dose.grid.spacing[0] == spacing
    (note,) = dose.notes
    assert source in note


def test_a_missing_frame_increment_pointer_changes_nothing(tmp_path: Path) -> None:
    dose = read_dose(save(dose_object(FrameIncrementPointer=None), tmp_path))
    assert dose.notes == ()


def test_a_missing_frame_of_reference_is_noted(tmp_path: Path) -> None:
    dose = read_dose(save(dose_object(FrameOfReferenceUID=None), tmp_path))
    assert dose.grid.frame_of_reference == ""
    assert dose.notes == ("Frame of Reference UID (0020,0052) is missing.",)
