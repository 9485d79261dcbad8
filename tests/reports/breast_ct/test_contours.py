"""Tissues as contours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.core.structures import Structure
from kerma.errors import InputError
from kerma.imaging.contouring import contours_of_labels
from kerma.io import read_structures
from kerma.reports.breast_ct.contours import (
    LEAST_AREA_MM2,
    TOLERANCE_MM,
    tissue_structures,
)
from kerma.reports.breast_ct.exports import export
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from tests.kernels.test_simplification import distances
from tests.reports.breast_ct.small_breasts import small_breast


def signed_mm2(structure: Structure) -> float:
    """Area of axial contours; holes run the other way round."""
    total = 0.0
    for contour in structure.contours:
        x, y = contour.points[:, 0], contour.points[:, 1]
        total += float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)
    return abs(total)


def test_contours_enclose_the_area_of_their_tissue(tmp_path: Path) -> None:
    (file,) = export(small_breast(), tmp_path, ["rtstruct"])
    read = read_structures(file)

    grid = small_breast().ct.grid
    numbers = small_breast().label_map().numbers[::2]  # 0.9 mm apart: every other
    assert read.names == ("fat", "glands", "skin", "pectoralis major", "skin fold")
    for structure in read:
        area = np.count_nonzero(numbers == structure.number) * np.prod(grid.spacing[1:])
        assert signed_mm2(structure) == pytest.approx(area, rel=0.02)


def test_contours_lie_on_slices_of_the_scan_at_least_a_millimeter_apart() -> None:
    structures = tissue_structures(small_breast())
    grid, uids = small_breast().ct.grid, small_breast().ct.sop_instance_uids

    used = set()
    for contour in (c for one in structures for c in one.contours):
        k = grid.to_index(contour.points)[:, 0]
        np.testing.assert_allclose(k, round(k[0]), atol=1e-6)
        assert contour.image_uid == uids[round(k[0])]
        used.add(round(k[0]))
    assert grid.spacing[0] == 0.9
    assert min(np.diff(sorted(used))) == 2
    assert structures.name == "Breast tissues, contours 1.8 mm apart"


def test_what_was_left_out_lies_within_a_tenth_of_a_millimeter() -> None:
    muscle = 4
    label_map = small_breast().label_map()
    only = LabelMap(
        label_map.numbers, label_map.grid,
        labels=tuple(one for one in label_map.labels if one.number == muscle),
    )  # fmt: skip
    (drawn,) = contours_of_labels(only)
    kept = tissue_structures(small_breast())[muscle]

    on_slice = {contour.points[0, 2]: contour.points for contour in kept.contours}
    before = [
        c for c in drawn.contours if c.points[0, 2] in on_slice and len(c.points) > 40
    ]
    assert before
    for contour in before:
        simple = on_slice[contour.points[0, 2]]
        assert len(simple) < len(contour.points)
        assert distances(contour.points, simple).max() <= TOLERANCE_MM + 1e-9


def test_specks_are_left_out() -> None:
    breast = small_breast()
    numbers = np.zeros_like(breast.numbers)
    last = breast.ct.grid.shape[0] - 1  # head first there, feet first in the scan
    numbers[20, last - 40, 20:22] = 1  # voxels of 1.0 x 1.2 mm less their corners
    numbers[20, last - 40, 60] = 1

    (fat,) = tissue_structures(replace(breast, numbers=numbers))

    assert len(fat.contours) == 1
    assert signed_mm2(fat) > LEAST_AREA_MM2


def points_of(breast: SegmentedBreast) -> int:
    return sum(len(c.points) for one in tissue_structures(breast) for c in one.contours)


def test_too_many_points_leave_out_slices_and_it_is_said() -> None:
    points = points_of(small_breast())

    fewer = tissue_structures(small_breast(), most_points=points // 2)

    assert fewer.name == "Breast tissues, contours 3.6 mm apart"
    assert sum(len(c.points) for one in fewer for c in one.contours) <= points // 2
    grid = small_breast().ct.grid
    used = {
        round(float(grid.to_index(c.points[0])[0]))
        for one in fewer
        for c in one.contours
    }
    assert {k % 4 for k in used} == {0}


def test_more_points_than_a_planning_system_takes_are_refused() -> None:
    with pytest.raises(InputError, match="Export a segmentation"):
        tissue_structures(small_breast(), most_points=100)
