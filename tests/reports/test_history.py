"""The report of a history, from readings with a known story."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from benchmarks.history_study import past_results
from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.reports.figures_history import plot_control_charts, plot_statistics
from kerma.reports.history import history_csv, report_history
from kerma.workflows.ct_calibration.history import BaselineLog, History, watch_history
from kerma.workflows.ct_calibration.history.series import Loaded
from kerma.workflows.ct_calibration.history.validity import AcceptedBaseline
from kerma.workflows.ct_calibration.phantoms import load_tolerances


@pytest.fixture(scope="module")
def history(models: Mapping[str, Phantom]) -> History:
    """Thirty months of a Catphan 504 with a step of 5 HU and a new baseline."""
    phantom = models["catphan504"]
    results = past_results(phantom, "step of 5 HU", np.random.default_rng(1))[:30]
    log = BaselineLog((AcceptedBaseline(results[24].day, "<tube>", "M. C."),))
    return watch_history(
        Loaded(results, (), ()),
        load_tolerances("dose"),
        phantoms=[phantom],
        baselines=log,
    )


def test_the_files_hold_page_table_pictures_and_an_equal_record(
    history: History, tmp_path: Path
) -> None:
    assert report_history(history, tmp_path, pdf=False) == ""
    stored = (tmp_path / "history.json").read_text(encoding="utf-8")
    assert History.from_json(stored) == history
    page = (tmp_path / "history.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml") == 3
    assert "&lt;tube&gt;" in page
    assert "<tube>" not in page
    assert "M. C." in page
    pictures = {file.name for file in tmp_path.glob("*.png")}
    assert pictures == {
        f"history_1_{name}.png" for name in ("charts", "statistics", "causes")
    }
    with pytest.raises(InputError, match="is there already"):
        report_history(history, tmp_path, pdf=False)


def test_the_table_has_a_row_for_each_result_and_insert(history: History) -> None:
    rows = list(csv.DictReader(io.StringIO(history_csv(history))))
    assert len(rows) == 30 * 8
    stepped = [row for row in rows if row["date"] == str(history.series[0].dates[21])]
    assert all("EWMA" in row["alarms"] for row in stepped)
    assert {row["cause"] for row in stepped} == {"offset"}


def test_the_chart_of_an_insert_shows_all_its_readings(history: History) -> None:
    (series,) = history.series
    axes = plot_control_charts(series).axes
    for one, ax in zip(series.inserts, axes, strict=False):
        low, high = ax.get_ylim()
        assert all(hu is not None and low < hu < high for hu in one.hu)
    assert sum(ax.axison for ax in axes) == 8


def test_a_history_too_short_for_the_chart_of_all_says_so(
    models: Mapping[str, Phantom],
) -> None:
    results = past_results(models["catphan504"], "nothing", np.random.default_rng(2))
    short = watch_history(Loaded(results[:3], (), ()), load_tolerances("dose"))
    figure = plot_statistics(short.series[0])
    assert "needs 12 earlier results" in figure.axes[2].texts[0].get_text()
