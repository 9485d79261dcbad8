"""What is in a folder: patients, studies, series, files, and what belongs together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kerma.errors import InputError
from kerma.io.dicom.source import base_name
from kerma.io.indexing.grouping import distinct, group
from kerma.io.indexing.links import Catalog, link
from kerma.io.indexing.listing import Entry, Listing, open_listing
from kerma.io.indexing.overview import as_dict, as_text
from kerma.io.indexing.plan_sets import make_plan_sets
from kerma.io.indexing.problems import by_severity, find_problems
from kerma.io.indexing.reading import Look, look_at
from kerma.io.indexing.records import (
    Instance,
    Patient,
    PlanSet,
    Problem,
    Reference,
    Series,
)
from kerma.io.indexing.store import is_ours, load, save

__all__ = ["Index", "index"]

_READING_SHARE = 0.9  # of the time, for the progress


@dataclass(frozen=True)
class Index:
    """What is in a folder.

    Parameters
    ----------
    name
        Base name of the folder or archive.
    root
        Where the paths start from; ``None`` for an archive.
    patients
        In the order of the paths.
    references
        From each object to what it belongs to.
    problems
        The worst first.
    others
        How many files are no DICOM objects.
    sets
        Plans with what belongs to them, whole or not; see `plan_sets`.
    """

    name: str
    root: Path | None = field(repr=False)
    patients: tuple[Patient, ...]
    references: tuple[Reference, ...] = field(repr=False)
    problems: tuple[Problem, ...]
    others: int
    sets: tuple[PlanSet, ...] = field(repr=False)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Series of all patients."""
        return tuple(one for patient in self.patients for one in patient.series)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """Files of all series."""
        return tuple(i for one in self.series for i in one.instances)

    @cached_property
    def frames_of_reference(self) -> dict[str, tuple[Series, ...]]:
        """Series in each frame of reference, by its UID."""
        frames: dict[str, list[Series]] = defaultdict(list)
        for one in self.series:
            for uid in one.frames:
                frames[uid].append(one)
        return {uid: tuple(found) for uid, found in frames.items()}

    def find(
        self,
        *,
        kind: str | None = None,
        patient: int | None = None,
        sop_instance_uid: str | None = None,
        series_instance_uid: str | None = None,
    ) -> tuple[Instance, ...]:
        """Files that meet every condition that is given.

        Parameters
        ----------
        kind
            As "CT" or "RTDOSE"; see `Instance`.
        patient
            Number in this index.
        sop_instance_uid, series_instance_uid
            UIDs.
        """
        return tuple(
            i
            for one in self.series
            if kind in (None, one.kind)
            and patient in (None, one.patient)
            and series_instance_uid in (None, one.series_instance_uid)
            for i in one.instances
            if sop_instance_uid in (None, i.sop_instance_uid)
        )

    def series_of(self, instance: Instance) -> Series:
        """The series of a file.

        Raises
        ------
        InputError
            The file is not of this index.
        """
        try:
            return self._series_of[instance.path]
        except KeyError as error:
            raise InputError(f"{instance.name}: is not in this index.") from error

    def references_of(self, source: Instance | Series) -> tuple[Reference, ...]:
        """What a file, or the files of a series, belong to."""
        own = source.instances if isinstance(source, Series) else (source,)
        return tuple(r for i in own for r in self._outgoing.get(i.path, ()))

    def referenced_by(self, target: Instance | Series) -> tuple[Reference, ...]:
        """What belongs to a file or series; for a slice, to its series."""
        series = target if isinstance(target, Series) else self.series_of(target)
        own = target.instances if isinstance(target, Series) else (target,)
        paths = [f"{series.key}/", *(i.path for i in own)]
        return tuple(r for path in paths for r in self._incoming.get(path, ()))

    def plan_sets(self, *, incomplete: bool = False) -> tuple[PlanSet, ...]:
        """CT, structure set, plan and doses that belong together, for each plan.

        Parameters
        ----------
        incomplete
            Whether those count, too, in which something is missing, is in another
            frame of reference, or cannot be told apart; their gaps say what.
        """
        return tuple(one for one in self.sets if incomplete or one.is_complete)

    def files(self, found: Instance | Series) -> tuple[Path, ...]:
        """Where a file, or those of a series, lie on disk; of copies one each.

        Raises
        ------
        InputError
            They lie in an archive.
        """
        if self.root is None:
            raise InputError(f"{self.name}: is an archive; unpack it to read from it.")
        own = distinct(found.instances) if isinstance(found, Series) else [found]
        return tuple(self.root / i.path for i in own)

    def summary(self) -> str:
        """Table for a terminal; without names, IDs or free text of the files."""
        return as_text(self.name, self.patients, self.others, self.sets, self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; without names, IDs or free text of the files.

        The paths are those on disk: a folder named after a patient shows.
        """
        return as_dict(self)

    @cached_property
    def _series_of(self) -> dict[str, Series]:
        return {i.path: one for one in self.series for i in one.instances}

    @cached_property
    def _outgoing(self) -> dict[str, list[Reference]]:
        found: dict[str, list[Reference]] = defaultdict(list)
        for one in self.references:
            found[one.source.path].append(one)
        return found

    @cached_property
    def _incoming(self) -> dict[str, list[Reference]]:
        """By path; a series goes by the path of its first file and a slash."""
        found: dict[str, list[Reference]] = defaultdict(list)
        for one in self.references:
            if isinstance(one.target, Series):
                found[f"{one.target.key}/"].append(one)
            elif one.target is not None:
                found[one.target.path].append(one)
        return found


def index(
    folder: Path | str,
    *,
    cache: Path | str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Index:
    """Look at every file in a folder: what it is, whose, and what it belongs to.

    Only headers are read. A file that is damaged, unreadable or no DICOM is listed
    under the problems and stops nothing.

    Parameters
    ----------
    folder
        Folder, which is searched to its depth, zip archive, or one file.
    cache
        File in which to keep what was read, so that the next look reads only what is
        new or changed (by size and time). It is made if it is not there, and made
        anew if it is damaged, older or of another folder. It holds patient IDs.
    progress
        Called with the fraction done, 0 to 1.

    Raises
    ------
    InputError
        The folder is not there, cannot be read or holds too many files, or the
        archive is damaged.
    """
    source = Path(folder)
    store = Path(cache) if cache is not None else None
    with open_listing(source, _files_of(store)) as listing:
        found, problems = _look_at_all(listing, source, store, progress)
    instances = [look.instance for _, look in found if look.instance is not None]
    patients = group(instances)
    catalog = Catalog.of(patients)
    references = link(catalog)
    problems += find_problems(patients, catalog, references)
    if progress is not None:
        progress(1.0)
    return Index(
        name=base_name(source),
        root=listing.root,
        patients=patients,
        references=references,
        problems=by_severity(problems),
        others=len(found) - len(instances),
        sets=make_plan_sets(catalog, references),
    )


def _files_of(store: Path | None) -> list[Path]:
    """The cache and what SQLite puts beside it while it writes."""
    if store is None:
        return []
    return [store.with_name(store.name + end) for end in ("", "-journal", "-wal")]


def _look_at_all(
    listing: Listing,
    source: Path,
    store: Path | None,
    progress: Callable[[float], None] | None,
) -> tuple[list[tuple[Entry, Look]], list[Problem]]:
    """Look at each file, or remember the last look; what was wrong with single ones."""
    problems = list(listing.problems)
    root = str(source.absolute())
    if store is not None and not is_ours(store):
        problems.append(_not_ours(store))
        store = None
    kept = load(store, root) if store is not None else {}
    found: list[tuple[Entry, Look]] = []
    for number, entry in enumerate(listing.entries, start=1):
        look = kept.get((entry.path, entry.size, entry.stamp)) or look_at(entry)
        found.append((entry, look))
        if progress is not None:
            progress(_READING_SHARE * number / len(listing.entries))
    problems += [look.problem for _, look in found if look.problem is not None]
    if store is not None and not save(store, root, found, kept):
        sentence = f"{base_name(store)}: this cache cannot be written; name another."
        problems.append(Problem("note", "no cache", sentence))
    return found, problems


def _not_ours(store: Path) -> Problem:
    sentence = (
        f"{base_name(store)}: is no cache of an index, so it was left as it is and "
        f"nothing was kept. Name another file."
    )
    return Problem("note", "no cache", sentence)
