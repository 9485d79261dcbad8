"""Arrays and tables as the first breast CT scripts have them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.errors import InputError
from kerma.io import read_volume
from kerma.reports.breast_ct.exports import export
from kerma.reports.breast_ct.seed_files import (
    read_records,
    record_scan,
    rewrite_tables,
)
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import Tissue
from tests.reports.breast_ct.small_breasts import small_breast


def named(name: str, **seconds: float) -> SegmentedBreast:
    breast = small_breast()
    return replace(
        breast, result=replace(breast.result, scan=name),
        seconds=seconds or breast.seconds,
    )  # fmt: skip


def test_the_array_is_in_the_frame_of_the_breast(tmp_path: Path) -> None:
    file, geometry, fold = export(small_breast(), tmp_path, ["numpy"])

    assert [f.name for f in (file, geometry, fold)] == [
        "segmentation_B 1.npy", "segmentation_B 1.json", "segmentation_fold_B 1.npy",
    ]  # fmt: skip
    array = np.load(file)
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, small_breast().numbers)
    held = np.flatnonzero((array > 0).any(axis=(1, 2)))
    tissue = (array > 0).sum(axis=(1, 2))
    assert held[0] == 0
    assert tissue[0] > tissue[held[-1]]  # the chest wall first, the nipple last
    read = read_volume(file)
    assert isinstance(read, LabelMap)
    assert read["glands"].number == Tissue.GLAND
    np.testing.assert_allclose(
        read.grid.affine, small_breast().turned.grid.affine, atol=1e-9
    )


def test_the_fold_is_kept_once_more_as_far_as_it_reaches(tmp_path: Path) -> None:
    *_, file = export(small_breast(), tmp_path, ["numpy"])

    fold = np.load(file)
    assert fold.dtype == np.bool_
    whole = small_breast().numbers == Tissue.FOLD
    assert fold[-1].any()
    np.testing.assert_array_equal(fold, whole[: len(fold)])
    assert not whole[len(fold) :].any()


def test_without_a_fold_there_is_no_file_and_an_old_one_goes(tmp_path: Path) -> None:
    export(small_breast(), tmp_path, ["numpy"])
    numbers = np.where(small_breast().numbers == Tissue.FOLD, 0, small_breast().numbers)
    without = replace(small_breast(), numbers=numbers.astype(np.uint8))

    written = export(without, tmp_path, ["numpy"])

    assert len(written) == 2
    assert not (tmp_path / "segmentation_fold_B 1.npy").exists()


def rows_of(file: Path) -> list[list[str]]:
    with file.open(newline="") as stream:
        return list(csv.reader(stream))


def test_tables_lead_with_the_columns_of_the_first_scripts(tmp_path: Path) -> None:
    record_scan(named("7", Body=1.0, Glands=0.26, Skin=2.0, Rib=0.04), tmp_path)

    times, glandularity = rewrite_tables(tmp_path)

    assert rows_of(times) == [
        ["id", "Total", "Glands", "Skin", "Muscle", "Rib", "Fold", "Silicone"],
        ["7", "3.3", "0.3", "2.0", "0.0", "0.0", "0.0", "0.0"],
    ]
    header, row = rows_of(glandularity)
    assert header[:3] == ["id", "HU_G", "Seg_G"]
    result = small_breast().result
    told = dict(zip(header, row, strict=True))
    assert told["HU_G"] == str(round(result.glandularity.hu_g.value, 4))
    assert float(told["VGF"]) == result.glandularity.vgf.value
    assert float(told["fold_ml"]) == result.volumes_ml["skin fold"]
    assert told["laterality"] == "L"
    assert told["flags"].split() == [flag.code for flag in result.flags]


def test_a_scan_has_one_row_however_often_it_runs_and_whatever_the_order(
    tmp_path: Path,
) -> None:
    for name in ("10", "2", "b", "10", "2"):
        record_scan(named(name), tmp_path)
        rewrite_tables(tmp_path)

    for name in ("Segmentation_time.csv", "Glandularity.csv"):
        assert [row[0] for row in rows_of(tmp_path / name)] == ["id", "2", "10", "b"]


def test_tables_are_the_same_bytes_when_written_again(tmp_path: Path) -> None:
    record_scan(named("1"), tmp_path)
    before = [file.read_bytes() for file in rewrite_tables(tmp_path)]

    assert [file.read_bytes() for file in rewrite_tables(tmp_path)] == before
    assert b"\r" not in before[0]


def test_without_records_no_table_is_written(tmp_path: Path) -> None:
    assert rewrite_tables(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_record_reads_back_as_it_was(tmp_path: Path) -> None:
    record_scan(small_breast(), tmp_path)

    (record,) = read_records(tmp_path)

    assert record.result == small_breast().result
    assert record.seconds == small_breast().seconds


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"result": {}, "seconds": {}}', '{"result": 1, "seconds": 2}'],
)
def test_a_damaged_record_is_named(content: str, tmp_path: Path) -> None:
    file = record_scan(small_breast(), tmp_path)
    file.write_text(content)

    with pytest.raises(InputError, match=r"B 1.json: .* run the scan again"):
        rewrite_tables(tmp_path)


def test_a_record_with_wrong_seconds_or_name_is_refused(tmp_path: Path) -> None:
    file = record_scan(small_breast(), tmp_path)
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "seconds": {"Skin": "long"}}))
    with pytest.raises(InputError, match=r"Skin: .* run the scan again"):
        read_records(tmp_path)
    file.write_text(json.dumps(content))
    file.rename(file.with_name("C.json"))
    with pytest.raises(InputError, match="of another scan"):
        read_records(tmp_path)
