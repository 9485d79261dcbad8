"""The map of the skin's thickness, seen from the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.ct_calibration.figures.style import (
    FONT_SIZE,
    INK,
    MUTED,
    halo,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_skin"]

_SHOWN_MM = (0.5, 3.0)
_PIXELS = 161
_FAR_DEG = 4.0  # farther from any patch nothing is known
_LIMIT_DEG = 115.0  # skin behind the section at the chest wall, as below a fold


def plot_skin(segmented: SegmentedBreast, ax: Axes | None = None) -> Axes:
    """Draw the thickness of the skin, the surface unrolled about the nipple's axis.

    Distance from the middle is the angle from the axis, seen from the middle of the
    first slice: the front of the breast is the middle, the chest wall the rim. Where the
    thickness is that of the neighborhood the map is dotted.

    Raises
    ------
    InputError
        There is no surface to draw.
    """
    skin = segmented.skin
    if skin.positions.shape[0] < 3:
        raise InputError("There is too little skin to draw a map of it.")
    ax = ax or new_figure(4.4, 3.4).add_axes((0.02, 0.04, 0.8, 0.92))
    across, up = _unrolled(segmented)
    picture = _nearest(across, up, skin.thickness_mm)
    shown = ax.imshow(
        picture,
        extent=(-_LIMIT_DEG, _LIMIT_DEG, _LIMIT_DEG, -_LIMIT_DEG),
        cmap="viridis",
        vmin=_SHOWN_MM[0],
        vmax=_SHOWN_MM[1],
        interpolation="nearest",
    )
    guessed = ~skin.measured & (np.hypot(across, up) <= _LIMIT_DEG)
    ax.plot(across[guessed], -up[guessed], ".", color="white", ms=1.6, alpha=0.8)
    reach = min(_LIMIT_DEG, float(np.hypot(across, up).max()) + 4)
    _rings(reach, ax)
    ax.set(xlim=(-1.14 * reach, 1.14 * reach), ylim=(1.14 * reach, -1.14 * reach))
    ax.set_aspect("equal")
    ax.set_axis_off()
    bar = ax.figure.colorbar(
        shown, ax=ax, fraction=0.045, pad=0.02, extend="both", location="right"
    )
    bar.set_label("thickness (mm)", fontsize=FONT_SIZE + 0.5, color=INK)
    bar.ax.tick_params(labelsize=FONT_SIZE, colors=INK, length=3)
    bar.outline.set_visible(False)
    return ax


def _unrolled(segmented: SegmentedBreast) -> tuple[FloatArray, FloatArray]:
    """Degrees to the patient's left and toward the head of each patch."""
    skin, spacing = segmented.skin, np.array(segmented.image.spacing)
    places = skin.positions * spacing
    tip = skin.nipple
    middle = (
        places[:, 1:].mean(axis=0) if tip is None else np.array(tip[1:]) * spacing[1:]
    )
    down, left = (places[:, 1:] - middle).T
    radius = np.hypot(down, left)
    angle = np.rad2deg(np.arctan2(radius, places[:, 0]))
    along = np.divide(angle, radius, out=np.zeros_like(angle), where=radius > 0)
    return left * along, -down * along


def _nearest(across: FloatArray, up: FloatArray, values: FloatArray) -> FloatArray:
    """A picture of the value of the nearest patch, NaN where none is near."""
    from scipy.spatial import cKDTree

    axis = (np.arange(_PIXELS) + 0.5) / _PIXELS * 2 * _LIMIT_DEG - _LIMIT_DEG
    x, down = np.meshgrid(axis, axis)
    away, patch = cKDTree(np.column_stack([across, -up])).query(
        np.column_stack([x.ravel(), down.ravel()])
    )
    picture: FloatArray = np.where(away <= _FAR_DEG, values[patch], np.nan)
    return picture.reshape(x.shape)


def _rings(reach: float, ax: Axes) -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    for degrees in (30.0, 60.0, 90.0):
        if degrees < reach:
            x, y = degrees * np.cos(angle), degrees * np.sin(angle)
            ax.plot(x, y, color="white", lw=0.6, alpha=0.7)
            ax.text(
                0, degrees, f"{degrees:.0f}°", color="white", ha="center", va="top",
                fontsize=FONT_SIZE - 1, path_effects=halo("black", 1.5),
            )  # fmt: skip
    for letter, left, down in (("R", -1, 0), ("L", 1, 0), ("H", 0, -1), ("F", 0, 1)):
        ax.text(
            1.07 * reach * left, 1.07 * reach * down, letter, ha="center", va="center",
            fontsize=FONT_SIZE, color=MUTED,
        )  # fmt: skip
