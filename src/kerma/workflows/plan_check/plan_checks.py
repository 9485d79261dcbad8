"""Whether a plan says all that is needed to deliver it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.plan import Plan
from kerma.core.structures import StructureSet
from kerma.core.volume import CT
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.surfaces import beyond_mm, outside_mm
from kerma.workflows.plan_check.wording import error, listed, note, warning

__all__ = ["check_isocenter", "check_plan", "total_prescription"]

_DATE = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_NEAR = 0.51  # of a slice: the outline that is asked where the isocenter is


def check_plan(plan: Plan, limits: Limits) -> Iterator[Finding]:
    """Metersets, fractions, prescription, approval, isocenters; and what was odd."""
    yield from _metersets(plan)
    if not plan.fraction_groups or any(
        group.fractions is None for group in plan.fraction_groups
    ):
        yield warning(
            "no fractions",
            "The plan does not state how many fractions it has (300A,0078).",
            "Export it again; its total dose is not known.",
        )
    if not plan.prescriptions:
        yield note(
            "no prescription",
            "The plan states no prescription to a target (300A,0026).",
        )
    status = plan.approval_status
    if status == "REJECTED":
        yield warning(
            "approval", "The plan was rejected (300E,0002).", "Is this the right plan?"
        )
    elif status != "APPROVED":
        yield note(
            "approval", f"The plan is {status.lower() or 'of no stated status'}."
        )
    yield from _isocenters(plan, limits)
    for sentence in plan.notes:
        if "has no meterset" not in sentence:
            yield note("plan as read", sentence)


def _metersets(plan: Plan) -> Iterator[Finding]:
    treated = {beam.number: beam for beam in plan.beams if not beam.is_setup}
    stated = {
        share.beam_number
        for group in plan.fraction_groups
        for share in group.beams
        if share.meterset
    }
    silent = [number for number in treated if number not in stated]
    if silent:
        yield error(
            "no meterset",
            f"Beam {listed(silent)} is for treatment, but has no meterset (300A,0086).",
            "Export the plan after its dose was computed.",
        )


def _isocenters(plan: Plan, limits: Limits) -> Iterator[Finding]:
    places = isocenters(plan)
    apart = max(
        (
            float(np.linalg.norm(np.subtract(a, b)))
            for a, b in combinations(dict.fromkeys(places), 2)
        ),
        default=0.0,
    )
    if apart > limits.isocenter_mm:
        yield warning(
            "isocenters differ",
            f"The beams have isocenters up to {apart:.1f} mm apart.",
            "Confirm that the patient is to be moved between beams.",
        )


def isocenters(plan: Plan) -> list[Vec3]:
    """Isocenter of every control point that has one, of beams for treatment, mm."""
    return [
        point.isocenter
        for beam in plan.beams
        for point in beam.control_points
        if point.isocenter is not None and not beam.is_setup
    ]


def check_isocenter(
    plan: Plan, ct: CT, structures: StructureSet | None, limits: Limits
) -> Iterator[Finding]:
    """Whether the isocenters lie in the images, and in the patient."""
    if ct.grid.shape[0] == 1:
        return
    for place in dict.fromkeys(isocenters(plan)):
        beyond = float(beyond_mm(ct.grid, np.array([place]), margin=0.5)[0])
        shown = ", ".join(f"{number:.1f}" for number in place)
        if beyond > limits.outside_mm:
            yield error(
                "isocenter outside",
                f"The isocenter at ({shown}) mm lies {beyond:.1f} mm outside the CT.",
                "Is this the CT that the plan was made on?",
            )
        elif structures is not None:
            away = _outside_patient(place, ct, structures)
            if away > limits.outside_mm:
                yield warning(
                    "isocenter outside",
                    f"The isocenter at ({shown}) mm lies {away:.1f} mm outside the "
                    f"patient's outline.",
                    "Confirm that it is meant.",
                )


def _outside_patient(place: Vec3, ct: CT, structures: StructureSet) -> float:
    """Distance to the body in the slice of a position, mm; zero inside or unknown."""
    at = ct.grid.to_index(np.array(place))
    scale = np.array(ct.grid.spacing[1:])
    outlines = [
        index[:, 1:] * scale
        for structure in structures
        if structure.interpreted_type == "EXTERNAL"
        for contour in structure.closed_contours
        if abs((index := ct.grid.to_index(contour.points))[:, 0].mean() - at[0]) < _NEAR
    ]
    # Each by itself: outlines of the slices above and below are no holes of each other.
    point = at[np.newaxis, 1:] * scale
    away = (float(outside_mm(point, [one])[0]) for one in outlines)
    return min(away, default=0.0)


def total_prescription(plan: Plan) -> float | None:
    """Largest dose that is prescribed to a target, Gy; ``None`` where none is stated."""
    doses = [
        dose
        for reference in plan.prescriptions
        if (dose := reference.target_prescription_gy) is not None
    ]
    return max(doses, default=None)


def is_date(text: str) -> bool:
    """Whether a text is a date as DICOM writes it, of the last or this century."""
    return _DATE.fullmatch(text) is not None
