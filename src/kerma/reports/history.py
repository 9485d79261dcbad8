"""The report of a history of calibrations."""

from __future__ import annotations

from pathlib import Path

from kerma.core.result import Verdict
from kerma.core.wording import counted
from kerma.errors import MissingDependencyError
from kerma.io.files import all_or_none, write_file
from kerma.reports.figures_history import (
    plot_causes,
    plot_control_charts,
    plot_statistics,
)
from kerma.reports.page import data_uri, png_of, render, svg_of
from kerma.reports.pdf import pdf_of
from kerma.reports.tables import Cell, csv_of
from kerma.workflows.ct_calibration.history.result import (
    History,
    SeriesHistory,
    scope_words,
)

__all__ = ["history_csv", "history_html", "report_history"]

_PNG_DPI = 170
_PLOTS = {
    "charts": plot_control_charts,
    "statistics": plot_statistics,
    "causes": plot_causes,
}


def report_history(
    history: History, folder: Path, *, overwrite: bool = False, pdf: bool = True
) -> str:
    """Write a history as CSV, JSON, one HTML page, its PDF and figures, or nothing.

    Returns
    -------
    str
        Why there is no PDF though one was wanted, and the remedy; else empty.

    Raises
    ------
    InputError
        One of the files is there already, or the folder cannot be written.
    """
    page = history_html(history)
    contents: dict[str, str | bytes] = {
        "history.csv": history_csv(history),
        "history.json": history.to_json() + "\n",
        "history.html": page,
    }
    for number, series in enumerate(history.series, start=1):
        for name, plot in _PLOTS.items():
            png = png_of(plot(series), dpi=_PNG_DPI)
            contents[f"history_{number}_{name}.png"] = png
    problem = ""
    if pdf:
        try:
            contents["history.pdf"] = pdf_of(page)
        except MissingDependencyError as error:
            problem = str(error)
    with all_or_none(folder, list(contents), overwrite=overwrite) as temporary:
        for name, content in contents.items():
            write_file(temporary / name, content)
    return problem


def history_html(history: History) -> str:
    """One page with everything in it, for a browser, a mail or a printer."""
    series = [
        (
            one,
            scope_words(one.scope),
            {
                name: data_uri(svg_of(plot(one)), "image/svg+xml")
                for name, plot in _PLOTS.items()
            },
        )
        for one in history.series
    ]
    return render(
        "history.html.j2",
        history=history,
        series=series,
        alarms=[_alarms(one) for one in history.series],
        left_out=(*history.apart, *history.skipped, *history.duplicates),
        verdict=history.verdict,
        reason=_reason(history),
    )


def history_csv(history: History) -> str:
    """One row for each result and insert, with what the charts made of it."""
    rows: list[dict[str, Cell]] = [
        {
            "series": number,
            "scope": scope_words(series.scope),
            "date": str(day),
            "file": series.files[k],
            "insert": one.insert,
            "material": one.material,
            "hu": one.hu[k],
            "center_hu": one.center_hu[k],
            "half_width_hu": one.half_width_hu[k],
            "score": one.score[k],
            "ewma": one.average[k],
            "ewma_limit": one.average_limit[k],
            "cusum_upper": one.upper_sum[k],
            "cusum_lower": one.lower_sum[k],
            "cusum_limit": series.limits.cusum,
            "alarms": " ".join(_charts_at(series, one.insert, k)),
            "cause": cause.name if (cause := series.causes[k]) else "",
        }
        for number, series in enumerate(history.series, start=1)
        for k, day in enumerate(series.dates)
        for one in series.inserts
    ]
    return csv_of(rows) if rows else ""


def _charts_at(series: SeriesHistory, insert: str, k: int) -> list[str]:
    return [
        alarm.chart
        for alarm in series.alarms
        if alarm.insert in ("", insert) and alarm.first <= k <= alarm.last
    ]


def _alarms(series: SeriesHistory) -> dict[tuple[int, int, str], list[str]]:
    """Inserts by (first result, last result, chart), so that a step is a few rows."""
    rows: dict[tuple[int, int, str], list[str]] = {}
    for alarm in series.alarms:
        names = rows.setdefault((alarm.first, alarm.last, alarm.chart), [])
        if alarm.insert:
            names.append(alarm.insert)
    return rows


def _reason(history: History) -> str:
    """Say in one sentence why the verdict is what it is."""
    warned = counted(history.warnings, "warning") if history.warnings else "no warning"
    if not history.series:
        return "No two results were made under the same conditions."
    if history.verdict is Verdict.PASS:
        return f"Every insert is within tolerance in the last result; {warned}."
    found = [
        f"{scope_words(series.scope)}: "
        + ", ".join(
            one.insert for one in series.inserts if one.deviation.verdict is verdict
        )
        for series in history.series
        if (verdict := series.verdict) is not Verdict.PASS
    ]
    return f"{'; '.join(found)}; {warned}."
