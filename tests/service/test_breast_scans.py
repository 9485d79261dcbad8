"""Finding, naming and reading breast CTs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import write_ct, write_volume
from kerma.service.breast_scans import (
    STATUS,
    content_hash,
    find_scans,
    read_scan,
    side_in,
)
from kerma.workflows.breast_ct import breast_grid

SPACING = (0.6, 0.3, 0.4)


def small_ct(seed: int = 1) -> CT:
    hu = np.random.default_rng(seed).integers(-1000, 200, (3, 4, 5)).astype(np.int16)
    return CT(hu, breast_grid((3, 4, 5), SPACING), series_instance_uid=f"1.2.{seed}")


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """A series, a volume of each kind, and what is no scan."""
    write_ct(small_ct(), tmp_path / "P 1" / "left")
    write_volume(small_ct(), tmp_path / "P2.nii.gz")
    write_volume(small_ct(), tmp_path / "more" / "P3.mhd")
    np.save(tmp_path / "P4.npy", small_ct().hu)
    np.save(tmp_path / "segmentation_P4.npy", np.zeros((3, 4, 5), np.uint8))
    np.save(tmp_path / "cylinder.npy", np.zeros((4, 5), bool))
    (tmp_path / "notes.txt").write_text("nothing")
    np.save(tmp_path / ".hidden.npy", small_ct().hu)
    return tmp_path


def test_every_series_and_volume_of_a_folder_is_a_scan(cohort: Path) -> None:
    scans = {one.name: one for one in find_scans([cohort])}
    assert set(scans) == {"P_1_left", "P2", "P4", "more_P3"}
    assert len(scans["P_1_left"].files) == 3
    assert [file.name for file in scans["more_P3"].files] == ["P3.mhd", "P3.raw"]


def test_results_are_no_scans(cohort: Path) -> None:
    (cohort / "more" / STATUS).write_text("{}")
    names = {one.name for one in find_scans([cohort], without=cohort / "P 1")}
    assert names == {"P2", "P4"}


def test_a_folder_that_is_a_series_gives_its_name(cohort: Path) -> None:
    (scan,) = find_scans([cohort / "P 1" / "left"])
    assert scan.name == "left"
    # DICOM sorts slices along their normal, here toward the chest wall.
    np.testing.assert_array_equal(read_scan(scan).hu[::-1], small_ct().hu)


def test_two_series_in_one_folder_are_two_scans(tmp_path: Path) -> None:
    for seed in (1, 2):
        for file in write_ct(small_ct(seed), tmp_path / str(seed)):
            file.rename(tmp_path / f"{seed}_{file.name}")
    first, second = find_scans([tmp_path])
    assert {first.name[-2:], second.name[-2:]} == {"_1", "_2"}
    assert first.series_uid != second.series_uid
    assert read_scan(first).sha256 != read_scan(second).sha256
    assert content_hash(first) != content_hash(second)


def test_a_file_named_twice_is_one_scan(cohort: Path) -> None:
    file = cohort / "P4.npy"
    assert len(find_scans([file, file])) == 1


def test_two_scans_of_one_name_are_refused(cohort: Path) -> None:
    np.save(cohort / "more" / "P4.npy", small_ct().hu)
    with pytest.raises(InputError, match="2 scans would be called 'P4'"):
        find_scans([cohort / "P4.npy", cohort / "more" / "P4.npy"])


def test_no_scan_and_no_folder_end_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no scan in"):
        find_scans([tmp_path])
    with pytest.raises(InputError, match="no such file or folder"):
        find_scans([tmp_path / "nowhere"])


def test_a_damaged_series_is_a_scan_that_fails_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + b"rubbish" * 9)
    (scan,) = find_scans([tmp_path])
    with pytest.raises(InputError):
        read_scan(scan)


def test_a_bare_array_lies_in_the_frame_of_the_breast(cohort: Path) -> None:
    (scan,) = find_scans([cohort / "P4.npy"])
    ct = read_scan(scan, spacing_mm=SPACING)
    assert ct.grid == breast_grid((3, 4, 5), SPACING)
    with pytest.raises(InputError, match="a NumPy array says no voxel size"):
        read_scan(scan)


def test_a_volume_that_says_its_spacing_keeps_it(cohort: Path) -> None:
    (scan,) = find_scans([cohort / "P2.nii.gz"])
    ct = read_scan(scan, spacing_mm=(9.0, 9.0, 9.0))
    np.testing.assert_allclose(ct.grid.spacing, SPACING, rtol=1e-6)


def test_an_array_with_its_geometry_beside_it_keeps_it(tmp_path: Path) -> None:
    axial = Grid(
        (3, 4, 5), (1.0, 2.0, 3.0), SPACING, ((0, 0, 1), (0, 1, 0), (1, 0, 0)), ""
    )
    write_volume(replace(small_ct(), grid=axial), tmp_path / "a.npy")
    (scan,) = find_scans([tmp_path])
    assert read_scan(scan, spacing_mm=(1.0, 1.0, 1.0)).grid == axial


def test_the_hash_knows_the_bytes_and_not_the_names(cohort: Path) -> None:
    (scan,) = find_scans([cohort / "P 1"])
    before = content_hash(scan)
    assert content_hash(replace(scan, files=scan.files[::-1])) == before
    for number, file in enumerate(scan.files):
        file.rename(file.with_name(f"x{9 - number}.dcm"))
    (renamed,) = find_scans([cohort / "P 1"])
    assert content_hash(renamed) == before
    (data,) = (file for file in (cohort / "more").iterdir() if file.suffix == ".raw")
    (volume,) = find_scans([cohort / "more"])
    before = content_hash(volume)
    data.write_bytes(data.read_bytes()[:-1] + b"\x07")
    assert content_hash(volume) != before


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Breast_L", "L"), ("BREAST RT soft", "R"), ("Mamma links", "L"),
        ("P01-right", "R"), ("left and right", None), ("Prelim", None), (None, None),
        ("P_LR", None),
    ],
)  # fmt: skip
def test_a_side_is_a_word_of_its_own(text: str | None, side: str | None) -> None:
    assert side_in(text) == side


def test_a_scan_named_by_two_paths_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 3, 3), np.int16))
    monkeypatch.chdir(tmp_path)
    assert len(find_scans([Path("a.npy"), tmp_path / "a.npy"])) == 1
