"""Charts of a segmented breast: CT numbers, depth, quadrants, distance from the nipple."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray, LabelArray
from kerma.errors import InputError
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.shape import Part
from kerma.workflows.breast_ct.tissues import COLORS, Tissue
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    new_figure,
    signed,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_depths", "plot_histogram", "plot_quadrants", "plot_rings"]

_SMOOTHING_MM = 0.45
_MOST_SLICES = 60
_BIN_HU = 4.0
_SHOWN = (Tissue.FAT, Tissue.GLAND, Tissue.SKIN, Tissue.MUSCLE, Tissue.IMPLANT)
_BELOW_FAT, _ABOVE_GLAND = 0.7, 1.4  # of the contrast, as far as the chart goes
_COVERAGE = 1.96  # normal distribution, 95 %
_DEPTH_MM = 5.0
_FEW_ML = 1.0  # less tissue than this has no gland fraction worth a point


def plot_histogram(segmented: SegmentedBreast, ax: Axes | None = None) -> Axes:
    """Draw the CT numbers of each tissue, and what fat and gland read on this scan.

    The CT numbers are those of every few slices after a Gaussian of 0.45 mm within the
    slice, so that noise does not hide the peaks. The bands are 95 % intervals.
    """
    ax = ax or new_figure(4.4, 3.0).add_axes((0.12, 0.15, 0.85, 0.66))
    fit = segmented.result.scale
    scale = fit.scale
    edges = np.arange(scale.at(-_BELOW_FAT), scale.at(1 + _ABOVE_GLAND), _BIN_HU)
    counts = _counts(segmented, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    volume_ml = np.prod(segmented.result.spacing_mm) / 1000
    for tissue, count in counts.items():
        color = _color(tissue)
        ax.plot(middles, count * volume_ml, color=color, lw=1.3, label=tissue.title)
        ax.fill_between(middles, count * volume_ml, color=color, alpha=0.25, lw=0)
    for name, hu, u in (
        ("fat", fit.fat_hu, fit.u_fat_hu),
        ("gland", fit.gland_hu, fit.u_gland_hu),
    ):
        ax.axvspan(
            hu - _COVERAGE * u, hu + _COVERAGE * u, color=ACCENT, alpha=0.2, lw=0
        )
        ax.axvline(hu, color=ACCENT, lw=0.9)
        ax.annotate(
            f"{name} {signed(hu, 0)}", (hu, 1.0), xycoords=("data", "axes fraction"),
            xytext=(2, -3), textcoords="offset points", va="top", fontsize=FONT_SIZE,
            color=ACCENT,
        )  # fmt: skip
    ax.axvline(scale.at(0.5), color=MUTED, lw=0.8, ls=(0, (4, 3)))
    ax.set(
        xlim=(edges[0], edges[-1]),
        xlabel="CT number (HU)",
        ylabel=f"volume per {_BIN_HU:g} HU (ml)",
    )
    ax.set_ylim(0, 1.12 * max(1e-9, ax.get_ylim()[1]))
    tidy(ax)
    top = ax.secondary_xaxis(
        "top",
        functions=(
            lambda hu: 100 * scale.fraction_of(np.asarray(hu)),
            lambda percent: (
                scale.fat_hu + np.asarray(percent) / 100 * scale.contrast_hu
            ),
        ),
    )
    top.tick_params(labelsize=FONT_SIZE, colors=MUTED, length=3)
    top.set_xlabel("of the way from fat to gland (%)", fontsize=FONT_SIZE, color=MUTED)
    top.spines["top"].set_color(MUTED)
    ax.legend(
        fontsize=FONT_SIZE, frameon=False, loc="upper right", bbox_to_anchor=(1, 0.93)
    )
    return ax


def plot_depths(segmented: SegmentedBreast, ax: Axes | None = None) -> Axes:
    """Draw effective diameter and gland fraction by distance from the chest wall."""
    ax = ax or new_figure(4.4, 3.0).add_axes((0.12, 0.15, 0.76, 0.8))
    breast = segmented.result.breast
    ax.plot(breast.depths_mm, breast.effective_diameters_mm, color=INK, lw=1.4)
    ax.set(
        xlim=(0, max(breast.length_mm, _DEPTH_MM)),
        xlabel="from the first slice at the chest wall (mm)",
        ylabel="effective diameter (mm)",
    )
    ax.set_ylim(bottom=0)
    tidy(ax)
    depths, fractions = _gland_by_depth(segmented.numbers, segmented.image.spacing[0])
    other = ax.twinx()
    other.plot(depths, 100 * fractions, "o-", color=_color(Tissue.GLAND), lw=1.0, ms=3)
    other.set_ylim(0, 100)
    other.set_ylabel(
        "gland of fat and gland (%)",
        fontsize=FONT_SIZE + 0.5,
        color=_color(Tissue.GLAND),
    )
    other.tick_params(labelsize=FONT_SIZE, colors=_color(Tissue.GLAND), length=3)
    other.spines[["top", "left"]].set_visible(False)
    other.spines["right"].set_color(MUTED)
    return ax


def plot_rings(result: BreastCT, ax: Axes | None = None) -> Axes:
    """Draw the gland fraction by distance from the axis of the nipple.

    Raises
    ------
    InputError
        The nipple was not found, so there are no rings.
    """
    if not result.rings:
        raise InputError("No nipple was found, so there is no profile about its axis.")
    ax = ax or new_figure(4.4, 2.6).add_axes((0.12, 0.17, 0.76, 0.78))
    edges = np.arange(len(result.rings) + 1) * 5.0
    for ring, left in zip(result.rings, edges[:-1], strict=True):
        gland = ring.tissue_ml * (ring.gland_fraction or 0.0)
        ax.bar(left + 2.5, gland, width=4.6, color=_color(Tissue.GLAND))
        ax.bar(
            left + 2.5, ring.tissue_ml - gland, width=4.6, bottom=gland,
            color=_color(Tissue.FAT),
        )  # fmt: skip
    ax.set(
        xlim=(0, edges[-1]),
        xlabel="from the axis of the nipple (mm)",
        ylabel="fat and gland (ml)",
    )
    tidy(ax, grid="y")
    other = ax.twinx()
    told = [
        ring.tissue_ml >= _FEW_ML and ring.gland_fraction is not None
        for ring in result.rings
    ]
    fractions = np.array([ring.gland_fraction or 0.0 for ring in result.rings])
    other.plot(
        edges[:-1][told] + 2.5, 100 * fractions[told], "o-", color=WARNING, lw=1.0, ms=3
    )
    other.set_ylim(0, 100)
    other.set_ylabel("gland (%)", fontsize=FONT_SIZE + 0.5, color=WARNING)
    other.tick_params(labelsize=FONT_SIZE, colors=WARNING, length=3)
    other.spines[["top", "left"]].set_visible(False)
    return ax


def plot_quadrants(result: BreastCT, ax: Axes | None = None) -> Axes:
    """Draw the gland fraction of the quadrants as seen from the front.

    Raises
    ------
    InputError
        Nipple or side are unknown, so there are no quadrants.
    """
    if not result.quadrants:
        raise InputError("There are no quadrants: the nipple or the side is unknown.")
    from matplotlib import colormaps
    from matplotlib.patches import Wedge

    ax = ax or new_figure(2.6, 2.6).add_axes((0.02, 0.02, 0.96, 0.96))
    most = max(0.1, *(part.gland_fraction or 0.0 for part in result.quadrants))
    for part in result.quadrants:
        start = _first_angle_deg(part, result.laterality)
        share = part.gland_fraction
        fill = (
            "white" if share is None else colormaps["Blues"](0.05 + 0.4 * share / most)
        )
        ax.add_patch(Wedge((0, 0), 1, start, start + 90, fc=fill, ec="white", lw=2))
        way = np.deg2rad(start + 45)
        told = "–" if share is None else f"{100 * share:.0f} %"
        x, y = 0.58 * np.cos(way), 0.58 * np.sin(way)
        ax.text(x, y + 0.1, part.name, ha="center", fontsize=FONT_SIZE, color=INK)
        ax.text(
            x,
            y - 0.07,
            told,
            ha="center",
            fontsize=FONT_SIZE + 3,
            weight="bold",
            color=INK,
        )
        ax.text(
            x, y - 0.22, f"of {part.tissue_ml:.0f} ml", ha="center", fontsize=FONT_SIZE,
            color=INK,
        )  # fmt: skip
    ax.plot(0, 0, "o", color=INK, ms=4)
    for letter, x, y in (
        ("R", -1.08, 0),
        ("L", 1.08, 0),
        ("H", 0, 1.08),
        ("F", 0, -1.08),
    ):
        ax.text(x, y, letter, ha="center", va="center", fontsize=FONT_SIZE, color=MUTED)
    ax.set(xlim=(-1.18, 1.18), ylim=(-1.18, 1.18), aspect="equal")
    ax.set_axis_off()
    return ax


def _counts(segmented: SegmentedBreast, edges: FloatArray) -> dict[Tissue, FloatArray]:
    """Voxels in each bin by tissue, as many as in all slices together."""
    from scipy.ndimage import gaussian_filter

    numbers, hu = segmented.numbers, segmented.turned.array
    held = np.flatnonzero(numbers.any(axis=(1, 2)))
    every = max(1, held.size // _MOST_SLICES)
    chosen = held[every // 2 :: every]
    sigma = [_SMOOTHING_MM / step for step in segmented.image.spacing[1:]]
    counts = {tissue: np.zeros(edges.size - 1) for tissue in _SHOWN}
    for k in chosen:
        smooth = gaussian_filter(hu[k], sigma, output=np.float32)
        for tissue, count in counts.items():
            count += np.histogram(smooth[numbers[k] == tissue], edges)[0]  # noqa: PLW2901  (in place)
    whole = held.size / max(1, chosen.size)
    return {tissue: whole * count for tissue, count in counts.items() if count.any()}


def _gland_by_depth(
    numbers: LabelArray, step_mm: float
) -> tuple[FloatArray, FloatArray]:
    """Middle of every 5 mm from the chest wall, and the gland fraction there."""
    per_bin = max(1, round(_DEPTH_MM / step_mm))
    depths, fractions = [], []
    for first in range(0, numbers.shape[0], per_bin):
        part = numbers[first : first + per_bin]
        fat, gland = (
            np.count_nonzero(part == one) for one in (Tissue.FAT, Tissue.GLAND)
        )
        if fat + gland:
            depths.append((first + part.shape[0] / 2) * step_mm)
            fractions.append(gland / (fat + gland))
    return np.array(depths), np.array(fractions)


def _first_angle_deg(part: Part, laterality: str | None) -> float:
    """Where a quadrant begins, counterclockwise from the patient's left."""
    height, side = part.name.split()
    is_left = (side == "outer") == (laterality == "L")
    starts: dict[tuple[str, bool], float] = {
        ("upper", True): 0.0,
        ("upper", False): 90.0,
        ("lower", False): 180.0,
        ("lower", True): 270.0,
    }
    return starts[height, is_left]


def _color(tissue: Tissue) -> tuple[float, float, float]:
    red, green, blue = (part / 255 for part in COLORS[tissue])
    return red, green, blue
