"""kerma breast-to-numpy and breast-to-dicom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from pydicom import dcmread
from typer.testing import CliRunner

from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.io import read_ct, write_ct, write_volume
from kerma.service.breast_conversion import breast_to_dicom, breast_to_numpy
from kerma.service.commands import convert_breast
from tests.io.validators import dciodvfy_errors
from tests.reports.breast_ct.small_breasts import axial, small_scan


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scan of coronal slices."""
    folder = tmp_path_factory.mktemp("scans") / "breast 7"
    write_ct(small_scan(), folder)
    return folder


@pytest.fixture(scope="module")
def arrays(series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its array, geometry and cylinder."""
    folder = tmp_path_factory.mktemp("arrays")
    breast_to_numpy(series, folder)
    return folder


def test_a_scan_becomes_array_geometry_and_cylinder(arrays: Path, series: Path) -> None:
    names = sorted(file.name for file in arrays.iterdir())
    assert names == ["breast 7.json", "breast 7.npy", "cylinder_breast 7.npy"]

    array = np.load(arrays / "breast 7.npy")
    cylinder = np.load(arrays / "cylinder_breast 7.npy")
    assert (array.dtype, cylinder.dtype) == (np.int16, np.bool_)
    assert array.shape == small_scan().grid.shape
    assert cylinder.any()
    assert read_ct(series).hu.shape == array.shape


def test_the_way_through_files_and_back_is_exact(
    arrays: Path, series: Path, tmp_path: Path
) -> None:
    breast_to_dicom(
        arrays / "breast 7.npy", tmp_path / "back", header=series,
        cylinder=arrays / "cylinder_breast 7.npy",
    )  # fmt: skip

    before, after = read_ct(series), read_ct(tmp_path / "back")
    np.testing.assert_array_equal(after.hu, before.hu)
    assert after.grid.is_same_as(before.grid)
    assert after.study == before.study
    assert not set(after.sop_instance_uids) & set(before.sop_instance_uids)


def test_the_series_is_valid_and_names_its_source(
    arrays: Path, series: Path, tmp_path: Path
) -> None:
    files = breast_to_dicom(arrays / "breast 7.npy", tmp_path, header=series)

    assert dciodvfy_errors(files[3]) == []
    images = [dcmread(file) for file in files]
    assert len({image.SOPInstanceUID for image in images}) == len(files)
    assert len({tuple(image.ImagePositionPatient) for image in images}) == len(files)
    assert {tuple(image.ImageType[:2]) for image in images} == {
        ("DERIVED", "SECONDARY")
    }
    source = images[3].SourceImageSequence[0].ReferencedSOPInstanceUID
    by_uid = {
        image.SOPInstanceUID: image.ImagePositionPatient
        for image in map(dcmread, series.iterdir())
    }
    assert by_uid[source] == images[3].ImagePositionPatient


def test_the_same_array_gives_the_same_bytes(
    arrays: Path, series: Path, tmp_path: Path
) -> None:
    first = breast_to_dicom(arrays / "breast 7.npy", tmp_path / "a", header=series)
    second = breast_to_dicom(arrays / "breast 7.npy", tmp_path / "b", header=series)

    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in second]


def test_an_array_alone_makes_a_series_of_nobody(arrays: Path, tmp_path: Path) -> None:
    files = breast_to_dicom(arrays / "breast 7.npy", tmp_path)

    made = read_ct(tmp_path)
    assert made.study.patient_name == ""
    assert made.grid.frame_of_reference != small_scan().grid.frame_of_reference
    np.testing.assert_allclose(
        np.sort(made.grid.to_patient(np.array([[0, 0, 0], np.array(made.grid.shape) - 1])), axis=0),
        np.sort(small_scan().grid.to_patient(np.array([[0, 0, 0], np.array(made.grid.shape) - 1])), axis=0),
        atol=1e-6,
    )  # fmt: skip
    assert dciodvfy_errors(files[0]) == []


def test_one_image_lends_patient_and_frame_but_no_place(
    arrays: Path, series: Path, tmp_path: Path
) -> None:
    image = min(series.iterdir())
    breast_to_dicom(arrays / "breast 7.npy", tmp_path / "placed", header=image)
    np.save(tmp_path / "bare.npy", np.load(arrays / "breast 7.npy"))
    breast_to_dicom(
        tmp_path / "bare.npy",
        tmp_path / "bare",
        header=image,
        spacing_mm=(1.0, 0.9, 1.2),
    )

    frame = small_scan().grid.frame_of_reference
    placed, bare = read_ct(tmp_path / "placed"), read_ct(tmp_path / "bare")
    assert placed.study == bare.study == small_scan().study
    assert placed.grid.frame_of_reference == frame
    assert bare.grid.frame_of_reference != frame  # its positions are made up


def test_tissue_numbers_of_another_program_become_ct_numbers(
    arrays: Path, series: Path, tmp_path: Path
) -> None:
    numbers = np.zeros((40, *np.load(arrays / "breast 7.npy").shape[1:]), np.uint8)
    numbers[2:9, 60:70, 50:60] = 2
    np.save(tmp_path / "segmentation_7.npy", numbers)

    breast_to_dicom(
        tmp_path / "segmentation_7.npy", tmp_path / "labels", header=series, labels=True,
        drop_posterior=3, cylinder=arrays / "cylinder_breast 7.npy",
    )  # fmt: skip

    made = read_ct(tmp_path / "labels")
    assert set(np.unique(made.hu)) == {0, 2, 9}
    gland = made.grid.to_patient(np.argwhere(made.hu == 2).astype(float))
    expected = small_scan().grid.to_patient(
        np.argwhere(numbers == 2) + np.array([3.0, 0.0, 0.0])
    )
    np.testing.assert_allclose(
        np.sort(gland, axis=0), np.sort(expected, axis=0), atol=1e-5
    )


def test_numbers_of_tissues_are_not_taken_for_hu(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6), np.uint8))

    with pytest.raises(InputError, match=r"a.npy: does not hold CT numbers"):
        breast_to_dicom(
            tmp_path / "a.npy", tmp_path / "out", spacing_mm=(1.0, 1.0, 1.0)
        )


def test_an_array_whose_voxel_size_nobody_knows_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6), np.int16))

    with pytest.raises(GeometryError, match="Give their spacing"):
        breast_to_dicom(tmp_path / "a.npy", tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no plain array"),
        (b"\x93NUMPY\x01\x00nonsense", "no plain array"),
        (None, "there is no such|No such file"),
    ],
)
def test_a_damaged_cylinder_is_named(
    content: bytes | None, said: str, arrays: Path, tmp_path: Path
) -> None:
    file = tmp_path / "c.npy"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=rf"c.npy: .*({said})"):
        breast_to_dicom(arrays / "breast 7.npy", tmp_path / "out", cylinder=file)


def test_a_cylinder_of_numbers_is_refused(arrays: Path, tmp_path: Path) -> None:
    for wrong in (np.array([[0, 2]]), np.array([[0.5]]), np.array([["x"]])):
        np.save(tmp_path / "c.npy", wrong)
        with pytest.raises(InputError, match=r"c.npy: a cylinder is an array of bool"):
            breast_to_dicom(
                arrays / "breast 7.npy", tmp_path / "out", cylinder=tmp_path / "c.npy"
            )


def test_files_are_not_replaced_unasked(series: Path, tmp_path: Path) -> None:
    breast_to_numpy(series, tmp_path, name="x")
    with pytest.raises(InputError, match="is there already"):
        breast_to_numpy(series, tmp_path, name="x")
    (tmp_path / "cylinder_x.npy").unlink()
    with pytest.raises(InputError, match="is there already"):
        breast_to_numpy(series, tmp_path, name="x")
    breast_to_numpy(series, tmp_path, name="x", overwrite=True)


def test_nifti_in_any_orientation_goes_back_too(tmp_path: Path) -> None:
    ct = axial(small_scan())
    write_ct(ct, tmp_path / "scan")
    write_volume(CT(ct.hu, replace(ct.grid)), tmp_path / "v.nii.gz")

    breast_to_dicom(tmp_path / "v.nii.gz", tmp_path / "back", header=tmp_path / "scan")

    np.testing.assert_array_equal(read_ct(tmp_path / "back").hu, ct.hu)


def test_the_commands_say_what_they_wrote(series: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command("breast-to-numpy")(convert_breast.breast_to_numpy)
    app.command("breast-to-dicom")(convert_breast.breast_to_dicom)
    run = CliRunner().invoke

    done = run(
        app, ["breast-to-numpy", str(series), "--out", str(tmp_path), "--name", "b",
              "--drop-posterior", "2"],
    )  # fmt: skip
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / "b.npy"))
    back = tmp_path / "back"
    done = run(app, ["breast-to-dicom", str(tmp_path / "b.npy"), "--out", str(back)])
    assert done.output.strip() == f"43 images in {back}"
    two = run(
        app, ["breast-to-numpy", "a", "b", "--out", str(tmp_path), "--name", "x"]
    )  # fmt: skip
    assert two.exit_code == 2


@pytest.mark.parametrize("spacing", [0.0, -1.0, 50.0])
def test_a_spacing_that_no_breast_ct_has_is_refused(
    spacing: float, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 3, 3), np.int16))
    with pytest.raises(InputError, match="between 0 and 10 mm"):
        breast_to_dicom(
            tmp_path / "a.npy", tmp_path / "out", spacing_mm=(spacing, 1.0, 1.0)
        )


def test_slices_left_out_of_no_scan_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 3, 3), np.int16))
    with pytest.raises(InputError, match="give that scan as the header"):
        breast_to_dicom(
            tmp_path / "a.npy", tmp_path / "out",
            spacing_mm=(1.0, 1.0, 1.0), drop_posterior=2,
        )  # fmt: skip
