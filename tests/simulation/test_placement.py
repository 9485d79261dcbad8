from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import GeometryError
from kerma.simulation.placement import PhantomPlacement

ANGLE = st.floats(-180, 180)
LEAN = st.floats(-30, 30)


def test_a_roll_turns_the_left_towards_posterior() -> None:
    """(x, y) goes to (x cos - y sin, x sin + y cos)."""
    placement = PhantomPlacement(center_mm=(5.0, -7.0, 3.0), roll_deg=30.0)
    position = placement.to_patient(np.array([40.0, 10.0, 2.0]))
    cos, sin = np.sqrt(3) / 2, 0.5
    assert position == pytest.approx(
        [5 + 40 * cos - 10 * sin, -7 + 40 * sin + 10 * cos, 5]
    )


def test_a_tilt_leans_the_axis_towards_anterior() -> None:
    placement = PhantomPlacement(tilt_deg=3.0)
    up = placement.to_patient(np.array([0.0, 0.0, 100.0]))
    assert up == pytest.approx(
        [0, -100 * np.sin(np.deg2rad(3)), 100 * np.cos(np.deg2rad(3))]
    )


def test_a_yaw_leans_the_axis_towards_the_left() -> None:
    placement = PhantomPlacement(yaw_deg=3.0)
    up = placement.to_patient(np.array([0.0, 0.0, 100.0]))
    assert up == pytest.approx(
        [100 * np.sin(np.deg2rad(3)), 0, 100 * np.cos(np.deg2rad(3))]
    )


def test_a_mirrored_phantom_lies_with_its_other_end_first() -> None:
    """(x, y, z) goes to (-x, y, -z), and then it rolls."""
    plain = PhantomPlacement(mirrored=True)
    rolled = PhantomPlacement(mirrored=True, roll_deg=90.0)
    point = np.array([40.0, 10.0, 2.0])
    assert plain.to_patient(point) == pytest.approx([-40, 10, -2])
    assert rolled.to_patient(point) == pytest.approx([-10, -40, -2])


def test_the_scale_is_across_the_axis_only() -> None:
    position = PhantomPlacement(scale=1.1).to_patient(np.array([40.0, 10.0, 2.0]))
    assert position == pytest.approx([44, 11, 2])


@given(roll=ANGLE, tilt=LEAN, yaw=LEAN, mirrored=st.booleans())
def test_a_placement_turns_without_bending_and_can_be_undone(
    *, roll: float, tilt: float, yaw: float, mirrored: bool
) -> None:
    placement = PhantomPlacement((1.0, 2.0, 3.0), roll, tilt, yaw, mirrored, 0.9)
    points = np.array([[10.0, -20.0, 30.0], [0.0, 5.0, -8.0]])
    back = placement.to_phantom(placement.to_patient(points))
    assert back == pytest.approx(points)
    assert np.linalg.det(placement.rotation) == pytest.approx(1)


def test_impossible_placements_are_refused() -> None:
    with pytest.raises(GeometryError, match="positive size; got 0"):
        PhantomPlacement(scale=0.0)
    with pytest.raises(GeometryError, match=r"tilt of 180°.*use mirrored"):
        PhantomPlacement(tilt_deg=180)
