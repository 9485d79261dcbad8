from __future__ import annotations

import numpy as np
import pytest

from kerma.simulation.scan import scan
from kerma.simulation.scanner import Scanner, slice_stack
from kerma.simulation.scenes import (
    crude_patient,
    empty_field,
    end_to_end,
    hollow_cube,
    rod_cylinder,
    water_cylinder,
)

SCANNER = Scanner(
    matrix=(201, 201),
    pixel_mm=(2.0, 2.0),
    slice_positions_mm=slice_stack(21, 10.0),
    slice_thickness_mm=2.0,
)


def test_an_empty_field_is_air() -> None:
    assert np.unique(scan(empty_field(), scanner=SCANNER, seed=1).hu) == -1000


def test_a_water_cylinder_is_water_within_its_diameter_and_length() -> None:
    hu = scan(water_cylinder(200.0, length_mm=100.0), scanner=SCANNER, seed=1).hu
    assert np.all(hu[6:15, 100, 60:141] == 0)
    assert np.all(hu[[4, 16]] == -1000)
    assert np.count_nonzero(hu[10] > -500) * 4 == pytest.approx(
        np.pi * 100**2, rel=0.01
    )


def test_a_hollow_cube_has_walls_air_and_a_ball() -> None:
    hu = scan(hollow_cube(), scanner=SCANNER, seed=1).hu
    assert hu[10, 100, 100] == pytest.approx(2500, abs=1)
    assert hu[10, 100, 80] == -1000
    assert hu[10, 100, 100 + 35] == 115  # 70 mm to the left, within the wall
    assert hu[3, 100, 100] == 115  # the wall at the end
    assert hu[1, 100, 100] == -1000


def test_a_patient_has_fat_lungs_and_a_spine() -> None:
    hu = scan(crude_patient(), scanner=SCANNER, seed=1).hu[10]
    assert hu[100, 100 + 91] == -90
    assert hu[98, 100 - 46] == -800
    assert hu[130, 100] == 300


def test_rods_of_an_unknown_phantom_do_not_overlap() -> None:
    scene = rod_cylinder(12, seed=5)
    centers = np.array([solid.section.center_mm for solid in scene.solids[1:]])
    gaps = np.hypot(*(centers[:, None] - centers[None]).T) + 99 * np.eye(12)
    assert gaps.min() >= 24
    assert np.hypot(*centers.T).max() <= 85
    assert scene == rod_cylinder(12, seed=5)
    assert scene != rod_cylinder(12, seed=6)


def test_a_full_cylinder_takes_no_more_rods() -> None:
    assert 1 < len(rod_cylinder(1000, diameter_mm=100.0, seed=1).solids) < 20


def test_two_things_lie_one_behind_the_other() -> None:
    """100 mm of water, 10 mm of air, 40 mm of something else."""
    pair = end_to_end(
        water_cylinder(length_mm=100.0),
        water_cylinder(length_mm=40.0, hu=70.0),
        gap_mm=10.0,
    )
    along = scan(pair, scanner=SCANNER, seed=1).hu[:, 100, 100]
    z = np.array(SCANNER.slice_positions_mm)
    assert np.all(along[np.abs(z) < 49] == 0)
    assert np.all(along[(z > 61) & (z < 99)] == 70)
    assert along[z == 100] == -465  # 1 of 2 mm is in it
