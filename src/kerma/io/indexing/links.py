"""What each object belongs to: by the UIDs it names, else by frame of reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kerma.io.indexing.grouping import distinct
from kerma.io.indexing.kinds import EXPECTED, IMAGES, TARGETS
from kerma.io.indexing.records import How, Instance, Mention, Patient, Reference, Series

__all__ = ["Catalog", "link"]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Everything that can be looked up.

    Parameters
    ----------
    series
        All series.
    series_of
        The one of each file, by path.
    by_uid
        Instances by SOP Instance UID; of copies that are the same only the first.
    series_by_uid
        Series by Series Instance UID.
    by_kind
        Series by patient and kind.
    """

    series: tuple[Series, ...]
    series_of: dict[str, Series]
    by_uid: dict[str, list[Instance]]
    series_by_uid: dict[str, list[Series]]
    by_kind: dict[tuple[int, str], list[Series]]

    @classmethod
    def of(cls, patients: Iterable[Patient]) -> Catalog:
        """The catalog of all patients."""
        series = tuple(one for patient in patients for one in patient.series)
        files: dict[str, list[Instance]] = defaultdict(list)
        by_series: dict[str, list[Series]] = defaultdict(list)
        kinds: dict[tuple[int, str], list[Series]] = defaultdict(list)
        for one in series:
            kinds[one.patient, one.kind].append(one)
            if one.series_instance_uid:
                by_series[one.series_instance_uid].append(one)
            for instance in one.instances:
                if instance.sop_instance_uid:
                    files[instance.sop_instance_uid].append(instance)
        return cls(
            series=series,
            series_of={i.path: one for one in series for i in one.instances},
            by_uid={
                uid: found if len(found) == 1 else distinct(found)
                for uid, found in files.items()
            },
            series_by_uid=dict(by_series),
            by_kind=dict(kinds),
        )

    @property
    def instances(self) -> Iterator[Instance]:
        """All instances."""
        return (instance for one in self.series for instance in one.instances)

    @property
    def objects(self) -> Iterator[Instance]:
        """All instances that are no images; of copies only the first."""
        return (
            instance
            for one in self.series
            if one.kind not in IMAGES
            for instance in one.instances
            if instance in self.by_uid.get(instance.sop_instance_uid, [instance])
        )

    def patient(self, instance: Instance) -> int:
        """Number of the patient of a file."""
        return self.series_of[instance.path].patient

    def answers(self, source: Instance, role: str, uid: str) -> list[Instance]:
        """What a UID may mean: of the same patient, if there is any such."""
        found = self.by_uid.get(uid, [])
        if role in TARGETS:
            found = [i for i in found if i.kind in TARGETS[role]]
        if len(found) < 2:
            return found
        own = [i for i in found if self.patient(i) == self.patient(source)]
        return own or found

    def in_frames(
        self, patient: int, frames: Iterable[str], kinds: Iterable[str]
    ) -> list[Series]:
        """Series of a patient that lie in one of some frames of reference."""
        wanted = set(frames)
        return [
            one
            for kind in sorted(kinds)
            for one in self.by_kind.get((patient, kind), ())
            if not wanted.isdisjoint(one.frames)
        ]


def link(catalog: Catalog) -> tuple[Reference, ...]:
    """References of all objects, by UID first.

    A frame of reference is only asked where what a file names is not here, or where
    it names nothing; then only one object of the same patient may answer.
    """
    found = [one for source in catalog.objects for one in _by_uid(catalog, source)]
    return tuple(_with_frames(catalog, found))


def _by_uid(catalog: Catalog, source: Instance) -> Iterator[Reference]:
    """What the UIDs of a file lead to; also what it should name and does not."""
    for mention in source.mentions:
        if mention.role == "images":
            yield from _images(catalog, source, mention)
        else:
            yield from _objects(catalog, source, mention)
    expected = EXPECTED.get(source.kind)
    if expected and all(mention.role != expected for mention in source.mentions):
        yield Reference(source, expected, None, "not here")


def _objects(
    catalog: Catalog, source: Instance, mention: Mention
) -> Iterator[Reference]:
    for uid in mention.uids:
        found = catalog.answers(source, mention.role, uid)
        blank = Reference(
            source, mention.role, None, "not here", (uid,), beams=mention.beams
        )
        if len(found) == 1:
            yield replace(blank, target=found[0], how="uid")
        else:
            yield replace(blank, how="several") if found else blank
    if not mention.uids:
        yield Reference(source, mention.role, None, "not here", beams=mention.beams)


def _images(
    catalog: Catalog, source: Instance, mention: Mention
) -> Iterator[Reference]:
    """One reference for each series that an image named is of, the largest first."""
    uids: dict[str, list[str]] = defaultdict(list)
    missing: list[str] = []
    for uid in mention.uids:
        keys = {
            catalog.series_of[i.path].key
            for i in catalog.answers(source, "images", uid)
        }
        (uids[keys.pop()] if len(keys) == 1 else missing).append(uid)
    rest = len(missing)
    for key, named in sorted(uids.items(), key=lambda item: -len(item[1])):
        target = catalog.series_of[key]
        yield Reference(source, "images", target, "uid", tuple(named), rest)
        rest = 0
    if uids:
        return
    known = [one for uid in mention.series for one in _series(catalog, source, uid)]
    for one in known:
        yield Reference(source, "images", one, "uid", missing=len(mention.uids))
    if not known:
        several = any(uid in catalog.by_uid for uid in mention.uids)
        how: How = "several" if several else "not here"
        yield Reference(source, "images", None, how, mention.uids)


def _series(catalog: Catalog, source: Instance, uid: str) -> list[Series]:
    """The series that a UID means; none where several could be meant."""
    found = [s for s in catalog.series_by_uid.get(uid, []) if s.kind in IMAGES]
    own = [s for s in found if s.patient == catalog.patient(source)]
    return found if len(found) == 1 else own if len(own) == 1 else []


def _with_frames(catalog: Catalog, found: Sequence[Reference]) -> Iterator[Reference]:
    """The references, those that lead nowhere followed by frame of reference."""
    # A plan that has its dose needs no other one: that one is of a plan not here.
    served = {
        one.target.path
        for one in found
        if one.source.kind == "RTDOSE" and isinstance(one.target, Instance)
    }
    frames = _frames_of_plans(found)
    for one in found:
        if one.how != "not here":
            yield one
        elif one.source.kind != "REG":  # these follow below
            yield _by_frame(catalog, one, served, frames)
    yield from _of_registrations(catalog, found)


def _frames_of_plans(found: Sequence[Reference]) -> dict[str, tuple[str, ...]]:
    """Frames of plans, by path: many name none, but their structure sets do."""
    return {
        one.source.path: one.target.frames
        for one in found
        if one.source.kind == "RTPLAN"
        and one.role == "structure set"
        and isinstance(one.target, Instance)
    }


def _by_frame(
    catalog: Catalog,
    one: Reference,
    served: set[str],
    frames: dict[str, tuple[str, ...]],
) -> Reference:
    """The only candidate in the frame of the source, if there is one."""
    source, patient = one.source, catalog.patient(one.source)
    candidates: Sequence[Instance | Series]
    if one.role == "images":
        candidates = catalog.in_frames(patient, source.frames, IMAGES)
    elif one.role in ("plan", "structure set") and source.kind not in TARGETS[one.role]:
        candidates = distinct(
            i
            for kind in TARGETS[one.role]
            for series in catalog.by_kind.get((patient, kind), ())
            for i in series.instances
            if not set(source.frames).isdisjoint(i.frames or frames.get(i.path, ()))
            and not (source.kind == "RTDOSE" and i.path in served and one.uids)
        )
    else:
        return one
    if len(candidates) == 1:
        return replace(one, target=candidates[0], how="frame of reference")
    return replace(one, how="several") if candidates else one


def _of_registrations(
    catalog: Catalog, found: Sequence[Reference]
) -> Iterator[Reference]:
    """A registration holds for every series in its frames, named or not.

    It leads nowhere only if none of them is here.
    """
    reached: dict[str, set[str]] = defaultdict(set)
    for reference in found:
        if isinstance(reference.target, Series):
            reached[reference.source.path].add(reference.target.key)
    for source in catalog.objects:
        if source.kind != "REG":
            continue
        named = reached[source.path]
        series = catalog.in_frames(catalog.patient(source), source.frames, IMAGES)
        for one in series:
            if one.key not in named:
                yield Reference(source, "images", one, "frame of reference")
        if not series and not named:
            yield Reference(source, "images", None, "not here")
