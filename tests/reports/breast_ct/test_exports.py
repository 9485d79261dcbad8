"""A segmented breast as files, read by programs of others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (as everyone calls it)
from pydicom import dcmread

from kerma.core.arrays import BoolArray
from kerma.errors import InputError
from kerma.io import read_segmentation
from kerma.reports.breast_ct.exports import FORMATS, export
from kerma.reports.breast_ct.segments import tissue_segments
from kerma.workflows.breast_ct.result import FoundImplant
from kerma.workflows.breast_ct.tissues import LABELS, Tissue
from tests.io.validators import dciodvfy_errors
from tests.reports.breast_ct.small_breasts import small_breast

TISSUES = {1, 2, 3, 4, 6}  # those that this breast has


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One run of all formats, by file name."""
    out = tmp_path_factory.mktemp("out")
    return {file.name: file for file in export(small_breast(), out, list(FORMATS))}


def segment_voxels(file: Path, number: int) -> BoolArray:
    """(nk, nj, ni) voxels of a segment, by highdicom, in the order of the CT."""
    volume = hd.seg.segread(file).get_volume(
        segment_numbers=[number], combine_segments=False
    )
    array = volume.array[..., 0]
    index = volume.spatial_shape
    first = volume.map_indices_to_reference(np.array([[0, 0, 0]]))[0]
    grid = small_breast().ct.grid
    whole = np.zeros(grid.shape, array.dtype)
    k, j, i = np.rint(grid.to_index(first)).astype(int)
    step = np.rint(
        grid.to_index(volume.map_indices_to_reference(np.array([[1, 0, 0]]))[0])[0] - k
    )
    part = array if step > 0 else array[::-1]
    start = k if step > 0 else k - index[0] + 1
    whole[start : start + index[0], j : j + index[1], i : i + index[2]] = part
    return np.asarray(whole)


def test_the_same_breast_always_gives_the_same_bytes(files: dict[str, Path]) -> None:
    before = {name: file.read_bytes() for name, file in files.items()}
    folder = files["B 1_seg.dcm"].parent

    again = export(small_breast(), folder, list(FORMATS))  # replaces the first

    assert [file.name for file in again] == list(files)
    for file in again:
        assert file.read_bytes() == before[file.name], file.name


def test_no_two_objects_share_a_uid(files: dict[str, Path]) -> None:
    headers = [
        dcmread(file, stop_before_pixels=True)
        for name, file in files.items()
        if name.endswith(".dcm")
    ]

    uids = [header.SOPInstanceUID for header in headers]
    assert len(set(uids)) == len(uids) == 5 + small_breast().ct.grid.shape[0]
    assert len({header.SeriesInstanceUID for header in headers}) == 6
    assert {header.StudyInstanceUID for header in headers} == {"1.2.826.8"}


def test_other_numbers_give_other_uids(tmp_path: Path, files: dict[str, Path]) -> None:
    breast = small_breast()
    changed = replace(breast, result=replace(breast.result, laterality="R"))

    (other,) = export(changed, tmp_path, ["seg"])

    assert dcmread(other).SOPInstanceUID != dcmread(files["B 1_seg.dcm"]).SOPInstanceUID


def test_nothing_is_dated_by_the_clock(files: dict[str, Path]) -> None:
    for name in ("seg", "labelmap", "gland", "sr"):
        data = dcmread(files[f"B 1_{name}.dcm"])
        assert (data.ContentDate, data.ContentTime) == ("20240131", "101112")
    assert dcmread(files["B 1_rtstruct.dcm"]).StructureSetDate == "20240131"


@pytest.mark.parametrize("name", ["seg", "gland", "sr", "rtstruct"])
def test_dciodvfy_finds_nothing_wrong(name: str, files: dict[str, Path]) -> None:
    assert dciodvfy_errors(files[f"B 1_{name}.dcm"]) == []


def test_a_binary_segmentation_holds_each_tissue_where_it_lies(
    files: dict[str, Path],
) -> None:
    numbers = small_breast().label_map().numbers
    described = dcmread(files["B 1_seg.dcm"]).SegmentSequence

    assert [item.SegmentLabel for item in described] == [
        tissue.title for tissue in Tissue if tissue in TISSUES
    ]
    for item, tissue in zip(described, sorted(TISSUES), strict=True):
        found = segment_voxels(files["B 1_seg.dcm"], item.SegmentNumber)
        np.testing.assert_array_equal(found == 1, numbers == tissue)


def test_a_label_map_segmentation_keeps_the_tissue_numbers(
    files: dict[str, Path],
) -> None:
    file = files["B 1_labelmap.dcm"]
    data = dcmread(file)

    assert data.SegmentationType == "LABELMAP"
    stored = hd.seg.segread(file).pixel_array
    numbers = small_breast().label_map().numbers
    # Frames without tissue are not stored.
    np.testing.assert_array_equal(
        np.bincount(stored.ravel())[1:], np.bincount(numbers.ravel())[1:]
    )
    read = read_segmentation(file, grid=small_breast().ct.grid).to_label_map()
    np.testing.assert_array_equal(read.numbers, numbers)


def test_the_fractional_segmentation_says_how_much_is_gland(
    files: dict[str, Path],
) -> None:
    data = dcmread(files["B 1_gland.dcm"])
    assert (data.SegmentationType, data.SegmentationFractionalType) == (
        "FRACTIONAL", "OCCUPANCY",
    )  # fmt: skip

    found = segment_voxels(files["B 1_gland.dcm"], 1)

    percent = small_breast().gland_map().array
    assert np.abs(100 * found - percent).max() <= 100 / 255 / 2 + 1e-4
    assert np.mean((percent > 0) & (percent < 100)) > 0


def test_types_are_coded_as_breast_segmentation_types(files: dict[str, Path]) -> None:
    items = dcmread(files["B 1_seg.dcm"]).SegmentSequence
    codes = {
        item.SegmentLabel: item.SegmentedPropertyTypeCodeSequence[0].CodeValue
        for item in items
    }

    assert codes["fat"] == "89749009"
    assert codes["glands"] == "1342375003"
    assert codes["skin"] == "82038008"
    assert codes["pectoralis major"] == "60005003"


@pytest.mark.parametrize(
    ("fillings", "code"),
    [(["silicone"], "465380004"), (["saline"], "2282003"), ([], "2282003")],
)
def test_an_implant_is_coded_by_its_filling(fillings: list[str], code: str) -> None:
    breast = small_breast()
    numbers = breast.numbers.copy()
    numbers[numbers == Tissue.GLAND] = Tissue.IMPLANT
    implants = tuple(FoundImplant(filling, 40.0, 100.0) for filling in fillings)
    with_implant = replace(
        breast, numbers=numbers, result=replace(breast.result, implants=implants)
    )

    segment = tissue_segments(with_implant)["implant"]

    assert segment.property_type.value == code
    assert segment.category.value == "260787004"


def test_nifti_lies_on_the_scan_for_nibabel_and_itk(files: dict[str, Path]) -> None:
    label_map = small_breast().label_map()
    image: Any = nib.load(files["B 1_labels.nii.gz"])

    np.testing.assert_array_equal(np.asarray(image.dataobj), label_map.numbers.T)
    where = image.affine @ [30, 20, 10, 1]
    expected = label_map.grid.to_patient(np.array([10, 20, 30])) * [-1, -1, 1]
    np.testing.assert_allclose(where[:3], expected, atol=1e-4)
    itk = sitk.ReadImage(files["B 1_labels.nii.gz"])
    np.testing.assert_allclose(
        itk.TransformIndexToPhysicalPoint((30, 20, 10)),
        label_map.grid.to_patient(np.array([10, 20, 30])),
        atol=1e-4,
    )


def test_label_files_name_each_number_once(files: dict[str, Path]) -> None:
    rows = re.findall(
        r'^ *(\d+) +(\d+) +(\d+) +(\d+) +([01]) +([01]) +([01]) +"(.+)"$',
        files["B 1_labels.label"].read_text(),
        re.MULTILINE,
    )
    assert [
        (int(n), (int(r), int(g), int(b)), name) for n, r, g, b, *_, name in rows
    ] == [
        (0, (0, 0, 0), "Clear Label"),
        *((label.number, label.color, label.name) for label in LABELS),
    ]
    colors = files["B 1_labels.ctbl"].read_text().splitlines()[1:]
    assert [line.split()[0] for line in colors] == [row[0] for row in rows]
    assert all(len(line.split()) == 6 for line in colors)


def test_the_cylinder_comes_on_request(tmp_path: Path) -> None:
    export(small_breast(), tmp_path, ["seg", "nifti", "numpy"], cylinder=True)

    labels = [s.SegmentLabel for s in dcmread(tmp_path / "B 1_seg.dcm").SegmentSequence]
    assert labels[-1] == "cylinder"
    ring = np.load(tmp_path / "segmentation_B 1.npy") == 9
    air = small_breast().numbers == Tissue.AIR
    np.testing.assert_array_equal(ring, air & small_breast().cylinder)
    assert ring.any()


def test_a_report_brings_the_segmentation_it_refers_to(tmp_path: Path) -> None:
    written = export(small_breast(), tmp_path, ["sr"])

    assert [file.name for file in written] == ["B 1_seg.dcm", "B 1_sr.dcm"]


def test_an_unknown_format_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=r"no format 'png'; there are numpy, nifti"):
        export(small_breast(), tmp_path / "new", ["seg", "png"])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a\\b", "a\nb", "x" * 101])
def test_a_name_that_no_file_can_have_is_refused(name: str, tmp_path: Path) -> None:
    breast = small_breast()
    named = replace(breast, result=replace(breast.result, scan=name))

    for form in FORMATS:
        with pytest.raises(InputError, match="part of the names of files"):
            export(named, tmp_path, [form])
    assert list(tmp_path.iterdir()) == []


def test_a_scan_without_uids_still_has_its_research_formats(tmp_path: Path) -> None:
    breast = small_breast()
    bare = replace(
        breast, ct=replace(breast.ct, series_instance_uid="", sop_instance_uids=())
    )

    written = export(bare, tmp_path, ["numpy", "nifti", "metaimage", "dicom-labels"])
    assert len(written) == 9 + bare.ct.grid.shape[0]
    with pytest.raises(InputError, match="does not name an image for each"):
        export(bare, tmp_path, ["seg"])
