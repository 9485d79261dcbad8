"""What all figures share: colors, sizes, words, fresh axes, labels out of the way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import isotonic_regression

from kerma.core.arrays import FloatArray
from kerma.core.result import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

__all__ = [
    "ACCENT",
    "FONT_SIZE",
    "INK",
    "MUTED",
    "RULE",
    "VERDICT_COLORS",
    "VERDICT_MARKERS",
    "WARNING",
    "halo",
    "label_points",
    "new_figure",
    "signed",
    "spread",
    "tidy",
    "words",
]

INK = "#1c2733"
MUTED = "#5b6670"
RULE = "#e2e6ea"
ACCENT = "#1d5f8a"
WARNING = "#c2410c"
FONT_SIZE = 8.0  # points; still legible when a figure is as wide as an A4 page

# Every verdict has its own shape too: one man in twelve confuses red and green.
VERDICT_COLORS = {
    Verdict.PASS: "#1b7a53",
    Verdict.ACTION: "#a35c00",
    Verdict.FAIL: "#b3261e",
    Verdict.INCONCLUSIVE: "#5b6670",
}
VERDICT_MARKERS = {
    Verdict.PASS: "o",
    Verdict.ACTION: "^",
    Verdict.FAIL: "X",
    Verdict.INCONCLUSIVE: "D",
}

_ABBREVIATIONS = frozenset({"cb", "hdpe", "ldpe", "ln", "pmma", "pmp", "ptfe"})


def words(key: str) -> str:
    """A key as it is written in a text: `inner_bone200` becomes "Inner bone 200"."""
    parts = re.sub(r"(?<=[a-z])(?=\d)", "_", key).split("_")
    text = " ".join(part.upper() if part in _ABBREVIATIONS else part for part in parts)
    return text[:1].upper() + text[1:]


def signed(value: float, digits: int = 1) -> str:
    """A number with a true minus sign; what rounds to zero has no sign."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return text.replace("-", "−")


def new_figure(width: float, height: float) -> Figure:
    """A figure of its own, in inches, that no window and no global list knows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def tidy(ax: Axes, *, grid: str = "both") -> None:
    """Light rules behind the data, no box around them, small type."""
    ax.set_axisbelow(True)
    if grid != "none":
        ax.grid(visible=True, axis=grid, color=RULE, linewidth=0.7)  # type: ignore[arg-type]  # one of matplotlib's three words
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(labelsize=FONT_SIZE, colors=INK, color=MUTED, length=3)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(size=FONT_SIZE + 0.5, color=INK)


def halo(color: str = "white", width: float = 2.0) -> list[Any]:
    """A rim that keeps a line or a letter readable on any background."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=color)]


def spread(
    wanted: Sequence[float], *, gap: float, low: float, high: float
) -> FloatArray:
    """Places as near as possible to those wanted, in order and a gap apart.

    With :math:`x_i = z_i + i g` the gaps become an order, so the least-squares
    answer is an isotonic regression of :math:`z`. Where the room from `low` to
    `high` is too short for all of them they go beyond `high`.
    """
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(order))
    last = max(low, high - gap * (len(order) - 1))
    freed = np.clip(np.asarray(wanted, dtype=float)[order] - steps, low, last)
    places = np.empty(len(order))
    places[order] = (isotonic_regression(freed).x if len(order) else freed) + steps
    return places


def label_points(
    ax: Axes, points: FloatArray, texts: Sequence[str], avoid: FloatArray
) -> list[Annotation]:
    """Write a text beside each point where nothing else is.

    Parameters
    ----------
    ax
        Axes with their final limits and size.
    points
        (n, 2) in data coordinates.
    texts
        One for each.
    avoid
        (m, 2) in data coordinates: what no label may cover.
    """
    taken: list[FloatArray] = []
    anchors = ax.transData.transform(points)
    obstacles = ax.transData.transform(avoid)
    labels = []
    for place, anchor, text in zip(points, anchors, texts, strict=True):
        label = ax.annotate(
            text,
            xy=(place[0], place[1]),
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=FONT_SIZE,
            color=INK,
            arrowprops={"arrowstyle": "-", "color": MUTED, "lw": 0.6, "shrinkB": 4},
            zorder=6,
        )
        size = np.array(label.get_window_extent().size)
        offset = _free_offset(ax, anchor, size, obstacles, taken)
        taken.append(_box(anchor + offset, size))
        dots_per_point = ax.get_figure(root=True).dpi / 72  # type: ignore[union-attr]  # these axes have a figure
        label.set_position(tuple(offset / dots_per_point))
        gap = np.abs(offset) - size / 2
        if label.arrow_patch is not None:
            label.arrow_patch.set_visible(bool(gap.max() > 12 * dots_per_point))
        labels.append(label)
    return labels


def _free_offset(
    ax: Axes,
    anchor: FloatArray,
    size: FloatArray,
    obstacles: FloatArray,
    taken: Sequence[FloatArray],
) -> FloatArray:
    """Offset in pixels of a label: the nearest one that covers nothing."""
    frame = ax.get_window_extent()
    best, least = np.zeros(2), np.inf
    for distance in np.arange(7.0, 110.0, 6.0):
        for angle in np.deg2rad([150, -30, 120, -60, 180, 0, 90, -90, 60, -120]):
            way = np.array([np.cos(angle), np.sin(angle)])
            offset = way * (distance + size / 2)
            low, high = _box(anchor + offset, size + 10)
            inside = (obstacles > low) & (obstacles < high)
            cost = float(np.count_nonzero(inside.all(axis=1)))
            cost += 50 * sum(
                bool(np.all(low < box[1]) and np.all(high > box[0])) for box in taken
            )
            cost += 50 * bool(np.any(low < frame.min) or np.any(high > frame.max))
            if cost < least:
                best, least = offset, cost
        if least == 0:
            break
    return best


def _box(center: FloatArray, size: FloatArray) -> FloatArray:
    """(2, 2) lower left and upper right corner."""
    return np.array([center - size / 2, center + size / 2])
