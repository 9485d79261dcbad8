"""Charts of a history: every insert over time, the statistics, and the causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.wording import counted
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    RULE,
    WARNING,
    new_figure,
    spread,
    tidy,
    words,
)
from kerma.workflows.ct_calibration.history.causes import Pattern
from kerma.workflows.ct_calibration.history.result import InsertHistory, SeriesHistory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_causes", "plot_control_charts", "plot_statistics"]

_COLUMNS = 3
_BAND = "#cfe0ec"
_TOLERANCE = "#b3261e"
_BASELINE = "#1b7a53"
_DASHES = (0, (5, 2))
_NAMED_AT_MOST = 9  # lines that are named at their end
_PATTERN_LABELS = {
    Pattern.OFFSET: "offset (HU)",
    Pattern.SCALE_FROM_AIR: "scale, air kept (%)",
    Pattern.SCALE_FROM_WATER: "scale, water kept (%)",
    Pattern.TUBE_VOLTAGE: "tube voltage (kV)",
    Pattern.LOCAL: "single inserts (HU)",
}


def plot_control_charts(series: SeriesHistory) -> Figure:
    """One small chart for each insert: values, limits, alarms and new baselines.

    The band is where a single new value is expected; it narrows as results come in.
    """
    rows = -(-len(series.inserts) // _COLUMNS)
    height = 0.95 + 1.3 * rows
    figure = new_figure(7.4, height)
    figure.subplots_adjust(
        left=0.085,
        right=0.965,
        bottom=0.42 / height,
        top=1 - 0.62 / height,
        wspace=0.3,
        hspace=0.42,
    )
    grid = figure.subplots(rows, _COLUMNS, sharex=True, squeeze=False)
    panels = list(grid.flat)
    for one, ax in zip(series.inserts, panels, strict=False):
        _draw_insert(series, one, ax)
    for ax in panels[len(series.inserts) :]:
        ax.set_axis_off()
        panels[panels.index(ax) - _COLUMNS].tick_params(labelbottom=True)
    figure.supylabel("CT number (HU)", fontsize=FONT_SIZE + 0.5, x=0.004)
    _add_legend(figure, series, height)
    return figure


def plot_statistics(series: SeriesHistory) -> Figure:
    """Moving averages, cumulative sums and Hotelling's statistic over their limits."""
    figure = new_figure(7.4, 4.9)
    figure.subplots_adjust(left=0.09, right=0.87, bottom=0.07, top=0.95, hspace=0.28)
    axes = figure.subplots(3, 1, sharex=True)
    averages = {
        one.insert: _array(one.average) / _array(one.average_limit)
        for one in series.inserts
    }
    sums = {
        one.insert: np.where(
            _array(one.upper_sum) >= _array(one.lower_sum),
            _array(one.upper_sum),
            -_array(one.lower_sum),
        )
        / series.limits.cusum
        for one in series.inserts
    }
    _draw_lines(series, averages, axes[0], "moving average (EWMA) / limit")
    _draw_lines(series, sums, axes[1], "cumulative sum (CUSUM) / limit")
    _draw_t_squared(series, axes[2])
    return figure


def plot_causes(series: SeriesHistory) -> Figure:
    """The parts of each result's change that a pattern explains, with 95 % intervals."""
    found = [cause.components if cause else () for cause in series.causes]
    used = [p for p in Pattern if any(c.pattern is p for one in found for c in one)]
    used = used or [Pattern.OFFSET]
    height = 0.75 + 0.95 * len(used)
    figure = new_figure(7.4, height)
    figure.subplots_adjust(
        left=0.09, right=0.97, bottom=0.36 / height, top=1 - 0.32 / height, hspace=0.45
    )
    panels = figure.subplots(len(used), 1, sharex=True, squeeze=False)[:, 0]
    for pattern, ax in zip(used, panels, strict=True):
        _draw_pattern(series, pattern, ax)
    return figure


def _draw_insert(series: SeriesHistory, one: InsertHistory, ax: Axes) -> None:
    days, hu = list(series.dates), _array(one.hu)
    center, half = _array(one.center_hu), _array(one.half_width_hu)
    alarmed = _alarmed(series, one.insert)
    for period, end in _period_slices(series):
        here = slice(period, end)
        ax.fill_between(
            _dates(days[here]),
            (center - half)[here],
            (center + half)[here],
            color=_BAND,
            lw=0,
            zorder=0,
        )
        ax.plot(_dates(days[here]), center[here], color=ACCENT, lw=0.8, zorder=1)
    ax.plot(_dates(days), hu, "-", color=MUTED, lw=0.6, zorder=2)
    ax.plot(_dates(days), hu, "o", color=INK, ms=2.6, mec="white", mew=0.3, zorder=3)
    ax.plot(
        _dates(np.array(days)[alarmed].tolist()),
        hu[alarmed],
        "X",
        color=WARNING,
        ms=5,
        mec="white",
        mew=0.4,
        zorder=4,
    )
    _mark_baselines(series, ax)
    _frame(ax, hu, center, half)
    _draw_tolerance(series, one, ax)
    _date_axis(ax)
    tidy(ax)
    ax.set_title(
        words(one.insert),
        fontsize=FONT_SIZE,
        loc="left",
        pad=3,
        color=WARNING if alarmed.size and alarmed[-1] else INK,
    )


def _frame(ax: Axes, hu: FloatArray, center: FloatArray, half: FloatArray) -> None:
    """Show all values, and of the limits, wide at the start, the usual ones."""
    usual = float(np.nanmedian(half)) if (~np.isnan(half)).any() else 0.0
    known = np.concatenate([hu, center - usual, center + usual])
    known = known[~np.isnan(known)]
    if not known.size:
        return
    middle, reach = (known.max() + known.min()) / 2, np.ptp(known) / 2
    reach = max(1.2 * reach, 2.0)
    ax.set_ylim(middle - reach, middle + reach)


def _draw_tolerance(series: SeriesHistory, one: InsertHistory, ax: Axes) -> None:
    """The tolerance about the last baseline, where it lies within the frame."""
    d, last = one.deviation, one.hu[-1]
    if d.tolerance_hu is None or d.change_hu is None or last is None:
        return
    low, high = ax.get_ylim()
    baseline = last - d.change_hu
    start, end = _dates([series.dates[series.periods[-1].first], series.dates[-1]])
    for limit in (baseline - d.tolerance_hu, baseline + d.tolerance_hu):
        if low < limit < high:
            ax.plot([start, end], [limit] * 2, color=_TOLERANCE, lw=0.9, ls=_DASHES)


def _draw_lines(
    series: SeriesHistory, lines: Mapping[str, FloatArray], ax: Axes, label: str
) -> None:
    """One line for each insert; those beyond the limit at the end are named."""
    days = _dates(series.dates)
    ax.axhspan(-1, 1, color=_BAND, lw=0, zorder=0)
    ax.axhline(0, color=MUTED, lw=0.7)
    ends = {}
    for name, values in lines.items():
        beyond = bool(abs(values[-1]) > 1)
        for start, end in _period_slices(series):
            ax.plot(
                days[start:end],
                values[start:end],
                color=WARNING if beyond else MUTED,
                lw=1.0 if beyond else 0.7,
                zorder=3 if beyond else 2,
            )
        if beyond:
            ends[name] = float(values[-1])
    every = 1.08 * np.concatenate([*lines.values(), [-1.3, 1.3]])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    ax.set_ylim(low, high)
    ax.set_title(label, fontsize=FONT_SIZE + 0.5, loc="left", pad=3, color=INK)
    _mark_baselines(series, ax)
    _date_axis(ax)
    tidy(ax)
    if len(ends) > _NAMED_AT_MOST:
        ends = {counted(len(ends), "insert"): float(np.median(list(ends.values())))}
    _name_ends(ends, ax)


def _name_ends(ends: dict[str, float], ax: Axes) -> None:
    low, high = ax.get_ylim()
    gap = 0.085 * (high - low)
    places = spread(list(ends.values()), gap=gap, low=low, high=high)
    for name, place in zip(ends, places, strict=True):
        ax.annotate(
            words(name),
            (1.01, place),
            xycoords=("axes fraction", "data"),
            fontsize=FONT_SIZE - 1,
            color=WARNING,
            va="center",
            annotation_clip=False,
        )


def _draw_t_squared(series: SeriesHistory, ax: Axes) -> None:
    ratios = _array(
        [None if one is None else one.value / one.limit for one in series.t_squared]
    )
    days = _dates(series.dates)
    above = ratios > 1
    ax.axhspan(0, 1, color=_BAND, lw=0, zorder=0)
    ax.plot(days, ratios, "-", color=MUTED, lw=0.7)
    ax.plot(days, ratios, "o", color=INK, ms=3, mec="white", mew=0.3)
    ax.plot(
        np.array(days)[above], ratios[above], "X", color=WARNING, ms=5.5, mec="white"
    )
    ax.set_ylim(0, max(1.6, 1.1 * float(np.nanmax(ratios, initial=0))))
    if np.isnan(ratios).all():
        ax.text(
            0.5,
            0.5,
            series.t_squared_reason,
            transform=ax.transAxes,
            ha="center",
            fontsize=FONT_SIZE,
            color=MUTED,
        )
    title = "all materials together (Hotelling's T²) / limit"
    ax.set_title(title, fontsize=FONT_SIZE + 0.5, loc="left", pad=3, color=INK)
    _mark_baselines(series, ax)
    _date_axis(ax)
    tidy(ax)


def _draw_pattern(series: SeriesHistory, pattern: Pattern, ax: Axes) -> None:
    named = set()
    signals = np.any([_alarmed(series, one.insert) for one in series.inserts], axis=0)
    signals |= _alarmed(series, "")
    for k, (day, cause) in enumerate(
        zip(_dates(series.dates), series.causes, strict=True)
    ):
        parts = [c for c in cause.components if c.pattern is pattern] if cause else []
        if not parts:
            ax.plot(day, 0, "o", color=RULE, ms=2.5)
        for part in parts:
            ax.errorbar(
                day,
                part.amount,
                yerr=2 * part.uncertainty,
                fmt="o",
                color=ACCENT if signals[k] else MUTED,
                mfc=ACCENT if signals[k] else "white",
                ms=3.2,
                lw=0.9,
                capsize=1.6,
            )
            if signals[k] and part.insert and part.insert not in named:
                named.add(part.insert)
                ax.annotate(
                    words(part.insert),
                    (day, part.amount + 2 * part.uncertainty),
                    xytext=(0, 2),
                    textcoords="offset points",
                    ha="right",
                    fontsize=FONT_SIZE - 1,
                    color=INK,
                )
    ax.axhline(0, color=MUTED, lw=0.7, zorder=0)
    ax.margins(y=0.3)
    label = _PATTERN_LABELS[pattern]
    ax.set_title(label, fontsize=FONT_SIZE + 0.5, loc="left", pad=3, color=INK)
    _mark_baselines(series, ax)
    _date_axis(ax)
    tidy(ax)


def _alarmed(series: SeriesHistory, insert: str) -> BoolArray:
    """(m,) the results at which a chart of the insert, or of all, signals."""
    flags = np.zeros(len(series.dates), dtype=bool)
    for alarm in series.alarms:
        if alarm.insert == insert:
            flags[alarm.first : alarm.last + 1] = True
    return flags


def _period_slices(series: SeriesHistory) -> list[tuple[int, int]]:
    starts = [period.first for period in series.periods]
    return list(zip(starts, [*starts[1:], len(series.dates)], strict=True))


def _mark_baselines(series: SeriesHistory, ax: Axes) -> None:
    for period in series.periods:
        if period.reason:
            day = _dates([series.dates[period.first]])[0]
            ax.axvline(day, color=_BASELINE, lw=1.0, ls=":", zorder=1)


def _add_legend(figure: Figure, series: SeriesHistory, height: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D([], [], color=MUTED, marker="o", mfc=INK, ms=3, lw=0.6, label="reading"),
        Patch(color=_BAND, label="expected of one reading"),
        Line2D([], [], color=WARNING, marker="X", ms=5, ls="none", label="alarm"),
        Line2D([], [], color=_TOLERANCE, lw=0.9, ls=_DASHES, label="tolerance"),
    ]
    if len(series.periods) > 1:
        handles.append(
            Line2D([], [], color=_BASELINE, lw=1.0, ls=":", label="new baseline")
        )
    figure.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 1 - 0.02 / height),
        ncols=len(handles),
        fontsize=FONT_SIZE,
        frameon=False,
        labelcolor=INK,
    )


def _date_axis(ax: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]  # matplotlib
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]  # matplotlib
    ax.xaxis.set_major_formatter(formatter)


def _dates(days: Sequence[date]) -> list[float]:
    from matplotlib.dates import date2num

    return [float(date2num(day)) for day in days]  # type: ignore[no-untyped-call]  # matplotlib


def _array(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values])
