"""The check of a plan set, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from kerma.workflows.plan_check.belonging import (
    PlanSetData,
    check_belonging,
    check_dose_of_plan,
)
from kerma.workflows.plan_check.ct_checks import check_ct
from kerma.workflows.plan_check.dose_checks import (
    check_dose,
    check_dose_on_structures,
    check_doses,
)
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.plan_checks import check_isocenter, check_plan
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.structure_checks import (
    check_structures,
    check_structures_on_ct,
)

__all__ = ["PlanSetData", "check_plan_set"]


def check_plan_set(
    data: PlanSetData, *, limits: Limits | None = None
) -> tuple[Finding, ...]:
    """Everything that is wrong or suspicious in what belongs to one plan.

    Positions are only held against each other where they are known to lie in one frame
    of reference.
    """
    limits = limits or Limits()
    findings = [*check_belonging(data), *_each(data, limits)]
    if not any(finding.code == "other frame" for finding in findings):
        findings += _together(data, limits)
    return tuple(dict.fromkeys(findings))  # doses of beams say the same of their grids


def _each(data: PlanSetData, limits: Limits) -> Iterator[Finding]:
    """Each object by itself."""
    if data.ct:
        yield from check_ct(data.ct, limits)
    if data.structures is not None:
        yield from check_structures(data.structures)
    if data.plan:
        yield from check_plan(data.plan, limits)
    for dose in data.doses:
        yield from check_dose(dose, limits)
    yield from check_doses(data.doses)


def _together(data: PlanSetData, limits: Limits) -> Iterator[Finding]:
    """The objects against each other."""
    if data.ct and data.structures is not None and data.ct.grid.shape[0] > 1:
        yield from check_structures_on_ct(data.structures, data.ct, limits)
    if data.ct and data.plan:
        yield from check_isocenter(data.plan, data.ct, data.structures, limits)
    for dose in data.doses:
        if data.structures is not None and dose.summation == "PLAN":
            yield from check_dose_on_structures(dose, data.structures, limits)
        if data.plan:
            yield from check_dose_of_plan(data.plan, dose, limits)
