"""Dose on CT, from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerma.core.dose import DoseUnits
from kerma.io import (
    read_volume,
    write_ct,
    write_dose,
    write_structures,
    write_volume,
)
from kerma.simulation.rt_set import RTSet
from tests.reports.overlays import LINEAR, small_set

Kerma = Callable[..., Any]
POINT = ("--at", "-31", "13", "17")


@pytest.fixture(scope="module")
def patient() -> RTSet:
    return small_set("FFS")


@pytest.fixture(scope="module")
def written(patient: RTSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything."""
    folder = tmp_path_factory.mktemp("patient")
    write_ct(patient.ct, folder / "ct")
    write_dose(patient.dose, folder / "dose.dcm")
    first, *others = patient.structures
    empty = replace(others[0], contours=())
    structures = replace(patient.structures, structures=(first, empty, *others[1:]))
    write_structures(structures, folder / "structures.dcm")
    return folder


def files_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def test_a_folder_with_everything_is_drawn(
    kerma: Kerma, written: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ending = kerma("overlay", written, "--out", out, "--sheet")
    assert (ending.code, ending.err) == (0, "")
    assert files_in(out) == ["overlay.png", "sheet.png"]
    for file in out.iterdir():
        assert file.read_bytes().startswith(b"\x89PNG")
    lines = ending.out.splitlines()
    assert lines[0].startswith("Dose maximum")
    assert "Gy at (" in lines[0]
    assert "Frame of reference   the same for CT, dose and structures" in lines
    assert "Without contours     ROI 2" in lines
    assert "Written              sheet.png" in lines


def test_an_archive_with_everything_is_drawn_as_the_folder(
    kerma: Kerma, written: Path, tmp_path: Path
) -> None:
    archive = shutil.make_archive(str(tmp_path / "patient"), "zip", written)
    for source, name in ((written, "folder"), (archive, "archive")):
        ending = kerma("overlay", source, "--out", tmp_path / name)
        assert (ending.code, ending.err) == (0, "")
    drawn = [
        (tmp_path / name / "overlay.png").read_bytes() for name in ("folder", "archive")
    ]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("form", "ending"), [("nifti", ".nii.gz"), ("nrrd", ".nrrd"), ("npy", ".npy")]
)
def test_the_dose_is_exported_on_the_grid_of_the_ct(
    kerma: Kerma, written: Path, tmp_path: Path, patient: RTSet, form: str, ending: str
) -> None:
    kerma("overlay", written, "--out", tmp_path / "out", "--export", form)
    dose = read_volume(tmp_path / "out" / f"dose_on_ct{ending}")
    ct = read_volume(tmp_path / "out" / f"ct{ending}")
    assert dose.array.shape == ct.array.shape == patient.ct.grid.shape
    assert dose.grid.is_same_as(ct.grid)
    (k, j, i) = (12, 20, 15)
    value = LINEAR(dose.grid.to_patient(np.array([k, j, i])))
    assert dose.array[k, j, i] == pytest.approx(value, abs=1e-3)


def test_the_ct_is_exported_on_the_grid_of_the_dose(
    kerma: Kerma, written: Path, tmp_path: Path, patient: RTSet
) -> None:
    out = tmp_path / "out"
    kerma("overlay", written, "--out", out, "--export", "npy", "--grid", "dose")
    assert files_in(out) == [
        "ct_on_dose.json", "ct_on_dose.npy", "dose.json", "dose.npy", "overlay.png",
    ]  # fmt: skip
    assert np.load(out / "ct_on_dose.npy").shape == patient.dose.grid.shape
    np.testing.assert_allclose(np.load(out / "dose.npy"), patient.dose.gy, atol=1e-4)


def test_research_files_are_drawn_too(
    kerma: Kerma, patient: RTSet, tmp_path: Path
) -> None:
    write_volume(patient.ct, tmp_path / "ct.nrrd")
    write_volume(patient.dose, tmp_path / "dose.nii.gz")
    out = tmp_path / "out"
    files = tmp_path / "ct.nrrd", tmp_path / "dose.nii.gz"
    assert kerma("overlay", *files, "--out", out, *POINT).code == 0
    assert files_in(out) == ["overlay.png"]


def test_a_relative_dose_is_reported_without_gy(
    kerma: Kerma, patient: RTSet, written: Path, tmp_path: Path
) -> None:
    relative = replace(patient.dose, units=DoseUnits.RELATIVE)
    write_dose(relative, tmp_path / "dose.dcm")
    files = written / "ct", tmp_path / "dose.dcm"
    ending = kerma("overlay", *files, "--out", tmp_path / "out")
    assert ending.code == 0
    assert "Gy" not in ending.out


def test_nothing_is_overwritten_unasked(
    kerma: Kerma, written: Path, tmp_path: Path
) -> None:
    (tmp_path / "overlay.png").write_text("mine")
    (tmp_path / "sheet.png").write_text("mine")
    ending = kerma("overlay", written, "--out", tmp_path)
    assert (ending.code, ending.out) == (3, "")
    assert "--overwrite" in ending.err
    assert (tmp_path / "overlay.png").read_text() == "mine"
    ending = kerma("overlay", written, "--out", tmp_path, "--overwrite")
    assert ending.code == 0
    assert "From before and not of this drawing: sheet.png." in ending.out
    assert (tmp_path / "overlay.png").read_bytes().startswith(b"\x89PNG")


def test_a_dose_in_another_frame_is_refused_and_nothing_is_written(
    kerma: Kerma, patient: RTSet, written: Path, tmp_path: Path
) -> None:
    grid = replace(patient.dose.grid, frame_of_reference="1.2.3.4")
    write_dose(replace(patient.dose, grid=grid), tmp_path / "dose.dcm")
    out = tmp_path / "out"
    ending = kerma("overlay", written / "ct", tmp_path / "dose.dcm", "--out", out)
    assert ending.code == 3
    assert "frame of reference" in ending.err
    assert ending.err.count("\n") == 1
    assert files_in(out) == []


def test_an_export_that_cannot_be_written_leaves_nothing_behind(
    kerma: Kerma, patient: RTSet, tmp_path: Path
) -> None:
    """NIfTI has no uneven slices; the pictures are not written either."""
    offsets = [8.0 * k + (1.0 if k > 11 else 0.0) for k in range(24)]
    grid = replace(patient.ct.grid, offsets=tuple(offsets))
    write_ct(replace(patient.ct, grid=grid), tmp_path / "ct")
    write_dose(patient.dose, tmp_path / "dose.dcm")
    out = tmp_path / "out"
    files = tmp_path / "ct", tmp_path / "dose.dcm"
    ending = kerma("overlay", *files, "--out", out, "--export", "nifti")
    assert ending.code == 3
    assert ".npy" in ending.err
    assert files_in(out) == []
    assert kerma("overlay", *files, "--out", out, "--export", "npy").code == 0


def test_a_folder_with_two_doses_of_a_plan_asks_which(
    kerma: Kerma, patient: RTSet, written: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "both"
    shutil.copytree(written, folder)
    other = replace(patient.dose, sop_instance_uid="1.2.3.99")
    write_dose(other, folder / "second.dcm")
    ending = kerma("overlay", folder, "--out", tmp_path / "out")
    assert ending.code == 3
    assert "give the CT and the file of the dose" in ending.err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--levels", "95 much"), "95 80 50"),
        (("--export", "xlsx"), "nifti, nrrd, npy"),
        (("--grid", "mine"), "ct, dose"),
        (("--at", "0", "0", "9999"), "9999.0"),
        (("--prescription-gy", "-5"), "prescription"),
    ],
)
def test_a_wrong_option_ends_in_one_sentence(
    kerma: Kerma, written: Path, tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    ending = kerma("overlay", written, "--out", tmp_path / "out", *options)
    assert ending.code == 3
    assert word in ending.err
    assert ending.err.count("\n") == 1
    assert files_in(tmp_path / "out") == []


def test_a_folder_without_a_dose_is_refused(
    kerma: Kerma, written: Path, tmp_path: Path
) -> None:
    ending = kerma("overlay", written / "ct", "--out", tmp_path / "out")
    assert ending.code == 3
    assert "no set of CT and dose" in ending.err


def test_a_real_plan_with_one_slice_of_its_ct_is_drawn(
    kerma: Kerma, real_data: Path, tmp_path: Path
) -> None:
    plan = real_data / "dicom_rt" / "breast_plan"
    ending = kerma("overlay", plan, "--out", tmp_path, "--prescription-gy", "14")
    assert ending.code == 0
    assert "Dose maximum         14.68 Gy" in ending.out
    assert "% of the dose grid, up to 14.68 Gy" in ending.out
    assert "Without contours     ROI" in ending.out
