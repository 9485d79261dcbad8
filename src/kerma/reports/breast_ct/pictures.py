"""Pictures of three sections, gray and in the colors of the tissues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import HUArray, LabelArray, Vec3
from kerma.reports.breast_ct.naming import stem_of
from kerma.reports.breast_ct.sections import Plane, Section, largest_section
from kerma.reports.page import png_of
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import COLORS, Tissue
from kerma.workflows.ct_calibration.figures.style import FONT_SIZE, INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GRAY_HU", "color_picture", "gray_picture", "pictures", "tissues_in"]

GRAY_HU = (-1024.0, 200.0)
"""Black and white of the gray pictures, as the first breast CT scripts have them."""

_DPI = 100
_ENLARGED = 2  # pixels for each voxel along its shortest edge
_ROW = 22  # pixels of a row of the legend
_ENTRY = 145  # pixels of an entry


def pictures(segmented: SegmentedBreast, *, cylinder: bool = False) -> dict[str, bytes]:
    """Gray and colored PNG of the largest section in each plane, by file name.

    They are named ``img_NAME_c.png`` and ``auto_seg_NAME_c.png``, c standing for
    coronal, s for sagittal and t for transversal.

    Parameters
    ----------
    segmented
        The breast.
    cylinder
        Whether the cylinder is colored.
    """
    numbers = segmented.numbers_with_cylinder() if cylinder else segmented.numbers
    hu, spacing = segmented.turned.array, segmented.turned.grid.spacing
    name = stem_of(segmented.result.scan)
    files = {}
    for plane in Plane:
        section = largest_section(segmented.numbers, plane)
        gray = _gray_figure(gray_picture(hu, section, spacing))
        files[f"img_{name}_{plane}.png"] = png_of(gray, dpi=_DPI)
        colored = _color_figure(
            color_picture(numbers, section, spacing), tissues_in(section.of(numbers))
        )
        files[f"auto_seg_{name}_{plane}.png"] = png_of(colored, dpi=_DPI)
    return files


def gray_picture(
    hu: HUArray,
    section: Section,
    spacing: Vec3,
    window_hu: tuple[float, float] = GRAY_HU,
) -> NDArray[np.uint8]:
    """(rows, columns) gray values of a section with square pixels.

    Parameters
    ----------
    hu
        (nk, nj, ni) CT numbers in the frame of the breast, HU.
    section, spacing
        Which one, and the distance between voxels along ``(k, j, i)``, mm.
    window_hu
        CT numbers of black and white, HU.
    """
    black, white = window_hu
    shown = (section.of(hu).astype(np.float32) - black) / (white - black)
    gray = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)
    return _square(gray, section.pixel_mm(spacing))


def color_picture(
    numbers: NDArray[np.uint8], section: Section, spacing: Vec3
) -> NDArray[np.uint8]:
    """(rows, columns, 3) colors of the tissues in a section with square pixels.

    Parameters
    ----------
    numbers
        (nk, nj, ni) tissue numbers in the frame of the breast.
    section, spacing
        As for `gray_picture`.
    """
    palette = np.zeros((256, 3), np.uint8)
    for tissue, color in COLORS.items():
        palette[tissue] = color
    return np.asarray(palette[_square(section.of(numbers), section.pixel_mm(spacing))])


def tissues_in(numbers: LabelArray) -> list[Tissue]:
    """Tissues that have a color and are there, in the order of their numbers."""
    there = set(np.unique(numbers).tolist())
    return [tissue for tissue in COLORS if tissue in there]


def _square(
    picture: NDArray[np.uint8], pixel_mm: tuple[float, float]
) -> NDArray[np.uint8]:
    """The nearest voxel at every pixel of a finer, square raster."""
    step = min(pixel_mm) / _ENLARGED
    rows, columns = (
        np.minimum(
            ((np.arange(round(count * size / step)) + 0.5) * step / size).astype(int),
            count - 1,
        )
        for count, size in zip(picture.shape, pixel_mm, strict=True)
    )
    return picture[np.ix_(rows, columns)]


def _gray_figure(gray: NDArray[np.uint8]) -> Figure:
    height, width = gray.shape
    figure = new_figure(width / _DPI, height / _DPI)
    figure.figimage(gray, cmap="gray", vmin=0, vmax=255)
    return figure


def _color_figure(colors: NDArray[np.uint8], tissues: list[Tissue]) -> Figure:
    """The picture at its own pixels with a legend below."""
    from matplotlib.patches import Rectangle

    height, width = colors.shape[:2]
    columns = max(1, width // _ENTRY)
    legend = _ROW * -(-len(tissues) // columns) + _ROW // 2
    figure = new_figure(max(width, _ENTRY) / _DPI, (height + legend) / _DPI)
    figure.figimage(colors, yo=legend)
    ax = figure.add_axes((0, 0, 1, legend / (height + legend)))
    ax.set(xlim=(0, max(width, _ENTRY)), ylim=(legend, 0))
    ax.set_axis_off()
    for number, tissue in enumerate(tissues):
        left = 8 + _ENTRY * (number % columns)
        middle = 4 + _ROW * (number // columns + 0.5)
        color = tuple(part / 255 for part in COLORS[tissue])
        ax.add_patch(Rectangle((left, middle - 6), 18, 12, fc=color, ec=INK, lw=0.5))
        ax.text(
            left + 25, middle, tissue.title, va="center", fontsize=FONT_SIZE, color=INK
        )
    return figure
