"""The plot of an installed curve beside the measured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.difference import Comparison
from kerma.workflows.ct_calibration.curves.quantity import TITLES
from kerma.workflows.ct_calibration.curves.result import CurveSet
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

__all__ = ["plot_installed"]

_COVERAGE = 2.0  # coverage factor of a 95 % interval


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
    above.plot(hu, values, "s", color=INK, ms=4.5, mfc="white", label="insert")
    _draw_differences(below, found)
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


def _draw_differences(below: Axes, found: Comparison) -> None:
    """The difference at each insert within its limit, and the largest of all."""
    hu = np.array([one.hu for one in found.materials])
    differences = np.array([one.difference for one in found.materials])
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
