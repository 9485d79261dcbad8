"""Structures are outlined where they are, in every cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.structures import Contour, ContourKind, Structure
from kerma.reports.overlay.cuts import VIEWS
from kerma.reports.overlay.outlines import outlines_in, stack_of
from kerma.simulation.anatomy import THORAX, structure_of
from kerma.simulation.positions import PATIENT_POSITIONS
from tests.reports.overlays import in_patient, prism, small_set

LUNG = THORAX[1]
HEIGHTS = np.arange(-12.0, 13.0, 3.0)


def area(line: FloatArray) -> float:
    """Signed area of a closed line."""
    x, y = line.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def drawn(structure: Structure, view: str, at_mm: float) -> list[FloatArray]:
    stack = stack_of(structure, 3.0)
    assert stack is not None
    return outlines_in(stack, VIEWS[view], at_mm)


@pytest.mark.parametrize(
    ("position", "tilt_deg"), [*((p, 0.0) for p in PATIENT_POSITIONS), ("HFS", 20.0)]
)
def test_the_outline_of_an_ellipsoid_lies_on_it(position: str, tilt_deg: float) -> None:
    """Chords between planes 8 mm apart sag by at most 8² / (8 R), here 0.15 mm."""
    made = small_set(position, tilt_deg)
    lung = structure_of(LUNG, 1, made.ct.grid)
    at = {"axial": 4.0, "coronal": 7.0, "sagittal": -70.0}
    for view, at_mm in at.items():
        (line,) = drawn(lung, view, at_mm)
        assert len(line) > 100
        away = (in_patient(line, view, at_mm) - LUNG.center_mm) / LUNG.semi_axes_mm
        inner = np.abs(in_patient(line, view, at_mm)[:, 2]) < 60  # not the ends
        distance = (np.linalg.norm(away, axis=1) - 1) * min(LUNG.semi_axes_mm)
        assert np.abs(distance[inner]).max() < 0.5


def test_a_prism_ends_half_a_slice_beyond_its_last_contours() -> None:
    box = prism((-10, -20), (30, 5), HEIGHTS)
    (front,) = drawn(box, "coronal", 0.0)
    (side,) = drawn(box, "sagittal", 0.0)
    assert abs(area(front)) == pytest.approx(40 * 27, rel=5e-3)
    assert abs(area(side)) == pytest.approx(25 * 27, rel=5e-3)
    assert front.min(axis=0) == pytest.approx([-10, -13.5], abs=1e-6)
    assert front.max(axis=0) == pytest.approx([30, 13.5], abs=1e-6)
    assert drawn(box, "coronal", 6.0) == []
    assert drawn(box, "sagittal", -40.0) == []


def test_an_axial_cut_shows_the_contour_of_its_slab() -> None:
    box = prism((-10, -20), (30, 5), HEIGHTS)
    for z, is_there in ((12.0, True), (13.4, True), (13.6, False), (1.4, True)):
        found = drawn(box, "axial", z)
        assert len(found) == is_there
        if is_there:
            assert abs(area(found[0])) == pytest.approx(40 * 25)


def test_a_contour_inside_another_one_is_a_hole() -> None:
    outer = prism((-20, -20), (20, 20), HEIGHTS)
    inner = prism((-5, -5), (5, 5), HEIGHTS)
    ring = replace(outer, contours=outer.contours + inner.contours)
    lines = drawn(ring, "coronal", 0.0)
    assert sorted(round(float(np.ptp(line[:, 0]))) for line in lines) == [15, 15]
    assert len(drawn(ring, "axial", 0.0)) == 2


def test_a_gap_divides_a_structure() -> None:
    heights = np.array([0.0, 3.0, 6.0, 30.0, 33.0, 36.0])
    lines = drawn(prism((-10, -10), (10, 10), heights), "coronal", 0.0)
    ends = sorted((line[:, 1].min(), line[:, 1].max()) for line in lines)
    np.testing.assert_allclose(ends, [(-1.5, 7.5), (28.5, 37.5)], atol=1e-6)


def test_a_single_contour_is_as_thick_as_a_slice() -> None:
    (line,) = drawn(prism((-10, -10), (10, 10), np.array([5.0])), "coronal", 0.0)
    assert (line[:, 1].min(), line[:, 1].max()) == pytest.approx((3.5, 6.5))


def test_contours_of_another_direction_are_left_out_and_counted() -> None:
    box = prism((-10, -20), (30, 5), HEIGHTS)
    upright = Contour(np.array([[0.0, 0, 0], [5, 0, 0], [5, 0, 5]]))
    stack = stack_of(replace(box, contours=(*box.contours, upright)), 3.0)
    assert stack is not None
    assert stack.left_out == 1
    assert len(stack.offsets) == len(HEIGHTS)


def test_points_and_open_contours_have_no_outline() -> None:
    point = Contour(np.zeros((1, 3)), ContourKind.POINT)
    line = Contour(np.eye(3), ContourKind.OPEN_PLANAR)
    assert stack_of(Structure(1, "Isocenter", (point, line)), 3.0) is None
