"""Summing doses without counting any twice."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseSummation, DoseType, DoseUnits, EmbeddedDVH
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.errors import GeometryError, InputError, ScopeError
from kerma.imaging.dose_sum import check_beam_sum, sum_doses

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = Grid((2, 2, 3), (0.0, 0.0, 0.0), (3.0, 2.0, 2.0), AXIAL, "1.2.9")
SHAPE = np.arange(12, dtype=np.float32).reshape(GRID.shape)


def plan(level: float = 1.0, **fields: Any) -> Dose:
    """A plan dose of `level` times 0, 1, 2, ... Gy."""
    dose = Dose((SHAPE * level).astype(np.float32), GRID, plan_uid="1.2.7")
    return dataclasses.replace(dose, **fields)


def beam(number: int, level: float = 1.0, **fields: Any) -> Dose:
    fields = {"beam_numbers": (number,), "fraction_group": 1} | fields
    return plan(level, summation=DoseSummation.BEAM, **fields)


def fraction(level: float = 1.0, **fields: Any) -> Dose:
    fields = {"fraction_group": 1} | fields
    return plan(level, summation=DoseSummation.FRACTION, **fields)


def test_beams_add_up_to_the_plan() -> None:
    total = sum_doses([beam(2, 0.5), beam(1, 0.25), beam(7, 0.125)])
    np.testing.assert_array_equal(total.array, SHAPE * 0.875)
    assert total.summation is DoseSummation.PLAN
    assert (total.plan_uid, total.beam_numbers) == ("1.2.7", (1, 2, 7))
    assert total.notes == ("The sum of beams 1, 2, 7.",)


def test_a_plan_dose_counts_alone_and_never_with_its_beams() -> None:
    total = sum_doses([beam(1, 0.5), plan(), beam(2, 0.5), fraction(0.1)])
    np.testing.assert_array_equal(total.array, SHAPE)
    assert total.notes == ("3 partial dose(s) of the plan were left aside.",)


def test_a_single_plan_dose_is_itself() -> None:
    dose = plan()
    assert sum_doses([dose]) is dose
    many = plan(summation=DoseSummation.MULTI_PLAN, other_plan_uids=("1.2.5",))
    assert sum_doses([many]) is many


def test_plans_add_up() -> None:
    boost = plan(0.5, plan_uid="1.2.5")
    total = sum_doses([plan(), boost, beam(1, 0.25, plan_uid="1.2.6")])
    np.testing.assert_array_equal(total.array, SHAPE * 1.75)
    assert total.summation is DoseSummation.MULTI_PLAN
    assert (total.plan_uid, total.other_plan_uids) == ("1.2.7", ("1.2.5", "1.2.6"))
    assert total.notes == ("The sum of beams 1.",)


def test_a_sum_has_no_histograms_or_uids_of_its_parts() -> None:
    dvh = EmbeddedDVH((1,), True, np.arange(3.0), np.ones(2), "CM3")
    parts = [
        plan(sop_instance_uid="1.1", dvhs=(dvh,), structure_set_uid="1.3"),
        plan(sop_instance_uid="1.2", plan_uid="1.2.5", structure_set_uid="1.3"),
    ]
    total = sum_doses(parts)
    assert (total.dvhs, total.sop_instance_uid) == ((), "")
    assert total.structure_set_uid == "1.3"
    other = dataclasses.replace(parts[1], structure_set_uid="1.4")
    assert sum_doses([parts[0], other]).structure_set_uid == ""


def test_a_fraction_counts_only_on_request() -> None:
    with pytest.raises(InputError, match="only the dose of one fraction"):
        sum_doses([fraction()])
    total = sum_doses([fraction(0.1)], fractions={"1.2.7": 25})
    np.testing.assert_allclose(total.array, SHAPE * 2.5, rtol=1e-6)
    assert total.notes == ("The dose of one fraction times 25.",)
    assert total.summation is DoseSummation.PLAN


def test_a_dose_given_twice_counts_once() -> None:
    one = beam(1, 0.5, sop_instance_uid="1.1")
    total = sum_doses([one, beam(2, 0.5, sop_instance_uid="1.2"), one])
    np.testing.assert_array_equal(total.array, SHAPE)
    again = plan(sop_instance_uid="1.3")
    assert sum_doses([again, again]) is again


def test_small_doses_are_not_lost_in_the_sum() -> None:
    """float32 alone would lose each of them beside a large one."""
    large = np.full(GRID.shape, 2.0**24, np.float32)
    ones = [beam(n, array=np.ones_like(large)) for n in range(2, 6)]
    total = sum_doses([beam(1, array=large), *ones])
    assert total.array.max() == 2.0**24 + 4


@pytest.mark.parametrize(
    ("doses", "sentence"),
    [
        ([], "There is no dose to sum"),
        ([plan(), plan(2)], r"2 plan doses of the plan 1\.2\.7"),
        ([beam(1), beam(1, 2)], "Two different doses are of beam 1 of one plan"),
        ([beam(1, beam_numbers=(1, 2)), beam(2)], "are of beam 2 of one plan"),
        ([beam(1), beam(2, beam_numbers=())], "1 of the beam doses name no beam"),
        ([beam(1), fraction()], "Besides beam doses there are others of the plan"),
        (
            [fraction(), fraction(2)],
            r"cannot be told; there are 2 dose\(s\) of type FR",
        ),
        ([plan(summation=DoseSummation.RECORD)], "of type RECORD. Give its plan dose"),
        (
            [plan(summation=DoseSummation.MULTI_PLAN), plan(plan_uid="1.2.5")],
            "a sum of plans already",
        ),
        ([plan(plan_uid=""), plan()], "1 of the doses name no plan"),
        (
            [plan(sop_instance_uid="1.1"), beam(1, 0.5, sop_instance_uid="1.1")],
            r"Two different doses have the SOP Instance UID 1\.1",
        ),
    ],
)
def test_what_to_add_is_never_guessed(doses: list[Dose], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        sum_doses(doses)


@pytest.mark.parametrize(
    ("doses", "fractions", "sentence"),
    [
        ([plan()], {"1.2.7": 5}, "not for plan doses, which count as they are"),
        ([beam(1)], {"1.2.7": 5}, "not for beam doses, which count as they are"),
        ([plan()], {"1.2.8": 5}, r"no dose: 1\.2\.8"),
        ([fraction()], {"1.2.7": 0}, "cannot have 0 fractions"),
    ],
)
def test_fractions_that_do_not_fit_are_refused(
    doses: list[Dose], fractions: dict[str, int], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        sum_doses(doses, fractions=fractions)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"units": DoseUnits.RELATIVE}, "A relative dose cannot be summed"),
        ({"dose_type": DoseType.EFFECTIVE}, "these are EFFECTIVE, PHYSICAL"),
        ({"dose_type": DoseType.ERROR}, "these are ERROR, PHYSICAL"),
        ({"study": Study(patient_id="2")}, "different patients"),
    ],
)
def test_what_cannot_be_added_is_refused(fields: dict[str, Any], sentence: str) -> None:
    one = plan(study=Study(patient_id="1"))
    with pytest.raises(ScopeError, match=sentence) as refused:
        sum_doses([one, plan(plan_uid="1.2.5", **fields)])
    assert "'1'" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"frame_of_reference": "1.2.8"}, r"frames of reference: 1\.2\.8, 1\.2\.9"),
        ({"origin": (0.0, 0.0, 1.0)}, "different grids. Resample them"),
        ({"spacing": (3.0, 2.0, 2.01)}, "different grids. Resample them"),
    ],
)
def test_other_places_are_refused(change: dict[str, Any], sentence: str) -> None:
    other = plan(plan_uid="1.2.5", grid=dataclasses.replace(GRID, **change))
    with pytest.raises(GeometryError, match=sentence):
        sum_doses([plan(), other])


def test_the_beams_are_held_against_the_plan() -> None:
    """The plan has 11 Gy at most; beams of 60 and 39.8 % of it miss 0.2 %."""
    check = check_beam_sum([plan(), beam(1, 0.6), beam(2, 0.398), fraction()])
    assert check.deviation_gy == pytest.approx(0.022, abs=1e-5)
    assert check.deviation_percent == pytest.approx(0.2, abs=1e-4)
    assert check.plan_maximum_gy == 11
    assert check.beam_numbers == (1, 2)
    assert check.passed
    missing = check_beam_sum([plan(), beam(1, 0.6)])
    assert missing.deviation_percent == pytest.approx(40, abs=1e-4)
    assert not missing.passed


def test_a_plan_without_dose_has_no_percent_of_it() -> None:
    nothing = plan(0)
    assert check_beam_sum([nothing, beam(1, 0)]).passed
    assert not check_beam_sum([nothing, beam(1)]).passed


@pytest.mark.parametrize(
    "doses",
    [[plan()], [beam(1)], [plan(), plan(2), beam(1)], [plan(), beam(1, plan_uid="1")]],
)
def test_only_one_plan_and_its_beams_can_be_compared(doses: list[Dose]) -> None:
    with pytest.raises(InputError, match="needs one plan dose and the beam doses"):
        check_beam_sum(doses)
