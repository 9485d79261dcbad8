from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import kerma
from kerma import reports
from kerma.errors import InputError
from kerma.io import write_ct
from kerma.service.procedures import PROCEDURES, ct_calibration, run
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.result import Calibration


def test_a_procedure_runs_on_plain_values(
    series: Path, calibrated: Calibration
) -> None:
    """Text for a path and for a flag, as they come from a form."""
    found = run(
        "ct-calibration",
        {"scan": str(series), "phantom": "auto", "any_scope": "false"},
    )
    assert isinstance(found, Calibration)
    assert found.readings == calibrated.readings
    assert found.passed


def test_the_procedure_is_a_name_of_the_package(series: Path) -> None:
    found = kerma.ct_calibration(series, phantom="catphan504")
    assert found.recognition.phantom == "catphan504"
    assert kerma.ct_calibration is PROCEDURES["ct-calibration"]


def test_an_unknown_procedure_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="'ct-calibr'; there are: breast-cohort"):
        run("ct-calibr", {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scan": ".", "phantoms": "auto"}, "ct-calibration: phantoms: Unexpected"),
        ({}, "ct-calibration: scan: Missing"),
        ({"scan": 3}, "ct-calibration: scan: .*path"),
        ({"scan": ".", "any_scope": "maybe"}, "any_scope: .*boolean"),
        ({"scan": ".", "phantom": None}, "phantom: .*string"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("ct-calibration", arguments)


def test_one_of_several_series_is_chosen_by_its_uid(
    tmp_path: Path, catphan: SimulatedCT
) -> None:
    write_ct(catphan.ct, tmp_path / "one")
    write_ct(catphan.ct, tmp_path / "two", uid_seed="another")
    with pytest.raises(InputError, match="2 CT series"):
        ct_calibration(tmp_path)
    uid = catphan.ct.series_instance_uid
    found = ct_calibration(tmp_path, phantom="catphan504", series_uid=uid)
    assert found.provenance is not None
    assert found.provenance.inputs[0].series_instance_uid == uid


def test_a_tolerance_of_the_site_takes_the_place_of_the_profile_s(
    series: Path, tmp_path: Path, calibrated: Calibration
) -> None:
    """Teflon: 45 and 90 HU in the profile, 95 HU here, and no action level."""
    then = tmp_path / "then.csv"
    means = (f"{one.name},{one.mean_hu - 92}\n" for one in calibrated.readings)
    then.write_text("insert,hu_mean\n" + "".join(means))
    config = tmp_path / "site.json"
    config.write_text('{"tolerances_hu": {"teflon": 95}}')
    found = ct_calibration(
        series,
        phantom="catphan504",
        baseline=then,
        tolerances="dose",
        config=config,
    ).constancy
    assert found is not None
    assert found.tolerances == "dose + site"
    row = {one.insert: one for one in found.deviations}
    assert (row["teflon"].tolerance_hu, row["teflon"].action_hu) == (95, 95)
    assert row["teflon"].verdict == "pass"
    assert (row["delrin"].tolerance_hu, row["delrin"].action_hu) == (22, 45)
    assert row["delrin"].verdict == "fail"


def test_progress_says_what_is_being_done(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = SimpleNamespace(pdf_problem="")
    monkeypatch.setattr(reports, "report_calibration", lambda *_, **__: written)
    told: list[tuple[str, float]] = []
    ct_calibration(
        series,
        phantom="catphan504",
        out=tmp_path,
        progress=lambda step, done: told.append((step, done)),
    )
    steps = list(dict.fromkeys(step for step, _ in told))
    assert steps == ["Reading", "Finding the phantom", "Writing the report"]
    reading = [done for step, done in told if step == "Reading"]
    assert reading == sorted(reading)
    assert reading[-1] == 1


def test_a_report_without_its_pdf_says_why(
    series: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    written = SimpleNamespace(pdf_problem="Install Pango.")
    monkeypatch.setattr(reports, "report_calibration", lambda *_, **__: written)
    ct_calibration(series, phantom="catphan504", out=tmp_path)
    assert "No PDF was written. Install Pango." in caplog.text


def test_the_same_files_give_the_same_result(series: Path) -> None:
    first, second = (ct_calibration(series, phantom="catphan504") for _ in range(2))
    assert first == second
    assert first.provenance is not None
    assert second.provenance is not None
    assert first.provenance.inputs == second.provenance.inputs


def test_nothing_is_written_unless_asked_for(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(series.iterdir())
    ct_calibration(series, phantom="catphan504")
    assert list(tmp_path.iterdir()) == []
    assert sorted(series.iterdir()) == before
