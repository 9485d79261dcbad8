"""Dose on CT, slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.reports.overlay.cuts import (
    AXIAL,
    Box,
    box_above,
    field_of_view,
    make_cut,
    reach_of,
)
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

__all__ = ["slice_sheet"]

_COLUMNS = 4
_AXIAL = np.cos(np.deg2rad(45))  # of the normal of slices that count as axial
_USUAL = 20  # slices
_MOST = 100
_WIDTH = 2.2  # inches of a panel
_PIXELS = 240  # along the longer side of a panel
_EDGE, _GAP, _TITLE = 0.12, 0.1, 0.22  # inches


def slice_sheet(
    ct: CT,
    dose: Dose,
    structures: StructureSet | None = None,
    *,
    step_mm: float | None = None,
    levels_percent: Sequence[float] = LEVELS_PERCENT,
    prescription_gy: float | None = None,
    window: tuple[float, float] = WINDOW_HU,
) -> Figure:
    """Draw axial slices from the head down to the feet, with isodoses.

    They lie where the dose reaches the lowest level and the CT is. All else is as in
    `overlay_figure`.

    Parameters
    ----------
    ct, dose, structures, levels_percent, prescription_gy, window
        As for `overlay_figure`.
    step_mm
        Between slices; by default such that there are up to 20, on slices of the CT.

    Raises
    ------
    GeometryError
        As for `overlay_figure`.
    InputError
        Likewise; or the step is not positive, or gives more than 100 slices.
    """
    found = survey(ct, dose, structures)
    isodoses = choose_isodoses(dose, levels_percent, prescription_gy)
    box = field_of_view(ct, dose, isodoses.lowest)
    drawn = prepare_structures(structures, thickness_mm=ct.grid.spacing[0])
    panel = Panel(box, isodoses, drawn, window, is_small=True)
    heights = _heights(ct, dose, isodoses.lowest, step_mm)
    pixel = float(box.size[:2].max()) / _PIXELS
    figure = new_figure(1, 1)
    seen: set[int] = set()
    axes, lacking = [], False
    for z in heights:
        cut = make_cut(ct, dose, AXIAL, (0.0, 0.0, z), box, pixel_mm=pixel)
        ax = figure.add_axes((0, 0, 1, 1), label=f"{z:.3f}")
        seen |= draw_panel(cut, panel, ax)
        axes.append(ax)
        lacking |= cut.lacks_ct
    remarks = ["From the head down"]
    if len(heights) > 1:
        remarks = [f"{remarks[0]}, {heights[0] - heights[1]:.4g} mm apart"]
    remarks += [NO_CT_REMARK] if lacking else []
    key = make_key(found, dose, panel, structures, seen, remarks)
    _arrange(figure, axes, box, key)
    return figure


def _heights(ct: CT, dose: Dose, lowest: float, step_mm: float | None) -> list[float]:
    """Where the slices lie, z in mm, descending."""
    planes = _slice_heights(ct)
    treated = box_above(dose, lowest) or reach_of(dose.grid)
    low, high = float(treated.low[2]), float(treated.high[2])
    if step_mm is not None:
        low, high = max(low, float(planes[0])), min(high, float(planes[-1]))
        return _evenly(low, max(low, high), step_mm)
    inside = planes[(planes >= low) & (planes <= high)]
    if not inside.size:
        inside = planes[[int(np.abs(planes - (low + high) / 2).argmin())]]
    every = -(-inside.size // _USUAL)
    spare = (inside.size - 1) % every
    return np.asarray(inside[spare // 2 :: every][::-1]).tolist()


def _evenly(low: float, high: float, step_mm: float) -> list[float]:
    """Heights a step apart, descending, as much left over above as below."""
    if not 0 < step_mm < np.inf:
        raise InputError(f"The step has to be a positive number of mm; got {step_mm}.")
    count = int((high - low) / step_mm + 1e-6) + 1
    if count > _MOST:
        raise InputError(
            f"A step of {step_mm:g} mm gives {count} slices, more than {_MOST}; choose "
            f"a larger one."
        )
    first = (low + high + (count - 1) * step_mm) / 2
    return [first - n * step_mm for n in range(count)]


def _slice_heights(ct: CT) -> FloatArray:
    """Heights of the slices in their middle, ascending; evenly if they stand up."""
    nk, nj, ni = ct.grid.shape
    if abs(ct.grid.normal[2]) < _AXIAL:
        reach = reach_of(ct.grid)
        return np.linspace(reach.low[2], reach.high[2], _USUAL)
    index = np.array([[k, (nj - 1) / 2, (ni - 1) / 2] for k in range(nk)])
    return np.sort(ct.grid.to_patient(index)[:, 2])


def _arrange(figure: Figure, axes: Sequence[Axes], box: Box, key: Key) -> None:
    """Panels row by row, and the key beside them."""
    columns = min(_COLUMNS, len(axes))
    rows = -(-len(axes) // columns)
    panel_height = _WIDTH * float(box.size[1] / box.size[0])
    line = panel_height + _TITLE + _GAP
    right = _EDGE + columns * (_WIDTH + _GAP) + _GAP
    width = right + key.width + _EDGE
    height = max(rows * line, key.height + _TITLE) + _EDGE
    figure.set_size_inches(width, height)
    for number, ax in enumerate(axes):
        row, column = divmod(number, columns)
        left = _EDGE + column * (_WIDTH + _GAP)
        bottom = height - row * line - _TITLE - panel_height
        ax.set_position(
            (left / width, bottom / height, _WIDTH / width, panel_height / height)
        )
    bottom = height - _TITLE - key.height
    place = right / width, bottom / height, key.width / width, key.height / height
    key.draw(figure.add_axes(place, label="key"))
