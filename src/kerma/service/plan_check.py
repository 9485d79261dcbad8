"""The check of the plan sets in a folder, from plain values."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from kerma import __version__
from kerma.core.provenance import InputSeries, Provenance
from kerma.core.volume import CT
from kerma.errors import InputError, KermaError
from kerma.io import Index, index, read_ct, read_dose, read_plan, read_structures
from kerma.io.indexing import Instance, PlanSet, Problem, Series
from kerma.service.indexed import read_found
from kerma.workflows.plan_check import (
    Finding,
    PlanCheck,
    PlanContent,
    PlanSetData,
    Severity,
    check_plan_set,
)

__all__ = ["plan_check"]

# What the checks of the objects themselves say better.
_SAID_BETTER = (
    "doubled slices",
    "link across patients",
    "link by frame",
    "missing slices",
    "other frame",
)
_LOOKING_SHARE = 0.2  # of the time, for the progress
_INCOMPLETE = "incomplete set"
# What follows from damage that the reader of the object reports, with the place.
_DAMAGE = ("damaged", "link by frame", "truncated")

T = TypeVar("T")


def plan_check(
    source: Path, *, progress: Callable[[str, float], None] | None = None
) -> PlanCheck:
    """Find what is wrong or suspicious in the plans of a folder.

    Parameters
    ----------
    source
        Folder or zip archive.
    progress
        Told what is being done.

    Raises
    ------
    InputError
        The source cannot be read or holds no object that could be checked.
    """
    report = progress or (lambda _step, _done: None)
    started, clock = datetime.now(UTC), time.perf_counter()
    found = index(
        source, progress=lambda done: report("Looking", _LOOKING_SHARE * done)
    )
    sets = _sets(found)
    if not sets:
        raise InputError(
            f"{found.name}: holds no plan, structure set, dose or CT ({found.others} "
            f"other file(s)). Choose the folder of an export."
        )
    checked = []
    for number, one in enumerate(sets, start=1):
        report("Checking", _LOOKING_SHARE + (1 - _LOOKING_SHARE) * number / len(sets))
        checked.append(_check(found, source, one, number))
    findings = [
        *_of_folder(found, [one.reader for one in checked]),
        *(finding for one in checked for finding in one.findings),
    ]
    findings.sort(key=lambda finding: list(Severity).index(finding.severity))
    return PlanCheck(
        contents=tuple(one.content for one in checked),
        findings=tuple(findings),
        provenance=Provenance(
            kerma_version=__version__,
            procedure="plan-check",
            parameters=(),
            inputs=tuple(dict.fromkeys(i for one in checked for i in one.inputs)),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        ),
    )


def _sets(found: Index) -> list[PlanSet]:
    """The plan sets; then structure sets and CTs that are of none, each by itself."""
    sets = list(found.plan_sets(incomplete=True))
    structures = {one.structures.path for one in sets if one.structures}
    images = {one.images.key for one in sets if one.images}
    for instance in found.find(kind="RTSTRUCT"):
        if instance.path not in structures:
            series = _images_of(found, instance)
            images |= {series.key} if series else set()
            patient = found.series_of(instance).patient
            sets.append(PlanSet(patient, None, instance, series, (), (), ()))
    sets += [
        PlanSet(one.patient, None, None, one, (), (), ())
        for one in found.series
        if one.kind == "CT" and one.key not in images
    ]
    return sets


def _images_of(found: Index, structures: Instance) -> Series | None:
    targets = [
        reference.target
        for reference in found.references_of(structures)
        if reference.role == "images" and isinstance(reference.target, Series)
    ]
    return targets[0] if len(targets) == 1 else None


def _check(found: Index, source: Path, one: PlanSet, number: int) -> _Checked:
    """Read a set and check it."""
    reader = _Reader(found, source)
    images = one.images if one.images and one.images.kind == "CT" else None
    ct = reader.ct(images) if images else None
    doses = [reader.object(read_dose, dose) for dose in one.doses]
    data = PlanSetData(
        ct=ct,
        structures=reader.object(read_structures, one.structures),
        plan=reader.object(read_plan, one.plan),
        doses=tuple(dose for dose in doses if dose is not None),
    )
    gaps = list(_gaps(one))
    if gaps:
        reader.lacks = reader.read | reader.refused
    findings = [*reader.findings, *gaps, *check_plan_set(data)]
    content = PlanContent(
        number=number,
        slices=ct.grid.shape[0] if ct else None,
        structures=None if data.structures is None else len(data.structures),
        beams=len(data.plan.beams) if data.plan else None,
        doses=len(data.doses),
    )
    numbered = [replace(finding, plan_set=number) for finding in findings]
    return _Checked(content, numbered, reader, list(_inputs(ct)))


class _Reader:
    """Reads the objects of a set, and keeps what could not be read as findings."""

    def __init__(self, found: Index, source: Path) -> None:
        self.found = found
        self.source = source
        self.findings: list[Finding] = []
        self.read: set[str] = set()
        self.refused: set[str] = set()
        self.lacks: set[str] = set()

    def ct(self, series: Series) -> CT | None:
        """A CT; ``None`` where it cannot be read."""
        paths = [instance.path for instance in series.instances]
        if self.found.root is None:
            uid = series.series_instance_uid
            return self._try(lambda: read_ct(self.source, series_uid=uid), paths)
        files = [self.found.root / path for path in paths]
        return self._try(lambda: read_ct(files), paths)

    def object(self, read: Callable[..., T], instance: Instance | None) -> T | None:
        """Another object; ``None`` where there is none or it cannot be read."""
        if instance is None:
            return None
        return self._try(
            lambda: read_found(read, self.found, self.source, instance),
            [instance.path],
        )

    def _try(self, read: Callable[[], T], paths: Sequence[str]) -> T | None:
        try:
            value = read()
        except KermaError as problem:
            refusal = Finding(Severity.ERROR, "cannot be read", str(problem))
            self.findings.append(refusal)
            self.refused.update(paths)
            return None
        self.read.update(paths)
        return value


@dataclass(frozen=True, eq=False)
class _Checked:
    """A set that was checked: what is in it, what was found, and how it was read."""

    content: PlanContent
    findings: list[Finding]
    reader: _Reader
    inputs: list[InputSeries]


def _gaps(one: PlanSet) -> Iterator[Finding]:
    """What a set lacks; frames of reference are held against each other elsewhere."""
    if one.plan is None and not one.doses:
        return  # structures or a CT alone are no plan that lacks something
    for gap in one.gaps:
        if gap == "There is no dose.":
            yield Finding(Severity.NOTE, _INCOMPLETE, gap)
        elif "frame of reference" not in gap:
            advice = "Export what belongs to the plan together."
            yield Finding(Severity.WARNING, _INCOMPLETE, gap, advice)


def _of_folder(found: Index, readers: Sequence[_Reader]) -> Iterator[Finding]:
    """What is wrong between the files, unless the objects themselves say it better."""
    for problem in found.problems:
        if not _is_said(problem, readers):
            severity = Severity(problem.severity)
            yield Finding(severity, problem.code, problem.sentence)
    plans = found.find(kind="RTPLAN")
    if len(plans) > 1:
        yield Finding(
            Severity.NOTE,
            "several plans",
            f"There are {len(plans)} plans here; each is checked by itself.",
        )


def _is_said(problem: Problem, readers: Sequence[_Reader]) -> bool:
    return any(
        (problem.code in _SAID_BETTER and one.read.issuperset(problem.files))
        or (problem.code in _DAMAGE and one.refused.issuperset(problem.files))
        or (problem.code == "orphan" and one.lacks.issuperset(problem.files))
        for one in readers
    )


def _inputs(ct: CT | None) -> Iterator[InputSeries]:
    if ct is not None:
        yield InputSeries(ct.series_instance_uid, ct.sop_instance_uids, ct.sha256)
