"""Plots of conversion curves with the inserts and tissues that judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.physics.tissues import TissueGroup
from kerma.reports.page import sentence
from kerma.workflows.ct_calibration.curves.overview import Overview
from kerma.workflows.ct_calibration.curves.quantity import NAMES, TITLES, UNITS
from kerma.workflows.ct_calibration.curves.result import CurveSet, SiteCurve
from kerma.workflows.ct_calibration.curves.sites import Site
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    new_figure,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_curves", "plot_overview"]

_COVERAGE = 2.0  # coverage factor of a 95 % interval
# Told apart by color-blind readers too; Okabe and Ito, Color Universal Design, 2008.
_GROUP_COLORS: dict[TissueGroup, str] = {
    "lung": "#0072b2",
    "adipose": "#b8860b",
    "soft": "#009e73",
    "bone": "#cc5fa0",
    "other": "#777777",
}
_GROUP_WORDS: dict[TissueGroup, str] = {
    "lung": "lung",
    "adipose": "adipose tissue",
    "soft": "soft tissue",
    "bone": "bone",
    "other": "no group",
}
_SITE_STYLES: dict[Site, str] = {"scan": "-", "average": "-", "head": "--", "body": ":"}
_POINT_KINDS = ("insert", "tabulated")
_LEAST_VALUE = 0.01
_DETAIL_HU = (-190.0, 190.0)


def plot_curves(curves: CurveSet) -> Figure:
    """Draw the curves with inserts and tissues, a detail of soft tissue, the deviations.

    Inserts stand at the CT number measured in the scan that the last curve is for,
    tissues at the one estimated.
    """
    figure = new_figure(8.6, 6.6)
    ax = figure.add_axes((0.08, 0.42, 0.9, 0.56))
    below = figure.add_axes((0.08, 0.08, 0.9, 0.23))
    detail = figure.add_axes((0.60, 0.47, 0.36, 0.28))
    for panel in (ax, detail):
        _draw(curves, panel)
        tidy(panel)
    points = _points(curves)
    top, highest = _extent(curves)
    ax.set(xlim=(-1040, top), ylim=(-0.04, highest))
    ax.set_xlabel("CT number (HU)")
    ax.set_ylabel(TITLES[curves.quantity])
    ax.legend(
        loc="upper left",
        fontsize=FONT_SIZE,
        frameon=False,
        labelcolor=INK,
        ncols=2,
        handlelength=2.4,
    )
    inside = [v for _, hu, v, _ in points if _DETAIL_HU[0] < hu < _DETAIL_HU[1]]
    if inside:
        room = 0.15 * (max(inside) - min(inside)) + 0.01
        detail.set(ylim=(min(inside) - room, max(inside) + room))
    detail.set(xlim=_DETAIL_HU)
    detail.patch.set_alpha(0.95)
    _draw_deviations(curves, below)
    below.set(xlim=(-1040, top))
    return figure


def plot_overview(overview: Overview) -> Figure:
    """Draw the curve of every quantity side by side, their deviations below."""
    sets = overview.sets
    figure = new_figure(8.6, 4.3)
    rows = figure.subplots(2, len(sets), squeeze=False, height_ratios=(2.1, 1))
    for curves, ax, below in zip(sets, rows[0], rows[1], strict=True):
        _draw(curves, ax)
        tidy(ax)
        top, highest = _extent(curves)
        ax.set(xlim=(-1040, top), ylim=(-0.04, highest))
        ax.set_title(
            sentence(f"{NAMES[curves.quantity]}, {curves.model}"),
            fontsize=FONT_SIZE + 1,
            color=INK,
            loc="left",
        )
        ax.set_ylabel(UNITS[curves.quantity])
        ax.tick_params(labelbottom=False)
        _draw_deviations(curves, below)
        below.set_ylabel("curve − true (%)")
        below.set_xlim(-1040, top)
    entries: dict[str, Artist] = {}
    for ax in rows[0]:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            if label.endswith(_POINT_KINDS):
                entries.setdefault(label, handle)
    figure.legend(
        entries.values(),
        entries.keys(),
        loc="lower center",
        ncols=5,
        fontsize=FONT_SIZE,
        frameon=False,
        labelcolor=INK,
    )
    figure.subplots_adjust(0.06, 0.22, 0.99, 0.94, wspace=0.26, hspace=0.1)
    return figure


def _extent(curves: CurveSet) -> tuple[float, float]:
    """The largest CT number and the largest value that a figure shows."""
    points = _points(curves)
    top = max(1.02 * max(hu for _, hu, _, _ in points), 1200.0)
    return top, max(1.12 * max(value for _, _, value, _ in points), 1.5)


def _draw(curves: CurveSet, ax: Axes) -> None:
    for one in curves.curves:
        grid = _grid(one)
        if one is curves.main:
            band = _COVERAGE * one.curve.uncertainty_at(grid)
            value = one.curve.value_of(grid)
            ax.fill_between(
                grid,
                value - band,
                value + band,
                color=ACCENT,
                alpha=0.2,
                lw=0,
                label=f"95 % band, {one.site}",
            )
        ax.plot(
            grid,
            one.curve.value_of(grid),
            _SITE_STYLES[one.site],
            color=ACCENT if one is curves.main else MUTED,
            lw=1.4,
            label=f"{curves.model}, {one.site}",
        )
    _draw_points(curves, ax, deviation=False)


def _grid(one: SiteCurve) -> FloatArray:
    hu = one.curve.hu
    return np.union1d(np.linspace(-1024, max(3071.0, hu[-1]), 300), hu)


def _points(curves: CurveSet) -> list[tuple[TissueGroup, float, float, bool]]:
    """(group, HU, value, is an insert) of all that has a place on the main curve."""
    site = curves.main.site
    found = []
    for row in curves.inserts:
        reading = row.at(site)
        if reading and reading.measured_hu is not None and row.value is not None:
            found.append((row.group, reading.measured_hu, row.value, True))
    found += [
        (tissue.group, reading.estimated_hu, tissue.value, False)
        for tissue in curves.tissues
        for reading in tissue.readings
        if reading.site == site and reading.estimated_hu is not None
    ]
    return found


def _draw_points(curves: CurveSet, ax: Axes, *, deviation: bool) -> None:
    """Inserts as squares, tissues as dots, by the color of their group."""
    curve = curves.main.curve
    # Air's percentage of almost nothing says nothing.
    points = [one for one in _points(curves) if one[2] > _LEAST_VALUE or not deviation]
    for group, color in _GROUP_COLORS.items():
        for insert in (False, True):
            chosen = [(h, v) for g, h, v, i in points if g == group and i is insert]
            if not chosen:
                continue
            hu, value = np.transpose(chosen)
            kind = _POINT_KINDS[0] if insert else _POINT_KINDS[1]
            ax.plot(
                hu,
                100 * (curve.value_of(hu) / value - 1) if deviation else value,
                "s" if insert else "o",
                color=color,
                markerfacecolor="white" if insert else color,
                markersize=5.5 if insert else 3.2,
                markeredgewidth=1.3 if insert else 0.0,
                ls="none",
                alpha=1.0 if insert else 0.8,
                zorder=5 if insert else 4,
                label=f"{_GROUP_WORDS[group]}, {kind}",
            )


def _draw_deviations(curves: CurveSet, ax: Axes) -> None:
    """Curve minus true value, percent."""
    ax.axhline(0, color=MUTED, lw=0.8)
    _draw_points(curves, ax, deviation=True)
    sizes = [
        abs(100 * (float(curves.main.curve.value_of(hu)) / value - 1))
        for _, hu, value, _ in _points(curves)
        if value > _LEAST_VALUE
    ]
    extent = 1.15 * max([*sizes, 1.0])
    ax.set_ylim(-extent, extent)
    ax.set_xlabel("CT number (HU)")
    ax.set_ylabel(f"{curves.main.site} curve − true (%)")
    tidy(ax)
