"""Whether plan, CT, structures and dose are of one patient, one scan and one plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from kerma.core.dose import Dose, DoseSummation, DoseUnits
from kerma.core.plan import Plan
from kerma.core.structures import StructureSet
from kerma.core.study import Study
from kerma.core.volume import CT
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.plan_checks import is_date, total_prescription
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.wording import error, listed, note, warning

__all__ = ["PlanSetData", "check_belonging", "check_dose_of_plan"]


@dataclass(frozen=True, eq=False)
class PlanSetData:
    """What is known of one plan; ``None`` or empty where something is not there."""

    ct: CT | None = None
    structures: StructureSet | None = None
    plan: Plan | None = None
    doses: tuple[Dose, ...] = ()

    def named(self) -> list[tuple[str, CT | StructureSet | Plan | Dose]]:
        """Each object with what it is called."""
        parts = [("CT", self.ct), ("structure set", self.structures)]
        named: list[tuple[str, CT | StructureSet | Plan | Dose]] = [
            (name, part)
            for name, part in [*parts, ("plan", self.plan)]
            if part is not None  # an empty structure set counts as False
        ]
        return named + [("dose", dose) for dose in self.doses]


def check_belonging(data: PlanSetData) -> Iterator[Finding]:
    """Frames of reference, references, identity, position and dates."""
    yield from _frames(data)
    yield from _references(data)
    yield from _identity(data)
    yield from _position(data)
    yield from _dates(data)


def _frame(part: CT | StructureSet | Plan | Dose) -> str:
    return (
        part.grid.frame_of_reference
        if hasattr(part, "grid")
        else part.frame_of_reference
    )


def _frames(data: PlanSetData) -> Iterator[Finding]:
    named = data.named()
    first = next(((n, _frame(part)) for n, part in named if _frame(part)), None)
    if first is None:
        if any(name != "plan" for name, _ in named):
            yield warning(
                "no frame of reference",
                "Nothing names a frame of reference (0020,0052).",
                "Whether positions fit together cannot be told; export again.",
            )
        return
    # A plan often leaves it to its structure set.
    blank = {name for name, part in named if not _frame(part)} - {"plan"}
    if blank:
        yield warning(
            "no frame of reference",
            f"No frame of reference (0020,0052) is named by: {listed(sorted(blank))}.",
            "Whether its positions fit the others cannot be told; export again.",
        )
    others = {name for name, part in named if _frame(part) not in ("", first[1])}
    if others:
        yield error(
            "other frame",
            f"Not in the frame of reference of the {first[0]}: {listed(sorted(others))}. "
            f"Positions cannot be compared.",
            "Take the objects of one CT, or register one to the other.",
        )


def _references(data: PlanSetData) -> Iterator[Finding]:
    plan = data.plan
    advice = "Confirm that they belong together; nothing but the UID says so."
    scanned = data.ct.series_instance_uid if data.ct else ""
    drawn_on = data.structures.ct_series_uid if data.structures is not None else ""
    if scanned and drawn_on and scanned != drawn_on:
        yield warning(
            "other CT", "The structure set was drawn on another CT series.", advice
        )
    drawn = data.structures.sop_instance_uid if data.structures is not None else ""
    planned_on = plan.structure_set_uid if plan else ""
    if drawn and planned_on and drawn != planned_on:
        yield warning(
            "other structure set", "The plan was made on another structure set.", advice
        )
    others = [
        dose
        for dose in data.doses
        if plan and dose.plan_uid and plan.sop_instance_uid
        if plan.sop_instance_uid not in (dose.plan_uid, *dose.other_plan_uids)
    ]
    if others:
        yield warning(
            "other plan", f"{len(others)} dose(s) name another plan than this.", advice
        )


def _identity(data: PlanSetData) -> Iterator[Finding]:
    """Who the patient is must not stand in a message, only that it differs."""
    studies = [(name, part.study) for name, part in data.named()]
    checks: dict[str, Callable[[Study], str]] = {
        "Patient ID (0010,0020)": lambda study: study.patient_id.strip(),
        "Patient's Name (0010,0010)": _plain_name,
        "Patient's Birth Date (0010,0030)": lambda study: study.birth_date.strip(),
    }
    for element, value in checks.items():
        found: dict[str, list[str]] = {}
        for name, study in studies:
            if value(study):
                found.setdefault(value(study), []).append(name)
        if len(found) > 1:
            first, *rest = found.values()
            others = [name for names in rest for name in names]
            yield error(
                "different patients",
                f"{element} of {listed(dict.fromkeys(others))} is another one than that "
                f"of {listed(dict.fromkeys(first))}.",
                "Are these objects of one patient? Stop until it is clear.",
            )


def _plain_name(study: Study) -> str:
    """A name without what systems write differently: case, blanks, trailing carets."""
    return " ".join(study.patient_name.casefold().replace("^", " ").split())


def _position(data: PlanSetData) -> Iterator[Finding]:
    if data.ct is None or data.plan is None:
        return
    scanned = data.ct.acquisition.patient_position or ""
    planned = sorted({s.patient_position for s in data.plan.patient_setups} - {""})
    others = [position for position in planned if position != scanned]
    if scanned and others:
        yield error(
            "patient position",
            f"The patient lies {scanned} in the CT, but {listed(others)} in the plan.",
            "Beams would come from the wrong side; find out which is true.",
        )


def _dates(data: PlanSetData) -> Iterator[Finding]:
    stated = [
        ("CT", data.ct.acquisition.study_date or "" if data.ct else ""),
        ("structure set", data.structures.date if data.structures is not None else ""),
        ("plan", data.plan.date if data.plan else ""),
    ]
    odd = [name for name, date in stated if date and not is_date(date)]
    if odd:
        yield note("odd dates", f"No date as DICOM writes it: of {listed(odd)}.")
    dated = [(name, date) for name, date in stated if is_date(date)]
    for (earlier, first), (later, second) in pairwise(dated):
        if second < first:
            yield warning(
                "dates",
                f"The {later} is dated before the {earlier}.",
                "Was it made on another scan, or were dates changed?",
            )


def check_dose_of_plan(plan: Plan, dose: Dose, limits: Limits) -> Iterator[Finding]:
    """Whether the maximum of the dose is of the order of what is prescribed."""
    prescribed = total_prescription(plan)
    if dose.summation is not DoseSummation.PLAN or dose.units is not DoseUnits.GY:
        return
    largest = float(dose.array.max())
    factor = limits.prescription_factor
    if prescribed and not prescribed / factor <= largest <= prescribed * factor:
        yield warning(
            "dose and prescription",
            f"The maximum dose is {largest:.4g} Gy, but {prescribed:.4g} Gy are "
            f"prescribed.",
            "Is it the dose of one fraction or of one beam, or in another unit?",
        )
