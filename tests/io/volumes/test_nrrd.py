from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from kerma.core.label_map import Label, LabelMap
from kerma.core.volume import Volume
from kerma.errors import GeometryError, InputError
from kerma.io.volumes.files import read_volume, write_volume
from tests.io.volumes.itk_files import LABELS, ct_of, grid_of, labels_on, sheared

ARRAY = np.arange(60, dtype="<i2").reshape(3, 4, 5)  # (k, j, i)
HEADER = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "5 4 3",
    "space directions": "(2,0,0) (0,1.5,0) (0,0,3)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(-100,-50,-900)",
}
GRID = grid_of(origin=(-100.0, -50.0, -900.0), spacing=(3.0, 1.5, 2.0))


def stored(
    folder: Path, data: bytes | None = None, *, keys: str = "", **changes: str | None
) -> Path:
    """A file with some fields changed; ``None`` leaves one out."""
    fields: dict[str, str | None] = {
        **HEADER,
        **{name.replace("_", " "): text for name, text in changes.items()},
    }
    lines = [f"{name}: {text}" for name, text in fields.items() if text is not None]
    header = "\n".join(["NRRD0004", "# a comment", *lines]) + f"\n{keys}\n"
    file = folder / "x.nrrd"
    file.write_bytes(header.encode() + (ARRAY.tobytes() if data is None else data))
    return file


@pytest.mark.parametrize("name", ["x.nrrd", "x.nhdr"])
def test_pynrrd_sees_our_numbers_and_positions(name: str, tmp_path: Path) -> None:
    ct = ct_of(grid_of(axes=sheared()))
    file = write_volume(ct, tmp_path / name)
    array, header = nrrd.read(str(file))
    assert np.array_equal(array, ct.hu.transpose(2, 1, 0))
    assert header["space"] == "left-posterior-superior"
    assert header["sample units"] == "HU"
    position = header["space origin"] + [4, 2, 1] @ header["space directions"]
    assert np.allclose(position, ct.grid.to_patient(np.array([1.0, 2, 4])), atol=1e-9)


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "text"])
def test_what_pynrrd_writes_is_read(encoding: str, tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "space": "LPS",
        "space directions": np.diag([2.0, 1.5, 3.0]),
        "space origin": [-100, -50, -900],
        "encoding": encoding,
    }
    file = tmp_path / "x.nrrd"
    nrrd.write(str(file), ARRAY.T, header)
    volume = read_volume(file)
    assert np.array_equal(volume.array, ARRAY)
    assert volume.grid == GRID


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("left-posterior-superior", (1, 1, 1)),
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LAS", (1, -1, 1)),
    ],
)
def test_each_patient_space_is_turned_to_lps(
    space: str, signs: tuple[int, int, int], tmp_path: Path
) -> None:
    grid = read_volume(stored(tmp_path, space=space)).grid
    expected = np.array([-100 + 2 * 4, -50 + 1.5 * 2, -900 + 3]) * signs
    assert np.array_equal(grid.to_patient(np.array([1.0, 2, 4])), expected)


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-right-handed", None])
def test_a_space_that_is_not_the_patients_needs_a_spacing(
    space: str | None, tmp_path: Path
) -> None:
    file = stored(tmp_path, space=space)
    with pytest.raises(GeometryError, match="does not say where"):
        read_volume(file)
    assert read_volume(file, spacing_mm=(3.0, 1.5, 2.0)).grid.spacing == (3.0, 1.5, 2.0)


def test_big_endian_and_any_spelling_of_a_field_are_read(tmp_path: Path) -> None:
    file = stored(tmp_path, ARRAY.astype(">i2").tobytes(), endian="big")
    header, data = file.read_bytes().split(b"\n\n", maxsplit=1)
    header = header.replace(b"space origin", b"SpaceOrigin") + b"\n\n"
    file.write_bytes(header.replace(b"\n", b"\r\n") + data)
    volume = read_volume(file)
    assert volume.array.dtype == np.int16
    assert np.array_equal(volume.array, ARRAY)
    assert volume.grid == GRID


@pytest.mark.parametrize("directions", ["none (2,0,0) (0,1.5,0) (0,0,3)"])
def test_one_channel_is_a_volume_and_two_are_not(
    directions: str, tmp_path: Path
) -> None:
    four: dict[str, Any] = {
        "dimension": "4",
        "space_directions": directions,
        "kinds": None,
    }
    file = stored(tmp_path, sizes="1 5 4 3", **four)
    assert np.array_equal(read_volume(file).array, ARRAY)
    file = stored(tmp_path, sizes="2 5 4 3", **four)
    with pytest.raises(InputError, match=r"4 dimensions of \[2, 5, 4, 3\].*layers"):
        read_volume(file)


def test_segments_of_3d_slicer_become_labels(tmp_path: Path) -> None:
    keys = (
        "Segment0_ID:=Segment_1\nSegment0_Name:=Lung\nSegment0_LabelValue:=3\n"
        "Segment0_Color:=1 0.5 0\nSegment0_Layer:=0\n"
        "Segment10_Name:=a:=b\\\\c\nSegment10_LabelValue:=1\n"
        "Segment10_Color:=7 0 0\n"
    )
    regions = read_volume(stored(tmp_path, keys=keys))
    assert isinstance(regions, LabelMap)
    assert regions.labels == (Label(3, "Lung", (255, 128, 0)), Label(1, "a:=b\\c"))


def test_our_labels_are_as_3d_slicer_writes_them(tmp_path: Path) -> None:
    header = nrrd.read_header(
        str(write_volume(labels_on(grid_of()), tmp_path / "x.nrrd"))
    )
    assert header["Segment1_LabelValue"] == str(LABELS[1].number)
    assert header["Segment1_Layer"] == "0"
    assert header["Segmentation_ContainedRepresentationNames"] == "Binary labelmap|"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("Segment0_Name:=a\n", "Segment0_LabelValue' is missing"),
        ("Segment0_Name:=a\nSegment0_LabelValue:=x\n", "needs a whole number"),
        ("Segment0_Name:=a\nSegment0_LabelValue:=0\n", "1 to 65535; got 0"),
        (
            "Segment0_Name:=a\nSegment0_LabelValue:=1\nSegment0_Color:=1 1\n",
            "needs 3 numbers",
        ),
        (
            "Segment0_LabelValue:=1\nSegment1_LabelValue:=1\n",
            r"its own number; got \[1, 1\]",
        ),
    ],
)
def test_segments_that_name_no_voxels_are_refused(
    keys: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        read_volume(stored(tmp_path, keys=keys))


def test_data_beside_the_header_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "y.raw").write_bytes(b"skip" + ARRAY.tobytes())
    for skip in ("4", "-1"):
        file = stored(tmp_path, b"", data_file="deep/y.raw", byte_skip=skip)
        assert np.array_equal(read_volume(file).array, ARRAY)


@pytest.mark.parametrize("named", ["../y.raw", "/etc/passwd", "a/../../y.raw", "a\0b"])
def test_data_outside_the_folder_are_left_unread(named: str, tmp_path: Path) -> None:
    (tmp_path / "y.raw").write_bytes(ARRAY.tobytes())
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InputError, match="outside the folder of the header"):
        read_volume(stored(folder, b"", data_file=named))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "y.raw").write_bytes(ARRAY.tobytes())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "y.raw").symlink_to(tmp_path / "y.raw")
    with pytest.raises(InputError, match="outside the folder of the header"):
        read_volume(stored(folder, b"", data_file="y.raw"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "block"}, "type 'block', not real numbers"),
        ({"type": None}, "type '', not real numbers"),
        ({"dimension": "2"}, "2 dimensions"),
        ({"dimension": "three"}, "'dimension' needs a whole number; got 'three'"),
        ({"dimension": "9" * 30}, "'dimension' needs a whole number"),
        ({"sizes": "5 4"}, "'sizes' needs 3 numbers; got '5 4'"),
        ({"sizes": "5 4 -3"}, "each number must be over 0"),
        ({"sizes": "5 4 4"}, "cut off: 4 x 4 x 5 voxels of int16 need 160 bytes"),
        ({"sizes": "5 4 2"}, "holds more than it declares"),
        ({"sizes": "99999999 99999999 99999999"}, "GiB"),
        ({"sizes": "5.5 4 3"}, "needs whole numbers"),
        ({"sizes": "inf 4 3"}, "needs 3 numbers"),
        ({"space directions": "(2,0,0) (0,1.5,0)"}, "need 3 vectors"),
        ({"space directions": "(2,0) (0,1.5,0) (0,0,3)"}, r"where \(x,y,z\) belongs"),
        ({"space directions": "(2,0,0) (1,1.5,0) (0,0,3)"}, "not at a right angle"),
        ({"space directions": "(2,0,0) (0,0,0) (0,0,3)"}, "positive and finite"),
        ({"space directions": "(2,0,0) (0,nan,0) (0,0,3)"}, r"\(0,nan,0\)' where"),
        ({"space origin": "(a,b,c)"}, r"where \(x,y,z\) belongs"),
        ({"space units": '"mm" "mm" "cm"'}, "not mm"),
        ({"endian": "middle"}, "'middle'"),
        ({"encoding": "hex"}, "'hex'; raw, gzip, bzip2 and text"),
        ({"encoding": "gzip"}, "compressed data are damaged"),
        ({"encoding": "bzip2"}, "compressed data are damaged"),
        ({"encoding": "text"}, "needs 60 numbers and holds"),
        ({"sizes": "5 4 4", "byte skip": "-1"}, "cut off"),
        ({"line skip": "1"}, "skips lines"),
        ({"byte skip": "-7"}, "begin 7 bytes before"),
        ({"data file": "LIST"}, "several files"),
        ({"data file": "y%03d.raw 1 3 1"}, "several files"),
        ({"data file": "none.raw"}, "'none.raw' is not in its folder"),
    ],
)
def test_a_damaged_header_ends_in_a_sentence(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"^x\.nrrd: .*({message})"):
        read_volume(stored(tmp_path, **changes))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin as an NRRD"),
        (b"NRRD0009\n\n", "does not begin as an NRRD"),
        (b"NRRD0004\nno field\n\n", "has the line 'no field'"),
        (b"NRRD0004\ntype: short\nTYPE: int\n\n", "says 'TYPE' twice"),
        (b"NRRD0004\n\xff\xfe: \x00\n\n", "0 dimensions"),
        (b"NRRD0004\n" + b"#" * 5_000_000, "0 dimensions"),
    ],
)
def test_what_is_no_nrrd_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "x.nrrd"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_volume(file)


@pytest.mark.parametrize("encoding", ["gzip", "bzip2"])
def test_compressed_data_are_inflated_no_further_than_declared(
    encoding: str, tmp_path: Path
) -> None:
    pack = gzip.compress if encoding == "gzip" else bz2.compress
    file = stored(tmp_path, pack(ARRAY.tobytes()), encoding=encoding)
    assert np.array_equal(read_volume(file).array, ARRAY)
    file = stored(tmp_path, pack(bytes(50 * 2**20)), encoding=encoding)
    with pytest.raises(InputError, match="holds more than it declares"):
        read_volume(file)


@pytest.mark.parametrize("words", ["x " * 60, "1.5 " * 60, "99999 " * 60])
def test_text_that_is_no_number_of_its_type_is_refused(
    words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="a word that is no number of int16"):
        read_volume(stored(tmp_path, words.encode(), encoding="text"))


def test_every_wrong_byte_ends_in_a_sentence_or_a_volume(tmp_path: Path) -> None:
    whole = write_volume(labels_on(grid_of()), tmp_path / "x.nrrd").read_bytes()
    numbers = np.random.default_rng(1)
    file = tmp_path / "y.nrrd"
    for _ in range(400):
        data = bytearray(whole)
        for place in numbers.integers(0, len(data), 3):
            data[place] = numbers.integers(256)
        file.write_bytes(data)
        try:
            read_volume(file)
        except InputError:
            continue


def test_a_type_without_a_name_is_refused(tmp_path: Path) -> None:
    volume = Volume(np.zeros((3, 4, 5), np.float16), grid_of())
    for name in ("x.nrrd", "x.mha"):
        with pytest.raises(InputError, match="Voxels of float16 are not written"):
            write_volume(volume, tmp_path / name)
