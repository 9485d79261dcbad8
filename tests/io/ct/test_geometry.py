"""From the positions of slices to a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from kerma.core.arrays import FloatArray
from kerma.errors import DicomError
from kerma.io import read_ct

Make = Callable[..., Dataset]
Save = Callable[..., Path]


def placed(
    image: Make, positions: Sequence[Sequence[float]], **rest: object
) -> list[Dataset]:
    """Slices at given places; slice n holds the value 1000 + 100 n first."""
    return [
        image(n, ImagePositionPatient=list(position), **rest)
        for n, position in enumerate(positions)
    ]


def header_position(data: Dataset, *, row: int, column: int) -> FloatArray:
    """Position of a pixel by PS3.3, C.7.6.2.1.1, from nothing but its own header."""
    along_row, along_column = np.array(data.ImageOrientationPatient, float).reshape(
        2, 3
    )
    between_rows, between_columns = map(float, data.PixelSpacing)
    origin = np.array(data.ImagePositionPatient, float)
    position: FloatArray = (
        origin
        + column * between_columns * along_row
        + row * between_rows * along_column
    )
    return position


def test_voxels_lie_where_the_header_says(image: Make, save: Save) -> None:
    """The row spacing comes first in Pixel Spacing: 1.5 mm down, 0.5 mm across."""
    grid = read_ct(save(image(0), image(1))).grid
    assert grid.shape == (2, 4, 6)
    assert grid.spacing == (2.0, 1.5, 0.5)
    np.testing.assert_allclose(
        grid.to_patient(np.array([1, 3, 5])), [-10 + 5 * 0.5, -20 + 3 * 1.5, 2.0]
    )


def test_slices_are_sorted_by_position_alone(image: Make, save: Save) -> None:
    """Numbers, slice locations and file names all say the opposite."""
    slices = [
        image(k, InstanceNumber=9 - k, SliceLocation=str(-2 * k)) for k in (2, 0, 3, 1)
    ]
    ct = read_ct(save(*slices))
    assert ct.hu[:, 0, 0].tolist() == [-24, 76, 176, 276]
    assert ct.sop_instance_uids == ("1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3", "1.2.3.4.4")


def test_the_order_follows_the_normal_not_z(image: Make, save: Save) -> None:
    """Rows to the left, columns anterior: the normal points to the feet."""
    feet = {"ImageOrientationPatient": [1.0, 0, 0, 0, -1.0, 0]}
    ct = read_ct(save(*[image(k, **feet) for k in range(3)]))
    assert ct.grid.origin == (-10.0, -20.0, 4.0)
    assert ct.grid.axes[0] == (0.0, 0.0, -1.0)
    assert ct.hu[:, 0, 0].tolist() == [176, 76, -24]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    angles=st.tuples(*[st.floats(-np.pi, np.pi)] * 3),
    shear=st.floats(-0.5, 0.5),
    step=st.floats(0.5, 10),
)
def test_every_orientation_and_tilt_places_every_corner(
    angles: tuple[float, float, float],
    shear: float,
    step: float,
    image: Make,
    save: Save,
) -> None:
    """Oblique and sheared stacks: each corner of each slice, from its own header."""
    a, b, c = angles
    turn_x = np.array(
        [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    )
    turn_y = np.array(
        [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    )
    turn_z = np.array(
        [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    )
    rows, columns, normal = (turn_x @ turn_y @ turn_z).T
    towards = normal + shear * columns
    orientation = [f"{x:.12f}" for x in (*rows, *columns)]
    positions = [[f"{x:.11f}" for x in k * step * towards] for k in range(4)]
    slices = [
        image(k, ImageOrientationPatient=orientation, ImagePositionPatient=position)
        for k, position in enumerate(positions)
    ]
    ct = read_ct(save(*slices))
    for k, data in enumerate(slices):
        assert ct.hu[k, 0, 0] == -24 + 100 * k
        for row, column in ((0, 0), (3, 0), (0, 5), (3, 5)):
            np.testing.assert_allclose(
                ct.grid.to_patient(np.array([k, row, column])),
                header_position(data, row=row, column=column),
                atol=1e-6,
            )


def test_a_missing_slice_leaves_a_gap_that_is_noted(image: Make, save: Save) -> None:
    """Slices at 0, 2, 6, 8 mm: the one at 4 mm is missing, and none moves into it."""
    ct = read_ct(save(*placed(image, [(0, 0, z) for z in (0, 2, 6, 8)])))
    assert ct.grid.offsets == (0.0, 2.0, 6.0, 8.0)
    assert ct.grid.spacing[0] == 2.0
    assert ct.notes == (
        (
            "The slices are unevenly spaced: 2.00 mm apart (median), but 4.00 mm "
            "between 1 and 2. Slices may be missing."
        ),
    )


def test_distances_within_the_tolerance_are_even(image: Make, save: Save) -> None:
    """A hundredth of the distance of 2 mm is allowed, and no more."""
    even = read_ct(save(*placed(image, [(0, 0, z) for z in (0, 2.019, 4, 6)])))
    assert even.grid.is_even
    assert even.grid.spacing[0] == 2.0
    uneven = read_ct(save(*placed(image, [(0, 0, z) for z in (0, 2.021, 4, 6)])))
    assert uneven.grid.offsets == (0.0, 2.021, 4.0, 6.0)


def test_small_errors_of_one_sign_do_not_add_up(image: Make, save: Save) -> None:
    """Twenty distances of 2.015 mm, then twenty of 1.985: 0.3 mm off in the middle."""
    heights = np.cumsum([0.0] + [2.015] * 20 + [1.985] * 20)
    grid = read_ct(save(*placed(image, [(0, 0, round(z, 6)) for z in heights]))).grid
    assert not grid.is_even
    assert grid.to_patient(np.array([20, 0, 0]))[2] == pytest.approx(40.3)


def test_an_image_that_is_there_twice_counts_once(image: Make, save: Save) -> None:
    again = image(1, SOPInstanceUID="1.2.3.4.77")
    ct = read_ct(save(image(0), image(1), image(2), again))
    assert ct.hu[:, 0, 0].tolist() == [-24, 76, 176]
    assert ct.notes == (
        "1 image(s) were there twice, pixel by pixel; one of each was kept.",
    )


def test_different_images_in_one_place_are_refused(image: Make, save: Save) -> None:
    """As the phases of a 4D CT that share a series."""
    phase = image(7, ImagePositionPatient=[-10.0, -20.0, 2.0])
    with pytest.raises(
        DicomError, match=r"differ but lie in one place, \[-10.0, -20.0, 2"
    ):
        read_ct(save(image(0), image(1), phase))


def test_two_images_side_by_side_are_no_stack(image: Make, save: Save) -> None:
    beside = image(1, ImagePositionPatient=[90.0, -20.0, 2.0])
    with pytest.raises(DicomError, match="differ but lie in one place"):
        read_ct(save(image(0), image(1), beside))


def test_slices_off_the_common_line_are_refused(image: Make, save: Save) -> None:
    near = read_ct(save(*placed(image, [(0, 0, 0), (0.09, 0, 2), (0, 0, 4)])))
    assert near.grid.spacing[0] == 2.0
    with pytest.raises(DicomError, match=r"998\.dcm: lies 0\.11 mm aside of the line"):
        read_ct(save(*placed(image, [(0, 0, 0), (0.11, 0, 2), (0, 0, 4)])))


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("ImagePositionPatient", r"Image Position Patient \(0020,0032\)"),
        ("ImageOrientationPatient", r"Image Orientation Patient \(0020,0037\)"),
    ],
)
def test_a_series_needs_the_place_of_every_slice(
    keyword: str, tag: str, image: Make, save: Save
) -> None:
    folder = save(*[image(k, **{keyword: None}) for k in range(2)])
    with pytest.raises(DicomError, match=rf"{tag} is missing, so its place"):
        read_ct(folder)


def test_a_single_slice_is_as_deep_as_it_is_thick(image: Make, save: Save) -> None:
    ct = read_ct(save(image()))
    assert ct.grid.spacing[0] == 3.0
    assert ct.notes == (
        "A single slice; its extent is taken as its thickness of 3 mm.",
    )
    unknown = read_ct(save(image(SliceThickness=None)))
    assert unknown.grid.spacing[0] == 1.0
    assert "taken as 1 mm, since Slice Thickness" in unknown.notes[0]


def test_a_single_slice_without_a_place_lies_at_the_origin(
    image: Make, save: Save
) -> None:
    data = image(ImagePositionPatient=None, ImageOrientationPatient=None)
    ct = read_ct(save(data))
    assert ct.grid.origin == (0.0, 0.0, 0.0)
    assert ct.grid.axes == ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    assert ct.notes[:2] == (
        "Image Orientation Patient (0020,0037) is missing; taken as axial.",
        "Image Position Patient (0020,0032) is missing; taken as 0, 0, 0.",
    )


def test_directions_slightly_askew_are_put_right(image: Make, save: Save) -> None:
    askew = [1.0, 0.0, 0.0, 0.0005, 0.999999875, 0.0]
    ct = read_ct(save(*[image(k, ImageOrientationPatient=askew) for k in range(2)]))
    np.testing.assert_allclose(ct.grid.axes[1], (0, 1, 0), atol=1e-12)
    assert ct.notes == (
        "Rows and columns were 0.029 degrees off the right angle; corrected.",
    )


@pytest.mark.parametrize(
    "orientation",
    [
        [1.0, 0.0, 0.0, 0.002, 1.0, 0.0],
        [1.0, 0.0, 0.0, 0.0, 0.9, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    ],
)
def test_directions_that_are_none_are_refused(
    orientation: list[float], image: Make, save: Save
) -> None:
    data = image(ImageOrientationPatient=orientation)
    with pytest.raises(DicomError, match="must be two perpendicular unit vectors"):
        read_ct(save(data))


@pytest.mark.parametrize("way", [1, -1])
def test_stacking_within_the_plane_is_refused(
    way: int, image: Make, save: Save
) -> None:
    """Slices 0.011 mm apart and 50 mm aside: no gantry tilts by 89.98 degrees."""
    folder = save(*placed(image, [(0, 0, 0), (0, way * 50, 0.011)]))
    with pytest.raises(DicomError, match=r"998\.dcm: lies beside the first slice"):
        read_ct(folder)


@pytest.mark.parametrize(
    "series",
    [
        "dicom_rt/tilted_ct_ge",
        "dicom_rt/rt_utils_mock/oriented_data",
        "ct_phantoms/catphan504_obi_head",
        "ct_phantoms/catphan504_obi_pelvis",
        "ct_phantoms/catphan504_truebeam_head",
    ],
)
def test_every_real_slice_lies_where_its_own_header_says(
    series: str, real_data: Path
) -> None:
    """Tilted by 18.5 degrees, oblique, with gaps; headers state down to 1e-4 mm."""
    folder = real_data / series
    ct = read_ct(folder)
    files = (dcmread(f, stop_before_pixels=True) for f in folder.glob("*.dcm"))
    headers = {data.SOPInstanceUID: data for data in files}
    assert len(headers) == ct.grid.shape[0]
    _, nj, ni = ct.grid.shape
    for k, uid in enumerate(ct.sop_instance_uids):
        for row, column in ((0, 0), (nj - 1, 0), (0, ni - 1)):
            np.testing.assert_allclose(
                ct.grid.to_patient(np.array([k, row, column])),
                header_position(headers[uid], row=row, column=column),
                atol=1e-3,
            )


def test_the_tilted_real_series_stays_sheared_and_uneven(real_data: Path) -> None:
    grid = read_ct(real_data / "dicom_rt/tilted_ct_ge").grid
    tilt = np.degrees(np.arccos(grid.normal @ grid.axes[0]))
    assert tilt == pytest.approx(18.5, abs=0.01)
    assert grid.is_sheared
    assert not grid.is_even
