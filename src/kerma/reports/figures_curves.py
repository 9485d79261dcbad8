"""Plots of conversion curves and of their difference from an installed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.curves.quantity import TITLES
from kerma.workflows.ct_calibration.curves.result import CurveSet, SiteCurve
from kerma.workflows.ct_calibration.curves.sites import Site
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    label_points,
    new_figure,
    tidy,
    words,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_curves", "plot_installed"]

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
    top = max(1.02 * max(hu for _, hu, _, _ in points), 1200.0)
    highest = 1.12 * max(value for _, _, value, _ in points)
    ax.set(xlim=(-1040, top), ylim=(-0.04, max(highest, 1.5)))
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
    return np.union1d(np.linspace(-1024, max(3071.0, hu[-1]), 1000), hu)


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
            kind = "insert" if insert else "tabulated"
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


def plot_installed(curves: CurveSet) -> Figure:
    """Draw the installed curve beside the measured one, and their difference below.

    Raises
    ------
    InputError
        There is no comparison.
    """
    found = curves.comparison
    if found is None:
        raise InputError("There is no installed curve to draw.")
    curve = curves.of(found.site).curve
    figure = new_figure(8.6, 6.2)
    below = figure.add_axes((0.09, 0.08, 0.89, 0.33))
    above = figure.add_axes((0.09, 0.46, 0.89, 0.52), sharex=below)
    above.tick_params(labelbottom=False)
    grid = np.arange(found.from_hu, found.to_hu + 1, dtype=float)
    ours, theirs = curve.value_of(grid), found.installed.value_of(grid)
    band = _COVERAGE * curve.uncertainty_at(grid)
    for ax, zero in ((above, 0.0), (below, ours)):
        low, high = ours - band - zero, ours + band - zero
        ax.fill_between(grid, low, high, color=ACCENT, alpha=0.2, lw=0)
        ax.plot(grid, ours - zero, color=ACCENT, lw=1.3, label="measured, 95 % band")
        ax.plot(grid, theirs - zero, "--", color=WARNING, lw=1.3, label="installed")
    hu = np.array([one.hu for one in found.materials])
    values = np.array([one.curve_value for one in found.materials])
    differences = np.array([one.difference for one in found.materials])
    above.plot(hu, values, "s", color=INK, ms=4.5, mfc="white", label="insert")
    below.errorbar(
        hu,
        np.zeros_like(hu),
        yerr=[one.limit for one in found.materials],
        fmt="none",
        ecolor=MUTED,
        elinewidth=1.0,
        capsize=3.0,
        label="limit",
    )
    for passed, color, mark in ((True, INK, "o"), (False, WARNING, "X")):
        chosen = [n for n, one in enumerate(found.materials) if one.passed is passed]
        label = "insert within" if passed else "insert beyond its limit"
        below.plot(
            hu[chosen], differences[chosen], mark, color=color, ms=5, label=label
        )
    below.plot(
        found.largest_at_hu,
        found.largest_difference,
        "D",
        mfc="none",
        color=WARNING,
        ms=8,
        label=f"largest: {found.largest_difference:+.3f} at {found.largest_at_hu} HU",
    )
    reach = [one.limit for one in found.materials] + [abs(found.largest_difference)]
    below.set_ylim(-1.2 * max(reach), 1.2 * max(reach))
    below.set_xlim(grid[0], grid[-1])
    below.set_xlabel("CT number (HU)")
    below.set_ylabel("installed − measured")
    above.set_ylabel(TITLES[curves.quantity])
    for ax, columns in ((above, 1), (below, 3)):
        tidy(ax)
        ax.legend(
            loc="upper left" if ax is above else "lower right",
            fontsize=FONT_SIZE,
            frameon=False,
            labelcolor=INK,
            ncols=columns,
        )
    line = np.vstack([np.column_stack([grid, ours]), np.column_stack([grid, theirs])])
    texts = [words(one.material) for one in found.materials]
    if texts:
        label_points(above, np.column_stack([hu, values]), texts, line[::5])
    return figure
