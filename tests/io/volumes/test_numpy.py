from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError
from kerma.io.volumes.files import Kind, read_volume, write_volume
from tests.io.volumes.itk_files import ct_of, grid_of, labels_on, oblique

ARRAY = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def saved(folder: Path, array: object) -> Path:
    file = folder / "x.npy"
    np.save(file, np.asarray(array), allow_pickle=True)
    return file


def test_a_bare_array_needs_a_spacing_and_becomes_axial(tmp_path: Path) -> None:
    file = saved(tmp_path, ARRAY)
    with pytest.raises(GeometryError, match=r"^x\.npy: it does not say where"):
        read_volume(file)
    ct = read_volume(file, kind="ct", spacing_mm=(3.0, 1.5, 2.0))
    assert isinstance(ct, CT)
    assert ct.notes[0].startswith("The file does not say where its voxels lie")
    position = ct.grid.to_patient(np.array([1.0, 2, 4]))
    assert np.array_equal(position, [2 * 4, 1.5 * 2, 3])


@pytest.mark.parametrize("spacing", [(0.0, 1.0, 1.0), (np.nan, 1.0, 1.0)])
def test_a_spacing_that_is_none_is_refused(
    spacing: tuple[float, float, float], tmp_path: Path
) -> None:
    with pytest.raises(GeometryError, match=r"^x\.npy: A grid needs"):
        read_volume(saved(tmp_path, ARRAY), spacing_mm=spacing)


@pytest.mark.parametrize(
    "array", [np.asfortranarray(ARRAY), ARRAY.astype(">i2"), ARRAY.astype(np.int64)]
)
def test_any_order_of_memory_and_bytes_is_read(
    array: np.ndarray, tmp_path: Path
) -> None:
    back = read_volume(saved(tmp_path, array), spacing_mm=(1, 1, 1)).array
    assert back.dtype == np.int16
    assert back.dtype.isnative
    assert back.flags.c_contiguous
    assert np.array_equal(back, ARRAY)


def test_a_mask_becomes_a_label_map(tmp_path: Path) -> None:
    mask = saved(tmp_path, ARRAY > 30)
    regions = read_volume(mask, kind="labels", spacing_mm=(1, 1, 1))
    assert isinstance(regions, LabelMap)
    assert regions.array.dtype == np.uint8
    assert regions.mask(1).sum() == 29


def test_the_json_says_in_words_what_the_numbers_are(tmp_path: Path) -> None:
    write_volume(labels_on(grid_of(axes=oblique())), tmp_path / "x.npy")
    said = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert said["shape"] == [3, 4, 5]
    assert said["origin_mm"] == [-120.5, 33.25, -804.5]
    assert said["coordinates"] == "LPS"
    assert said["quantity"] == "labels"
    assert said["labels"][1]["name"] == "Prostata süß"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("shape", [3, 4, 6], r"of shape \(3, 4, 5\), but x\.json says \(3, 4, 6\)"),
        ("spacing_mm", [1, 0, 1], "positive spacing"),
        ("axes", [[0, 0, 1], [0, 1, 0], [0, 1, 0]], "rows perpendicular to columns"),
        ("coordinates", "RAS", "x.json: .*coordinates"),
        ("quantity", "HUs", "x.json: .*quantity"),
        ("spacing", [1, 1, 1], "x.json: .*spacing"),
        ("labels", [{"number": 0, "name": "a"}], "x.json: .*1 to 65535; got 0"),
        ("slice_offsets_mm", [0, 2, 1], "must ascend"),
    ],
)
def test_a_wrong_json_is_refused(
    key: str, value: object, message: str, tmp_path: Path
) -> None:
    file = write_volume(ct_of(grid_of()), tmp_path / "x.npy")
    beside = tmp_path / "x.json"
    said = json.loads(beside.read_text("utf-8")) | {key: value}
    beside.write_text(json.dumps(said), "utf-8")
    with pytest.raises(InputError, match=message) as refusal:
        read_volume(file)
    assert str(tmp_path) not in str(refusal.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("unpickled",))

    objects = np.empty((1, 1, 1), object)
    objects[0, 0, 0] = Trap()
    with pytest.raises(InputError, match="no plain array of NumPy"):
        read_volume(saved(tmp_path, objects), spacing_mm=(1, 1, 1))


@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (1, 3, 4, 5)])
def test_other_dimensions_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    file = saved(tmp_path, np.ones(shape, np.int16))
    with pytest.raises(InputError, match=f"has {len(shape)} dimensions"):
        read_volume(file, spacing_mm=(1, 1, 1))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((1, 1, 1), complex),
        np.zeros((1, 1, 1), "U3"),
        np.zeros((1, 1, 1), [("a", "i2")]),
    ],
)
def test_what_is_no_number_is_refused(array: np.ndarray, tmp_path: Path) -> None:
    file = saved(tmp_path, array)
    kinds: tuple[Kind, ...] = ("volume", "ct", "dose", "labels")
    for kind in kinds:
        with pytest.raises(InputError, match="its voxels are of type"):
            read_volume(file, kind=kind, spacing_mm=(1, 1, 1))


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<i2', 'fortran_order': False, 'shape': (9**99, 1, 1)}",
        b"{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999, 9, 9)}",
        b"{'descr': '<i2', 'fortran_order': False, 'shape': (-3, 4, 5)}",
        b"{'descr': '<i2', 'fortran_order': False, 'shape': (0, 4, 5)}",
        b"{'descr': '<i2'}",
        b"(" * 9000,
        b"__import__('os').abort()",
        b"\xff\xfe\0",
        b"{'descr': ['a'], 'fortran_order': False, 'shape': (3, 4, 5)}",
    ],
)
def test_a_crafted_header_ends_in_a_sentence(header: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    size = len(header).to_bytes(2, "little")
    file.write_bytes(b"\x93NUMPY\x01\x00" + size + header + ARRAY.tobytes())
    with pytest.raises(InputError, match=r"^x\.npy: it"):
        read_volume(file, spacing_mm=(1, 1, 1))


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04", b"x" * 300])
def test_what_is_no_array_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.npy"
    file.write_bytes(content)
    with pytest.raises(InputError, match="no plain array of NumPy"):
        read_volume(file, spacing_mm=(1, 1, 1))


def test_every_wrong_byte_ends_in_a_sentence_or_a_volume(tmp_path: Path) -> None:
    whole = saved(tmp_path, ARRAY).read_bytes()
    numbers = np.random.default_rng(1)
    file = tmp_path / "y.npy"
    for _ in range(400):
        data = bytearray(whole)
        for place in numbers.integers(0, 130, 2):
            data[place] = numbers.integers(256)
        file.write_bytes(data)
        try:
            assert isinstance(read_volume(file, spacing_mm=(1, 1, 1)), Volume)
        except InputError:
            continue
