"""How the reading of each insert changes from slice to slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    new_figure,
    tidy,
    words,
)
from kerma.workflows.ct_calibration.result import Calibration, Identity, InsertReading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_slice_means"]

_COLUMNS = 4


def plot_slice_means(calibration: Calibration, figure: Figure | None = None) -> Figure:
    """Draw for each insert the mean of every slice minus the mean of all slices.

    The band is where 95 % of the slices lie if noise is the only reason; a slope
    means a tilted phantom, a rod that ends, or a field that changes along the axis.
    """
    readings = calibration.readings
    rows = -(-len(readings) // _COLUMNS)
    if figure is None:
        height = 0.75 + 1.15 * rows
        figure = new_figure(7.0, height)
        figure.subplots_adjust(
            left=0.1,
            right=0.99,
            bottom=0.48 / height,
            top=1 - 0.25 / height,
            wspace=0.1,
            hspace=0.45,
        )
    grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for reading, ax in zip(readings, panels, strict=False):
        _draw_slices(reading, calibration.pose.slice_positions_mm, ax)
    for ax in panels[len(readings) :]:
        ax.set_axis_off()
        panels[panels.index(ax) - _COLUMNS].tick_params(labelbottom=True)
    figure.supxlabel("position along the axis (mm)", fontsize=FONT_SIZE + 0.5)
    figure.supylabel("slice − mean (HU)", fontsize=FONT_SIZE + 0.5, x=0.01)
    return figure


def _draw_slices(
    reading: InsertReading, positions_mm: tuple[float, ...], ax: Axes
) -> None:
    sure = reading.identity is Identity.CONFIRMED
    color = ACCENT if sure else WARNING
    noise = 2 * reading.sd_hu * np.sqrt(len(positions_mm) / reading.effective_voxels)
    ax.axhspan(-noise, noise, color=color, alpha=0.13, lw=0)
    ax.axhline(0, color=MUTED, lw=0.8)
    deviations = np.array(reading.slice_means_hu) - reading.mean_hu
    ax.plot(positions_mm, deviations, "-o", color=color, lw=1.1, markersize=3)
    tidy(ax)
    ax.set_title(
        words(reading.name),
        fontsize=FONT_SIZE,
        color=INK if sure else WARNING,
        loc="left",
        pad=3,
    )
