"""Whether doses are in Gy, whole, and where the structures are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose, DoseSummation, DoseType, DoseUnits
from kerma.core.structures import Structure, StructureSet
from kerma.errors import InputError
from kerma.imaging.dose_sum import check_beam_sum
from kerma.imaging.interpolation import Source, values_at
from kerma.workflows.plan_check.limits import Limits
from kerma.workflows.plan_check.result import Finding
from kerma.workflows.plan_check.surfaces import TARGETS, beyond_mm
from kerma.workflows.plan_check.wording import error, listed, name_of, note, warning

__all__ = ["check_dose", "check_dose_on_structures", "check_doses"]

_PARTS = (DoseSummation.FRACTION, DoseSummation.BEAM, DoseSummation.CONTROL_POINT)


def check_dose(dose: Dose, limits: Limits) -> Iterator[Finding]:
    """Units, type, size and grid of one dose; and what was odd on reading."""
    if dose.units is DoseUnits.RELATIVE:
        yield error(
            "relative dose",
            "The dose is relative: Dose Units (3004,0002) is RELATIVE.",
            "Export it in Gy; without the prescription it says nothing of Gy.",
        )
    if dose.dose_type is not DoseType.PHYSICAL:
        finding = error if dose.dose_type is DoseType.ERROR else warning
        yield finding(
            "dose type",
            f"Dose Type (3004,0004) is {dose.dose_type}: this is no physical dose.",
            "Do not compare it with limits of physical dose.",
        )
    if not dose.array.max() > 0:
        yield error("no dose", "The dose is zero everywhere.", "Export it again.")
    spacing = max(dose.grid.spacing)
    sentence = f"The dose grid has a spacing of {spacing:.4g} mm."
    if dose.grid.shape[0] > 1 and spacing > limits.dose_mm:
        advice = "Compute it on a finer grid."
        yield warning("coarse dose", sentence, advice)
    elif spacing > limits.fine_mm:
        yield note("coarse dose", sentence)
    yield from _stated(dose, limits)
    for sentence in dose.notes:
        yield note("dose as read", sentence)


def _stated(dose: Dose, limits: Limits) -> Iterator[Finding]:
    largest = float(dose.array.max())
    over = [
        dvh
        for dvh in dose.dvhs
        if dvh.maximum is not None
        and dvh.maximum > largest * (1 + limits.stated_percent / 100)
    ]
    if over:
        highest = max(dvh.maximum or 0.0 for dvh in over)
        yield warning(
            "stored histograms",
            f"{len(over)} histogram(s) stored with the dose state a maximum of up to "
            f"{highest:.4g}, but the grid has at most {largest:.4g}.",
            "Are they of another dose? Compute histograms anew.",
        )


def check_doses(doses: Sequence[Dose]) -> Iterator[Finding]:
    """Which doses of a plan there are, and whether its beams make up the plan."""
    plans = [d for d in doses if d.summation is DoseSummation.PLAN]
    parts = [d for d in doses if d.summation in _PARTS]
    if len(plans) > 1:
        yield warning(
            "several plan doses",
            f"{len(plans)} doses say that they are that of the whole plan.",
            "Keep the one that was approved.",
        )
    if parts and not plans:
        kinds = listed(sorted({str(d.summation) for d in parts}))
        yield warning(
            "dose of parts",
            f"There is no dose of the whole plan, but {len(parts)} of type {kinds}.",
            "Sum the beams, or export the dose of the plan.",
        )
    beams = [d for d in parts if d.summation is DoseSummation.BEAM]
    if len(plans) == 1 and beams:
        yield from _beam_sum(plans[0], beams)


def _beam_sum(plan: Dose, beams: Sequence[Dose]) -> Iterator[Finding]:
    try:
        check = check_beam_sum([plan, *beams])
    except InputError as problem:
        sentence = f"Beam doses and plan dose cannot be compared. {problem}"
        yield warning("sum of beams", sentence)
        return
    if check.passed:
        yield note(
            "sum of beams",
            f"The doses of {len(check.beam_numbers)} beams make up that of the plan "
            f"within {check.deviation_percent:.2f} % of its maximum.",
            "Use one or the other; never add them.",
        )
    else:
        yield error(
            "sum of beams",
            f"The doses of the beams do not add up to that of the plan: they differ by "
            f"up to {check.deviation_gy:.3g} Gy, {check.deviation_percent:.1f} % of its "
            f"maximum.",
            "A beam is missing or there twice, or they are of different calculations.",
        )


def check_dose_on_structures(
    dose: Dose, structures: StructureSet, limits: Limits
) -> Iterator[Finding]:
    """Whether the grid reaches over the structures, and the dose over a target."""
    largest = float(dose.array.max())
    if not largest > 0:
        return
    source = Source(dose.array, dose.grid, "linear")
    targets: dict[str, float] = {}
    little: list[str] = []
    for structure in structures:
        contours = structure.closed_contours
        if not contours:
            continue
        points = np.concatenate([contour.points for contour in contours])
        beyond = beyond_mm(dose.grid, points, margin=0.0)
        nearest = _nearest(dose, points)
        percent = 100 * values_at(source, nearest, outside=0.0) / largest
        if structure.interpreted_type in TARGETS:
            reached = np.where(beyond > 0, 0.0, percent)
            targets[name_of(structure)] = float(np.median(reached))
        outside = beyond > limits.outside_mm
        if outside.any() and _is_harmless(structure, percent[outside], limits):
            little.append(f"{name_of(structure)} ({beyond.max():.0f} mm)")
        elif outside.any():
            yield _not_covered(structure, beyond, percent, limits)
    if little:
        sentence = f"These reach beyond the dose grid: {listed(little)}."
        yield note("dose does not cover", sentence)
    if targets and max(targets.values()) < limits.target_dose_percent:
        name, best = max(targets.items(), key=lambda item: item[1])
        yield warning(
            "target not irradiated",
            f"No target lies in the high dose: the best, {name}, gets "
            f"{best:.0f} % of the maximum (median of its surface).",
            "Are dose and structures of the same plan and the same CT?",
        )


def _nearest(dose: Dose, points: FloatArray) -> FloatArray:
    """The nearest position inside the grid."""
    index = np.clip(dose.grid.to_index(points), 0, np.array(dose.grid.shape) - 1)
    return dose.grid.to_patient(index)


def _is_harmless(structure: Structure, percent: FloatArray, limits: Limits) -> bool:
    """Whether nobody minds: the body, or what gets next to nothing at the border."""
    if structure.interpreted_type in TARGETS:
        return False
    little = float(percent.max()) <= limits.cut_dose_percent
    return little or structure.interpreted_type == "EXTERNAL"


def _not_covered(
    structure: Structure, beyond: FloatArray, percent: FloatArray, limits: Limits
) -> Finding:
    outside = beyond > limits.outside_mm
    finding = error if structure.interpreted_type in TARGETS else warning
    return finding(
        "dose does not cover",
        f"{name_of(structure)} reaches up to {beyond.max():.1f} mm beyond the dose grid "
        f"({100 * outside.mean():.0f} % of its points), which ends at up to "
        f"{percent[outside].max():.0f} % of the maximum dose.",
        "Compute the dose on a larger grid; what lies outside counts for nothing.",
    )
