"""Gamma beside the doses it compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.grid import Grid
from kerma.core.result import Verdict
from kerma.core.volume import Volume
from kerma.dosimetry.gamma_index import GammaAnalysis
from kerma.dosimetry.gamma_result import BIN_WIDTH, GammaResult
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    VERDICT_COLORS,
    WARNING,
    new_figure,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_gamma", "plot_gamma_histogram"]


def plot_gamma(analysis: GammaAnalysis, reference: Volume, evaluated: Volume) -> Figure:
    """Draw both doses and gamma in the slice of the worst point, profiles, histogram.

    The profiles run through the worst point, along the row and the column of the
    reference. Where the evaluated dose has no value it is left blank.
    """
    from kerma.imaging.resampling import sample

    worst = _worst(np.asarray(analysis.map.array, dtype=np.float32))
    k = worst[0]
    grid = reference.grid
    index = np.stack(
        np.broadcast_arrays(float(k), *np.ogrid[: grid.shape[1], : grid.shape[2]]),
        axis=-1,
    ).astype(np.float64)
    there = Volume(evaluated.array, evaluated.grid)
    doses = (
        np.asarray(reference.array[k], dtype=np.float64),
        np.asarray(sample(there, grid.to_patient(index)), dtype=np.float64),
    )
    figure, axes = _panels(grid)
    top = max(float(np.nanmax(doses[0])), 1e-9)
    for ax, dose, title in zip(
        axes[0], doses, ("Reference", "Evaluated"), strict=False
    ):
        _draw_image(ax, dose, grid, colors="viridis", highest=top, unit="Gy")
        _title(ax, f"{title} (slice {k})")
    gamma = np.asarray(analysis.map.array[k], dtype=np.float32)
    _draw_gamma(axes[0, 2], gamma, grid)
    axes[0, 0].set_ylabel("along the column (mm)")
    for ax in axes[0]:
        ax.plot(*_place(grid, worst), "+", color="white", markersize=11, mew=2.6)
        ax.plot(*_place(grid, worst), "+", color=INK, markersize=9, mew=1.1)
    _draw_profile(axes[1, 0], doses, gamma, grid, worst=worst, along=2)
    _draw_profile(axes[1, 1], doses, gamma, grid, worst=worst, along=1)
    plot_gamma_histogram(analysis.result, axes[1, 2])
    _write_heading(figure, analysis.result)
    return figure


def plot_gamma_histogram(result: GammaResult, ax: Axes | None = None) -> Axes:
    """Draw how often each gamma is; what fails has a color of its own."""
    if ax is None:
        ax = new_figure(4.0, 3.0).add_axes((0.16, 0.16, 0.8, 0.74))
    counts = np.array(result.histogram or (0,))
    shares = 100 * counts / max(counts.sum(), 1)
    starts = np.arange(counts.size) * BIN_WIDTH
    passes = starts + BIN_WIDTH / 2 < 1
    for chosen, color in ((passes, ACCENT), (~passes, WARNING)):
        ax.bar(starts[chosen], shares[chosen], BIN_WIDTH, align="edge", color=color)
    ax.axvline(1, color=MUTED, lw=0.9, ls="--")
    ax.set_xlim(0, max(1.05, counts.size * BIN_WIDTH))
    ax.set_xlabel("gamma")
    tidy(ax, grid="y")
    _title(ax, "Share of the points (%)")
    return ax


def _panels(grid: Grid) -> tuple[Figure, Any]:
    """A figure with two rows of three panels, as high as the slices ask for."""
    width, side = 8.4, 1.85  # inches, of the figure and of an image
    rows, columns = grid.shape[1] * grid.spacing[1], grid.shape[2] * grid.spacing[2]
    image = min(max(side * rows / columns, 0.7), 2.6)
    below, gap, above = 0.5, 0.85, 0.75
    plot = 2.0
    height = below + plot + gap + image + above
    figure = new_figure(width, height)
    axes = np.empty((2, 3), dtype=object)
    for column, left in enumerate((0.55, 3.3, 6.05)):
        for row, bottom, wide, high in (
            (0, below + plot + gap, side, image),
            (1, below, side + 0.1, plot),
        ):
            box = (left / width, bottom / height, wide / width, high / height)
            axes[row, column] = figure.add_axes(box)
    return figure, axes


def _worst(gamma: FloatArray) -> tuple[int, int, int]:
    """Index of the largest gamma; the middle of the grid where there is none."""
    if np.isnan(gamma).all():
        k, j, i = (size // 2 for size in gamma.shape)
    else:
        k, j, i = (int(n) for n in np.unravel_index(np.nanargmax(gamma), gamma.shape))
    return k, j, i


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    """Edges of a slice in mm from its first voxel, as `imshow` wants them."""
    height, width = grid.spacing[1], grid.spacing[2]
    rows, columns = grid.shape[1:]
    return -width / 2, (columns - 0.5) * width, (rows - 0.5) * height, -height / 2


def _place(grid: Grid, index: tuple[int, int, int]) -> tuple[float, float]:
    return index[2] * grid.spacing[2], index[1] * grid.spacing[1]


def _draw_image(
    ax: Axes, image: FloatArray, grid: Grid, *, colors: str, highest: float, unit: str
) -> None:
    shown = ax.imshow(
        np.ma.masked_invalid(image),
        cmap=colors,
        vmin=0,
        vmax=highest,
        extent=_extent(grid),
        interpolation="nearest",
    )
    bar = ax.inset_axes((1.04, 0.0, 0.05, 1.0))
    ax.figure.colorbar(shown, cax=bar).outline.set_visible(False)
    bar.tick_params(labelsize=FONT_SIZE, colors=INK, length=2)
    bar.set_title(unit, fontsize=FONT_SIZE, color=INK)
    bar.locator_params(nbins=5)
    ax.set_xlabel("along the row (mm)")
    tidy(ax, grid="none")


def _draw_gamma(ax: Axes, gamma: FloatArray, grid: Grid) -> None:
    """Gamma from 0 to 2, blue where it passes and red where it fails."""
    _draw_image(
        ax, np.minimum(gamma, 2.0), grid, colors="RdBu_r", highest=2.0, unit="γ"
    )
    ax.set_facecolor("#e9ecef")  # no point, or not evaluable
    _title(ax, "Gamma")


def _draw_profile(
    ax: Axes,
    doses: tuple[FloatArray, FloatArray],
    gamma: FloatArray,
    grid: Grid,
    *,
    worst: tuple[int, int, int],
    along: int,
) -> None:
    """Both doses and gamma along the row (2) or column (1) of the worst point."""
    line = (worst[1], slice(None)) if along == 2 else (slice(None), worst[2])
    places = np.arange(grid.shape[along]) * grid.spacing[along]
    ax.plot(places, doses[0][line], color=INK, lw=1.2, label="reference")
    ax.plot(places, doses[1][line], color=ACCENT, lw=1.2, ls="--", label="evaluated")
    ax.set_ylim(0, 1.25 * max(float(np.nanmax(doses[0][line])), 1e-9))
    ax.set_xlabel(f"along the {'row' if along == 2 else 'column'} (mm)")
    ax.set_ylabel("dose (Gy)")
    tidy(ax)
    other = ax.twinx()
    finite: BoolArray = np.isfinite(gamma[line])
    values = np.where(finite, gamma[line], np.nan)
    other.plot(places, values, color=WARNING, lw=0.9)
    other.axhline(1, color=WARNING, lw=0.6, ls=":")
    other.set_ylim(0, 2.5)
    other.spines[["top", "left", "bottom"]].set_visible(False)
    other.spines["right"].set_color(WARNING)
    other.tick_params(labelsize=FONT_SIZE, colors=WARNING, length=3)
    other.set_title("gamma", fontsize=FONT_SIZE, color=WARNING, loc="right", pad=4)
    if along == 2:
        ax.legend(
            fontsize=FONT_SIZE - 1,
            frameon=False,
            ncols=2,
            loc="upper left",
            handlelength=1.6,
            columnspacing=0.8,
            borderaxespad=0.1,
        )


def _title(ax: Axes, text: str) -> None:
    ax.set_title(text, fontsize=FONT_SIZE + 0.5, color=INK, loc="left", pad=4)


def _write_heading(figure: Figure, result: GammaResult) -> None:
    rate = result.pass_rate_percent
    share = "nothing evaluable" if rate is None else f"{rate:.2f} % pass"
    verdict: Verdict = result.verdict
    top = 1 - 0.24 / figure.get_figheight()
    figure.text(
        0.065,
        top,
        f"{result.criteria}:  {share}",
        va="center",
        fontsize=FONT_SIZE + 2.5,
        color=INK,
    )
    figure.text(
        0.98,
        top,
        verdict.upper(),
        ha="right",
        va="center",
        fontsize=FONT_SIZE + 2.5,
        fontweight="bold",
        color=VERDICT_COLORS[verdict],
    )
