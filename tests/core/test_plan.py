"""Plans, beams and control points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.beam import Beam, LimitingDevice
from kerma.core.control_point import ControlPoint, Opening
from kerma.core.plan import BeamInFraction, FractionGroup, PatientSetup, Plan
from kerma.errors import InputError, ScopeError
from tests.plans import arc, plan, point, setup_beam


def test_the_meterset_is_shared_out_by_the_cumulative_weight() -> None:
    """Weights 0, 0.5, 2 of 200 MU: 200 x 0.5 / 2 = 50 MU, then the other 150."""
    np.testing.assert_array_equal(arc().cumulative_meterset(200.0), [0, 50, 200])
    steps = plan().segments("Arc")
    assert [step.meterset for step in steps] == [50, 150]
    assert (steps[1].start.gantry_angle, steps[1].end.gantry_angle) == (330, 30)


@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=20).filter(lambda s: sum(s) > 1e-3),
    st.floats(1e-3, 1e4),
)
def test_segments_add_up_to_the_meterset(steps: list[float], meterset: float) -> None:
    weights = np.concatenate([[0], np.cumsum(steps)])
    beam = arc(control_points=tuple(point(float(weight)) for weight in weights))
    assert sum(s.meterset for s in beam.segments(meterset)) == pytest.approx(meterset)


def test_step_and_shoot_has_no_segment_without_dose() -> None:
    weights = (0.0, 0.4, 0.4, 1.0)
    beam = arc(control_points=tuple(point(weight) for weight in weights))
    assert len(beam.segments(10.0)) == 2


def test_beams_tell_what_they_are() -> None:
    moving, setting_up, electrons = plan().beams
    assert (moving.is_static, moving.is_arc, moving.is_setup) == (False, True, False)
    assert (setting_up.is_setup, setting_up.final_weight) == (True, None)
    assert (electrons.is_static, electrons.is_arc) == (True, False)


def test_jaws_and_leaves_of_a_state() -> None:
    state = point(0.0)
    assert state.jaws("y") == (-15, 20)
    assert state.jaws("x") is None
    np.testing.assert_array_equal(state.leaves, [[-10] * 3, [10, 12.5, 10]])
    assert replace(state, openings=()).leaves is None
    with pytest.raises(InputError, match=r"'X'; there are: ASYMY, MLCX"):
        state.opening("X")
    two = (Opening("MLCX1", (0.0,), (1.0,)), Opening("MLCX2", (0.0,), (1.0,)))
    with pytest.raises(ScopeError, match="2 leaf collimators: MLCX1, MLCX2"):
        _ = replace(state, openings=two).leaves


def test_the_meterset_of_a_fraction_leaves_setup_beams_aside() -> None:
    assert plan().total_meterset == 300
    assert plan().meterset(2) is None
    with pytest.raises(ScopeError, match="Beam 2 has no meterset"):
        plan().segments(2)


def test_a_sum_with_an_unknown_meterset_is_not_known() -> None:
    group = FractionGroup(1, 25, (BeamInFraction(1), BeamInFraction(3, 100.0)))
    with pytest.raises(ScopeError, match="beam 1 has none"):
        _ = plan(fraction_groups=(group,)).total_meterset


def test_one_of_several_fraction_groups_has_to_be_chosen() -> None:
    groups = (FractionGroup(1, 20), FractionGroup(2, 5, (BeamInFraction(1, 80.0),)))
    boosted = plan(fraction_groups=groups)
    assert boosted.meterset(1, group=2) == 80
    with pytest.raises(InputError, match="Choose a fraction group; there are: 1, 2"):
        _ = boosted.total_meterset
    with pytest.raises(InputError, match="No fraction group 3"):
        boosted.fraction_group(3)


def test_a_beam_goes_by_number_or_name() -> None:
    assert plan().beam(3) is plan().beam("Boost") or plan().beam(3).name == "Boost"
    with pytest.raises(InputError, match="No beam 9; there are: 1 'Arc'"):
        plan().beam(9)
    twins = plan(beams=(arc(), arc(number=2), arc(number=3)))
    with pytest.raises(InputError, match="3 beams are named 'Arc'; choose one"):
        twins.beam("Arc")


def test_only_what_states_a_dose_to_a_target_is_a_prescription() -> None:
    assert [r.target_prescription_gy for r in plan().prescriptions] == [50]
    assert Plan("none").prescriptions == ()


@pytest.mark.parametrize(
    ("position", "source"),
    [
        # Gantry 300 degrees: 1000 (sin 300, 0, cos 300) = (-866.025, 0, 500).
        ("HFS", (1 - 866.0254, -200 - 500, 3.5)),
        ("FFP", (1 - 866.0254, -200 + 500, 3.5)),
    ],
)
def test_the_source_lies_at_its_distance_from_the_isocenter(
    position: str, source: tuple[float, ...]
) -> None:
    lying = plan(patient_setups=(PatientSetup(1, position),))
    np.testing.assert_allclose(lying.source_position(1), source, atol=1e-4)


def test_a_source_that_is_not_described_is_not_placed() -> None:
    with pytest.raises(ScopeError, match="position is not stated"):
        plan(patient_setups=()).source_position(1)
    bare = arc(source_axis_distance=None)
    with pytest.raises(ScopeError, match="no isocenter"):
        plan(beams=(bare,), fraction_groups=()).source_position(1)
    with pytest.raises(ScopeError, match=r"turned, pitched or rolled \(0, 2, 0"):
        point(0.0, table_top_pitch=2.0).beam_to_patient("HFS")


def test_equal_plans_are_equal_and_hash_alike() -> None:
    assert plan() == plan()
    assert hash(plan()) == hash(plan())
    assert plan() != plan(label="Other")


BAD_BEAMS = [
    ({"control_points": ()}, "Beam 1 has no control points"),
    (
        {"control_points": (point(0.0), point(0.6), point(0.5))},
        r"Beam 1, control point 2: the cumulative weight falls from 0\.6 to 0\.5",
    ),
    ({"control_points": (point(0.1), point(1.0))}, r"0\.1; it has to start at 0"),
    ({"control_points": (point(0.0), point(None))}, "point 1: the .* weight is miss"),
    ({"devices": (LimitingDevice("ASYMY"),)}, "MLCX, which the beam does not have"),
    (
        {
            "devices": (
                LimitingDevice("ASYMY"),
                LimitingDevice("MLCX", 2, (-5.0, 0.0, 5.0)),
            )
        },
        "point 0: MLCX has 3 pairs of positions, but the beam's device has 2",
    ),
    ({"devices": (LimitingDevice("X"), LimitingDevice("X"))}, "device twice"),
    (
        {"control_points": (point(0.0), point(1.0, openings=()))},
        "point 1: the opening of ASYMY, MLCX is stated at some points only",
    ),
    (
        {"control_points": (point(0.0), point(1.0, energy=None))},
        "point 1: the energy is stated at some points only",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD_BEAMS)
def test_a_beam_that_contradicts_itself_is_none(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        arc(**change)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Opening("X", (0.0,), (1.0, 2.0)), "X has 1 and 2 positions"),
        (lambda: Opening("X", (10.0,), (-10.0,)), "overlaps by 20 mm"),
        (lambda: Opening("X", (float("nan"),), (1.0,)), "overlaps by"),
        (lambda: LimitingDevice("IRIS"), "got 'IRIS'"),
        (lambda: LimitingDevice("ASYMX", 2), "2 pairs; jaws are one"),
        (lambda: LimitingDevice("MLCX", 2, (0.0, 1.0)), "one leaf boundary more"),
        (lambda: LimitingDevice("MLCX", 2, (0.0, 2.0, 1.0)), "do not ascend"),
        (lambda: ControlPoint(-0.1, 0.0, 0.0), "gantry angle is -0.1 degrees"),
        (lambda: ControlPoint(0.0, 360.0, 0.0), "collimator angle is 360"),
        (lambda: point(-1.0), "cumulative weight is -1"),
        (lambda: point(0.0, openings=(Opening("X", (0.0,), (1.0,)),) * 2), "two open"),
        (lambda: BeamInFraction(4, -1.0), "Beam 4 has a meterset of -1"),
        (lambda: FractionGroup(1, -3), "-3 fractions"),
        (lambda: FractionGroup(1, 2, (BeamInFraction(1),) * 2), "names a beam twice"),
        (lambda: plan(beams=(arc(), arc())), "Two beams have one number: 1, 1"),
        (
            lambda: plan(beams=(arc(),)),
            "names beam 2, but the beams of the plan are: 1",
        ),
        (
            lambda: plan(
                beams=(setup_beam(),),
                fraction_groups=(FractionGroup(1, 1, (BeamInFraction(2, 5.0),)),),
            ),
            "Beam 2 has a meterset of 5, but no cumulative weights",
        ),
        (lambda: setup_beam().segments(1.0), "Beam 2 has no cumulative weights"),
        (lambda: arc().device("X"), "no 'X'; there are: ASYMY, MLCX"),
    ],
)
def test_what_cannot_be_is_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(InputError, match=message):
        make()


def test_leaves_may_touch_and_overlap_by_a_rounding() -> None:
    assert Opening("MLCX", (0.0, 0.2), (0.0, 0.0)).overlap_mm == 0.2
    assert isinstance(arc().device("MLCX"), LimitingDevice)
    assert isinstance(arc(), Beam)
