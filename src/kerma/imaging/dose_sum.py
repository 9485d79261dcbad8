"""Sum doses of plans, beams and fractions without counting any of them twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose, DoseSummation, DoseType, DoseUnits
from kerma.errors import GeometryError, InputError, ScopeError

__all__ = ["BeamSumCheck", "check_beam_sum", "sum_doses"]

_TOLERANCE_PERCENT = 0.5  # of the largest plan dose; rounding of stored values is less


@dataclass(frozen=True)
class BeamSumCheck:
    """How far the sum of the beams is from the dose of the plan.

    Parameters
    ----------
    deviation_gy
        Largest difference of any voxel, Gy, without its sign.
    plan_maximum_gy
        Largest dose of the plan, Gy.
    beam_numbers
        Beams that were added.
    tolerance_percent
        Allowed deviation, percent of the largest dose of the plan.
    """

    deviation_gy: float
    plan_maximum_gy: float
    beam_numbers: tuple[int, ...]
    tolerance_percent: float = _TOLERANCE_PERCENT

    @property
    def deviation_percent(self) -> float:
        """Deviation in percent of the largest dose of the plan; 0 where both are 0."""
        if self.deviation_gy == 0:
            return 0.0
        if self.plan_maximum_gy == 0:
            return 100.0
        return 100 * self.deviation_gy / self.plan_maximum_gy

    @property
    def passed(self) -> bool:
        """Whether the beams make up the plan."""
        return self.deviation_percent <= self.tolerance_percent


def sum_doses(
    doses: Sequence[Dose], *, fractions: Mapping[str, int] | None = None
) -> Dose:
    """The dose of all plans together.

    For each plan the plan dose counts if there is one; else the sum of its beam doses;
    else, and only on request, a fraction dose times the number of fractions. Plan and
    beam doses are never added. A dose given twice counts once.

    Parameters
    ----------
    doses
        Of one or more plans, all on one grid.
    fractions
        Number of fractions by plan UID, for plans of which only one fraction's dose
        is there.

    Returns
    -------
    Dose
        The plan dose itself where only one counts; else a new one, of summation type
        PLAN or MULTI_PLAN, without UIDs and histograms: those would be of the parts.

    Raises
    ------
    InputError
        There is no dose, or what to add cannot be told: two plan doses of one plan,
        beam doses that name no or the same beams, parts that are neither plans, beams
        nor fractions.
    ScopeError
        Relative doses, differences, doses of different types or patients.
    GeometryError
        The doses lie on different grids or in different frames of reference.
    """
    distinct = _distinct(doses)
    if len(distinct) == 1 and distinct[0].summation is DoseSummation.MULTI_PLAN:
        return distinct[0]
    _check_comparable(distinct)
    _check_grids(distinct)
    _check_single_plans(distinct)
    asked = dict(fractions or {})
    plans = [
        _plan_dose(uid, parts, asked.pop(uid, None))
        for uid, parts in _by_plan(distinct).items()
    ]
    if asked:
        raise InputError(
            f"Fractions are given for a plan of which there is no dose: {min(asked)}."
        )
    return plans[0] if len(plans) == 1 else _total(plans, DoseSummation.MULTI_PLAN)


def check_beam_sum(
    doses: Sequence[Dose], *, tolerance_percent: float = _TOLERANCE_PERCENT
) -> BeamSumCheck:
    """Compare the plan dose of one plan with the sum of its beam doses.

    A difference means that a beam is missing, is there twice, or that plan and beams
    are of different calculations.

    Raises
    ------
    InputError
        There is not one plan dose and at least one beam dose of the same plan.
    ScopeError, GeometryError
        As for `sum_doses`.
    """
    distinct = _distinct(doses)
    _check_comparable(distinct)
    _check_grids(distinct)
    plans = _of(distinct, DoseSummation.PLAN)
    beams = _of(distinct, DoseSummation.BEAM)
    if len(plans) != 1 or not beams or len(_by_plan([*plans, *beams])) != 1:
        raise InputError(
            f"To compare beams with their plan needs one plan dose and the beam doses "
            f"of the same plan; got {len(plans)} plan and {len(beams)} beam dose(s)."
        )
    total = _sum_of_beams(beams)
    difference = total.array.astype(np.float64) - plans[0].array
    return BeamSumCheck(
        deviation_gy=float(np.abs(difference).max()),
        plan_maximum_gy=float(plans[0].array.max()),
        beam_numbers=total.beam_numbers,
        tolerance_percent=tolerance_percent,
    )


def _distinct(doses: Iterable[Dose]) -> list[Dose]:
    """The doses, each file once."""
    kept: dict[str, Dose] = {}
    for n, dose in enumerate(doses):
        uid = dose.sop_instance_uid
        known = kept.setdefault(uid or f"unnamed {n}", dose)
        if not np.array_equal(known.array, dose.array):
            raise InputError(
                f"Two different doses have the SOP Instance UID {uid}. Clear that of "
                f"the one that was changed."
            )
    if not kept:
        raise InputError("There is no dose to sum.")
    return list(kept.values())


def _check_comparable(doses: Sequence[Dose]) -> None:
    if any(dose.units is not DoseUnits.GY for dose in doses):
        raise ScopeError(
            "A relative dose cannot be summed: without the prescription it is not "
            "known in Gy."
        )
    types = {dose.dose_type for dose in doses}
    if len(types) > 1 or DoseType.ERROR in types:
        raise ScopeError(
            f"Only doses of one type, and no differences, can be summed; these are "
            f"{', '.join(sorted(types))}."
        )
    if len({dose.study.patient_id for dose in doses} - {""}) > 1:
        raise ScopeError(
            "These doses are of different patients (Patient ID (0010,0020)). Sum those "
            "of one patient."
        )


def _check_grids(doses: Sequence[Dose]) -> None:
    first = doses[0].grid
    frames = sorted({dose.grid.frame_of_reference for dose in doses})
    if len(frames) > 1:
        raise GeometryError(
            f"These doses lie in different frames of reference: {', '.join(frames)}. "
            f"Bring them into one by a registration first."
        )
    if not all(dose.grid.is_same_as(first) for dose in doses):
        raise GeometryError(
            "These doses lie on different grids. Resample them to one grid first."
        )


def _check_single_plans(doses: Sequence[Dose]) -> None:
    if _of(doses, DoseSummation.MULTI_PLAN):
        raise InputError(
            "One of these doses is a sum of plans already (MULTI_PLAN), so that the "
            "others may be in it. Give it alone, or the doses of the plans."
        )


def _by_plan(doses: Sequence[Dose]) -> dict[str, list[Dose]]:
    """The doses of each plan, by its UID."""
    plans: dict[str, list[Dose]] = {}
    for dose in doses:
        plans.setdefault(dose.plan_uid, []).append(dose)
    if "" in plans and len(plans) > 1:
        raise InputError(
            f"{len(plans[''])} of the doses name no plan (Referenced RT Plan Sequence "
            f"(300C,0002)), so that they may be parts of the others. Leave them out, "
            f"or set plan_uid."
        )
    return plans


def _of(doses: Sequence[Dose], summation: DoseSummation) -> list[Dose]:
    return [dose for dose in doses if dose.summation is summation]


def _plan_dose(uid: str, parts: Sequence[Dose], fractions: int | None) -> Dose:
    """The dose of one plan."""
    name = uid or "(not named)"
    if plans := _of(parts, DoseSummation.PLAN):
        _check_unasked(fractions, name, "plan doses")
        return _alone(plans, len(parts), name)
    if beams := _of(parts, DoseSummation.BEAM):
        _check_unasked(fractions, name, "beam doses")
        if len(beams) < len(parts):
            raise InputError(
                f"Besides beam doses there are others of the plan {name}, but no plan "
                f"dose. Give either the beams or the plan."
            )
        return _sum_of_beams(beams)
    return _fractionated(parts, name, fractions)


def _alone(plans: Sequence[Dose], count: int, name: str) -> Dose:
    """The only plan dose, which the partial doses beside it would count again."""
    if len(plans) > 1:
        raise InputError(
            f"There are {len(plans)} plan doses of the plan {name}. Give one."
        )
    if count == 1:
        return plans[0]
    note = f"{count - 1} partial dose(s) of the plan were left aside."
    return replace(plans[0], notes=(*plans[0].notes, note))


def _check_unasked(fractions: int | None, name: str, what: str) -> None:
    if fractions is not None:
        raise InputError(
            f"Fractions are given for the plan {name}, but not for {what}, which count "
            f"as they are. Leave out the fractions, or those doses."
        )


def _sum_of_beams(beams: Sequence[Dose]) -> Dose:
    unnamed = sum(not beam.beam_numbers for beam in beams)
    if unnamed:
        raise InputError(
            f"{unnamed} of the beam doses name no beam (Referenced Beam Number "
            f"(300C,0006)), so that some may be there twice. Set beam_numbers."
        )
    for one, other in combinations(beams, 2):
        if twice := set(one.beam_numbers) & set(other.beam_numbers):
            raise InputError(
                f"Two different doses are of beam {min(twice)} of one plan. Give one."
            )
    total = _total(beams, DoseSummation.PLAN)
    numbers = sorted(n for beam in beams for n in beam.beam_numbers)
    note = f"The sum of beams {', '.join(map(str, numbers))}."
    return replace(total, beam_numbers=tuple(numbers), notes=(*total.notes, note))


def _fractionated(parts: Sequence[Dose], name: str, fractions: int | None) -> Dose:
    kinds = ", ".join(sorted({part.summation for part in parts}))
    if len(parts) > 1 or parts[0].summation is not DoseSummation.FRACTION:
        raise InputError(
            f"What to add of the plan {name} cannot be told; there are {len(parts)} "
            f"dose(s) of type {kinds}. Give its plan dose or its beam doses."
        )
    if fractions is None:
        raise InputError(
            f"Of the plan {name} there is only the dose of one fraction. Give its "
            f"number of fractions, or its plan dose."
        )
    if fractions < 1:
        raise InputError(f"The plan {name} cannot have {fractions} fractions.")
    total = _total(parts, DoseSummation.PLAN, times=fractions)
    note = f"The dose of one fraction times {fractions}."
    return replace(total, notes=(*total.notes, note))


def _total(doses: Sequence[Dose], summation: DoseSummation, *, times: int = 1) -> Dose:
    """A new dose, added up in float64."""
    total: FloatArray = np.zeros(doses[0].array.shape)
    for dose in doses:
        total += dose.array
    first = doses[0]
    uids = list(dict.fromkeys(uid for dose in doses for uid in _plan_uids(dose)))
    structure_sets = {dose.structure_set_uid for dose in doses}
    return Dose(
        array=(total * times).astype(np.float32),
        grid=first.grid,
        dose_type=first.dose_type,
        summation=summation,
        plan_uid=uids[0],
        other_plan_uids=tuple(uids[1:]),
        structure_set_uid=first.structure_set_uid if len(structure_sets) == 1 else "",
        study=first.study,
        notes=tuple(dict.fromkeys(note for dose in doses for note in dose.notes)),
    )


def _plan_uids(dose: Dose) -> tuple[str, ...]:
    return dose.plan_uid, *dose.other_plan_uids
