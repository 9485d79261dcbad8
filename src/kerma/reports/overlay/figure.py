"""Dose on CT in three cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from kerma.core.arrays import Vec3
from kerma.core.dose import Dose
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.reports.overlay.cuts import VIEWS, Box, View, field_of_view, make_cut
from kerma.reports.overlay.isodoses import LEVELS_PERCENT, choose_isodoses
from kerma.reports.overlay.key import Key, make_key
from kerma.reports.overlay.panel import (
    NO_CT_REMARK,
    WINDOW_HU,
    Panel,
    draw_panel,
    prepare_structures,
)
from kerma.reports.overlay.survey import survey
from kerma.workflows.ct_calibration.figures.style import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["overlay_figure"]

Views: TypeAlias = Literal["three", "axial", "coronal", "sagittal"]

_ROOM = (9.2, 9.6)  # inches for three panels, width and height
_ROOM_FOR_ONE = (6.0, 7.0)
_PIXELS = 480  # along the longest side of what is shown
_EDGE, _GAP, _TITLE = 0.12, 0.12, 0.24  # inches


def overlay_figure(
    ct: CT,
    dose: Dose,
    structures: StructureSet | None = None,
    *,
    at: Vec3 | None = None,
    levels_percent: Sequence[float] = LEVELS_PERCENT,
    prescription_gy: float | None = None,
    window: tuple[float, float] = WINDOW_HU,
    view: Views = "three",
) -> Figure:
    """Draw a dose on its CT, in cuts along the axes of the patient.

    However the patient lay and the slices lie, the axial cut is seen from the feet
    with anterior up, the coronal one from the front and the sagittal one from the
    patient's left. CT and dose are interpolated linearly in patient coordinates. All
    cuts have one scale. Axes are in mm, DICOM LPS.

    Parameters
    ----------
    ct, dose, structures
        In one frame of reference; the structures may be left out.
    at
        Where the cuts meet, ``(x, y, z)`` in mm; by default in the middle of the high
        dose, at the center of a voxel of the CT.
    levels_percent
        Isodoses, percent.
    prescription_gy
        Dose that is 100 %; without it the maximum is. The prescription is not taken
        from any file.
    window
        Center and width of the gray scale, HU.
    view
        One cut, or all three.

    Raises
    ------
    GeometryError
        The frames of reference differ, or the dose lies wholly outside the CT.
    InputError
        The position lies outside, there is no such view, or levels, prescription or
        gray scale make no sense.
    """
    if view not in get_args(Views):
        raise InputError(
            f"There is no view {view!r}; there are {', '.join(get_args(Views))}."
        )
    found = survey(ct, dose, structures)
    isodoses = choose_isodoses(dose, levels_percent, prescription_gy)
    point = found.middle_mm if at is None else at
    box = field_of_view(ct, dose, isodoses.lowest, point)
    drawn = prepare_structures(structures, thickness_mm=ct.grid.spacing[0])
    panel = Panel(box, isodoses, drawn, window, point)
    pixel = float(box.size.max()) / _PIXELS
    views = list(VIEWS.values()) if view == "three" else [VIEWS[view]]
    cuts = [make_cut(ct, dose, one, point, box, pixel_mm=pixel) for one in views]
    figure = new_figure(1, 1)
    axes = [figure.add_axes((0, 0, 1, 1), label=one.name) for one in views]
    seen = [draw_panel(c, panel, ax) for c, ax in zip(cuts, axes, strict=True)]
    remarks = [NO_CT_REMARK] if any(cut.lacks_ct for cut in cuts) else []
    numbers = frozenset[int]().union(*seen)
    key = make_key(found, dose, panel, structures, numbers, remarks)
    _arrange(figure, axes, _places(box, views, key), key)
    return figure


@dataclass(frozen=True)
class _Place:
    """Left and top, width and height of a panel, inches from the upper left."""

    left: float
    top: float
    width: float
    height: float


def _places(box: Box, views: Sequence[View], key: Key) -> list[_Place]:
    """Where the panels are, at one scale, and last the key.

    Three panels stand as on a drawing: the coronal one under the axial one, the
    sagittal one beside it, and the key in the corner that is left.
    """
    x, y, z = box.size.tolist()
    if len(views) == 1:
        width, height = box.size[views[0].across], box.size[views[0].upright]
        scale = min(_ROOM_FOR_ONE[0] / width, _ROOM_FOR_ONE[1] / height)
        panel = _Place(_EDGE, _TITLE, width * scale, height * scale)
        right = panel.left + panel.width + 2 * _GAP
        return [panel, _Place(right, _TITLE, key.width, key.height)]
    scale = min(_ROOM[0] / (x + y), _ROOM[1] / (y + z))
    axial = _Place(_EDGE, _TITLE, x * scale, y * scale)
    right = axial.left + axial.width + _GAP
    below = axial.top + max(axial.height, key.height) + _GAP + _TITLE
    return [
        axial,
        _Place(_EDGE, below, x * scale, z * scale),
        _Place(right, below, y * scale, z * scale),
        _Place(right + _GAP, _TITLE, key.width, key.height),
    ]


def _arrange(
    figure: Figure, axes: Sequence[Axes], places: Sequence[_Place], key: Key
) -> None:
    """Make the figure as large as the panels and the key need, and put them there."""
    width = max(place.left + place.width for place in places) + _EDGE
    height = max(place.top + place.height for place in places) + _EDGE
    figure.set_size_inches(width, height)
    key_axes = figure.add_axes((0, 0, 1, 1), label="key")
    for ax, place in zip([*axes, key_axes], places, strict=True):
        bottom = height - place.top - place.height
        ax.set_position(
            (
                place.left / width,
                bottom / height,
                place.width / width,
                place.height / height,
            )
        )
    key.draw(key_axes)
