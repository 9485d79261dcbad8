"""Tissues of a breast as contours for a planning system."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.label_map import LabelMap
from kerma.core.structures import Contour, Structure, StructureSet
from kerma.errors import InputError
from kerma.imaging.contouring import contours_of_labels
from kerma.reports.breast_ct.naming import content_uid, date_of, study_of
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["LEAST_AREA_MM2", "MOST_POINTS", "TOLERANCE_MM", "tissue_structures"]

TOLERANCE_MM = 0.1
"""How far a corner that was left out lies from its contour at most, mm."""

LEAST_AREA_MM2 = 1.0
"""Contours around less than this are left out, mm²."""

MOST_POINTS = 1_000_000
"""Points of all contours, which make a file of some 25 MB."""

_LEAST_STEP_MM, _LARGEST_STEP_MM = 1.0, 5.0


def tissue_structures(
    segmented: SegmentedBreast,
    *,
    cylinder: bool = False,
    most_points: int = MOST_POINTS,
) -> StructureSet:
    """Contours of each tissue that is there, on slices of the scan as it was read.

    Slices are left out so that the contours lie 1 mm apart or more: as near as can be,
    but further, up to 5 mm, where there would be over a million points. Corners are
    left out that lie within 0.1 mm of the contour, and contours around less than 1 mm².
    The hole in a tissue is a contour of its own.

    Parameters
    ----------
    segmented
        The breast.
    cylinder
        Whether the cylinder is a structure.
    most_points
        What a planning system takes.

    Raises
    ------
    InputError
        There are too many points at 5 mm too.
    """
    grid = segmented.ct.grid
    every = max(1, int(np.ceil(_LEAST_STEP_MM / grid.spacing[0] - 1e-6)))
    drawn = _drawn(segmented, every, cylinder=cylinder)
    kept, sparser = drawn, 1
    while (points := _points(kept)) > most_points:
        sparser += 1
        if sparser * every * grid.spacing[0] > _LARGEST_STEP_MM:
            raise InputError(
                f"The contours have {points} points {_LARGEST_STEP_MM:g} mm apart, "
                f"over {most_points}, which planning systems choke on. Export a "
                f"segmentation (seg) instead."
            )
        kept = tuple(_every(one, sparser, grid, every) for one in drawn)
    return _structure_set(segmented, kept, every * sparser, cylinder=cylinder)


def _drawn(
    segmented: SegmentedBreast, every: int, *, cylinder: bool
) -> tuple[Structure, ...]:
    label_map = segmented.label_map(cylinder=cylinder)
    numbers = np.ascontiguousarray(label_map.numbers[::every], np.uint8)
    grid = label_map.grid
    present = set(np.unique(numbers).tolist())
    sparse = LabelMap(
        numbers,
        Grid(
            (numbers.shape[0], *grid.shape[1:]),
            grid.origin,
            (grid.spacing[0] * every, *grid.spacing[1:]),
            grid.axes,
            grid.frame_of_reference,
        ),
        labels=tuple(one for one in label_map.labels if one.number in present),
    )
    uids = segmented.ct.sop_instance_uids[::every]
    return tuple(
        replace(
            structure,
            contours=tuple(_simplified(structure.contours)),
            interpreted_type=(
                "SUPPORT" if structure.number == Tissue.CYLINDER else "ORGAN"
            ),
        )
        for structure in contours_of_labels(sparse, image_uids=uids)
    )


def _simplified(contours: tuple[Contour, ...]) -> list[Contour]:
    from kerma.kernels.simplification import corners_kept

    simple = []
    for contour in contours:
        points = np.asarray(contour.points, np.float64)
        if _area_mm2(points) < LEAST_AREA_MM2:
            continue
        fewer = points[corners_kept(points, TOLERANCE_MM)]
        if len(fewer) > 2:
            simple.append(replace(contour, points=fewer))
    return simple


def _area_mm2(points: FloatArray) -> float:
    """Area of a polygon in any plane: half the length of the sum of its cross products."""
    relative = points - points[0]
    crosses = np.cross(relative[:-1], relative[1:])
    return float(np.linalg.norm(crosses.sum(axis=0)) / 2)


def _points(structures: tuple[Structure, ...]) -> int:
    return sum(len(c.points) for one in structures for c in one.contours)


def _every(structure: Structure, sparser: int, grid: Grid, every: int) -> Structure:
    """The contours of a structure on every n-th of its slices."""
    contours = []
    for contour in structure.contours:
        k = round(float(grid.to_index(contour.points[0])[0]))
        if k % (sparser * every) == 0:
            contours.append(contour)
    return replace(structure, contours=tuple(contours))


def _structure_set(
    segmented: SegmentedBreast,
    structures: tuple[Structure, ...],
    every: int,
    *,
    cylinder: bool,
) -> StructureSet:
    when = date_of(segmented.ct)
    words = "rtstruct", f"cylinder {cylinder}"
    apart = every * segmented.ct.grid.spacing[0]
    return StructureSet(
        structures,
        frame_of_reference=segmented.ct.grid.frame_of_reference,
        label="Breast tissues",
        name=f"Breast tissues, contours {apart:.3g} mm apart",
        date=when.strftime("%Y%m%d"),
        time=when.strftime("%H%M%S"),
        sop_instance_uid=content_uid(segmented, *words, "object"),
        series_instance_uid=content_uid(segmented, *words, "series"),
        study=study_of(segmented.ct),
    )
