"""The page of one breast: is the segmentation right, and what are the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kerma.reports.breast_ct.figures_charts import (
    plot_depths,
    plot_histogram,
    plot_quadrants,
    plot_rings,
)
from kerma.reports.breast_ct.figures_planes import plot_planes, window_of
from kerma.reports.breast_ct.figures_skin import plot_skin
from kerma.reports.breast_ct.wording import (
    SEVERITY_CLASSES,
    SIDES,
    verdict_class,
    verdict_reason,
    verdict_word,
)
from kerma.reports.page import data_uri, png_of, render, svg_of
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["breast_html"]

_PLANES_DPI = 130
_SKIN_DPI = 120
_SOURCES = {"scan": "measured on this scan", "prior": "taken from the device"}


def breast_html(segmented: SegmentedBreast) -> str:
    """One self-contained page with pictures, charts, numbers and flags of a breast.

    The same breast gives the same page; nothing in it is of the clock.
    """
    result = segmented.result
    figures = {
        "planes": _png(plot_planes(segmented), _PLANES_DPI),
        "histogram": _svg(plot_histogram(segmented)),
        "depths": _svg(plot_depths(segmented)),
    }
    if result.rings:
        figures["rings"] = _svg(plot_rings(result))
    if result.quadrants:
        figures["quadrants"] = _svg(plot_quadrants(result))
    if segmented.skin.positions.shape[0] >= 3:
        figures["skin"] = _png(_figure_of(plot_skin(segmented)), _SKIN_DPI)
    return render(
        "breast.html.j2",
        breast=result,
        figures=figures,
        window=window_of(result.scale.scale),
        side=SIDES[result.laterality],
        sources=_SOURCES,
        classes=SEVERITY_CLASSES,
        colors={tissue.title: _css(color) for tissue, color in COLORS.items()},
        verdict=verdict_class(result.severity),
        word=verdict_word(result.severity),
        reason=verdict_reason(result),
    )


def _svg(ax: Axes) -> str:
    return data_uri(svg_of(_figure_of(ax)), "image/svg+xml")


def _figure_of(ax: Axes) -> Figure:
    return cast("Figure", ax.get_figure(root=True))


def _png(figure: Figure, dpi: int) -> str:
    return data_uri(png_of(figure, dpi=dpi), "image/png")


def _css(color: tuple[int, int, int]) -> str:
    red, green, blue = color
    return f"rgb({red}, {green}, {blue})"
