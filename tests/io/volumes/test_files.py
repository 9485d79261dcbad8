from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from kerma.core.arrays import FloatArray, HUArray
from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError
from kerma.io import read_ct
from kerma.io.volumes.files import Kind, read_volume, write_volume
from tests.io.volumes.itk_files import (
    LABELS,
    apart_mm,
    assert_itk_sees,
    ct_of,
    grid_of,
    grids,
    labels_on,
    oblique,
    sheared,
    write_with_itk,
)

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy")
ITK_SUFFIXES = SUFFIXES[:-1]
SHEAR_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".npy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("volumes")


def round_trip(
    volume: Volume, folder: Path, suffix: str, kind: Kind = "auto"
) -> Volume:
    file = write_volume(volume, folder / f"x{suffix}", overwrite=True)
    frame = volume.grid.frame_of_reference
    return read_volume(file, kind=kind, frame_of_reference=frame)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=25)
@given(grid=grids())
def test_numbers_and_positions_come_back(folder: Path, suffix: str, grid: Grid) -> None:
    """NIfTI holds positions as float32, 3e-5 mm at 500 mm; the others as text."""
    ct = ct_of(grid)
    back = round_trip(ct, folder, suffix)
    assert isinstance(back, CT)
    assert back.array.dtype == np.int16
    assert np.array_equal(back.array, ct.array)
    assert apart_mm(back.grid, grid) < 1e-4
    assert back.notes == ()


@pytest.mark.parametrize("suffix", SHEAR_SUFFIXES)
@settings(max_examples=25)
@given(grid=grids(shear=True))
def test_sheared_slices_come_back(folder: Path, suffix: str, grid: Grid) -> None:
    back = round_trip(ct_of(grid), folder, suffix)
    assert apart_mm(back.grid, grid) < 1e-4


@pytest.mark.parametrize("suffix", ITK_SUFFIXES)
@settings(max_examples=10)
@given(grid=grids())
def test_itk_finds_each_number_where_we_say_it_lies(
    folder: Path, suffix: str, grid: Grid
) -> None:
    ct = ct_of(replace(grid, shape=(2, 3, 4)))
    assert_itk_sees(write_volume(ct, folder / f"i{suffix}", overwrite=True), ct)


@pytest.mark.parametrize("packing", ["plain", "compressed"])
@pytest.mark.parametrize("suffix", ITK_SUFFIXES)
@settings(max_examples=5)
@given(grid=grids())
def test_we_find_each_number_where_itk_says_it_lies(
    folder: Path, suffix: str, packing: str, grid: Grid
) -> None:
    ct = ct_of(grid)
    file = folder / f"{packing}{suffix}"
    write_with_itk(file, ct, compressed=packing == "compressed")
    back = read_volume(file, kind="ct")
    assert isinstance(back, CT)
    assert np.array_equal(back.hu, ct.hu)
    # ITK writes the text formats with about six digits.
    assert apart_mm(back.grid, grid) < 5e-3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_dose_stays_a_dose_in_its_units(suffix: str, tmp_path: Path) -> None:
    gy = np.random.default_rng(1).random((3, 4, 5), dtype=np.float32)
    for units in DoseUnits:
        back = round_trip(Dose(gy, grid_of(), units=units), tmp_path, suffix)
        assert isinstance(back, Dose)
        assert back.units is units
        assert np.array_equal(back.array, gy)
        assert back.notes == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_labels_keep_their_numbers_names_and_colors(
    suffix: str, tmp_path: Path
) -> None:
    regions = labels_on(grid_of())
    back = round_trip(regions, tmp_path, suffix)
    assert isinstance(back, LabelMap)
    assert back.labels == LABELS
    assert back.array.dtype == np.uint8
    assert np.array_equal(back.numbers, regions.numbers)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_label_map_without_labels_stays_one(suffix: str, tmp_path: Path) -> None:
    regions = LabelMap(np.full((3, 4, 5), 1000, np.uint16), grid_of())
    back = round_trip(regions, tmp_path, suffix)
    assert isinstance(back, LabelMap)
    assert back.array.dtype == np.uint16


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.uint16, np.int16])
def test_a_plain_volume_keeps_its_type_and_its_missing_numbers(
    suffix: str, dtype: type, tmp_path: Path
) -> None:
    array: FloatArray = np.arange(60).reshape(3, 4, 5).astype(dtype)
    if dtype is np.float32:
        array[1, 2, 3] = np.nan
    back = round_trip(Volume(array, grid_of()), tmp_path, suffix)
    assert type(back) is Volume
    assert back.array.dtype == dtype
    assert np.array_equal(back.array, array, equal_nan=dtype is np.float32)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_order_in_memory_does_not_show(suffix: str, tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(60, dtype=">i2").reshape(3, 4, 5))
    back = round_trip(Volume(array, grid_of()), tmp_path, suffix)
    assert np.array_equal(back.array, array)
    assert back.array.dtype.isnative
    assert back.array.flags.c_contiguous


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_volume_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files.append(write_volume(ct_of(grid_of()), tmp_path / name / f"x{suffix}"))
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES[:-1])
def test_uneven_slices_are_refused_where_they_cannot_be_said(
    suffix: str, tmp_path: Path
) -> None:
    ct = ct_of(grid_of(offsets=(0.0, 1.0, 7.5)))
    with pytest.raises(GeometryError, match=r"x\.n|x\.m.*unevenly spaced.*\.npy"):
        write_volume(ct, tmp_path / f"x{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_uneven_slices_come_back_from_numpy(tmp_path: Path) -> None:
    ct = ct_of(grid_of(offsets=(0.0, 1.0, 7.5)))
    assert round_trip(ct, tmp_path, ".npy").grid == ct.grid


@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
def test_metaimage_refuses_sheared_slices(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match=r"sheared.*Resample them first"):
        write_volume(ct_of(grid_of(axes=sheared())), tmp_path / f"x{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_overwritten_unasked(suffix: str, tmp_path: Path) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / f"x{suffix}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="there already"):
        write_volume(ct_of(grid_of(), seed=2), file)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    write_volume(ct_of(grid_of(), seed=2), file, overwrite=True)
    assert np.array_equal(read_volume(file).array, ct_of(grid_of(), seed=2).array)
    assert set(tmp_path.iterdir()) == set(before)


def test_a_failed_overwriting_leaves_both_files_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / "x.mhd")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if target == file and path.name == file.name:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(InputError, match="No space left"):
        write_volume(ct_of(grid_of(), seed=2), file, overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_name_of_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.dcm: its name must end in one of: \.nii"):
        write_volume(ct_of(grid_of()), tmp_path / "x.dcm")
    with pytest.raises(InputError, match=r"\.nrrd: its name must end"):
        read_volume(tmp_path / ".nrrd")


def test_a_name_that_would_write_into_the_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its name has a control character"):
        write_volume(ct_of(grid_of()), tmp_path / "a\nNDims = 4\n.mhd")


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
@pytest.mark.parametrize("stem", ["LISTED", "50 %", "süß & co"])
def test_any_other_name_does_for_data_beside_a_header(
    stem: str, suffix: str, tmp_path: Path
) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / f"{stem}{suffix}")
    assert np.array_equal(read_volume(file).array, ct_of(grid_of()).hu)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_file_is_named_without_its_folder(
    suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"^none\{suffix}: .*[Nn]o such file"):
        read_volume(tmp_path / f"none{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_cut_off_or_padded_file_is_refused(suffix: str, tmp_path: Path) -> None:
    file = write_volume(ct_of(grid_of((6, 7, 8))), tmp_path / f"x{suffix}")
    data = {".nhdr": "x.raw.gz", ".mhd": "x.raw"}.get(suffix, file.name)
    whole = (tmp_path / data).read_bytes()
    for cut in (1, 10, len(whole) // 2, len(whole) - 1, len(whole)):
        (tmp_path / data).write_bytes(whole[:-cut])
        with pytest.raises(InputError, match=rf"^x\{suffix}: it"):
            read_volume(file)


def test_what_the_file_says_is_not_overruled(tmp_path: Path) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / "x.nrrd")
    with pytest.raises(InputError, match=r"says that it holds HU; it was.*'dose'"):
        read_volume(file, kind="dose")
    assert type(read_volume(file, kind="volume")) is Volume


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    file = write_volume(Volume(np.zeros((3, 4, 5)), grid_of()), tmp_path / "x.nii")
    with pytest.raises(InputError, match="cannot be read as 'pet'"):
        read_volume(file, kind="pet")  # type: ignore[arg-type]


def test_a_dose_without_a_unit_is_taken_as_gy_with_a_note(tmp_path: Path) -> None:
    whole = Volume(np.full((3, 4, 5), 40, np.int16), grid_of())
    dose = round_trip(whole, tmp_path, ".nii", kind="dose")
    assert isinstance(dose, Dose)
    assert dose.gy.max() == 40
    assert dose.notes == ("The file names no unit of dose: taken as Gy.",)


def test_a_grid_gets_the_frame_of_reference_that_is_given(tmp_path: Path) -> None:
    ct = ct_of(replace(grid_of(axes=oblique()), frame_of_reference="1.2.3"))
    back = round_trip(ct, tmp_path, ".nrrd")
    assert back.grid.is_same_as(ct.grid)
    assert not read_volume(tmp_path / "x.nrrd").grid.is_same_as(ct.grid)


def test_a_spacing_for_a_file_that_states_its_own_is_refused(tmp_path: Path) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / "x.mha")
    with pytest.raises(GeometryError, match="leave spacing_mm out"):
        read_volume(file, spacing_mm=(1, 1, 1))


def test_a_label_name_of_several_lines_is_refused(tmp_path: Path) -> None:
    regions = replace(labels_on(grid_of()), labels=(Label(3, "two\nlines"),))
    for suffix in SUFFIXES:
        with pytest.raises(InputError, match="label 3 has a line break"):
            write_volume(regions, tmp_path / f"x{suffix}")


def test_notes_on_a_plain_volume_go_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    volume = Volume(np.full((3, 4, 5), 0.1), grid_of())
    with caplog.at_level(logging.INFO, "kerma.io.volumes.files"):
        back = round_trip(volume, tmp_path, ".nii")
    assert back.array.dtype == np.float32
    assert "double precision were rounded" in caplog.text


def test_nothing_of_the_patient_is_written(real_data: Path, tmp_path: Path) -> None:
    ct = read_ct(real_data / "dicom_rt" / "rt_utils_mock" / "oriented_data")
    hidden = [
        ct.grid.frame_of_reference,
        ct.series_instance_uid,
        ct.study.study_instance_uid,
        ct.study.patient_name,
        ct.study.patient_id,
    ]
    for suffix in (".nii", ".nhdr", ".mhd", ".npy"):
        write_volume(ct, tmp_path / f"x{suffix}")
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not [word for word in hidden if len(word) > 3 and word.encode() in written]


def test_a_real_label_map_lies_on_its_ct(real_data: Path) -> None:
    """Labels that another program made, in LAS, against the DICOM series.

    It stores rows from back to front. The slices show liver, bowel and ribs.
    """
    folder = real_data / "organ_dose" / "torso_ct"
    ct = read_ct(folder / "dicom")
    frame = ct.grid.frame_of_reference
    regions = read_volume(folder / "labels.nii.gz", frame_of_reference=frame)
    assert isinstance(regions, LabelMap)
    assert len(regions.labels) == 117

    last_row = np.array([0.0, ct.grid.shape[1] - 1, 0.0])
    assert np.allclose(regions.grid.to_patient(last_row), ct.grid.origin, atol=1e-2)
    assert np.allclose(ct.grid.to_patient(last_row), regions.grid.origin, atol=1e-2)
    hu = ct.hu[:, ::-1]

    def mean(name: str, numbers: HUArray) -> float:
        return float(numbers[regions.mask(name)].mean())

    assert 40 < mean("liver", hu) < 130
    assert 0 < mean("spinal_cord", hu) < 60
    assert mean("colon", hu) < -200  # gas
    # Ribs are thin: any shift or mirroring puts soft tissue in their place.
    for rib in ("rib_left_8", "rib_right_8", "rib_left_10", "rib_right_10"):
        assert mean(rib, hu) > 190
        for wrong in (ct.hu, hu[::-1], hu[:, :, ::-1]):
            assert mean(rib, wrong) < 110


@pytest.mark.parametrize(
    "name",
    [
        "dvh/slicerrt/EclipseEnt_Dose.nrrd",
        "dvh/slicerrt/TinyPatientCT.nrrd",
        "registration/lung/3DCT_lung.mha",
        "registration/lung/3DCT_lung_followup_mask.mha",
    ],
)
def test_real_files_read_as_itk_reads_them(real_data: Path, name: str) -> None:
    import SimpleITK

    image = SimpleITK.ReadImage(str(real_data / name))
    volume = read_volume(real_data / name)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), volume.array)
    far = [n - 1 for n in volume.grid.shape]
    theirs = image.TransformIndexToPhysicalPoint(far[::-1])
    assert np.allclose(volume.grid.to_patient(np.array(far)), theirs, atol=1e-6)


def test_a_real_breast_phantom_whose_data_were_compressed_is_read(
    real_data: Path,
) -> None:
    file = real_data / "breast" / "victre_hetero_p12345_0.3mm.mhd"
    phantom = read_volume(file, kind="labels")
    assert isinstance(phantom, LabelMap)
    assert phantom.grid.shape == (299, 299, 250)
    assert phantom.grid.origin == (-9.35, -53.4935, -45.0655)
    assert phantom.notes == (
        "The data file that the header names was compressed since (.gz).",
    )
    # Air, fat, skin and glandular tissue by the numbers of that phantom family.
    assert {0, 1, 2, 29} <= set(np.unique(phantom.numbers).tolist())
