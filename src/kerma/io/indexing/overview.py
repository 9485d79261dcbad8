"""An index as text for a terminal, and as plain values for JSON.

Neither holds a name, an ID or a free text of the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kerma.core.wording import counted
from kerma.io.dicom.header import plain
from kerma.io.indexing.records import (
    Instance,
    Patient,
    PlanSet,
    Problem,
    Reference,
    Series,
    Stack,
    Study,
)

if TYPE_CHECKING:
    from kerma.io.indexing.folder import Index

__all__ = ["as_dict", "as_text"]

_COUNTED = {"RTSTRUCT": "structures", "RTPLAN": "beams", "RTDOSE": "planes"}


def as_text(
    name: str,
    patients: Sequence[Patient],
    others: int,
    sets: Sequence[PlanSet],
    problems: Sequence[Problem],
) -> str:
    """Patients by number, their studies and series, plan sets, problems."""
    files = sum(len(s.instances) for patient in patients for s in patient.series)
    counts = ((len(patients), "patient"), (files, "DICOM file"), (others, "other file"))
    lines = [f"{name}: {', '.join(counted(count, word) for count, word in counts)}"]
    for patient in patients:
        lines.append(f"\nPatient {patient.number}")
        for number, study in enumerate(patient.studies, start=1):
            lines.append(f"  Study {number}")
            lines += [f"    {_row(kind)}" for kind in _alike(study.series)]
    if sets:
        lines += ["\nPlan sets", *(f"  {_set(one)}" for one in sets)]
    if problems:
        severities = Counter(problem.severity for problem in problems)
        tally = ", ".join(counted(n, severity) for severity, n in severities.items())
        lines.append(f"\nProblems: {tally}")
        lines += [f"  {p.severity:<8} {p.code:<20} {p.sentence}" for p in problems]
    return "\n".join(lines)


def _alike(series: Iterable[Series]) -> Iterator[list[Series]]:
    """Image series each for itself, what is of one object each by its kind."""
    kinds: dict[str, list[Series]] = {}
    for one in series:
        if one.stack is not None:
            yield [one]
        else:
            kinds.setdefault(one.kind, []).append(one)
    yield from kinds.values()


def _row(series: Sequence[Series]) -> str:
    kind, stack = series[0].kind, series[0].stack
    files = [i for one in series for i in one.instances]
    row = f"{plain(kind):<9} {counted(len(files), 'file'):<11}"
    if stack is not None:
        spacing = " x ".join(f"{mm:.4g}" for mm in stack.pixel_spacing_mm) or "?"
        row += (
            f" {stack.columns} x {stack.rows} pixels of {spacing} mm, {_extent(stack)}"
        )
    elif kind in _COUNTED:
        counts = ", ".join(str(i.count) for i in files[:8])
        row += f" {counts}{', ...' * (len(files) > 8)} {_COUNTED[kind]}"
    return row.rstrip()


def _extent(stack: Stack) -> str:
    if stack.slices == 1 or stack.first_mm == stack.last_mm:
        return f"at {stack.first_mm:.1f} mm"
    return (
        f"every {stack.spacing_mm:.4g} mm from {stack.first_mm:.1f} to "
        f"{stack.last_mm:.1f} mm"
    )


def _set(one: PlanSet) -> str:
    parts = [
        f"CT of {len(one.images.instances)}" if one.images else "",
        "structures" if one.structures else "",
        "plan" if one.plan else "",
        counted(len(one.doses), "dose") if one.doses else "",
    ]
    state = "complete" if one.is_complete else " ".join(one.gaps)
    linked = "" if one.is_certain else " (some linked only by frame of reference)"
    held = " + ".join(part for part in parts if part)
    return f"patient {one.patient}: {held}: {state}{linked}"


def as_dict(index: Index) -> dict[str, Any]:
    """Everything but what identifies a person; files go by their paths."""
    return {
        "name": index.name,
        "patients": [_patient(patient) for patient in index.patients],
        "references": [_reference(one) for one in index.references],
        "plan_sets": [_plan_set(one) for one in index.sets],
        "problems": [
            {
                "severity": one.severity,
                "code": one.code,
                "sentence": one.sentence,
                "files": list(one.files),
            }
            for one in index.problems
        ],
        "other_files": index.others,
    }


def _patient(patient: Patient) -> dict[str, Any]:
    return {
        "number": patient.number,
        "studies": [_study(study) for study in patient.studies],
    }


def _study(study: Study) -> dict[str, Any]:
    return {
        "study_instance_uid": study.study_instance_uid,
        "series": [_series(one) for one in study.series],
    }


def _series(one: Series) -> dict[str, Any]:
    stack = one.stack
    return {
        "kind": one.kind,
        "series_instance_uid": one.series_instance_uid,
        "frames_of_reference": list(one.frames),
        "stack": None
        if stack is None
        else {
            "slices": stack.slices,
            "rows": stack.rows,
            "columns": stack.columns,
            "pixel_spacing_mm": list(stack.pixel_spacing_mm),
            "first_mm": stack.first_mm,
            "last_mm": stack.last_mm,
            "spacing_mm": stack.spacing_mm,
            "missing": stack.missing,
            "doubled": stack.doubled,
        },
        "instances": [_instance(instance) for instance in one.instances],
    }


def _instance(one: Instance) -> dict[str, Any]:
    return {
        "path": one.path,
        "sop_class_uid": one.sop_class_uid,
        "sop_instance_uid": one.sop_instance_uid,
        "count": one.count,
        "beams": list(one.beams),
    }


def _reference(one: Reference) -> dict[str, Any]:
    return {
        "source": one.source.path,
        "role": one.role,
        "target": _target(one.target),
        "how": one.how,
        "missing": one.missing,
        "beams": list(one.beams),
    }


def _target(target: Instance | Series | None) -> str | None:
    """Path of a file, or of the first file of a series."""
    if target is None:
        return None
    return target.key if isinstance(target, Series) else target.path


def _plan_set(one: PlanSet) -> dict[str, Any]:
    return {
        "patient": one.patient,
        "plan": _target(one.plan),
        "structures": _target(one.structures),
        "images": _target(one.images),
        "doses": [dose.path for dose in one.doses],
        "is_complete": one.is_complete,
        "is_certain": one.is_certain,
        "gaps": list(one.gaps),
    }
