"""What is wrong between the files: what belongs to nothing, and what to two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from kerma.io.indexing.grouping import distinct
from kerma.io.indexing.kinds import EXPECTED, IMAGES, WORDS
from kerma.io.indexing.links import Catalog
from kerma.io.indexing.records import (
    Instance,
    Patient,
    Problem,
    Reference,
    Series,
    Severity,
)

__all__ = ["by_severity", "find_problems"]

_LISTED = 3
_SEVERITIES = ("error", "warning", "note")


def find_problems(
    patients: Sequence[Patient], catalog: Catalog, references: Sequence[Reference]
) -> list[Problem]:
    """Every problem between files; those of single files are found on reading."""
    return [
        *_missing_uids(catalog),
        *_same_uids(catalog),
        *_identities(patients, catalog),
        *_scattered_series(catalog),
        *_shared_frames(catalog),
        *_stacks(catalog),
        *_orphans(references),
        *(problem for r in references for problem in _of_reference(catalog, r)),
    ]


def by_severity(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The worst first, else in the order given."""
    return tuple(sorted(problems, key=lambda p: _SEVERITIES.index(p.severity)))


def _paths(instances: Iterable[Instance]) -> tuple[str, ...]:
    return tuple(instance.path for instance in instances)


def _names(instances: Sequence[Instance]) -> str:
    """Names of files for a sentence."""
    listed = ", ".join(instance.name for instance in instances[:_LISTED])
    more = len(instances) - _LISTED
    return f"{listed} and {more} more" if more > 0 else listed


def _missing_uids(catalog: Catalog) -> Iterator[Problem]:
    checks: dict[str, Callable[[Instance], str]] = {
        "SOP Instance UID (0008,0018)": lambda i: i.sop_instance_uid,
        "Series Instance UID (0020,000E)": lambda i: i.series_instance_uid,
        "Study Instance UID (0020,000D)": lambda i: i.study_instance_uid,
    }
    for name, value in checks.items():
        without = [i for i in catalog.instances if not value(i)]
        if without:
            sentence = (
                f"{_names(without)}: {name} is missing or is no UID, so that nothing "
                f"can refer to them. Was too much taken out by an anonymizer?"
            )
            yield Problem("warning", "no UID", sentence, _paths(without))


def _same_uids(catalog: Catalog) -> Iterator[Problem]:
    """Files with one SOP Instance UID: copies in one, others by their series."""
    files: dict[str, list[Instance]] = defaultdict(list)
    for instance in catalog.instances:
        files[instance.sop_instance_uid].append(instance)
    together: dict[tuple[str, tuple[str, ...]], list[list[Instance]]] = defaultdict(
        list
    )
    for uid, same in files.items():
        if uid and len(same) > 1:
            code = _sameness(catalog, same)
            of = {catalog.series_of[i.path].key for i in same if code != "copies"}
            together[code, tuple(sorted(of))].append(same)
    for (code, _), groups in together.items():
        yield _same(code, groups)


def _sameness(catalog: Catalog, same: Sequence[Instance]) -> str:
    if len({catalog.patient(i) for i in same}) > 1:
        return "UID of several patients"
    return "same UID" if len(distinct(same)) > 1 else "copies"


def _same(code: str, groups: Sequence[Sequence[Instance]]) -> Problem:
    files = [instance for group in groups for instance in group]
    count = f"{len(groups)} SOP Instance UID{'s' * (len(groups) > 1)}"
    if code == "copies":
        sentence = (
            f"{_names(files)}: the same files are here more than once ({count}); one "
            f"of each is used."
        )
        return Problem("note", code, sentence, _paths(files))
    if code == "same UID":
        sentence = (
            f"{_names(files)}: files with different content share {count}, so a "
            f"reference to one may mean the other. Remove those that do not belong."
        )
        return Problem("error", code, sentence, _paths(files))
    sentence = (
        f"{_names(files)}: {count} under several patients. The anonymization is "
        f"broken: one patient's files may be taken for another's."
    )
    return Problem("error", code, sentence, _paths(files))


def _identities(patients: Sequence[Patient], catalog: Catalog) -> Iterator[Problem]:
    for patient in patients:
        files = [i for series in patient.series for i in series.instances]
        digests = {i.name_digest for i in files if i.name_digest}
        if patient.patient_id and len(digests) > 1:
            sentence = (
                f"Patient {patient.number}: one patient ID with {len(digests)} "
                f"different names. Are these different people?"
            )
            yield Problem("warning", "several names", sentence, _paths(files))
        if not patient.patient_id:
            sentence = f"{_names(files)}: Patient ID (0010,0020) is missing."
            yield Problem("warning", "no patient ID", sentence, _paths(files))
    studies: dict[str, list[Series]] = defaultdict(list)
    for series in catalog.series:
        studies[series.study_instance_uid].append(series)
    for uid, found in studies.items():
        numbers = sorted({series.patient for series in found})
        if uid and len(numbers) > 1:
            some = [i for series in found for i in series.instances]
            sentence = (
                f"One study with several patient IDs ({_numbers(numbers)}): its files "
                f"belong to one person, or the anonymization is broken."
            )
            yield Problem("error", "study of several patients", sentence, _paths(some))


def _numbers(patients: Sequence[int]) -> str:
    return "patients " + ", ".join(map(str, patients))


def _scattered_series(catalog: Catalog) -> Iterator[Problem]:
    for found in catalog.series_by_uid.values():
        files = [i for series in found for i in series.instances]
        numbers = sorted({series.patient for series in found})
        if len(numbers) > 1:
            sentence = (
                f"{_names(files)}: one Series Instance UID under several patients "
                f"({_numbers(numbers)}). The anonymization is broken."
            )
            code = "series of several patients"
            yield Problem("error", code, sentence, _paths(files))
        elif len({series.study_instance_uid for series in found}) > 1:
            sentence = (
                f"{_names(files)}: one Series Instance UID in several studies, so the "
                f"series is torn apart. Export it again."
            )
            yield Problem("error", "series of several studies", sentence, _paths(files))


def _shared_frames(catalog: Catalog) -> Iterator[Problem]:
    frames: dict[str, list[Series]] = defaultdict(list)
    for series in catalog.series:
        for uid in series.frames:
            frames[uid].append(series)
    for found in frames.values():
        numbers = sorted({series.patient for series in found})
        if len(numbers) > 1:
            files = [i for series in found for i in series.instances]
            sentence = (
                f"{_names(files)}: one frame of reference for several patients "
                f"({_numbers(numbers)}), so their positions look comparable and are "
                f"not. Nothing is linked across patients by it."
            )
            code = "frame of several patients"
            yield Problem("error", code, sentence, _paths(files))


def _stacks(catalog: Catalog) -> Iterator[Problem]:
    for series in catalog.series:
        if series.kind not in IMAGES:
            continue
        slices = [i for i in series.instances if not i.is_localizer]
        where = f"{series.kind} series with {_names(slices)}" if slices else ""
        for severity, code, what in _stack_faults(series, slices):
            yield Problem(severity, code, f"{where}: {what}", _paths(slices))


def _stack_faults(
    series: Series, slices: Sequence[Instance]
) -> Iterator[tuple[Severity, str, str]]:
    if len({i.frame_of_reference for i in slices}) > 1:
        what = "its slices are in different frames of reference."
        yield "error", "mixed frames", what
    stack = series.stack
    if stack is None:
        if len(slices) > 1:
            what = (
                "its slices do not make one stack: they differ in matrix, spacing or "
                "direction, or some have no position."
            )
            yield "warning", "no stack", what
        return
    if stack.missing:
        what = (
            f"{stack.missing} slice(s) seem to be missing between {stack.first_mm:g} "
            f"and {stack.last_mm:g} mm (usual distance {stack.spacing_mm:g} mm)."
        )
        yield "warning", "missing slices", what
    if stack.doubled:
        what = f"{stack.doubled} slice(s) lie where another one lies."
        yield "warning", "doubled slices", what


def _of_reference(catalog: Catalog, one: Reference) -> Iterator[Problem]:
    source, target = one.source, one.target
    who = f"{source.name}: this {WORDS.get(source.kind, 'object')}"
    files = _paths([source])
    if one.how == "several":
        sentence = (
            f"{who} has several here that be its {one.role}, so none is taken. Keep the "
            f"one it was made with."
        )
        yield Problem("warning", "several candidates", sentence, files)
    if target is None:
        return
    first = target.instances[0] if isinstance(target, Series) else target
    if one.how == "frame of reference" and source.kind != "REG":
        told = "what it names is not here" if one.uids else "it names none"
        sentence = (
            f"{who} is linked to its {one.role} only by the frame of reference: "
            f"{told}. Were the UIDs changed in some of the files?"
        )
        yield Problem("warning", "link by frame", sentence, files)
    if catalog.patient(first) != catalog.patient(source):
        sentence = f"{who} and its {one.role} carry different patient IDs."
        yield Problem("error", "link across patients", sentence, files)
    if one.missing:
        sentence = (
            f"{who} names {one.missing} more image(s) that are not here. Export the "
            f"whole series."
        )
        yield Problem("warning", "images not here", sentence, files)
    if isinstance(target, Instance):
        yield from _of_target(one, target, who)
    elif one.how == "uid" and source.kind != "REG" and _is_elsewhere(source, target):
        sentence = f"{who} names images of another frame of reference than its own."
        yield Problem("error", "other frame", sentence, files)


def _is_elsewhere(source: Instance, target: Instance | Series) -> bool:
    """Whether both name a frame of reference and have none in common."""
    frames = target.frames
    return bool(source.frames and frames) and set(source.frames).isdisjoint(frames)


def _of_target(one: Reference, target: Instance, who: str) -> Iterator[Problem]:
    files = _paths([one.source, target])
    strange = sorted(set(one.beams) - set(target.beams))
    if target.kind == "RTPLAN" and target.beams and strange:
        sentence = (
            f"{who} names beam {', '.join(map(str, strange))}, which its plan "
            f"({target.name}) does not have. Was the plan changed since?"
        )
        yield Problem("error", "beam not in plan", sentence, files)
    if one.how == "uid" and _is_elsewhere(one.source, target):
        sentence = (
            f"{who} is in another frame of reference than its {one.role} "
            f"({target.name}), so their positions cannot be compared."
        )
        yield Problem("error", "other frame", sentence, files)


def _orphans(references: Iterable[Reference]) -> Iterator[Problem]:
    """What belongs to nothing here, put together by kind."""
    orphans: dict[tuple[str, bool], list[Instance]] = defaultdict(list)
    for one in references:
        if one.how == "not here" and EXPECTED.get(one.source.kind) == one.role:
            orphans[one.source.kind, bool(one.uids)].append(one.source)
    for (kind, names), sources in orphans.items():
        role = EXPECTED[kind]
        lacks, them = ("are", "them") if role == "images" else ("is", "it")
        what = (
            f"the {role} that this {WORDS[kind]} belongs to {lacks} not here. Export "
            f"{them} together."
            if names
            else f"this {WORDS[kind]} names no {role}, and nothing here fits."
        )
        sentence = f"{_names(sources)}: {what}"
        yield Problem("warning", "orphan", sentence, _paths(sources))
