from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.workflows.ct_calibration.constancy import Scope
from kerma.workflows.ct_calibration.history import (
    BaselineLog,
    History,
    load_history,
    read_baseline_log,
    watch_history,
)
from kerma.workflows.ct_calibration.history.series import Loaded
from kerma.workflows.ct_calibration.history.validity import AcceptedBaseline
from kerma.workflows.ct_calibration.phantoms import load_tolerances
from kerma.workflows.ct_calibration.result import Calibration

Months = Callable[..., Loaded]
SINCE = np.maximum(np.arange(36) - 17, 0)[:, None]  # months since the change
DOSE = load_tolerances("dose")


def watched(
    loaded: Loaded, models: Mapping[str, Phantom], **options: object
) -> History:
    return watch_history(loaded, DOSE, phantoms=tuple(models.values()), **options)  # type: ignore[arg-type]


def test_a_quiet_scanner_passes_without_a_warning(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(), models)
    assert history.passed
    assert history.warnings == 0
    assert history.summary().splitlines()[-1] == "PASS"


def test_a_step_of_5_hu_warns_with_date_and_cause_and_passes(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(moved=5.0 * (SINCE > 0)), models)
    assert history.verdict is Verdict.PASS
    (series,) = history.series
    assert [one.first for one in series.stretches] == [0, 18]
    assert min(alarm.first for alarm in series.alarms) == 18
    told = " ".join(series.warnings)
    assert f"signal for 8 of 8 inserts since {series.dates[18]}" in told
    assert f"stepped about {series.dates[18]}, and no new baseline" in told
    assert "All inserts moved by +4." in told
    assert "water and air calibration" in told


def test_a_drift_of_1_hu_a_month_is_action_with_a_time_to_the_limit(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(moved=1.0 * SINCE), models)
    assert history.verdict is Verdict.ACTION
    assert not history.passed
    told = " ".join(history.series[0].warnings)
    assert "began to drift" in told
    assert "next to reach its tolerance, in" in told
    teflon = next(i for i in history.series[0].inserts if i.insert == "teflon")
    assert teflon.drift is not None
    assert teflon.drift.lowest < 12 * 365.25 / 364.8 < teflon.drift.highest


def test_a_change_beyond_the_action_level_fails(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(moved=30.0 * (SINCE > 0)), models)
    assert history.verdict is Verdict.FAIL


def test_a_new_baseline_ends_the_alarms(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    loaded = months(moved=5.0 * (SINCE > 0))
    day = loaded.results[18].day
    log = BaselineLog((AcceptedBaseline(day, "tube change", "M. C."),))
    history = watched(loaded, models, baselines=log)
    (series,) = history.series
    assert [period.first for period in series.periods] == [0, 18]
    assert series.periods[1].reason == "tube change"
    assert series.warnings == ()
    assert abs(series.inserts[0].deviation.change_hu or 99) < 4
    elsewhere = BaselineLog((AcceptedBaseline(day, "tube", "M. C.", station="CT9"),))
    assert watched(loaded, models, baselines=elsewhere).warnings > 0


def test_without_the_model_the_tube_voltage_is_not_tried_and_that_is_told(
    months: Months,
) -> None:
    (series,) = watch_history(months(6), DOSE).series
    assert "tube voltage is not among the causes tried" in series.notes[0]


def test_the_history_survives_being_stored(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(moved=1.0 * SINCE), models)
    assert History.from_json(history.to_json()) == history
    assert "NaN" not in history.to_json()


def test_what_was_made_under_other_conditions_stands_apart(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    """A serial number that is not stated is not the same serial number."""
    main = months(5)
    other = months(1, scope=Scope(station="CT1", kv=100.0, phantom="catphan504"))
    history = watched(Loaded((*main.results, *other.results), (), ()), models)
    assert len(history.series) == 1
    (apart,) = history.apart
    assert "kv 100.0, not 120.0" in apart.reason
    assert "kernel not stated, not B30" in apart.reason


def test_one_result_alone_is_inconclusive(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    history = watched(months(1), models)
    assert history.verdict is Verdict.INCONCLUSIVE
    assert not history.passed


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_short_history_can_be_judged(
    months: Months, models: Mapping[str, Phantom], count: int
) -> None:
    (series,) = watched(months(count), models).series
    assert series.verdict is Verdict.PASS
    assert all(one is None for one in series.t_squared)
    assert "needs 12 earlier results" in series.t_squared_reason


def test_an_insert_that_was_not_measured_last_is_inconclusive(
    months: Months, models: Mapping[str, Phantom]
) -> None:
    loaded = months(8)
    last = loaded.results[-1]
    holed = replace(last.accepted, mean_hu={**last.accepted.mean_hu, "teflon": None})
    results = (*loaded.results[:-1], replace(last, accepted=holed))
    history = watched(Loaded(results, (), ()), models)
    assert history.verdict is Verdict.INCONCLUSIVE
    assert "not measured in the last result" in history.summary()


def _store(
    calibrated: Calibration, folder: Path, day: str, name: str, hu: float
) -> None:
    made = replace(calibrated.acquisition, study_date=day, station="CT1")
    readings = tuple(replace(r, mean_hu=r.mean_hu + hu) for r in calibrated.readings)
    text = replace(calibrated, acquisition=made, readings=readings).to_json()
    (folder / name).write_text(text, encoding="utf-8")


def test_a_folder_is_sorted_by_date_and_what_is_no_result_is_told(
    calibrated: Calibration, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    _store(calibrated, tmp_path, "20250301", "a.json", 1.0)
    _store(calibrated, tmp_path / "b", "20250201", "z.json", 0.0)
    _store(calibrated, tmp_path, "20250301", "copy.json", 1.0)
    _store(calibrated, tmp_path, "", "undated.json", 2.0)
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "broken.json").write_text('{"kind": "ct_cal')
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    loaded = load_history(tmp_path)
    assert [one.file for one in loaded.results] == ["b/z.json", "a.json"]
    assert loaded.results[0].day == date(2025, 2, 1)
    assert [(d.file, d.reason) for d in loaded.duplicates] == [
        ("copy.json", "the same result as a.json")
    ]
    reasons = {one.file: one.reason for one in loaded.skipped}
    assert set(reasons) == {"notes.json", "broken.json", "other.csv", "undated.json"}
    assert "no place in a history" in reasons["undated.json"]
    assert "no column 'insert'" in reasons["other.csv"]


def test_tables_of_the_first_scripts_make_a_history(tmp_path: Path) -> None:
    for month in range(1, 7):
        rows = [
            f"CT1,120,2025{month:02d}05,catphan_ctp404,{name},{hu + month / 10}"
            for name, hu in (("air", -1000), ("ldpe", -104), ("teflon", 990))
        ]
        head = "StationName,KVP,StudyDate,phantom,insert,hu_mean"
        (tmp_path / f"{month}.csv").write_text("\n".join([head, *rows]) + "\n")
    history = watch_history(load_history(tmp_path), load_tolerances("seed"))
    (series,) = history.series
    assert [one.insert for one in series.inserts] == ["air", "ldpe", "teflon"]
    assert [one.deviation.tolerance_hu for one in series.inserts] == [50, 40, 50]
    assert series.inserts[0].deviation.change_hu == pytest.approx(0.5)
    assert history.passed


@pytest.mark.parametrize("content", ["", "[]", "null", '{"kind": 1}'])
def test_a_named_file_that_is_no_result_is_refused(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "x.json"
    file.write_text(content)
    with pytest.raises(InputError, match=r"x\.json"):
        load_history([file])
    with pytest.raises(InputError, match=r"no result of a calibration here \(x.json"):
        load_history(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        load_history(tmp_path / "none")


def test_a_log_of_baselines_is_read_and_must_say_why_and_who(tmp_path: Path) -> None:
    file = tmp_path / "baselines.toml"
    file.write_text(
        '[[baseline]]\nvalid_from = 2025-03-14\nreason = "tube change"\nwho = "M. C."\n'
    )
    (one,) = read_baseline_log(file).of(Scope())
    assert (one.valid_from, one.reason) == (date(2025, 3, 14), "tube change")
    file.write_text('[[baseline]]\nvalid_from = 2025-03-14\nreason = ""\nwho = "M"\n')
    with pytest.raises(InputError, match="does not say its reason"):
        read_baseline_log(file)
    file.write_text('[[baseline]]\nfrom = 2025-03-14\nreason = "a"\nwho = "M"\n')
    with pytest.raises(InputError, match=r"valid_from: Missing|valid_from: Field"):
        read_baseline_log(file)
    twice = {"valid_from": "2025-03-14", "reason": "a", "who": "b"}
    other = tmp_path / "log.json"
    other.write_text(json.dumps({"baseline": [twice, twice]}))
    with pytest.raises(InputError, match="Two baselines are valid from 2025-03-14"):
        read_baseline_log(other)
