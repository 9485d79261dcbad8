"""One cut: gray CT, dose, structures, and what tells where one looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.structures import Structure, StructureSet
from kerma.errors import InputError
from kerma.reports.overlay.cuts import Box, Cut
from kerma.reports.overlay.isodoses import Isodoses
from kerma.reports.overlay.outlines import Stack, outlines_in, stack_of
from kerma.workflows.ct_calibration.figures.style import FONT_SIZE, INK, halo, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "NO_CT_REMARK",
    "WINDOW_HU",
    "Drawn",
    "Panel",
    "draw_panel",
    "prepare_structures",
]

WINDOW_HU = (40.0, 400.0)
"""Center and width of the gray scale, HU."""

_NO_CT = "#2f3b47"  # air is black
NO_CT_REMARK = "Slate: no CT there"
_GUIDE = "#7fd4ff"
_PLAIN = ("#33d17a", "#62a0ea", "#ffa348", "#dc8add", "#f9f06b", "#5bc8af", "#f66151")
_DARK = 0.28  # luminance; darker lines are lost on the image


@dataclass(frozen=True, eq=False)
class Drawn:
    """A structure with what drawing it needs."""

    structure: Structure
    stack: Stack
    color: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Panel:
    """What all panels of a figure share.

    Parameters
    ----------
    box
        The piece of the patient that is shown.
    isodoses
        The levels.
    structures
        Those that have closed contours.
    window_hu
        Center and width of the gray scale.
    point
        Where the cuts of the figure meet; their traces are drawn. ``None`` for none.
    is_small
        Whether letters and lines have to be thin.
    """

    box: Box
    isodoses: Isodoses
    structures: tuple[Drawn, ...]
    window_hu: tuple[float, float]
    point: Vec3 | None = None
    is_small: bool = False

    def __post_init__(self) -> None:
        center, width = self.window_hu
        if not (np.isfinite(center) and np.isfinite(width) and width > 0):
            raise InputError(
                f"A gray scale has a center and a positive width in HU; got "
                f"{center:g} and {width:g}."
            )

    @property
    def gray_limits_hu(self) -> tuple[float, float]:
        """CT numbers of black and white."""
        center, width = self.window_hu
        return center - width / 2, center + width / 2


def prepare_structures(
    structures: StructureSet | None, *, thickness_mm: float
) -> tuple[Drawn, ...]:
    """Structures that can be outlined, each in a color that shows on a dark image."""
    found = []
    for number, structure in enumerate(structures or ()):
        stack = stack_of(structure, thickness_mm)
        if stack is not None:
            found.append(Drawn(structure, stack, _color(structure, number)))
    return tuple(found)


def draw_panel(cut: Cut, panel: Panel, ax: Axes) -> frozenset[int]:
    """Draw a cut; return the numbers of the structures that are in it.

    The axes are patient coordinates in mm, with one scale along both.
    """
    _draw_images(cut, panel, ax)
    view, box = cut.view, panel.box
    low, high = box.low[view.upright], box.high[view.upright]
    ax.set(
        xlim=(box.low[view.across], box.high[view.across]),
        ylim=(low, high) if view.up > 0 else (high, low),
        aspect="equal",
        facecolor=_NO_CT,
        xticks=[],
        yticks=[],
        gid=view.name.lower(),
    )
    ax.spines[:].set_visible(False)
    _draw_lines(cut, panel, ax)
    seen = _draw_structures(cut, panel, ax)
    if panel.point is not None:
        _draw_traces(cut, panel.point, ax)
    _draw_letters(cut, panel, ax)
    _draw_scale_bar(panel, ax)
    return seen


def _color(structure: Structure, number: int) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    if structure.color is None:
        return to_rgb(_PLAIN[number % len(_PLAIN)])
    color = np.array(structure.color) / 255
    luminance = float(color @ [0.2126, 0.7152, 0.0722])
    if luminance < _DARK:  # toward white, until it shows
        color += (1 - color) * (_DARK - luminance) / (1 - luminance)
    red, green, blue = color.tolist()
    return red, green, blue


def _draw_images(cut: Cut, panel: Panel, ax: Axes) -> None:
    extent = (*_edges(cut.across), *_edges(cut.upright))
    black, white = panel.gray_limits_hu
    ax.imshow(
        np.ma.masked_invalid(cut.hu),
        cmap="gray",
        vmin=black,
        vmax=white,
        extent=extent,
        origin="lower",
        interpolation="bilinear",
        aspect="equal",
    )
    wash = panel.isodoses.wash(cut.dose)
    ax.imshow(wash, extent=extent, origin="lower", aspect="equal")


def _edges(centers: FloatArray) -> tuple[float, float]:
    half = float(centers[1] - centers[0]) / 2
    return float(centers[0]) - half, float(centers[-1]) + half


def _draw_lines(cut: Cut, panel: Panel, ax: Axes) -> None:
    isodoses = panel.isodoses
    levels = [isodoses.value(percent) for percent in reversed(isodoses.reached)]
    known = np.isfinite(cut.dose)
    if not known.any():
        return
    least, most = float(cut.dose[known].min()), float(cut.dose[known].max())
    levels = [level for level in levels if least < level < most]
    if not levels:
        return
    lines = ax.contour(
        cut.across,
        cut.upright,
        np.ma.masked_invalid(cut.dose),
        levels=levels,
        colors=[isodoses.color(level) for level in levels],
        linewidths=0.7 if panel.is_small else 1.0,
        zorder=4,
    )
    lines.set_gid("isodoses")


def _draw_structures(cut: Cut, panel: Panel, ax: Axes) -> frozenset[int]:
    from matplotlib.collections import LineCollection

    seen = set()
    for drawn in panel.structures:
        outlines = outlines_in(drawn.stack, cut.view, cut.at_mm)
        if not outlines:
            continue
        seen.add(drawn.structure.number)
        lines = LineCollection(
            outlines,
            colors=[drawn.color],
            linewidths=0.9 if panel.is_small else 1.6,
            path_effects=halo("black", 1.6 if panel.is_small else 2.6),
            zorder=3,
        )
        lines.set_gid(f"ROI {drawn.structure.number}")
        ax.add_collection(lines, autolim=False)
    return frozenset(seen)


def _draw_traces(cut: Cut, point: Vec3, ax: Axes) -> None:
    """Where the other cuts are: thin lines that leave the middle free."""
    style = {"color": _GUIDE, "lw": 0.7, "alpha": 0.75, "zorder": 2.5}
    x, y = point[cut.view.across], point[cut.view.upright]
    for first, last in ((0.0, 0.09), (0.91, 1.0)):
        ax.axvline(x, first, last, **style)
        ax.axhline(y, first, last, **style)


def _draw_letters(cut: Cut, panel: Panel, ax: Axes) -> None:
    """The patient's sides at the edges, and where the cut is."""
    size = FONT_SIZE - 1 if panel.is_small else FONT_SIZE + 2
    inset = 6 if panel.is_small else 9
    axis = "xyz"[cut.view.normal]
    x, y = _clear_of_traces(panel, ax, cut)
    for letter, place, offset in zip(
        cut.view.letters,
        ((0, y), (1, y), (x, 1), (x, 0)),
        ((inset, 0), (-inset, 0), (0, -inset), (0, inset)),
        strict=True,
    ):
        ax.annotate(
            letter,
            place,
            xycoords="axes fraction",
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            fontweight="bold",
            color="white",
            path_effects=halo("black", 2.2),
            zorder=6,
        )
    words = f"{axis} = {signed(cut.at_mm)} mm"
    if not panel.is_small:
        words = f"{cut.view.name}, {words}"
    ax.set_title(words, fontsize=FONT_SIZE, color=INK, loc="left", pad=3)


def _clear_of_traces(panel: Panel, ax: Axes, cut: Cut) -> tuple[float, float]:
    """Where along the edges the letters stand: the middle, but beside the traces."""
    if panel.point is None:
        return 0.5, 0.5
    places = panel.point[cut.view.across], panel.point[cut.view.upright]
    limits = ax.get_xlim(), ax.get_ylim()
    found = []
    for place, (first, last) in zip(places, limits, strict=True):
        trace = (place - first) / (last - first)
        away = 0.08 if trace < 0.5 else -0.08
        found.append(0.5 if abs(trace - 0.5) > 0.08 else trace + away)
    return found[0], found[1]


def _draw_scale_bar(panel: Panel, ax: Axes) -> None:
    """A round length at the lower left, about a fifth of the picture."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    length = _round_length(0.22 * (right - left))
    x = left + 0.04 * (right - left)
    y = bottom + 0.05 * (top - bottom)
    ax.plot(
        (x, x + length),
        (y, y),
        color="white",
        lw=1.4 if panel.is_small else 2.2,
        path_effects=halo("black", 3 if panel.is_small else 4),
        solid_capstyle="butt",
        gid="scale bar",
        zorder=6,
    )
    ax.annotate(
        f"{length:g} mm",
        (x + length / 2, y),
        xytext=(0, 3 if panel.is_small else 4),
        textcoords="offset points",
        ha="center",
        fontsize=FONT_SIZE - 2 if panel.is_small else FONT_SIZE,
        color="white",
        path_effects=halo("black", 2.0),
        zorder=6,
    )


def _round_length(wanted: float) -> float:
    lengths: Sequence[float] = (5, 10, 20, 50, 100, 200)
    return min(lengths, key=lambda length: abs(np.log(length / wanted)))
