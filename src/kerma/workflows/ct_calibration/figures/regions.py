"""The measured regions on the image they were measured in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.workflows.ct_calibration.figures.style import (
    FONT_SIZE,
    INK,
    MUTED,
    WARNING,
    halo,
    new_figure,
    signed,
    spread,
    words,
)
from kerma.workflows.ct_calibration.result import Calibration, Identity, InsertReading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

__all__ = ["direction_letters", "plot_regions"]

_WINDOW_HU = 600.0
_FEW_INSERTS = 12  # whose labels leave room for the picture
_SURE = "#38d6c4"
_DOUBTFUL = "#ff8a1f"  # lighter than WARNING, which is too dark on an image


@dataclass(frozen=True, eq=False)
class _Picture:
    """The image around the module.

    `hu` is (rows, columns); left, right, top and bottom are its edges in mm from
    the middle of the module, right and down in the image; `level_hu` is the CT
    number between the inserts, the middle of the gray scale.
    """

    hu: FloatArray
    left: float
    right: float
    top: float
    bottom: float
    level_hu: float


def plot_regions(calibration: Calibration, ct: CT, ax: Axes | None = None) -> Axes:
    """Draw the mean of the measured slices with every region and its reading.

    The axes are mm from the middle of the module, right and down in the image.

    Raises
    ------
    InputError
        The CT has not the slices that were measured.
    """
    if ax is None:
        few = len(calibration.readings) <= _FEW_INSERTS
        ax = new_figure(6.3 if few else 7.4, 4.3).add_axes((0.01, 0.01, 0.98, 0.87))
    centers = [reading.center_mm for reading in calibration.readings]
    places = _in_plane(ct.grid, calibration.pose.center_mm, centers)
    picture = _picture(calibration, ct, reach=float(np.abs(places).max()))
    _show(picture, ax)
    tips = _label_regions(calibration.readings, places, picture, ax)
    for reading, place in zip(calibration.readings, places, strict=True):
        _draw_region(reading, place, ax)
    _draw_center(calibration.pose.roll_deg, ct.grid, ax)
    _draw_directions(ct.grid, picture, tips, ax)
    _draw_scale_bar(picture, ax)
    _entitle(calibration, picture, ax)
    return ax


def direction_letters(direction: FloatArray) -> str:
    """Letters of the patient's side that a direction (x, y, z) in LPS points to.

    The main one first; one is left out where it is less than a fifth of the way.
    """
    signs = ("RL", "AP", "FH")
    order = np.argsort(-np.abs(direction), kind="stable")
    return "".join(
        signs[axis][int(direction[axis] > 0)]
        for axis in order
        if abs(direction[axis]) > 0.2
    )


def _in_plane(grid: Grid, middle_mm: Vec3, positions: Sequence[Vec3]) -> FloatArray:
    """(n, 2) mm right and down in the image from the middle of the module."""
    index = grid.to_index(np.array(positions)) - grid.to_index(np.array(middle_mm))
    return index[:, [2, 1]] * np.array([grid.spacing[2], grid.spacing[1]])


def _picture(calibration: Calibration, ct: CT, *, reach: float) -> _Picture:
    """Mean of the measured slices, cut to the phantom and some air around it."""
    hu = _mean_slice(calibration, ct)
    middle = ct.grid.to_index(np.array(calibration.pose.center_mm))[1:]
    spacing = np.array(ct.grid.spacing[1:])
    steps = max(1.8 * reach, reach + 45.0) / spacing
    shape = np.array(hu.shape)
    first = np.clip(np.ceil(middle - steps), 0, shape - 1).astype(int)
    last = np.clip(np.floor(middle + steps), first, shape - 1).astype(int)
    top, left = (first - 0.5 - middle) * spacing
    bottom, right = (last + 0.5 - middle) * spacing
    cut = hu[first[0] : last[0] + 1, first[1] : last[1] + 1]
    # Half of the ring's reach holds background, in every phantom with a ring.
    near = (slice(*span) for span in _span(middle, 0.8 * reach / spacing, shape))
    level = float(np.round(np.median(hu[tuple(near)]), -1))
    return _Picture(cut, left, right, top, bottom, level)


def _span(
    middle: FloatArray, steps: FloatArray, shape: FloatArray
) -> list[tuple[int, int]]:
    """First and past-the-last index about the middle along rows and columns."""
    first = np.clip(np.floor(middle - steps), 0, shape - 1).astype(int)
    last = np.clip(np.ceil(middle + steps), first + 1, shape).astype(int)
    return [(int(a), int(b)) for a, b in zip(first, last, strict=True)]


def _mean_slice(calibration: Calibration, ct: CT) -> FloatArray:
    indices = list(calibration.pose.slice_indices)
    if min(indices) < 0 or max(indices) >= ct.grid.shape[0]:
        raise InputError(
            f"Slices {min(indices)} to {max(indices)} were measured, but this CT has "
            f"{ct.grid.shape[0]}. Is it the scan that was calibrated?"
        )
    return np.asarray(ct.hu[indices].mean(axis=0, dtype=np.float64))


def _show(picture: _Picture, ax: Axes) -> None:
    ax.imshow(
        picture.hu,
        cmap="gray",
        vmin=picture.level_hu - _WINDOW_HU / 2,
        vmax=picture.level_hu + _WINDOW_HU / 2,
        extent=(picture.left, picture.right, picture.bottom, picture.top),
        aspect="equal",
    )
    ax.set_axis_off()


def _draw_region(reading: InsertReading, place: FloatArray, ax: Axes) -> None:
    from matplotlib.patches import Circle

    sure = reading.identity is Identity.CONFIRMED
    color = _SURE if sure else _DOUBTFUL
    center = (float(place[0]), float(place[1]))
    region = Circle(center, reading.region_radius_mm, fill=False, ec=color)
    region.set(lw=1.3 if sure else 2.2, path_effects=halo("black", 2.6), zorder=5)
    rod = Circle(center, reading.insert_radius_mm, fill=False, ec=color)
    rod.set(lw=0.7, ls=(0, (4, 3)), path_effects=halo("black", 1.4), zorder=5)
    ax.add_patch(region)
    ax.add_patch(rod)


def _label_regions(
    readings: Sequence[InsertReading], places: FloatArray, picture: _Picture, ax: Axes
) -> FloatArray:
    """Write the readings in columns beside the image; return where they stand."""
    tips = np.zeros_like(places)
    order = np.argsort(places[:, 0], kind="stable")
    texts = [_label(reading, ax) for reading in readings]
    sizes = [text.get_window_extent().size for text in texts]
    dots_per_mm = _make_room(picture, ax, text_width=max(size[0] for size in sizes))
    line = max(size[1] for size in sizes) / dots_per_mm
    left, right = np.split(order, [len(order) // 2])
    # Closer together rather than beyond the image, but never into each other.
    fair = (picture.bottom - picture.top) / max(right.size, 1)
    gap = max(1.04 * line, min(1.25 * line, fair))
    for side, numbers in ((-1, left), (1, right)):
        edge = picture.left if side < 0 else picture.right
        heights = spread(
            [places[n, 1] for n in numbers],
            gap=gap,
            low=picture.top + gap / 2,
            high=picture.bottom - gap / 2,
        )
        for n, height in zip(numbers, heights, strict=True):
            texts[n].set(x=edge + 8 * side / dots_per_mm, y=height)
            texts[n].set(ha="right" if side < 0 else "left")
            tips[n] = edge + 5 * side / dots_per_mm, height
            _draw_leader(readings[n].insert_radius_mm, places[n], tips[n], ax)
    return tips


def _label(reading: InsertReading, ax: Axes) -> Text:
    """Name and reading, and the suspicion where there is one; not yet in its place."""
    sure = reading.identity is Identity.CONFIRMED
    suspicion = "" if sure else f": {reading.identity}"
    half_width = reading.uncertainty.expanded_hu
    return ax.text(
        0,
        0,
        f"{words(reading.name)}{suspicion}\n"
        f"{signed(reading.mean_hu)} ± {half_width:.1f} HU",
        fontsize=FONT_SIZE,
        fontweight="normal" if sure else "bold",
        color=INK if sure else WARNING,
        va="center",
        linespacing=1.25,
    )


def _make_room(picture: _Picture, ax: Axes, *, text_width: float) -> float:
    """Widen the axes for two columns of labels; return dots per mm."""
    frame = ax.get_window_extent()
    width, height = picture.right - picture.left, picture.bottom - picture.top
    column = text_width + 12  # dots
    scale = min(max(frame.width - 2 * column, 50) / width, frame.height / height)
    room = column / scale
    ax.set_xlim(picture.left - room, picture.right + room)
    ax.set_ylim(picture.bottom, picture.top)
    return scale


def _draw_leader(radius: float, place: FloatArray, tip: FloatArray, ax: Axes) -> None:
    """A thin line from the rim of the rod to its label."""
    way = (tip - place) / np.linalg.norm(tip - place)
    line = np.array([place + radius * way, tip])
    ax.plot(*line.T, color=MUTED, lw=0.8, path_effects=halo("white", 1.8), zorder=4)


def _draw_center(roll_deg: float, grid: Grid, ax: Axes) -> None:
    """A cross turned with the phantom; its long arm is what the maker draws up."""
    roll = np.deg2rad(roll_deg)
    plane = np.array([grid.axes[2], grid.axes[1]])
    up = plane @ np.array([np.sin(roll), -np.cos(roll), 0.0])
    side = np.array([-up[1], up[0]])
    for arm in (np.array([-6 * up, 16 * up]), np.array([-6 * side, 6 * side])):
        ax.plot(*arm.T, color="#ffd447", lw=1.0, path_effects=halo("black", 2.2))


def _draw_directions(grid: Grid, picture: _Picture, tips: FloatArray, ax: Axes) -> None:
    """The patient's sides at the edges of the image, clear of the leaders."""
    right, down = np.array(grid.axes[2]), np.array(grid.axes[1])
    x = (picture.left + picture.right) / 2
    heights = np.linspace(picture.top, picture.bottom, 41)[10:-10]
    y = _clear_of(tips[:, 1], heights)
    for direction, place, offset in (
        (-right, (picture.left, y), (9, 0)),
        (right, (picture.right, y), (-9, 0)),
        (-down, (x, picture.top), (0, -9)),
        (down, (x, picture.bottom), (0, 9)),
    ):
        ax.annotate(
            direction_letters(direction),
            place,
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=FONT_SIZE + 2,
            fontweight="bold",
            color="white",
            path_effects=halo("black", 2.2),
        )


def _clear_of(taken: FloatArray, heights: FloatArray) -> float:
    """The height nearest the middle that is well clear of those taken."""
    order = np.argsort(np.abs(heights - heights.mean()), kind="stable")
    distance = np.abs(heights[order, None] - taken).min(axis=1)
    return float(heights[order][np.argmax(distance >= 0.7 * distance.max())])


def _draw_scale_bar(picture: _Picture, ax: Axes) -> None:
    """50 mm at the lower left."""
    x = picture.left + 0.04 * (picture.right - picture.left)
    y = picture.bottom - 0.05 * (picture.bottom - picture.top)
    ax.plot((x, x + 50), (y, y), color="white", lw=2.2, path_effects=halo("black", 4))
    ax.annotate(
        "50 mm",
        (x + 25, y),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center",
        fontsize=FONT_SIZE,
        color="white",
        path_effects=halo("black", 2.0),
    )


def _entitle(calibration: Calibration, picture: _Picture, ax: Axes) -> None:
    pose = calibration.pose
    first, last = min(pose.slice_indices), max(pose.slice_indices)
    slices = f"slice {first}" if first == last else f"mean of slices {first} to {last}"
    low, high = picture.level_hu - _WINDOW_HU / 2, picture.level_hu + _WINDOW_HU / 2
    ax.set_title(
        f"{calibration.recognition.title}, {slices}\n"
        f"z = {signed(pose.center_mm[2])} mm, roll {signed(pose.roll_deg, 2)}°, "
        f"gray scale {signed(low, 0)} to {signed(high, 0)} HU",
        fontsize=FONT_SIZE + 0.5,
        color=INK,
        linespacing=1.4,
    )
