"""The HU-RED curve, and how far each reading lies from what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.workflows.ct_calibration.curve import Curve
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    label_points,
    new_figure,
    signed,
    tidy,
    words,
)
from kerma.workflows.ct_calibration.result import Calibration, Identity, InsertReading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_curve", "plot_residuals"]

_COVERAGE = 2.0  # coverage factor of a 95 % interval


def plot_curve(calibration: Calibration, ax: Axes | None = None) -> Axes:
    """Draw RED against HU with 95 % intervals.

    Without axes a new figure is made whose lower panel holds the residuals; given
    axes take the curve alone. Inserts that are not what the model has there are
    hollow and red. The error bars in HU are those of the reading, without the
    certificate; those in RED are the certificate's.
    """
    if ax is None:
        ax, below = _two_panels()
        _draw_curve(calibration, ax)
        plot_residuals(calibration, below)
        ax.set_xlabel("")
    else:
        _draw_curve(calibration, ax)
    return ax


def plot_residuals(calibration: Calibration, ax: Axes | None = None) -> Axes:
    """Draw reading minus expected HU, with 95 % intervals, against the reading.

    The scale is that of the confirmed inserts; a doubtful one beyond it is drawn as
    an arrow at the edge with its value.
    """
    if ax is None:
        ax = new_figure(7.0, 2.4).add_axes((0.1, 0.22, 0.87, 0.7))
    ax.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
    extent = _residual_extent(calibration)
    for readings, color, hollow in _groups(calibration):
        inside = [r for r in readings if abs(r.residual_hu) <= extent]
        ax.errorbar(
            [r.mean_hu for r in inside],
            [r.residual_hu for r in inside],
            yerr=[r.uncertainty.expanded_hu for r in inside],
            fmt="o",
            color=color,
            markerfacecolor="white" if hollow else color,
            markersize=4.5,
            elinewidth=1.0,
            capsize=2.5,
        )
        for reading in readings:
            if reading not in inside:
                _draw_arrow(reading, ax, extent=extent)
    ax.set_ylim(-extent, extent)
    ax.set_xlabel("CT number (HU)")
    ax.set_ylabel("residual (HU)")
    tidy(ax)
    return ax


def _residual_extent(calibration: Calibration) -> float:
    """Half of the residual axis, HU: room for every confirmed insert."""
    sure = [r for r in calibration.readings if r.identity is Identity.CONFIRMED]
    ends = [
        abs(r.residual_hu) + r.uncertainty.expanded_hu
        for r in sure or calibration.readings
    ]
    return 1.15 * max([*ends, 1.0])


def _draw_arrow(reading: InsertReading, ax: Axes, *, extent: float) -> None:
    """A reading beyond the scale: which way and how far."""
    up = reading.residual_hu > 0
    height = 0.88 * extent * (1 if up else -1)
    ax.plot(reading.mean_hu, height, "^" if up else "v", color=WARNING, markersize=6)
    in_left_half = reading.mean_hu < np.mean(ax.get_xlim())
    ax.annotate(
        f"{words(reading.name)} {signed(reading.residual_hu, 0)} HU",
        (reading.mean_hu, height),
        xytext=(7 if in_left_half else -7, 0),
        textcoords="offset points",
        ha="left" if in_left_half else "right",
        va="center",
        fontsize=FONT_SIZE,
        color=WARNING,
    )


def _two_panels() -> tuple[Axes, Axes]:
    """Room for the curve above and the residuals below, on one HU axis."""
    figure = new_figure(7.0, 5.4)
    below = figure.add_axes((0.1, 0.09, 0.87, 0.2))
    above = figure.add_axes((0.1, 0.34, 0.87, 0.64), sharex=below)
    above.tick_params(labelbottom=False)
    return above, below


def _draw_curve(calibration: Calibration, ax: Axes) -> None:
    curve = calibration.curve
    grid = _hu_range(calibration)
    red, band = curve.red_of(grid), _COVERAGE * curve.red_uncertainty_at(grid)
    ax.fill_between(
        grid, red - band, red + band, color=ACCENT, alpha=0.3, lw=0, label="95 % band"
    )
    ax.plot(grid, red, ":", color=ACCENT, lw=1.1, zorder=2, label="held beyond ends")
    _draw_points(curve, ax)
    for readings, color, hollow in _groups(calibration):
        _draw_readings(readings, ax, color=color, hollow=hollow)
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(-0.06 * _highest_red(calibration), 1.12 * _highest_red(calibration))
    ax.set_xlabel("CT number (HU)")
    ax.set_ylabel("electron density relative to water")
    tidy(ax)
    ax.legend(loc="upper left", fontsize=FONT_SIZE, frameon=False, labelcolor=INK)
    _label_materials(calibration, ax)


def _draw_points(curve: Curve, ax: Axes) -> None:
    """The averaged points and the lines between them."""
    ax.plot(
        [point.hu for point in curve.points],
        [point.red for point in curve.points],
        "-s",
        color=ACCENT,
        lw=1.4,
        markersize=6,
        markerfacecolor="white",
        markeredgewidth=1.2,
        label="curve (mean per material)",
    )


def _draw_readings(
    readings: Sequence[InsertReading], ax: Axes, *, color: str, hollow: bool
) -> None:
    known = [(r, r.red) for r in readings if r.red is not None]
    ax.errorbar(
        [r.mean_hu for r, _ in known],
        [red for _, red in known],
        xerr=[_reading_interval(r) for r, _ in known],
        yerr=[_COVERAGE * r.red_uncertainty for r, _ in known],
        fmt="o",
        color=color,
        markerfacecolor="white" if hollow else color,
        markersize=5.5 if hollow else 2.8,
        markeredgewidth=1.4 if hollow else 0.5,
        elinewidth=0.9,
        capsize=2.0,
        zorder=5,
        label="doubtful insert" if hollow else "insert, 95 % interval",
    )


def _reading_interval(reading: InsertReading) -> float:
    """Half-width in HU of the reading itself.

    The certificate is left out: it stands on the RED axis.
    """
    budget = reading.uncertainty
    return _COVERAGE * budget.measurement_hu + abs(budget.bias_hu)


def _groups(
    calibration: Calibration,
) -> list[tuple[tuple[InsertReading, ...], str, bool]]:
    """(readings, color, hollow) of the confirmed and of the doubtful inserts."""
    confirmed = tuple(
        r for r in calibration.readings if r.identity is Identity.CONFIRMED
    )
    groups = [(confirmed, INK, False), (calibration.doubtful, WARNING, True)]
    return [group for group in groups if group[0]]


def _highest_red(calibration: Calibration) -> float:
    """Largest RED to draw, whether on the curve or not."""
    known = [reading.red or 0.0 for reading in calibration.readings]
    return max(*known, calibration.curve.points[-1].red)


def _hu_range(calibration: Calibration) -> FloatArray:
    """CT numbers to draw: the curve, all readings and some room, points included."""
    points = [point.hu for point in calibration.curve.points]
    found = [*points, *(reading.mean_hu for reading in calibration.readings)]
    room = 0.06 * (max(found) - min(found))
    even = np.linspace(min(found) - room, max(found) + room, 400)
    return np.union1d(even, points)


def _label_materials(calibration: Calibration, ax: Axes) -> None:
    """Name the curve's materials and every doubtful insert."""
    curve = calibration.curve
    points = [(point.hu, point.red) for point in curve.points]
    texts = [", ".join(words(name) for name in p.materials) for p in curve.points]
    for reading in calibration.doubtful:
        if reading.red is not None:
            points.append((reading.mean_hu, reading.red))
            texts.append(f"{words(reading.name)}: {reading.identity}")
    line = _hu_range(calibration)
    avoid = np.vstack([np.column_stack([line, curve.red_of(line)]), points])
    labels = label_points(ax, np.array(points), texts, avoid)
    for label in labels[len(curve.points) :]:
        label.set_color(WARNING)
