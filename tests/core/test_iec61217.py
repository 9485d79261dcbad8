"""From the machine's coordinates to the patient's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.iec61217 import (
    PATIENT_POSITIONS,
    beam_to_fixed,
    fixed_to_patient,
    normalized_angle,
)
from kerma.errors import ScopeError

ANGLE = st.floats(0, 360, exclude_max=True)


@pytest.mark.parametrize(
    ("given_deg", "normalized"),
    [(0, 0), (-0.1, 359.9), (360, 0), (-0.37, 359.63), (725.5, 5.5), (-1e-20, 0)],
)
def test_angles_go_from_0_up_to_360(given_deg: float, normalized: float) -> None:
    assert normalized_angle(given_deg) == normalized


def test_an_angle_in_range_is_not_touched() -> None:
    assert normalized_angle(7.0867745e-10) == 7.0867745e-10


@pytest.mark.parametrize(
    ("position", "x", "y", "z"),
    [
        # Lying on the back, head to the gantry: right of the gantry's viewer is the
        # patient's left, up is anterior, to the gantry is superior.
        ("HFS", (1, 0, 0), (0, 0, 1), (0, -1, 0)),
        ("HFP", (-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ("FFS", (-1, 0, 0), (0, 0, -1), (0, -1, 0)),
        ("FFP", (1, 0, 0), (0, 0, -1), (0, 1, 0)),
    ],
)
def test_the_axes_of_the_room_in_the_patient(
    position: str, x: tuple[int, ...], y: tuple[int, ...], z: tuple[int, ...]
) -> None:
    np.testing.assert_array_equal(fixed_to_patient(position), np.transpose([x, y, z]))


@pytest.mark.parametrize(
    ("position", "gantry", "couch", "towards_source"),
    [
        ("HFS", 0, 0, (0, -1, 0)),  # from the front
        ("HFS", 90, 0, (1, 0, 0)),  # from the left
        ("HFS", 180, 0, (0, 1, 0)),
        ("HFS", 270, 0, (-1, 0, 0)),
        ("HFP", 0, 0, (0, 1, 0)),  # from the back
        ("HFP", 90, 0, (-1, 0, 0)),
        ("FFS", 90, 0, (-1, 0, 0)),
        ("FFP", 90, 0, (1, 0, 0)),
        # The couch turns the head to the viewer's left: the gantry at its right
        # then shines from the feet.
        ("HFS", 90, 90, (0, 0, -1)),
        ("HFS", 90, 270, (0, 0, 1)),
        ("HFS", 0, 37, (0, -1, 0)),  # along the axis of the couch
    ],
)
def test_where_a_beam_comes_from(
    position: str, gantry: float, couch: float, towards_source: tuple[int, ...]
) -> None:
    to_patient = fixed_to_patient(position, couch_angle_deg=couch)
    axes = to_patient @ beam_to_fixed(gantry_angle_deg=gantry)
    np.testing.assert_allclose(axes[:, 2], towards_source, atol=1e-15)


def test_the_collimator_turns_counterclockwise_as_the_source_sees_it() -> None:
    """At gantry 0 the source looks down: x (right) goes to y (gantry) after 90."""
    axes = beam_to_fixed(gantry_angle_deg=0, collimator_angle_deg=90)
    np.testing.assert_array_equal(axes[:, 0], [0, 1, 0])


@given(st.sampled_from(PATIENT_POSITIONS), ANGLE, ANGLE, ANGLE)
def test_a_beam_is_only_rotated(
    position: str, gantry: float, collimator: float, couch: float
) -> None:
    rotation = fixed_to_patient(position, couch_angle_deg=couch) @ beam_to_fixed(
        gantry_angle_deg=gantry, collimator_angle_deg=collimator
    )
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


@given(ANGLE)
def test_turning_gantry_and_couch_follows_sine_and_cosine(angle: float) -> None:
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    source = beam_to_fixed(gantry_angle_deg=angle)[:, 2]
    np.testing.assert_allclose(source, [sine, 0, cosine], atol=1e-12)
    right = fixed_to_patient("HFS", couch_angle_deg=angle)[:, 0]
    np.testing.assert_allclose(right, [cosine, 0, -sine], atol=1e-12)


@pytest.mark.parametrize("position", ["", "HFDR", "SITTING"])
def test_other_ways_to_lie_are_refused(position: str) -> None:
    with pytest.raises(ScopeError, match="it can be HFS, HFP, FFS, FFP"):
        fixed_to_patient(position)
