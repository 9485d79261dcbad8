"""Drawings of phantoms: as described, and as learned from a scan."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Insert, Outline, Phantom
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    halo,
    new_figure,
    signed,
)
from kerma.workflows.ct_calibration.learning.procedure import LearnedPhantom

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_learned", "plot_phantom"]

_WINDOW_HU = (-1000.0, 1400.0)
_LARGE = 0.07  # of the width: an insert this wide holds its own label
_MARGIN = 1.08
_DARK = 0.5  # gray under which white letters are read better


def plot_phantom(phantom: Phantom) -> Figure:
    """Draw a phantom across its axis, seen from the feet, with its inserts named."""
    figure, ax = _axes(phantom, phantom.title)
    ax.set_facecolor("white")
    edge = _contour(phantom.outline)
    housing = phantom.housing_hu
    body = phantom.background_hu if housing is None else housing
    ax.fill(*edge.T, facecolor=_gray(body), edgecolor=INK, lw=1.2)
    if phantom.module_diameter_mm is not None:
        _disc(ax, 0.0, 0.0, phantom.module_diameter_mm, phantom.background_hu)
    for mark in phantom.marks:
        angle = np.deg2rad(mark.angle_deg)
        x, y = mark.radius_mm * np.cos(angle), mark.radius_mm * np.sin(angle)
        _disc(ax, x, y, mark.diameter_mm, mark.hu)
    for insert in phantom.inserts:
        x, y = insert.center_mm
        material = phantom.material_of(insert)
        hu = material.hu_at(None)
        _disc(ax, x, y, insert.diameter_mm, hu)
        red = "RED not known" if material.red is None else f"RED {material.red:g}"
        _label(ax, phantom, insert, (x, y), f"{material.name}\n{red}", hu)
    return figure


def plot_learned(learned: LearnedPhantom) -> Figure:
    """Draw a learned phantom over the slices that it was learned from."""
    slab, outline = learned.slab, learned.outline
    figure, ax = _axes(learned.phantom, f"{learned.phantom.name}: is this right?")
    _, rows, columns = slab.hu.shape
    left, top = (
        slab.x0[0] - slab.dx / 2 - outline.x,
        slab.y0[0] - slab.dy / 2 - outline.y,
    )
    level = learned.phantom.background_hu
    ax.imshow(
        slab.hu[0],
        cmap="gray",
        vmin=level - 250,
        vmax=level + 250,
        extent=(left, left + columns * slab.dx, top + rows * slab.dy, top),
        interpolation="nearest",
    )
    turn = np.deg2rad(outline.turn_deg)
    edge = _contour(outline.outline) @ [
        [np.cos(turn), np.sin(turn)],
        [-np.sin(turn), np.cos(turn)],
    ]
    ax.plot(*np.vstack([edge, edge[:1]]).T, color="#ffb000", lw=1.2)
    for one in learned.inserts:
        x, y = one.x - outline.x, one.y - outline.y
        angle = np.linspace(0, 2 * np.pi, 100)
        radius = one.insert.diameter_mm / 2
        ax.plot(
            x + radius * np.cos(angle),
            y + radius * np.sin(angle),
            color="#ffb000",
            lw=1.0,
        )
        text = f"{one.insert.name}\n{signed(one.hu, 0)} HU"
        width = outline.outline.width_mm
        large = one.insert.diameter_mm >= _LARGE * width
        place = (x, y) if large else _beside(x, y, one.insert.diameter_mm, width)
        ax.text(
            *place, text, ha="center", va="center", fontsize=FONT_SIZE - 1.5,
            color=INK, path_effects=halo(width=2.0),
        )  # fmt: skip
    reach = _MARGIN * max(outline.outline.width_mm, outline.outline.height_mm) / 2
    ax.set_xlim(-reach, reach)
    ax.set_ylim(reach, -reach)
    return figure


def _axes(phantom: Phantom, title: str) -> tuple[Figure, Axes]:
    """Axes in mm about the phantom's axis, left of the patient to the right."""
    width, height = phantom.outline.width_mm, phantom.outline.height_mm
    figure = new_figure(6.4, 6.4 * (height / width) * 0.93 + 0.75)
    ax = figure.add_axes((0.11, 0.09, 0.87, 0.84))
    ax.set_aspect("equal")
    ax.set_xlim(-_MARGIN * width / 2, _MARGIN * width / 2)
    ax.set_ylim(_MARGIN * height / 2, -_MARGIN * height / 2)
    ax.set_title(title, fontsize=FONT_SIZE + 2, color=INK, loc="left")
    ax.set_xlabel("to the patient's left (mm)", fontsize=FONT_SIZE, color=MUTED)
    ax.set_ylabel("to the back (mm)", fontsize=FONT_SIZE, color=MUTED)
    ax.tick_params(labelsize=FONT_SIZE - 1, colors=MUTED, length=3)
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return figure, ax


def _contour(outline: Outline) -> FloatArray:
    """(n, 2) points along an outline at roll zero, mm."""
    a, b = outline.width_mm / 2, outline.height_mm / 2
    if outline.shape == "rectangle":
        return np.array([[-a, -b], [a, -b], [a, b], [-a, b]])
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return np.column_stack([a * np.cos(angle), b * np.sin(angle)])


def _gray(hu: float) -> str:
    """Gray of a CT number: dark for air, light for bone."""
    low, high = _WINDOW_HU
    return f"{np.clip((hu - low) / (high - low), 0, 1) * 0.72 + 0.27:.3f}"


def _disc(ax: Axes, x: float, y: float, diameter: float, hu: float) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(
        Circle((x, y), diameter / 2, facecolor=_gray(hu), edgecolor=ACCENT, lw=0.8)
    )


def _label(
    ax: Axes,
    phantom: Phantom,
    insert: Insert,
    center: tuple[float, float],
    text: str,
    hu: float,
) -> None:
    """Name an insert inside it where there is room, else beside it."""
    small = FONT_SIZE - 2
    if insert.diameter_mm >= _LARGE * phantom.outline.width_mm:
        wrapped = "\n".join(
            part for line in text.split("\n") for part in textwrap.wrap(line, 11)
        )
        color = "white" if float(_gray(hu)) < _DARK else INK
        ax.text(*center, wrapped, ha="center", va="center", fontsize=small, color=color)
        return
    x, y = _beside(*center, insert.diameter_mm, phantom.outline.width_mm)
    ax.text(x, y, text, ha="center", va="center", fontsize=small, color=INK)


def _beside(x: float, y: float, diameter: float, width: float) -> tuple[float, float]:
    """Where the label of a small insert goes: on its outer side, wider than high."""
    angle = np.arctan2(y, x)
    across = diameter / 2 + 0.065 * width
    down = diameter / 2 + 0.03 * width
    return float(x + across * np.cos(angle)), float(y + down * np.sin(angle))
