from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerma.workflows.ct_calibration.history import History
from kerma.workflows.ct_calibration.result import Calibration

Kerma = Callable[..., Any]


@pytest.fixture
def results(tmp_path: Path, calibrated: Calibration) -> Callable[[float], Path]:
    """A folder of 14 months; the last three moved by so many HU."""

    def store(moved_hu: float) -> Path:
        folder = tmp_path / "results"
        folder.mkdir()
        rng = np.random.default_rng(2)
        for k in range(14):
            change = rng.normal(0, 0.5, len(calibrated.readings))
            change += moved_hu * (k > 10)
            day = f"{2024 + k // 12}{k % 12 + 1:02d}07"
            made = replace(calibrated.acquisition, study_date=day, station="CT1")
            readings = tuple(
                replace(r, mean_hu=r.mean_hu + float(d))
                for r, d in zip(calibrated.readings, change, strict=True)
            )
            one = replace(calibrated, acquisition=made, readings=readings)
            (folder / f"{day}.json").write_text(one.to_json(), encoding="utf-8")
        return folder

    return store


def test_a_warning_does_not_fail_the_nightly_job(
    kerma: Kerma, results: Callable[[float], Path]
) -> None:
    ending = kerma("calibrate", "history", results(6.0))
    assert ending.code == 0
    assert "14 results, 2024-01-07 to 2025-02-07: pass" in ending.out
    assert "warning: The charts signal for 8 of 8 inserts since" in ending.out
    assert ending.out.splitlines()[-1].startswith("PASS, ")


def test_a_change_beyond_the_dose_tolerance_does(
    kerma: Kerma, results: Callable[[float], Path]
) -> None:
    ending = kerma("calibrate", "history", results(15.0))
    assert ending.code == 1
    assert ending.out.splitlines()[-1].startswith("ACTION, ")


def test_a_wider_profile_and_a_new_baseline_let_it_pass(
    kerma: Kerma, results: Callable[[float], Path], tmp_path: Path
) -> None:
    folder = results(15.0)
    assert kerma("calibrate", "history", folder, "--tolerances", "seed").code == 0
    log = tmp_path / "log.toml"
    log.write_text(
        '[[baseline]]\nvalid_from = 2024-12-01\nreason = "tube"\nwho = "M. C."\n'
    )
    ending = kerma("calibrate", "history", folder, "--baselines", log)
    assert (ending.code, ending.out.splitlines()[-1]) == (0, "PASS")


@pytest.mark.slow
def test_the_report_is_written_once(
    kerma: Kerma, results: Callable[[float], Path], tmp_path: Path
) -> None:
    out = tmp_path / "report"
    ending = kerma("calibrate", "history", results(6.0), "--out", out, "--json")
    found = History.from_json((out / "history.json").read_text(encoding="utf-8"))
    assert found == History.from_json(ending.out)
    assert (out / "history.pdf").stat().st_size > 10_000
    again = kerma("calibrate", "history", tmp_path / "results", "--out", out)
    assert again.code == 3
    assert "is there already" in again.err


def test_a_report_does_not_come_back_as_a_result(
    kerma: Kerma, results: Callable[[float], Path]
) -> None:
    """Kept in the same folder, it is skipped and told."""
    folder = results(0.0)
    printed = kerma("calibrate", "history", folder, "--json").out
    made = History.from_json(printed)
    assert made.provenance is not None
    assert made.provenance.procedure == "ct-calibration-history"
    (folder / "history.json").write_text(printed, encoding="utf-8")
    ending = kerma("calibrate", "history", folder)
    assert ending.code == 0
    assert "14 results" in ending.out
    assert "skipped: history.json" in ending.out


def test_a_folder_without_results_is_refused(kerma: Kerma, tmp_path: Path) -> None:
    ending = kerma("calibrate", "history", tmp_path)
    assert ending.code == 3
    assert "no result of a calibration" in ending.err


def test_calibrate_has_kept_its_own_words(kerma: Kerma, tmp_path: Path) -> None:
    """A scan may even be called history, with a path to it."""
    assert "Missing argument" in kerma("calibrate").err
    assert "--baseline " in kerma("calibrate", "--help").out
    assert "--baselines" in kerma("calibrate", "history", "--help").out
    ending = kerma("calibrate", tmp_path / "history")
    assert ending.code == 3
