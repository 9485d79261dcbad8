"""The commands on DICOM files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerma.io import read_ct, write_ct, write_structures
from kerma.simulation.rt_set import Layout, simulate_rt_set

Kerma = Callable[..., Any]


@pytest.fixture
def patient(tmp_path: Path) -> Path:
    """A small CT with its structures."""
    rt = simulate_rt_set(Layout(matrix=16, slices=5, pixel_mm=24))
    folder = tmp_path / "patient"
    write_ct(rt.ct, folder / "ct")
    write_structures(rt.structures, folder / "rs.dcm", ct=rt.ct)
    return folder


def test_index_says_what_is_there(kerma: Kerma, patient: Path) -> None:
    ending = kerma("index", patient, "--cache", patient.parent / "cache")
    assert ending.code == 0
    assert "CT        5 files" in ending.out
    assert "RTSTRUCT  1 file" in ending.out
    again = kerma("index", patient, "--json")
    kinds = json.dumps(json.loads(again.out))
    assert "RTSTRUCT" in kinds


def test_index_of_nothing_is_refused(kerma: Kerma, tmp_path: Path) -> None:
    ending = kerma("index", tmp_path / "none")
    assert ending.code == 3
    assert "no such file or folder" in ending.err


def test_deidentify_writes_files_that_name_nobody(
    kerma: Kerma, patient: Path, tmp_path: Path
) -> None:
    out, key, report = (tmp_path / name for name in ("out", "site.key", "report.json"))
    ending = kerma("deidentify", patient, out, "--key", key, "--report", report)
    assert ending.code == 0, ending.err
    written = list(out.rglob("*.dcm"))
    assert len(written) == 6
    assert not any(b"Kerma^Phantom" in file.read_bytes() for file in written)
    assert read_ct(out).study.patient_name.startswith("KERMA-")
    assert json.loads(report.read_text())["refused"] == []
    again = kerma("deidentify", patient, out, "--key", key)
    assert again.code == 1


def test_an_option_that_is_none_is_named(
    kerma: Kerma, patient: Path, tmp_path: Path
) -> None:
    ending = kerma(
        "deidentify", patient, tmp_path / "o", "--key", tmp_path / "k", "--option", "x"
    )
    assert ending.code == 3
    assert "'x'" in ending.err
