"""Where a dose lies on a CT, in numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.reports.overlay import survey
from tests.reports.overlays import LINEAR, prism, small_set

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def box_ct() -> CT:
    """x, y and z from 0 to 90 mm."""
    grid = Grid((10, 10, 10), (0.0, 0.0, 0.0), (10.0, 10.0, 10.0), AXIAL, "1.2.3")
    return CT(np.zeros((10, 10, 10), dtype=np.int16), grid)


def box_dose(first_z: float) -> Dose:
    """Ten planes 10 mm apart; the dose is the number of the plane."""
    grid = Grid((10, 10, 10), (0.0, 0.0, first_z), (10.0, 10.0, 10.0), AXIAL, "1.2.3")
    planes = np.arange(10, dtype=np.float32)[:, None, None]
    return Dose(np.broadcast_to(planes, (10, 10, 10)).copy(), grid)


def test_the_share_outside_counts_the_voxels_that_the_ct_does_not_reach() -> None:
    found = survey(box_ct(), box_dose(30.0))
    assert found.outside_share == pytest.approx(0.3)
    assert found.maximum_outside == 9.0
    assert found.maximum == 9.0
    assert found.maximum_at_mm == (0.0, 0.0, 120.0)
    assert found.middle_mm[2] == 90.0  # the highest dose that the CT shows: 6 Gy


def test_a_dose_inside_the_ct_leaves_nothing_outside() -> None:
    found = survey(box_ct(), box_dose(0.0))
    assert (found.outside_share, found.maximum_outside) == (0.0, 0.0)


def test_the_cuts_go_to_the_high_dose_where_the_ct_leaves_it_out() -> None:
    found = survey(box_ct(), box_dose(70.0))
    assert found.middle_mm == (45.0, 45.0, 160.0)


def test_the_maximum_of_a_linear_dose_is_in_its_corner() -> None:
    made = small_set("FFP")
    found = survey(made.ct, made.dose, made.structures)
    x, y, z = found.maximum_at_mm
    assert x > 0 > y
    assert z > 0
    assert LINEAR(np.array([x, y, z])) == pytest.approx(found.maximum, abs=1e-4)


def test_empty_structures_are_named_by_their_number() -> None:
    empty = replace(prism((0, 0), (1, 1), np.array([0.0])), contours=(), number=7)
    made = small_set()
    structures = replace(made.structures, structures=(empty,))
    assert survey(made.ct, made.dose, structures).empty == (7,)


def test_a_dose_beside_the_ct_is_refused() -> None:
    with pytest.raises(GeometryError, match=r"z 500\.0 to 590\.0 mm"):
        survey(box_ct(), box_dose(500.0))


def test_a_dose_of_zeros_is_refused() -> None:
    dose = box_dose(0.0)
    with pytest.raises(InputError, match="positive"):
        survey(box_ct(), replace(dose, array=np.zeros_like(dose.array)))
