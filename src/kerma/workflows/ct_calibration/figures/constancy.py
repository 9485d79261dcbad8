"""The change of every insert since the baseline, against its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.result import Verdict
from kerma.workflows.ct_calibration.constancy import Constancy, Deviation
from kerma.workflows.ct_calibration.figures.style import (
    FONT_SIZE,
    INK,
    MUTED,
    VERDICT_COLORS,
    VERDICT_MARKERS,
    new_figure,
    signed,
    tidy,
    words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_constancy"]

_TOLERANCE_COLOR = "#d3e8de"
_ACTION_COLOR = "#f6e3c3"


def plot_constancy(constancy: Constancy, ax: Axes | None = None) -> Axes:
    """Draw one row per insert: its change, 95 % interval and limits.

    Color and shape of a marker both tell the verdict. A change beyond twice the
    widest limit is drawn as an arrow at the edge; its value stands beside it.
    """
    rows = constancy.deviations
    if ax is None:
        height = 0.95 + 0.27 * len(rows)
        margins = (0.16, 0.5 / height, 0.6, 1 - 0.85 / height)
        ax = new_figure(7.0, height).add_axes(margins)
    extent = _extent(rows)
    ax.set_xlim(-extent, extent)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    for row, deviation in enumerate(rows):
        _draw_limits(deviation, row, ax)
        _draw_change(deviation, row, ax, extent=extent)
        _write_verdict(deviation, row, ax)
    ax.set_yticks(range(len(rows)), [words(deviation.insert) for deviation in rows])
    ax.set_xlabel("change since the baseline (HU)")
    tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    _add_legend(constancy, ax)
    return ax


def _extent(rows: Sequence[Deviation]) -> float:
    """Half of the HU axis: all limits, and the changes up to twice the widest."""
    limits = [limit for d in rows for limit in (d.tolerance_hu, d.action_hu) if limit]
    changes = [abs(d.change_hu) for d in rows if d.change_hu is not None]
    widest = max(limits, default=max(changes, default=1.0) or 1.0)
    return 1.15 * max(widest, min(max(changes, default=0.0), 2 * widest))


def _draw_limits(deviation: Deviation, row: int, ax: Axes) -> None:
    if deviation.tolerance_hu is None:
        return
    if deviation.action_hu is not None and deviation.action_hu > deviation.tolerance_hu:
        _draw_band(deviation.action_hu, _ACTION_COLOR, row, ax)
    _draw_band(deviation.tolerance_hu, _TOLERANCE_COLOR, row, ax)


def _draw_band(limit: float, color: str, row: int, ax: Axes) -> None:
    ax.barh(row, 2 * limit, left=-limit, height=0.62, color=color, zorder=0)


def _draw_change(deviation: Deviation, row: int, ax: Axes, *, extent: float) -> None:
    color = VERDICT_COLORS[deviation.verdict]
    if deviation.change_hu is None:
        return
    change, marker = deviation.change_hu, VERDICT_MARKERS[deviation.verdict]
    if abs(change) > extent:
        change, marker = np.sign(change) * 0.97 * extent, "><"[int(change < 0)]
    elif deviation.uncertainty_hu is not None:
        ax.errorbar(
            change, row, xerr=deviation.uncertainty_hu, color=color, lw=1.1, capsize=2.5
        )
    ax.plot(change, row, marker, color=color, markersize=6, mec="white", mew=0.6)


def _write_verdict(deviation: Deviation, row: int, ax: Axes) -> None:
    """The change in figures and the verdict as a word, right of the chart."""
    change = "–" if deviation.change_hu is None else signed_change(deviation.change_hu)
    for text, place, align in (
        (change, 0.125, "right"),
        (str(deviation.verdict), 0.15, "left"),
    ):
        ax.annotate(
            text,
            (1 + place, row),
            xycoords=("axes fraction", "data"),
            va="center",
            ha=align,
            fontsize=FONT_SIZE,
            color=VERDICT_COLORS[deviation.verdict],
            fontweight="normal" if deviation.verdict is Verdict.PASS else "bold",
        )


def signed_change(change_hu: float) -> str:
    """A change with its sign, plus included."""
    return ("+" if round(change_hu, 1) > 0 else "") + signed(change_hu)


def _add_legend(constancy: Constancy, ax: Axes) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    drawn = {d.verdict for d in constancy.deviations if d.change_hu is not None}
    handles: list[Line2D | Patch] = [Patch(color=_TOLERANCE_COLOR, label="tolerance")]
    if any((d.action_hu or 0) > (d.tolerance_hu or 0) for d in constancy.deviations):
        handles.append(Patch(color=_ACTION_COLOR, label="up to action level"))
    handles += [
        Line2D(
            [],
            [],
            ls="none",
            marker=VERDICT_MARKERS[verdict],
            color=VERDICT_COLORS[verdict],
            markersize=6,
            label=str(verdict),
        )
        for verdict in Verdict
        if verdict in drawn
    ]
    ax.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=len(handles),
        fontsize=FONT_SIZE,
        frameon=False,
        labelcolor=INK,
        handletextpad=0.4,
        columnspacing=1.4,
    )
