from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.io.volumes.files import read_volume, write_volume
from tests.io.volumes.itk_files import (
    ct_of,
    grid_of,
    labels_on,
    oblique,
    write_with_itk,
)

ARRAY = np.arange(60, dtype="<i2").reshape(3, 4, 5)  # (k, j, i)
HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "-100 -50 -900",
    "AnatomicalOrientation": "???",
    "ElementSpacing": "2 1.5 3",
    "DimSize": "5 4 3",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}
GRID = grid_of(origin=(-100.0, -50.0, -900.0), spacing=(3.0, 1.5, 2.0))


def stored(folder: Path, data: bytes | None = None, **changes: str | None) -> Path:
    """A file with some fields changed; ``None`` leaves one out."""
    fields = {**HEADER, **changes}
    fields["ElementDataFile"] = fields.pop("ElementDataFile")
    lines = [f"{key} = {text}\n" for key, text in fields.items() if text is not None]
    file = folder / "x.mha"
    content = "".join(lines).encode()
    file.write_bytes(content + (ARRAY.tobytes() if data is None else data))
    return file


def test_each_triple_of_the_matrix_is_the_direction_of_one_axis(tmp_path: Path) -> None:
    """The first three numbers are where i goes: here to the feet."""
    file = stored(tmp_path, TransformMatrix="0 0 -1 1 0 0 0 1 0")
    grid = read_volume(file).grid
    assert grid.axes == ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
    position = grid.to_patient(np.array([1.0, 2, 4]))
    assert np.array_equal(position, [-100 + 1.5 * 2, -50 + 3, -900 - 2 * 4])


def test_other_names_of_the_fields_are_known(tmp_path: Path) -> None:
    file = stored(
        tmp_path,
        ARRAY.astype(">i2").tobytes(),
        Offset=None,
        Position=HEADER["Offset"],
        TransformMatrix=None,
        Orientation=HEADER["TransformMatrix"],
        ElementSpacing=None,
        ElementSize=HEADER["ElementSpacing"],
        BinaryDataByteOrderMSB=None,
        ElementByteOrderMSB="True",
    )
    volume = read_volume(file)
    assert volume.grid == GRID
    assert np.array_equal(volume.array, ARRAY)


@pytest.mark.parametrize(("unit", "factor"), [("cm", 10.0), ("um", 1e-3)])
def test_units_of_length_become_mm(unit: str, factor: float, tmp_path: Path) -> None:
    grid = read_volume(stored(tmp_path, DistanceUnits=unit)).grid
    assert np.allclose(grid.spacing, np.array(GRID.spacing) * factor)
    assert np.allclose(grid.origin, np.array(GRID.origin) * factor)


def test_what_places_the_volume_by_default_is_noted(tmp_path: Path) -> None:
    ct = read_volume(stored(tmp_path, Offset=None, TransformMatrix=None), kind="ct")
    assert isinstance(ct, CT)
    assert ct.grid.origin == (0.0, 0.0, 0.0)
    assert [note.split(":")[0] for note in ct.notes] == [
        "The file names no origin",
        "The file names no directions",
    ]


def test_a_file_without_spacing_needs_one(tmp_path: Path) -> None:
    file = stored(tmp_path, ElementSpacing=None)
    with pytest.raises(GeometryError, match="does not say where its voxels lie"):
        read_volume(file)
    assert read_volume(file, spacing_mm=(3.0, 1.5, 2.0)).grid.spacing == GRID.spacing


@pytest.mark.parametrize("pack", ["zlib", "gzip"])
def test_compressed_data_beside_the_header_are_read(pack: str, tmp_path: Path) -> None:
    packed = (zlib if pack == "zlib" else gzip).compress(ARRAY.tobytes())
    (tmp_path / "y.zraw").write_bytes(packed)
    file = stored(tmp_path, b"", CompressedData="True", ElementDataFile="y.zraw")
    assert np.array_equal(read_volume(file).array, ARRAY)


def test_bytes_before_the_data_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "y.raw").write_bytes(b"before" + ARRAY.tobytes())
    for size in ("6", "-1"):
        file = stored(tmp_path, b"", HeaderSize=size, ElementDataFile="y.raw")
        assert np.array_equal(read_volume(file).array, ARRAY)


def test_a_compressed_file_of_itk_is_read(tmp_path: Path) -> None:
    ct = ct_of(grid_of(axes=oblique()))
    write_with_itk(tmp_path / "x.mhd", ct, compressed=True)
    assert (tmp_path / "x.zraw").exists()
    assert np.array_equal(read_volume(tmp_path / "x.mhd").array, ct.hu)


@pytest.mark.parametrize("named", ["../y.raw", "/etc/passwd", "a/../../y.raw"])
def test_data_outside_the_folder_are_left_unread(named: str, tmp_path: Path) -> None:
    (tmp_path / "y.raw").write_bytes(ARRAY.tobytes())
    (tmp_path / "y.raw.gz").write_bytes(gzip.compress(ARRAY.tobytes()))
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InputError, match="outside the folder of the header"):
        read_volume(stored(folder, b"", ElementDataFile=named))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ObjectType": "Tube"}, "ObjectType is 'Tube', not Image"),
        ({"NDims": "2"}, "2 dimensions and 1 channels"),
        ({"ElementNumberOfChannels": "3"}, "3 dimensions and 3 channels"),
        ({"BinaryData": "False"}, "store them binary"),
        ({"ElementType": "MET_STRING"}, "'MET_STRING', not real numbers"),
        ({"ElementToIntensityFunctionSlope": "2"}, "scaled by 2 and 0"),
        ({"DimSize": "5 4"}, "'DimSize' needs 3 numbers; got '5 4'"),
        ({"DimSize": "5 4 0"}, "each number must be over 0"),
        ({"DimSize": "5 4 2.5"}, "needs whole numbers"),
        ({"DimSize": "5 4 4"}, "cut off"),
        ({"DimSize": "5 4 2"}, "more than it declares"),
        ({"DimSize": "99999999 99999999 99999999"}, "GiB"),
        ({"ElementSpacing": "2 inf 3"}, "needs 3 numbers"),
        ({"ElementSpacing": "2 -1 3"}, "each number must be over 0"),
        ({"ElementSpacing": "2 0 3"}, "each number must be over 0"),
        ({"TransformMatrix": "1 0 0 0 1 0"}, "needs 9 numbers"),
        ({"TransformMatrix": "2 0 0 0 1 0 0 0 1"}, "not unit vectors"),
        ({"TransformMatrix": "1 0 0 0.6 0.8 0 0 0 1"}, "not at a right angle"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 1 0"}, "stacked across"),
        ({"Offset": "a b c"}, "'Offset' needs 3 numbers"),
        ({"DistanceUnits": "inch"}, "mm, cm or um"),
        ({"HeaderSize": "-3"}, "begin 3 bytes before"),
        ({"HeaderSize": "4", "CompressedData": "True"}, "skips bytes"),
        ({"CompressedData": "True"}, "compressed data are damaged"),
        ({"ElementDataFile": "LIST"}, "several files"),
        ({"ElementDataFile": "y%03d.raw 1 3 1"}, "several files"),
        ({"ElementDataFile": "none.raw"}, "'none.raw' is not in its folder"),
        ({"ElementDataFile": ""}, "is not in its folder"),
        ({"two words": "x"}, "no 'name = value'"),
    ],
)
def test_a_damaged_header_ends_in_a_sentence(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"^x\.mha: .*({message})"):
        read_volume(stored(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"NDims = 3\n", b"\n" * 5_000_000])
def test_what_is_no_metaimage_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.mha").write_bytes(content)
    with pytest.raises(InputError, match="no line names its ElementDataFile"):
        read_volume(tmp_path / "x.mha")


def test_every_wrong_byte_ends_in_a_sentence_or_a_volume(tmp_path: Path) -> None:
    whole = write_volume(labels_on(grid_of()), tmp_path / "x.mha").read_bytes()
    assert isinstance(read_volume(tmp_path / "x.mha"), LabelMap)
    numbers = np.random.default_rng(1)
    file = tmp_path / "y.mha"
    for _ in range(400):
        data = bytearray(whole)
        for place in numbers.integers(0, len(data), 3):
            data[place] = numbers.integers(256)
        file.write_bytes(data)
        try:
            read_volume(file)
        except InputError:
            continue
