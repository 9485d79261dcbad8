"""Three sections through a breast, as the scan shows them and with the outlines found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import LabelArray, Vec3
from kerma.reports.breast_ct.pictures import tissues_in
from kerma.reports.breast_ct.sections import Plane, Section, largest_section
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import COLORS, Tissue
from kerma.workflows.ct_calibration.figures.style import (
    FONT_SIZE,
    INK,
    halo,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["overview", "plot_planes", "window_of"]

_TITLES = {
    Plane.CORONAL: "Coronal",
    Plane.SAGITTAL: "Sagittal",
    Plane.TRANSVERSAL: "Transversal",
}
_WIDTH = 9.0  # inches
_BELOW_FAT, _ABOVE_GLAND = 1.2, 1.2  # of the contrast between fat and gland
_MARGIN_MM = 6.0
_BAR_MM = 20.0
_GAP = 0.12  # inches between two pictures
_TITLE, _LEGEND = 0.28, 0.34  # inches
_THUMB_PX = 150  # height of an overview
_LIGHTER = 0.3  # so that a thin line shows on gray


def window_of(scale: HUScale) -> tuple[float, float]:
    """CT numbers of black and white that tell fat from gland, HU."""
    return scale.at(-_BELOW_FAT), scale.at(1 + _ABOVE_GLAND)


def plot_planes(segmented: SegmentedBreast) -> Figure:
    """Draw the largest section in each plane: the scan above, with outlines below.

    The gray scale is set by what fat and gland read on this scan. A cross marks the
    tip of the nipple where a section passes within 3 mm of it.
    """
    numbers, spacing = segmented.numbers, segmented.turned.grid.spacing
    window = window_of(segmented.result.scale.scale)
    sections = [largest_section(numbers, plane) for plane in Plane]
    boxes = [_box_mm(numbers, one, spacing) for one in sections]
    inches = (_WIDTH - 2 * _GAP) / sum(box[3] - box[2] for box in boxes)
    tallest = inches * max(box[1] - box[0] for box in boxes)
    height = 2 * tallest + _TITLE + _LEGEND + _GAP
    figure = new_figure(_WIDTH, height)
    left = 0.0
    for section, box in zip(sections, boxes, strict=True):
        wide, high = inches * (box[3] - box[2]), inches * (box[1] - box[0])
        for row in range(2):
            top = height - _TITLE - row * (tallest + _GAP)
            ax = figure.add_axes(
                (left / _WIDTH, (top - high) / height, wide / _WIDTH, high / height)
            )
            _draw(segmented, section, window, ax)
            ax.set(xlim=box[2:], ylim=(box[1], box[0]))
            _letters(section.plane, ax)
            if row == 0:
                _title(section, spacing, ax)
                _bar(ax)
            else:
                _outlines(section.of(numbers), section.pixel_mm(spacing), ax)
        left += wide + _GAP
    _legend(figure, tissues_in(numbers))
    return figure


def overview(segmented: SegmentedBreast) -> Figure:
    """The three sections side by side at one scale, tinted in the colors of the tissues."""
    numbers, spacing = segmented.numbers, segmented.turned.grid.spacing
    sections = [largest_section(numbers, plane) for plane in Plane]
    boxes = [_box_mm(numbers, one, spacing) for one in sections]
    pixel = max(box[1] - box[0] for box in boxes) / _THUMB_PX
    parts = [
        _tinted(segmented, section, box, pixel)
        for section, box in zip(sections, boxes, strict=True)
    ]
    strip = np.zeros((_THUMB_PX, sum(one.shape[1] for one in parts), 3), np.uint8)
    left = 0
    for part in parts:
        strip[: part.shape[0], left : left + part.shape[1]] = part
        left += part.shape[1]
    figure = new_figure(strip.shape[1] / 100, strip.shape[0] / 100)
    figure.figimage(strip)
    return figure


def _tinted(
    segmented: SegmentedBreast,
    section: Section,
    box: tuple[float, float, float, float],
    pixel: float,
) -> NDArray[np.uint8]:
    """A section within a box in mm, every pixel the nearest voxel."""
    picture, sizes = (
        section.of(segmented.numbers),
        section.pixel_mm(segmented.image.spacing),
    )
    rows, columns = (
        np.minimum(np.arange(low + pixel / 2, high, pixel) / size, count - 1).astype(
            int
        )
        for low, high, size, count in zip(
            box[::2], box[1::2], sizes, picture.shape, strict=True
        )
    )
    places = np.ix_(rows[:_THUMB_PX], columns)
    black, white = window_of(segmented.result.scale.scale)
    hu = section.of(segmented.turned.array)[places].astype(np.float32)
    gray = np.clip((hu - black) / (white - black), 0, 1)[..., None]
    palette = np.full((256, 3), 255.0)
    for tissue, color in COLORS.items():
        palette[tissue] = color
    tint = palette[picture[places]]
    inside = (picture[places] != Tissue.AIR)[..., None]
    shown = np.where(inside, np.minimum(0.6 + 0.6 * gray, 1) * tint, 255 * gray)
    return np.asarray(np.rint(shown).astype(np.uint8))


def _box_mm(
    numbers: LabelArray, section: Section, spacing: Vec3
) -> tuple[float, float, float, float]:
    """Top, bottom, left and right of what is in any section of the plane, mm."""
    axis = section.plane.axis
    shadow = (numbers != Tissue.AIR).any(axis=axis, keepdims=True)
    picture = Section(section.plane, 0).of(shadow)
    if not picture.any():
        picture = np.ones_like(picture)
    sides: list[float] = []
    for way, size in enumerate(section.pixel_mm(spacing)):
        held = np.flatnonzero(picture.any(axis=1 - way))
        last = picture.shape[way] * size
        sides.append(max(0.0, float(held[0]) * size - _MARGIN_MM))
        sides.append(min(last, float(held[-1] + 1) * size + _MARGIN_MM))
    top, bottom, left, right = sides
    return top, bottom, left, right


def _draw(
    segmented: SegmentedBreast, section: Section, window: tuple[float, float], ax: Axes
) -> None:
    spacing = segmented.turned.grid.spacing
    picture = section.of(segmented.turned.array)
    high, wide = section.pixel_mm(spacing)
    rows, columns = picture.shape
    ax.imshow(
        picture,
        cmap="gray",
        vmin=window[0],
        vmax=window[1],
        extent=(0, columns * wide, rows * high, 0),
        interpolation="bilinear",
        aspect="auto",
    )
    ax.set_axis_off()
    tip = segmented.skin.nipple
    if tip is None:
        return
    away = abs(tip[section.plane.axis] - section.index) * spacing[section.plane.axis]
    if away <= 3:
        row, column = section.place(tip, segmented.numbers.shape)
        ax.plot((column + 0.5) * wide, (row + 0.5) * high, "+", color="#38d6c4", ms=7)


def _outlines(numbers: LabelArray, pixel_mm: tuple[float, float], ax: Axes) -> None:
    rows, columns = (
        (np.arange(n) + 0.5) * s for n, s in zip(numbers.shape, pixel_mm, strict=True)
    )
    for tissue in tissues_in(numbers):
        if tissue is Tissue.FAT:
            continue  # what the others leave; its outline would lie on theirs
        color = _bright(tissue)
        inside = (numbers == tissue).astype(np.float32)
        ax.contour(columns, rows, inside, levels=[0.5], colors=[color], linewidths=0.9)


def _title(section: Section, spacing: Vec3, ax: Axes) -> None:
    where = section.index * spacing[section.plane.axis]
    told = (
        f"{where:.0f} mm from the chest wall" if section.plane is Plane.CORONAL else ""
    )
    ax.set_title(
        f"{_TITLES[section.plane]}{', ' if told else ''}{told}",
        fontsize=FONT_SIZE + 0.5,
        color=INK,
        loc="left",
        pad=4,
    )


def _letters(plane: Plane, ax: Axes) -> None:
    places = ((0.02, 0.5), (0.98, 0.5), (0.5, 0.98), (0.5, 0.02))
    ways = (
        ("left", "center"),
        ("right", "center"),
        ("center", "top"),
        ("center", "bottom"),
    )
    for letter, (x, y), (ha, va) in zip(plane.letters, places, ways, strict=True):
        ax.text(
            x, y, letter, transform=ax.transAxes, ha=ha, va=va, color="#e8edf2",
            fontsize=FONT_SIZE, path_effects=halo("black", 2.0),
        )  # fmt: skip


def _bar(ax: Axes) -> None:
    """A bar of 20 mm in the lower left corner."""
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    x, y = left + 0.04 * (right - left), bottom - 0.05 * (bottom - top)
    ax.plot(
        [x, x + _BAR_MM], [y, y], color="#e8edf2", lw=2, solid_capstyle="butt",
        path_effects=halo("black", 3.5),
    )  # fmt: skip
    ax.text(
        x, y - 0.02 * (bottom - top), f"{_BAR_MM:.0f} mm", color="#e8edf2", va="bottom",
        fontsize=FONT_SIZE, path_effects=halo("black", 2.0),
    )  # fmt: skip


def _legend(figure: Figure, tissues: list[Tissue]) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=_bright(one), lw=2.2, label=one.title)
        for one in tissues
        if one is not Tissue.FAT
    ]
    figure.legend(
        handles=lines,
        loc="lower left",
        bbox_to_anchor=(0, 0),
        ncols=max(1, len(lines)),
        frameon=False,
        fontsize=FONT_SIZE,
        labelcolor=INK,
        borderaxespad=0.2,
    )


def _bright(tissue: Tissue) -> tuple[float, float, float]:
    red, green, blue = (
        part / 255 + _LIGHTER * (1 - part / 255) for part in COLORS[tissue]
    )
    return red, green, blue
