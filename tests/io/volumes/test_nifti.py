from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from kerma.core.label_map import Label, LabelMap
from kerma.core.volume import Volume
from kerma.errors import GeometryError, InputError
from kerma.io.volumes.files import read_volume, write_volume
from kerma.io.volumes.nifti_labels import caret_extension, read_caret
from tests.io.volumes.itk_files import (
    LABELS,
    ct_of,
    grid_of,
    labels_on,
    oblique,
    sheared,
)

NIB: Any = nib  # it declares few types
ARRAY = np.arange(60, dtype=np.int16).reshape(5, 4, 3)  # (i, j, k)
AFFINE = np.array(
    [[-2.0, 0, 0, 100], [0, -1.5, 0, 50], [0, 0, 3, -900], [0, 0, 0, 1]]
)  # RAS: i to the left, j posterior, k superior, as an axial CT has it

_FLAT = np.array([[-2, 0, -1, 100], [0, -1.5, 0, 50], [0, 0, 0, -900]], "<f4")


def image(array: Any = ARRAY, affine: Any = AFFINE) -> Any:
    return NIB.Nifti1Image(array, affine)


def stored(folder: Path, what: Any, name: str = "x.nii") -> Path:
    file = folder / name
    NIB.save(what, file)
    return file


def patched(folder: Path, at: int, content: bytes) -> Path:
    """A file whose header has other bytes at one place."""
    file = stored(folder, image())
    data = bytearray(file.read_bytes())
    data[at : at + len(content)] = content
    file.write_bytes(data)
    return file


def test_an_axial_ct_in_ras_has_the_axes_of_dicom(tmp_path: Path) -> None:
    """x = -100 + 2 i, y = -50 + 1.5 j, z = -900 + 3 k in LPS."""
    volume = read_volume(stored(tmp_path, image()))
    assert volume.grid == grid_of(
        (3, 4, 5), origin=(-100.0, -50.0, -900.0), spacing=(3.0, 1.5, 2.0)
    )
    assert volume.array[2, 1, 4] == ARRAY[4, 1, 2]


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz"])
def test_nibabel_sees_our_numbers_and_positions(name: str, tmp_path: Path) -> None:
    ct = ct_of(grid_of(axes=sheared()))
    theirs: Any = NIB.load(write_volume(ct, tmp_path / name))
    assert np.array_equal(np.asarray(theirs.dataobj), ct.hu.transpose(2, 1, 0))
    assert theirs.get_data_dtype() == np.int16
    ras = theirs.affine @ [4, 2, 1, 1]
    ours = ct.grid.to_patient(np.array([1.0, 2, 4]))
    assert np.allclose(ras[:3], ours * [-1, -1, 1], atol=1e-4)


def test_the_qform_is_written_only_where_it_can_say_the_same(tmp_path: Path) -> None:
    straight = NIB.load(
        write_volume(ct_of(grid_of(axes=oblique())), tmp_path / "a.nii")
    )
    tilted = NIB.load(write_volume(ct_of(grid_of(axes=sheared())), tmp_path / "b.nii"))
    assert int(straight.header["sform_code"]) == int(tilted.header["sform_code"]) == 1
    assert int(straight.header["qform_code"]) == 1
    assert np.allclose(straight.get_qform(), straight.get_sform(), atol=1e-3)
    assert int(tilted.header["qform_code"]) == 0


def test_the_qform_places_voxels_where_there_is_no_sform(tmp_path: Path) -> None:
    what = image()
    what.set_sform(None, code=0)
    what.set_qform(AFFINE, code=1)
    assert read_volume(stored(tmp_path, what)).grid.origin == (-100.0, -50.0, -900.0)


def test_the_sform_wins_and_a_note_says_so(tmp_path: Path) -> None:
    what = image()
    what.set_sform(AFFINE, code=2)
    other = AFFINE.copy()
    other[0, 3] += 5
    what.set_qform(other, code=1)
    ct: Any = read_volume(stored(tmp_path, what), kind="ct")
    assert ct.grid.origin == (-100.0, -50.0, -900.0)
    assert "qform places the voxels elsewhere; the sform was taken" in ct.notes[0]


def test_a_file_that_places_nothing_needs_a_spacing(tmp_path: Path) -> None:
    what = image()
    what.set_sform(None, code=0)
    what.set_qform(None, code=0)
    what.header["qform_code"] = what.header["sform_code"] = 0
    file = tmp_path / "x.nii"
    file.write_bytes(what.to_bytes())
    data = bytearray(file.read_bytes())
    data[252:256] = bytes(4)  # both codes; nibabel fills the sform
    file.write_bytes(data)
    with pytest.raises(GeometryError, match=r"does not say where.*spacing_mm"):
        read_volume(file)
    ct: Any = read_volume(file, kind="ct", spacing_mm=(3.0, 1.5, 2.0))
    assert ct.grid.spacing == (3.0, 1.5, 2.0)
    assert ct.grid.origin == (0.0, 0.0, 0.0)
    assert "taken as axial slices" in ct.notes[0]


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e3), ("micron", 1e-3)])
def test_units_of_length_become_mm(unit: str, factor: float, tmp_path: Path) -> None:
    what = image()
    what.header.set_xyzt_units(unit)
    grid = read_volume(stored(tmp_path, what)).grid
    assert np.allclose(grid.spacing, np.array([3.0, 1.5, 2.0]) * factor)
    assert np.allclose(grid.origin, np.array([-100.0, -50.0, -900.0]) * factor)


def test_an_unnamed_unit_of_length_is_taken_as_mm_with_a_note(tmp_path: Path) -> None:
    ct: Any = read_volume(stored(tmp_path, image()), kind="ct")
    assert ct.notes == ("The file names no unit of length: taken as mm.",)


def test_whole_slope_and_intercept_leave_whole_numbers(tmp_path: Path) -> None:
    what = NIB.Nifti1Image(ARRAY.astype(np.uint16), AFFINE)
    file = stored(tmp_path, what)
    data = bytearray(file.read_bytes())
    data[112:120] = np.array([1, -1024], "<f4").tobytes()
    file.write_bytes(data)
    hu = read_volume(file, kind="ct").array
    assert hu.dtype == np.int16
    assert np.array_equal(hu, ARRAY.T - 1024)


def test_a_broken_slope_gives_float32(tmp_path: Path) -> None:
    file = patched(tmp_path, 112, np.array([0.5, 0.25], "<f4").tobytes())
    array = read_volume(file).array
    assert array.dtype == np.float32
    assert np.array_equal(array, ARRAY.T * 0.5 + 0.25)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
def test_both_versions_and_byte_orders_are_read(
    kind: Any, order: str, tmp_path: Path
) -> None:
    header = kind.header_class(endianness=order)
    header.set_data_dtype(np.int16)
    what = kind(ARRAY, AFFINE, header=header)
    for name in ("x.nii", "x.nii.gz"):
        volume = read_volume(stored(tmp_path, what, name))
        assert np.array_equal(volume.array, ARRAY.T)
        assert volume.grid.origin == (-100.0, -50.0, -900.0)


def test_one_frame_in_four_dimensions_is_a_volume(tmp_path: Path) -> None:
    volume = read_volume(stored(tmp_path, image(ARRAY[..., np.newaxis])))
    assert np.array_equal(volume.array, ARRAY.T)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3, 2), (5, 4, 3, 1, 3)])
def test_other_dimensions_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    file = stored(tmp_path, image(np.zeros(shape, np.int16)))
    with pytest.raises(InputError, match=f"has {len(shape)} dimensions of"):
        read_volume(file)


def test_rows_that_are_not_perpendicular_to_columns_are_refused(tmp_path: Path) -> None:
    skewed = AFFINE.copy()
    skewed[1, 0] = 0.1
    what = NIB.Nifti1Image(ARRAY, None)
    what.set_sform(skewed, code=1)
    with pytest.raises(GeometryError, match=r"meet at .* degrees.*resample it"):
        read_volume(stored(tmp_path, what))


def test_rounded_directions_are_straightened_with_a_note(tmp_path: Path) -> None:
    skewed = AFFINE.copy()
    skewed[1, 0] = 1e-4  # 4 rows of 1.5 mm: 0.0002 mm
    what = NIB.Nifti1Image(ARRAY, None)
    what.set_sform(skewed, code=1)
    ct: Any = read_volume(stored(tmp_path, what), kind="ct")
    assert any("not quite perpendicular" in note for note in ct.notes)


def test_labels_written_by_another_program_are_known_without_a_code(
    tmp_path: Path,
) -> None:
    """TotalSegmentator writes the Caret extension under the code 0."""
    what = NIB.Nifti1Image(ARRAY.astype(np.uint8), AFFINE)
    content = caret_extension(LABELS)
    what.header.extensions.append(NIB.nifti1.Nifti1Extension(0, content))
    regions = read_volume(stored(tmp_path, what))
    assert isinstance(regions, LabelMap)
    assert regions.labels == LABELS


def test_our_labels_are_marked_as_nifti_says(tmp_path: Path) -> None:
    header = NIB.load(write_volume(labels_on(grid_of()), tmp_path / "x.nii")).header
    assert int(header["intent_code"]) == 1002
    assert header.extensions.get_codes() == [30]


def test_a_label_number_that_voxels_of_uint8_lack_widens_them(tmp_path: Path) -> None:
    what = NIB.Nifti1Image(ARRAY.astype(np.uint8), AFFINE)
    content = caret_extension([Label(300, "far")])
    what.header.extensions.append(NIB.nifti1.Nifti1Extension(30, content))
    assert read_volume(stored(tmp_path, what)).array.dtype == np.uint16


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Label/>', "declares entities"),
        (b"<Label Key='1'>", "label table is damaged"),
        (b"<Label Key='one'/>", "label table is damaged"),
        (b"<Label/>", "label table is damaged"),
        (b"<Label Key='70000'/>", "from 1 to 65535; got 70000"),
        (b"\xff\xfe", "label table is damaged"),
    ],
)
def test_a_damaged_label_table_is_refused(table: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_caret(b"<CaretExtension>" + table + b"</CaretExtension>")


def test_what_is_odd_in_a_label_table_but_no_number_is_left_out() -> None:
    table = (
        b"<Label Key='0'>???</Label><Label Key='2' Red='9' Green='nan' Blue='x'/>"
        b"<Label Key='3' Red='1' Green='0' Blue='0.5'>line\nbreak</Label>"
    )
    found = read_caret(b"<CaretExtension>" + table + b"</CaretExtension>")
    assert found == (Label(2, ""), Label(3, "line?break", (255, 0, 128)))


@pytest.mark.parametrize(
    ("at", "content", "message"),
    [
        (0, b"abcd", "no NIfTI file"),
        (344, b"ni1\0", r"pair of \.hdr and \.img"),
        (40, np.array([3, -5, 4, 3], "<i2").tobytes(), r"each number must be over 0"),
        (40, np.array([3, 30000, 30000, 30000], "<i2").tobytes(), "GiB"),
        (40, np.array([3, 3000, 3000, 30], "<i2").tobytes(), "cut off"),
        (40, np.array([0, 1, 1, 1], "<i2").tobytes(), "has 0 dimensions"),
        (40, np.array([3, 5, 4, 2], "<i2").tobytes(), "holds more than it declares"),
        (70, np.array([9999], "<i2").tobytes(), "data type 9999 is none"),
        (70, np.array([128], "<i2").tobytes(), "complex numbers or colors"),
        (108, np.array([np.nan], "<f4").tobytes(), "begin at byte nan"),
        (108, np.array([100], "<f4").tobytes(), "begin at byte 100.0"),
        (108, np.array([1e30], "<f4").tobytes(), "which cannot be"),
        (112, np.array([np.inf, 0], "<f4").tobytes(), "scaled by inf"),
        (112, np.array([1e38, 1e38], "<f4").tobytes(), "too large for float32"),
        (123, b"\x07", "unit of length has the code 7"),
        (280, np.array([np.nan], "<f4").tobytes(), "not finite"),
        (280, np.zeros(4, "<f4").tobytes(), "positive and finite"),
        (280, _FLAT.tobytes(), "stacked across"),
        (292, np.array([np.inf], "<f4").tobytes(), "not finite"),
    ],
)
def test_a_damaged_header_ends_in_a_sentence(
    at: int, content: bytes, message: str, tmp_path: Path
) -> None:
    file = patched(tmp_path, at, content)
    with pytest.raises(InputError, match=rf"^x\.nii: .*{message}"):
        read_volume(file)


def test_a_small_file_that_inflates_to_much_is_left_unread(tmp_path: Path) -> None:
    """300 KiB declare 1.5 GiB, which gzip could well hold."""
    file = patched(tmp_path, 40, np.array([3, 900, 900, 900], "<i2").tobytes())
    packed = gzip.compress(file.read_bytes()) + bytes(300 * 2**10)
    (tmp_path / "x.nii.gz").write_bytes(packed)
    with pytest.raises(InputError, match="would inflate to 1390 MiB"):
        read_volume(tmp_path / "x.nii.gz")


def test_a_stream_that_goes_on_is_inflated_no_further_than_declared(
    tmp_path: Path,
) -> None:
    packed = gzip.compress(image().to_bytes() + bytes(50 * 2**20))
    (tmp_path / "x.nii.gz").write_bytes(packed)
    with pytest.raises(InputError, match="holds more than it declares"):
        read_volume(tmp_path / "x.nii.gz")


def test_changed_bytes_in_compressed_data_are_noticed(tmp_path: Path) -> None:
    file = write_volume(ct_of(grid_of((6, 7, 8))), tmp_path / "x.nii.gz")
    data = bytearray(file.read_bytes())
    data[-8] ^= 0xFF  # the checksum
    file.write_bytes(data)
    with pytest.raises(InputError, match="compressed data are damaged"):
        read_volume(file)


def test_every_cut_and_every_wrong_byte_ends_in_a_sentence_or_a_volume(
    tmp_path: Path,
) -> None:
    whole = write_volume(labels_on(grid_of()), tmp_path / "x.nii").read_bytes()
    numbers = np.random.default_rng(1)
    file = tmp_path / "y.nii"
    for _ in range(400):
        data = bytearray(whole)
        for place in numbers.integers(0, len(data) - 60, 3):
            data[place] = numbers.integers(256)
        file.write_bytes(data[: numbers.integers(1, len(data) + 200)])
        try:
            read_volume(file, spacing_mm=None)
        except InputError:
            continue


def test_a_volume_too_long_for_nifti_1_is_refused(tmp_path: Path) -> None:
    long = Volume(np.zeros((1, 1, 32768), np.int16), grid_of((1, 1, 32768)))
    with pytest.raises(InputError, match=r"32767 voxels along an axis.*\.nrrd"):
        write_volume(long, tmp_path / "x.nii")
