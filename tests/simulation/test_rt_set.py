"""A patient whose right answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.errors import GeometryError
from kerma.simulation.anatomy import THORAX, Organ, contours_of
from kerma.simulation.dose_field import FourFieldBox, LinearDose, dose_on
from kerma.simulation.positions import PATIENT_POSITIONS, image_axes
from kerma.simulation.rt_set import Layout, simulate_rt_set

GTV = next(organ for organ in THORAX if organ.name == "GTV")


def area(points: FloatArray) -> float:
    """Area of a planar polygon in space: half the length of the sum of r × r'."""
    around = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    return float(np.linalg.norm(around) / 2)


@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_slices_follow_the_patient_from_head_or_feet(position: str) -> None:
    """Rows x columns point along the stack; prone and supine differ by a half turn."""
    axes = np.array(image_axes(position))
    np.testing.assert_allclose(np.cross(axes[2], axes[1]), axes[0], atol=1e-12)
    assert axes[0][2] == (1 if position.startswith("HF") else -1)


def test_a_position_that_is_none_is_refused() -> None:
    with pytest.raises(
        GeometryError, match="No patient position 'XYZ'; there are: HFS"
    ):
        image_axes("XYZ")


@pytest.mark.parametrize("tilt", [0.0, 18.5])
@pytest.mark.parametrize("position", ["HFS", "FFP", "HFDL"])
def test_every_contour_lies_on_the_ellipsoid_and_in_its_slice(
    position: str, tilt: float
) -> None:
    rt = simulate_rt_set(Layout(position, tilt, matrix=16, slices=30))
    contours = rt.structures["GTV"].contours
    assert 8 <= len(contours) <= 20
    for contour in contours:
        away = contour.points - np.array(GTV.center_mm)
        on = np.einsum("pc,cd,pd->p", away, GTV.form, away)
        np.testing.assert_allclose(on, 1, atol=1e-9)
        index = rt.ct.grid.to_index(contour.points)[:, 0]
        np.testing.assert_allclose(index, round(index[0]), atol=1e-9)
        drawn_on = rt.ct.sop_instance_uids[round(index[0])]
        assert contour.image_uid == drawn_on


def test_the_contours_add_up_to_the_volume() -> None:
    """The sum of areas over slices h apart is the volume but for about h²/(2 c²)."""
    grid = Grid((200, 2, 2), (0, 0, -35), (0.5, 1, 1), image_axes("HFS"), "1")
    total = 0.5 * sum(area(c.points) for c in contours_of(GTV, grid))
    assert total == pytest.approx(GTV.volume_mm3, rel=1e-3)


def test_the_ct_shows_the_organs_where_they_are_drawn() -> None:
    rt = simulate_rt_set(Layout("FFS", matrix=64, pixel_mm=6))
    for organ in THORAX:
        if math.isnan(organ.hu) or organ.name in ("BODY", "Spine", "Lung right"):
            continue  # others lie in their middle
        k, j, i = np.rint(rt.ct.grid.to_index(np.array(organ.center_mm))).astype(int)
        assert rt.ct.hu[k, j, i] == organ.hu, organ.name


def test_a_linear_dose_is_what_it_says() -> None:
    grid = Grid((3, 4, 5), (-10, 5, 2), (3, 2, 1), image_axes("HFP"), "1")
    dose = dose_on(grid, LinearDose(20, (0.1, 0.2, 0.3)))
    x, y, z = grid.to_patient(np.array([2.0, 3, 4]))
    assert dose.gy[2, 3, 4] == pytest.approx(20 + 0.1 * x + 0.2 * y + 0.3 * z)


def test_the_box_is_flat_inside_and_half_at_its_edge() -> None:
    box = FourFieldBox((0, 0, 0), (30, 30, 30), dose_gy=50, attenuation_mm=0.0)
    assert box(np.zeros(3)) == pytest.approx(50)
    assert box(np.array([0, 0, 30.0])) == pytest.approx(25)
    assert box(np.array([0, 60.0, 0])) == pytest.approx(25)  # two of four fields


def test_the_same_arguments_give_the_same_set() -> None:
    small = Layout(matrix=8, slices=4)
    first, second = (simulate_rt_set(small) for _ in range(2))
    other = simulate_rt_set(small, seed=2)
    assert first.dose.sop_instance_uid == second.dose.sop_instance_uid
    assert first.ct.sop_instance_uids != other.ct.sop_instance_uids
    assert first.dose.grid.frame_of_reference == first.ct.grid.frame_of_reference


def test_an_organ_has_a_size() -> None:
    with pytest.raises(GeometryError, match="semi-axes have to be positive"):
        Organ("X", (0, 0, 0), (1, 0, 1), 0, "ORGAN", (0, 0, 0))
