"""Segmentations, written and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (as everyone calls it)
from pydicom import Dataset, dcmread
from pydicom.uid import RLELossless

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.code import Code
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.segmentation import Segment, Segmentation, crop
from kerma.core.study import Study
from kerma.core.volume import CT
from kerma.errors import DicomError, GeometryError, InputError
from kerma.io.ct.reader import read_ct
from kerma.io.ct.writer import write_ct
from kerma.io.segmentation.reader import read_segmentation
from kerma.io.segmentation.writer import write_segmentation
from tests.io.validators import dciodvfy_errors

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
LIVER = Code("10200004", "SCT", "Liver")
ORGAN = Code("123037004", "SCT", "Anatomical Structure")


def scan(grid: Grid | None = None) -> CT:
    """A CT of 6 slices of 7 x 9 pixels, 63 bits that do not fill their bytes."""
    if grid is None:
        grid = Grid((6, 7, 9), (-10.0, -20.0, -30.0), (5.0, 4.0, 3.0), AXIAL, "1.2.5")
    return CT(
        np.zeros(grid.shape, np.int16),
        grid,
        series_instance_uid="1.2.7",
        sop_instance_uids=tuple(f"1.2.7.{k + 1}" for k in range(grid.shape[0])),
        study=Study(
            patient_name="Doe^J",
            patient_id="7",
            study_instance_uid="1.2.8",
            study_id="1",
            date="20240101",
            time="10",
        ),
    )


def blobs(shape: tuple[int, ...], *, share: float, seed: int) -> BoolArray:
    """Random voxels; none on the third slice, so that a frame is left out."""
    chosen = np.random.default_rng(seed).random(shape) < share
    chosen[2] = False
    return chosen


def segmentation(grid: Grid, *wholes: BoolArray | FloatArray) -> Segmentation:
    segments = tuple(
        Segment(n, f"Part {n}", *crop(whole), category=ORGAN, property_type=LIVER)
        for n, whole in enumerate(wholes, start=1)
    )
    return Segmentation(grid, segments)


def written(seg: Segmentation | LabelMap, tmp_path: Path, ct: CT, **how: Any) -> Path:
    created = datetime(2024, 5, 6, 7, 8, 9)  # noqa: DTZ001  (DICOM has local time)
    options: dict[str, Any] = {"uid_seed": "test", "created": created, **how}
    return write_segmentation(seg, tmp_path / "seg.dcm", ct=ct, **options)


OBLIQUE = ((0.0, -0.6, 0.8), (0.0, 0.8, 0.6), (1.0, 0.0, 0.0))
SHEARED = ((0.0, 0.28, 0.96), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    "grid",
    [
        Grid((6, 7, 9), (-10.0, -20.0, -30.0), (5.0, 4.0, 3.0), AXIAL, "1.2.5"),
        Grid((6, 7, 9), (-10.0, -20.0, -30.0), (5.0, 4.0, 3.0), OBLIQUE, "1.2.5"),
        Grid((6, 7, 9), (-10.0, -20.0, -30.0), (5.0, 4.0, 3.0), SHEARED, "1.2.5"),
        Grid(
            (6, 7, 9), (0.0, 0, 0), (2.0, 4, 3), AXIAL, "1.2.5", (0, 2, 4, 5.3, 8, 10)
        ),
    ],
    ids=["axial", "oblique", "sheared", "uneven"],
)
def test_overlapping_segments_come_back_where_they_were(
    grid: Grid, tmp_path: Path
) -> None:
    ct = scan(grid)
    one, two = (blobs(grid.shape, share=share, seed=3) for share in (0.5, 0.2))
    assert (one & two).any()
    file = written(segmentation(grid, one, two), tmp_path, ct)
    assert dciodvfy_errors(file) == []
    back = read_segmentation(file, grid=grid)
    assert back.grid is grid
    np.testing.assert_array_equal(back.mask("Part 1"), one)
    np.testing.assert_array_equal(back.mask("Part 2"), two)
    assert back[1].property_type == LIVER
    assert back[1].category == ORGAN
    assert (back.date, back.time) == ("20240506", "070809")
    assert back.study.patient_name == "Doe^J"
    assert back.images[0].sop_instance_uids[0].startswith("1.2.7.")


def test_without_a_grid_empty_planes_are_filled_in(tmp_path: Path) -> None:
    ct = scan()
    one = blobs(ct.grid.shape, share=0.5, seed=1)
    back = read_segmentation(written(segmentation(ct.grid, one), tmp_path, ct))
    assert back.grid.is_same_as(ct.grid, tolerance_mm=1e-4)
    np.testing.assert_array_equal(back.mask(1), one)
    assert back.notes == ()


def upwards(volume: hd.Volume) -> hd.Volume:
    """The volume with slices along row cross column; highdicom stacks the other way."""
    slices, down, along = volume.direction.T
    return volume.flip_spatial(0) if slices @ np.cross(along, down) < 0 else volume


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_highdicom_reads_the_same_voxels_in_the_same_places(
    kind: str, tmp_path: Path
) -> None:
    ct = scan(Grid((6, 7, 9), (-10.0, -20, -30), (5.0, 4, 3), OBLIQUE, "1.2.5"))
    whole = blobs(ct.grid.shape, share=0.5, seed=1)
    whole[2, 3, 4] = True  # no plane is empty
    seg = segmentation(ct.grid, whole, ~whole)
    file = written(seg, tmp_path, ct, kind=kind)
    theirs = upwards(hd.seg.segread(file).get_volume(combine_segments=False))
    np.testing.assert_array_equal(theirs.array[..., 0] > 0, whole)
    np.testing.assert_allclose(theirs.affine, ct.grid.affine, atol=1e-4)
    ours = read_segmentation(file)
    assert ours.grid.is_same_as(ct.grid, tolerance_mm=1e-4)
    np.testing.assert_array_equal(ours.mask(1) > 0, whole)
    np.testing.assert_array_equal(ours.mask(2) > 0, ~whole)


def test_simpleitk_reads_the_same_voxels_in_the_same_places(tmp_path: Path) -> None:
    ct = scan()
    whole = np.ones(ct.grid.shape, np.float32)
    whole[3, 2, 1] = 0
    file = written(segmentation(ct.grid, whole), tmp_path, ct, kind="FRACTIONAL")
    theirs = sitk.ReadImage(str(file))
    for index in np.ndindex(ct.grid.shape):
        place = ct.grid.to_patient(np.array(index))
        there = theirs.TransformPhysicalPointToContinuousIndex(place.tolist())
        np.testing.assert_allclose(there, np.rint(there), atol=1e-4 / 3)  # 3 mm pixels
        value = theirs.GetPixel(*(round(n) for n in there))
        assert value == 255 * whole[index]


def test_fractions_come_back_to_half_a_step_of_255(tmp_path: Path) -> None:
    ct = scan()
    whole = np.random.default_rng(1).random(ct.grid.shape).astype(np.float32)
    seg = replace(segmentation(ct.grid, whole), fractional_type="PROBABILITY")
    file = written(seg, tmp_path, ct, kind="FRACTIONAL")
    back = read_segmentation(file)
    assert np.abs(back.mask(1) - whole).max() <= 0.5 / 255 + 1e-6
    assert back.fractional_type == "PROBABILITY"
    assert dciodvfy_errors(file) == []
    with pytest.raises(InputError, match=r"Segments \[1\] are fractional"):
        written(seg, tmp_path, ct)


@pytest.mark.parametrize(
    ("kind", "expected"), [("LABELMAP", [4, 300]), ("BINARY", [1, 2])]
)
def test_a_label_map_keeps_its_numbers_where_dicom_can(
    kind: str, expected: list[int], tmp_path: Path
) -> None:
    ct = scan()
    numbers = np.zeros(ct.grid.shape, np.uint16)
    numbers[1, 2:4] = 4
    numbers[3:5, 5, 6] = 300
    labels = LabelMap(numbers, ct.grid, labels=(Label(4, "Lung"), Label(300, "Rib")))
    back = read_segmentation(written(labels, tmp_path, ct, kind=kind), grid=ct.grid)
    assert [segment.number for segment in back.segments] == expected
    np.testing.assert_array_equal(back.mask("Rib"), numbers == 300)
    np.testing.assert_array_equal(back.to_label_map().array > 0, numbers > 0)


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_an_empty_segment_comes_back_empty(kind: str, tmp_path: Path) -> None:
    ct = scan()
    nothing = np.zeros(ct.grid.shape, np.bool_)
    some = blobs(ct.grid.shape, share=0.3, seed=1)
    for wholes in ([nothing, some], [nothing]):
        file = written(segmentation(ct.grid, *wholes), tmp_path, ct, kind=kind)
        back = read_segmentation(file, grid=ct.grid)
        assert len(back.segments) == len(wholes)
        assert not back.mask(1).any()


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    ct = scan()
    seg = segmentation(ct.grid, blobs(ct.grid.shape, share=0.5, seed=1))
    first = written(seg, tmp_path, ct).read_bytes()
    assert written(seg, tmp_path, ct).read_bytes() == first


def test_a_written_ct_and_its_segmentation_fit_together(tmp_path: Path) -> None:
    write_ct(scan(), tmp_path / "ct")
    ct = read_ct(tmp_path / "ct")
    whole = blobs(ct.grid.shape, share=0.3, seed=1)
    file = written(segmentation(ct.grid, whole), tmp_path, ct)
    np.testing.assert_array_equal(read_segmentation(file, grid=ct.grid).mask(1), whole)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    ct = scan()
    seg = segmentation(ct.grid, blobs(ct.grid.shape, share=0.5, seed=1))
    shifted = replace(ct.grid, origin=(0.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="does not lie on the grid of the CT"):
        written(segmentation(shifted, seg.mask(1)), tmp_path, ct)
    with pytest.raises(InputError, match="does not name an image for each"):
        written(seg, tmp_path, replace(ct, sop_instance_uids=()))
    with pytest.raises(InputError, match="There is no segment"):
        written(Segmentation(ct.grid, ()), tmp_path, ct)
    with pytest.raises(InputError, match="BINARY, FRACTIONAL, LABELMAP; got 'RLE'"):
        written(seg, tmp_path, ct, kind="RLE")
    with pytest.raises(InputError, match="OCCUPANCY or PROBABILITY; got 'X'"):
        written(replace(seg, fractional_type="X"), tmp_path, ct, kind="FRACTIONAL")
    long = replace(seg.segments[0], category=Code("1", "99X", "x" * 65))
    with pytest.raises(InputError, match="has 65 characters; DICOM allows 64"):
        written(replace(seg, segments=(long,)), tmp_path, ct)
    both = segmentation(ct.grid, seg.mask(1), seg.mask(1))
    with pytest.raises(InputError, match="Segment 2 overlaps"):
        written(both, tmp_path, ct, kind="LABELMAP")


@pytest.fixture
def change(tmp_path: Path) -> Callable[..., Path]:
    """Write a segmentation of one segment on 5 of 6 planes, then do something to it."""

    def write(what: Callable[[Dataset], object], kind: str = "BINARY") -> Path:
        ct = scan()
        seg = segmentation(ct.grid, blobs(ct.grid.shape, share=0.5, seed=1))
        file = written(seg, tmp_path, ct, kind=kind)
        data = dcmread(file)
        what(data)
        data.save_as(file)
        return file

    return write


def first(data: Dataset) -> Any:
    return data.PerFrameFunctionalGroupsSequence[0]


def identification(data: Dataset) -> Any:
    return data.SharedFunctionalGroupsSequence[0].SegmentIdentificationSequence[0]


def measures(data: Dataset) -> Any:
    return data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]


@pytest.mark.parametrize(
    ("kind", "what", "message"),
    [
        (
            "BINARY",
            lambda d: setattr(d, "NumberOfFrames", 6),
            "is 6, but 5 frames are described",
        ),
        (
            "BINARY",
            lambda d: setattr(d, "PixelData", d.PixelData[:38]),
            "has 38 bytes; 5 frames of 7 x 9 need 40",
        ),
        (
            "BINARY",
            lambda d: delattr(first(d), "PlanePositionSequence"),
            r"item 1, Plane Position Sequence \(0020,9113\) is missing",
        ),
        (
            "BINARY",
            lambda d: setattr(identification(d), "ReferencedSegmentNumber", 9),
            r"does not describe the segments \[9\]",
        ),
        (
            "BINARY",
            lambda d: setattr(
                first(d).PlanePositionSequence[0], "ImagePositionPatient", [9, 9, 0]
            ),
            "aside of the line of the planes",
        ),
        (
            "BINARY",
            lambda d: setattr(
                first(d).PlanePositionSequence[0],
                "ImagePositionPatient",
                [-10.0, -20, -25],
            ),
            "two frames of a segment lie in one place",
        ),
        (
            "BINARY",
            lambda d: setattr(d, "SegmentationType", "SURFACE"),
            "none of BINARY, FRACTIONAL and LABELMAP",
        ),
        (
            "FRACTIONAL",
            lambda d: setattr(d, "MaximumFractionalValue", 254),
            "is 254, but there are greater values",
        ),
        (
            "LABELMAP",
            lambda d: d.SegmentSequence.pop(),
            r"does not describe the segments \[1\]",
        ),
        ("BINARY", lambda d: setattr(d, "Rows", 0), "are 0 x 9"),
    ],
)
def test_what_would_move_or_change_a_voxel_is_refused(
    change: Callable[..., Path],
    kind: str,
    what: Callable[[Dataset], object],
    message: str,
) -> None:
    with pytest.raises(DicomError, match=message):
        read_segmentation(change(what, kind))


def test_compressed_frames_are_decompressed(tmp_path: Path) -> None:
    ct = scan()
    numbers = np.zeros(ct.grid.shape, np.uint8)
    numbers[1:4, 2:4, 5] = 7
    labels = LabelMap(numbers, ct.grid, labels=(Label(7, "Lung"),))
    data = dcmread(written(labels, tmp_path, ct, kind="LABELMAP"))
    data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    data.save_as(tmp_path / "rle.dcm")
    back = read_segmentation(tmp_path / "rle.dcm", grid=ct.grid)
    np.testing.assert_array_equal(back.mask(7), numbers == 7)


def test_an_unknown_transfer_syntax_is_refused(change: Callable[..., Path]) -> None:
    file = change(lambda _: None)
    content = file.read_bytes().replace(
        b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0"
    )
    file.write_bytes(content)
    with pytest.raises(DicomError, match=r"seg\.dcm: is damaged"):
        read_segmentation(file)


def test_filled_planes_are_noted_where_no_spacing_is_stated(
    change: Callable[..., Path],
) -> None:
    file = change(lambda d: delattr(measures(d), "SpacingBetweenSlices"))
    read = read_segmentation(file)
    assert read.grid.shape[0] == 6
    assert "1 plane(s) without a frame were filled in" in read.notes[0]


def test_planes_that_are_no_multiples_apart_make_an_uneven_grid(tmp_path: Path) -> None:
    offsets = (0.0, 2, 4, 5.3, 8, 10)  # on the third plane nothing is segmented
    ct = scan(Grid((6, 7, 9), (0.0, 0, 0), (2.0, 4, 3), AXIAL, "1.2.5", offsets))
    whole = blobs(ct.grid.shape, share=0.5, seed=1)
    read = read_segmentation(written(segmentation(ct.grid, whole), tmp_path, ct))
    assert read.grid.offsets == pytest.approx((0, 2, 5.3, 8, 10))
    assert read.notes == ("The planes are unevenly spaced; none was filled in.",)
    np.testing.assert_array_equal(read.mask(1), np.delete(whole, 2, axis=0))


def test_a_single_plane_has_to_say_how_thick_it_is(change: Callable[..., Path]) -> None:
    def single(data: Dataset) -> None:
        data.NumberOfFrames = 1
        del data.PerFrameFunctionalGroupsSequence[1:]
        del measures(data).SpacingBetweenSlices

    def bare(data: Dataset) -> None:
        single(data)
        del measures(data).SliceThickness

    assert read_segmentation(change(single)).grid.spacing[0] == 5.0
    file = change(bare)
    with pytest.raises(DicomError, match=r"single plane .* Give the grid of the CT"):
        read_segmentation(file)
    assert read_segmentation(file, grid=scan().grid).mask(1).any()


def test_a_segmentation_off_the_given_grid_is_refused(
    change: Callable[..., Path],
) -> None:
    file = change(lambda _: None)
    grid = scan().grid
    for other, message in [
        (
            replace(grid, frame_of_reference="1.9"),
            "lies in the frame of reference 1.2.5",
        ),
        (replace(grid, shape=(6, 7, 8)), "has 7 x 9 voxels a slice"),
        (replace(grid, origin=(-10.0, -20, -29)), r"does not lie on the slices"),
        (replace(grid, spacing=(5.0, 4, 3.01)), r"\(0.08 mm off"),
        (replace(grid, shape=(5, 7, 9)), "slices 0 to 5 of 5"),
    ]:
        with pytest.raises(GeometryError, match=message):
            read_segmentation(file, grid=other)


def test_real_segmentations_are_read_as_highdicom_reads_them(real_data: Path) -> None:
    folder = real_data / "dicom_rt"
    files = sorted((folder / "highdicom_files").glob("seg*.dcm"))
    files.append(folder / "pydicom_files" / "liver.dcm")
    assert len(files) == 5
    for file in files:
        ours, theirs = read_segmentation(file), hd.seg.segread(file)
        for segment in ours.segments:
            volume = theirs.get_volume(
                segment_numbers=[segment.number],
                combine_segments=False,
                allow_missing_positions=True,
                rescale_fractional=True,
            )
            volume = upwards(volume)
            mask = ours.mask(segment.number)
            np.testing.assert_allclose(mask, volume.array[..., 0], atol=1e-6)
            np.testing.assert_allclose(ours.grid.affine, volume.affine, atol=1e-4)


def test_a_real_file_that_lacks_frames_is_refused(real_data: Path) -> None:
    file = real_data / "dicom_rt" / "pydicom_files" / "liver_1frame.dcm"
    with pytest.raises(DicomError, match="is 1, but 3 frames are described"):
        read_segmentation(file)
