"""Plots of dose-volume histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from kerma.core.result import Verdict
from kerma.dosimetry.constraints import ConstraintCheck, parse_constraint
from kerma.dosimetry.histograms import DVH
from kerma.workflows.ct_calibration.figures.style import (
    FONT_SIZE,
    INK,
    MUTED,
    VERDICT_COLORS,
    VERDICT_MARKERS,
    halo,
    new_figure,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

__all__ = ["plot_dvhs"]

# Told apart by color-blind readers too; Okabe and Ito, Color Universal Design, 2008.
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b8860b", "#cc79a7", "#3a9bd9", "#444444")
_STYLES = ("-", "--", "-.", ":")
_BRIGHTEST = 0.5  # luminance of a line that is still seen on white
_POINTS = 1200
_ROW = 0.3  # inches of the list of structures
_KEPT = {Verdict.PASS: "constraint kept", Verdict.FAIL: "constraint broken"}

_Line: TypeAlias = tuple[DVH, "tuple[float, ...] | str", str]
"""A histogram, its color and its style."""


def plot_dvhs(
    histograms: Sequence[DVH],
    *,
    checks: Sequence[ConstraintCheck] = (),
    prescription_gy: float | None = None,
    colors: Mapping[int, tuple[int, int, int] | None] | None = None,
) -> Figure:
    """Draw cumulative histograms, a list of the structures, and constraints.

    Parameters
    ----------
    histograms
        At least one.
    checks
        Those of a dose at a volume in percent, or the reverse, appear as marks.
    prescription_gy
        Appears as a line, and is the dose that percentages refer to.
    colors
        By structure number, as the planning system shows them; a structure without one
        gets one. Bright ones are darkened.
    """
    rows = len(histograms)
    figure = new_figure(9.6, max(4.6, 1.6 + _ROW * rows))
    ax, key = figure.subplots(
        1, 2, gridspec_kw={"width_ratios": [2.5, 1.0], "wspace": 0.04}
    )
    figure.subplots_adjust(left=0.075, right=0.985, top=0.95, bottom=0.115)
    highest = max(histogram.maximum_gy for histogram in histograms)
    right = 1.03 * max(highest, prescription_gy or 0.0, 1e-3)
    doses = np.linspace(min(0.0, *(h.minimum_gy for h in histograms)), right, _POINTS)
    lines: list[_Line] = []
    for n, histogram in enumerate(histograms):
        color = _color(n, (colors or {}).get(histogram.number))
        same = sum(other == color for _, other, _ in lines)
        style = _STYLES[same % len(_STYLES)]
        reached = doses <= max(histogram.maximum_gy, doses[1])
        percent = [histogram.percent_at_dose(float(dose)) for dose in doses[reached]]
        ax.plot(doses[reached], percent, style, color=color, lw=1.6, zorder=3)
        lines.append((histogram, color, style))
    if prescription_gy:
        _mark_prescription(ax, prescription_gy)
    marks = _mark_constraints(ax, checks, lines, prescription_gy)
    ax.set(xlim=(doses[0], right), ylim=(0, 102))
    ax.set_xlabel("Dose (Gy)")
    ax.set_ylabel("Volume receiving at least this dose (%)")
    tidy(ax)
    _list(key, lines)
    if marks:
        key.legend(
            handles=marks, loc="lower left", fontsize=FONT_SIZE, frameon=False,
            labelcolor=INK, borderaxespad=0, handlelength=1.2,
        )  # fmt: skip
    return figure


def _color(n: int, wanted: tuple[int, int, int] | None) -> tuple[float, ...] | str:
    """The structure's own color, dark enough; one of a list where it has none."""
    if wanted is None:
        return _COLORS[n % len(_COLORS)]
    red, green, blue = (part / 255 for part in wanted)
    bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    factor = min(1.0, _BRIGHTEST / max(bright, 1e-9))
    return red * factor, green * factor, blue * factor


def _mark_prescription(ax: Axes, prescription_gy: float) -> None:
    ax.axvline(prescription_gy, color=MUTED, lw=0.9, ls=(0, (4, 3)), zorder=1)
    ax.annotate(
        f"prescription {prescription_gy:g} Gy",
        (prescription_gy, 0),
        xytext=(-4, 6),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="bottom",
        fontsize=FONT_SIZE - 0.5,
        color=MUTED,
        path_effects=halo(),
        zorder=2,
    )


def _mark_constraints(
    ax: Axes,
    checks: Sequence[ConstraintCheck],
    lines: Sequence[_Line],
    prescription_gy: float | None,
) -> list[Line2D]:
    """Mark constraints, rimmed in the color of their structure; marks for a legend."""
    by_name = {line[0].name.casefold(): line for line in lines}
    drawn: set[Verdict] = set()
    for check in checks:
        line = by_name.get(check.structure.casefold())
        place = line and _place(check, line[0].volume_cc, prescription_gy)
        if line and place:
            _mark(ax, place, check.verdict, rim=line[1])
            drawn.add(check.verdict)
    return [
        _mark(ax, (np.nan, np.nan), verdict, rim="white")
        for verdict in _KEPT
        if verdict in drawn
    ]


def _mark(
    ax: Axes,
    place: tuple[float, float],
    verdict: Verdict,
    *,
    rim: tuple[float, ...] | str,
) -> Line2D:
    (mark,) = ax.plot(
        *place,
        VERDICT_MARKERS[verdict],
        color=VERDICT_COLORS[verdict],
        ms=8,
        mec=rim,
        mew=1.5,
        zorder=5,
        clip_on=False,
        ls="none",
        label=_KEPT[verdict],
    )
    return mark


def _place(
    check: ConstraintCheck, volume_cc: float, prescription_gy: float | None
) -> tuple[float, float] | None:
    """Dose and percent of volume that a constraint limits; ``None`` if it has none."""
    constraint = parse_constraint(check.constraint)
    metric, rx = constraint.metric, (prescription_gy or np.nan) / 100
    if check.value is None or metric.kind not in ("D", "V", "Dmax"):
        return None
    if metric.kind == "V":
        gy = metric.amount * (rx if metric.amount_unit == "%" else 1.0)
        volume, unit = constraint.limit, constraint.unit
    else:
        gy = constraint.limit * (rx if constraint.unit == "%" else 1.0)
        volume, unit = metric.amount, metric.amount_unit
    return float(gy), float(100 * volume / volume_cc if unit == "cc" else volume)


def _list(ax: Axes, lines: Sequence[_Line]) -> None:
    """Name, volume and mean dose of each structure beside its line."""
    ax.set_axis_off()
    rows = max(len(lines) + 4, 14)
    ax.set(xlim=(0, 1), ylim=(rows - 0.5, -0.5))
    heads = (
        (0.14, "left", "Structure"),
        (0.74, "right", "cc"),
        (1.0, "right", "mean Gy"),
    )
    for x, side, text in heads:
        ax.text(x, 0, text, ha=side, va="center", fontsize=FONT_SIZE, color=MUTED)
    for row, (histogram, color, style) in enumerate(lines, start=1):
        ax.plot([0.0, 0.1], [row, row], style, color=color, lw=2.0)
        name = (
            histogram.name if len(histogram.name) <= 20 else histogram.name[:19] + "…"
        )
        cells = (name, _volume(histogram.volume_cc), f"{histogram.mean_gy:.2f}")
        for (x, side, _), text in zip(heads, cells, strict=True):
            ax.text(x, row, text, ha=side, va="center", fontsize=FONT_SIZE, color=INK)


def _volume(cc: float) -> str:
    return f"{cc:,.0f}" if cc >= 100 else f"{cc:.1f}" if cc >= 10 else f"{cc:.2f}"
