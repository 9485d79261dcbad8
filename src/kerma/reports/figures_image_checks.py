"""Figures of the image checks: regions, slice profile, sharpness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.imaging.axial import AxialStack, axial_stack
from kerma.workflows.ct_calibration.figures.style import (
    ACCENT,
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    halo,
    new_figure,
    signed,
    tidy,
)
from kerma.workflows.ct_calibration.image_checks.result import (
    ImageChecks,
    RampProfile,
    UniformRegion,
)
from kerma.workflows.ct_calibration.image_checks.sharpness import mtf
from kerma.workflows.ct_calibration.image_checks.slice_thickness import blurred_box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_sharpness", "plot_slice_profile", "plot_uniform_regions"]

_GRAY_HU = 120.0  # above and below the center: shading shows, noise does not hide it
_REACH = 1.55  # of the outermost region, that the image is drawn to
_REGION = "#38d6c4"
_RAMP_COLORS = (ACCENT, WARNING, "#1b7a53", "#7a3b8f")
_RAMP_MARKERS = "os^D"


def plot_uniform_regions(checks: ImageChecks, ct: CT, ax: Axes | None = None) -> Axes:
    """Draw the slice in which uniformity was read, with its regions.

    The axes are mm from the center region, to the patient's left and down.

    Raises
    ------
    InputError
        There are no regions, or the CT has not the slice that they are in.
    """
    if not checks.regions:
        raise InputError("These image checks have no uniform regions to draw.")
    ax = ax or new_figure(3.6, 3.9).add_axes((0.01, 0.01, 0.98, 0.86))
    stack = axial_stack(ct)
    center = checks.regions[0]
    k = _slice_at(stack, center.center_mm[2])
    places = np.array([region.center_mm[:2] for region in checks.regions])
    places -= center.center_mm[:2]
    reach = _REACH * float(np.abs(places).max())
    left, top = stack.x0[k] - center.center_mm[0], stack.y0[k] - center.center_mm[1]
    width, height = stack.extent
    ax.imshow(
        stack.hu[k],
        cmap="gray",
        vmin=center.mean_hu - _GRAY_HU,
        vmax=center.mean_hu + _GRAY_HU,
        extent=(
            left - stack.dx / 2,
            left - stack.dx / 2 + width,
            top - stack.dy / 2 + height,
            top - stack.dy / 2,
        ),
    )
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach))
    ax.set_axis_off()
    for region, place in zip(checks.regions, places, strict=True):
        _draw_region(region, place, ax)
    ax.set_title(
        f"Uniformity at z = {signed(center.center_mm[2])} mm, mean HU of all slices\n"
        f"read; gray scale {signed(center.mean_hu, 0)} ± {_GRAY_HU:.0f} HU",
        fontsize=FONT_SIZE + 0.5,
        color=INK,
    )
    return ax


def plot_slice_profile(checks: ImageChecks, ax: Axes | None = None) -> Axes:
    """Draw the slice profile of every ramp, measured and fitted.

    Raises
    ------
    InputError
        No ramp was measured.
    """
    if not checks.ramps:
        raise InputError("These image checks have no slice profile to draw.")
    ax = ax or new_figure(3.6, 3.0).add_axes((0.14, 0.16, 0.83, 0.68))
    for number, ramp in enumerate(checks.ramps):
        _draw_profile(ramp, number, ax)
    widest = max(ramp.thickness_mm for ramp in checks.ramps)
    thickness = checks.check_of("slice thickness")
    nominal = (
        "" if thickness.expected is None else f", nominal {thickness.expected:.2f}"
    )
    ax.axhline(0.5, color=MUTED, lw=0.7, ls=(0, (4, 3)))
    ax.set(
        xlim=(-2.5 * widest, 2.5 * widest),
        ylim=(-0.25, 1.25),
        xlabel="distance along the axis (mm)",
        ylabel="share of the peak",
    )
    ax.set_title(
        f"Slice profile: width {thickness.value:.2f} mm{nominal}",
        fontsize=FONT_SIZE + 0.5,
        color=INK,
    )
    ax.legend(
        fontsize=FONT_SIZE - 1,
        title_fontsize=FONT_SIZE - 1,
        frameon=False,
        title="Ramp",
        loc="upper right",
    )
    tidy(ax)
    return ax


def plot_sharpness(checks: ImageChecks, ax: Axes | None = None) -> Axes:
    """Draw the modulation transfer function, and the edge it is from as an inset.

    Raises
    ------
    InputError
        No edge was measured.
    """
    edge = checks.edge
    if edge is None:
        raise InputError("These image checks have no edge to draw.")
    ax = ax or new_figure(3.6, 3.0).add_axes((0.14, 0.16, 0.83, 0.68))
    marks = [(c.value, c.name) for c in checks.checks if c.name.startswith("MTF")]
    last = 1.3 * max(value for value, _ in marks if value is not None)
    frequency = np.linspace(0.0, last, 200)
    ax.plot(frequency, mtf(frequency / 10, edge.sigma_mm, edge.overshoot), color=ACCENT)
    for value, name in marks:
        if value is None:
            continue
        level = float(name.split()[1]) / 100
        ax.plot(value, level, "o", color=WARNING, ms=4)
        ax.annotate(
            f"{value:.2f} /cm",
            (value, level),
            xytext=(5, 5),
            textcoords="offset points",
            fontsize=FONT_SIZE,
            color=INK,
        )
    ax.set(
        xlim=(0, last),
        ylim=(0, 1.35),
        xlabel="spatial frequency (1/cm)",
        ylabel="modulation",
    )
    ax.set_title("Sharpness from the rims of the inserts", fontsize=FONT_SIZE + 0.5)
    tidy(ax)
    inset = ax.inset_axes((0.56, 0.58, 0.42, 0.4))
    inset.plot(edge.depth_mm, edge.share, ".", color=MUTED, ms=2.5)
    inset.plot(*_edge_curve(checks), color=ACCENT, lw=1)
    inset.set_xlabel("mm under the rim", fontsize=FONT_SIZE - 1.5, labelpad=1)
    inset.tick_params(labelsize=FONT_SIZE - 2)
    return ax


def _slice_at(stack: AxialStack, z: float) -> int:
    k = int(np.abs(stack.z - z).argmin())
    if abs(stack.z[k] - z) > 0.01:
        raise InputError(
            f"The regions lie at z = {z:.2f} mm, where this CT has no slice. Is it the "
            f"scan that was checked?"
        )
    return k


def _draw_region(region: UniformRegion, place: FloatArray, ax: Axes) -> None:
    from matplotlib.patches import Circle

    x, y = float(place[0]), float(place[1])
    circle = Circle((x, y), region.radius_mm, fill=False, ec=_REGION, lw=1.3)
    circle.set_path_effects(halo("black", 2.6))
    ax.add_patch(circle)
    ax.annotate(
        f"{region.name}\n{signed(region.mean_hu)}",
        (x, y + region.radius_mm),
        xytext=(0, -3),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=FONT_SIZE,
        color="white",
        path_effects=halo("black", 2.0),
    )


def _draw_profile(ramp: RampProfile, number: int, ax: Axes) -> None:
    color = _RAMP_COLORS[number % 4]
    ax.plot(
        ramp.distance_mm,
        ramp.share,
        _RAMP_MARKERS[number % 4],
        ms=2.2,
        color=color,
        label=f"{signed(ramp.angle_deg, 0)}°: {ramp.thickness_mm:.2f} mm",
    )
    distance = np.linspace(min(ramp.distance_mm), max(ramp.distance_mm), 300)
    ax.plot(
        distance, blurred_box(distance, ramp.box_mm, ramp.blur_mm), color=color, lw=0.8
    )


def _edge_curve(checks: ImageChecks) -> tuple[FloatArray, FloatArray]:
    """Depth and share of the fitted edge."""
    from scipy.special import ndtr

    edge = checks.edge
    if edge is None:
        return np.empty(0), np.empty(0)
    depth = np.linspace(min(edge.depth_mm), max(edge.depth_mm), 200)
    reach = depth + edge.shift_mm
    share = (1 + edge.overshoot) * ndtr(reach / edge.sigma_mm)
    return depth, share - edge.overshoot * ndtr(reach / (2 * edge.sigma_mm))
