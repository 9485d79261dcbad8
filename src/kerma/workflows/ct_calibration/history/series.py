"""Loading past results, and telling which of them can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from kerma.errors import InputError
from kerma.io import read_text
from kerma.workflows.ct_calibration.baseline import read_baseline, read_table
from kerma.workflows.ct_calibration.comparison import baseline_of
from kerma.workflows.ct_calibration.constancy import Baseline, Scope
from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["LeftOut", "Loaded", "PastResult", "group_by_scope", "load_history"]

_MOST_FILES = 20_000
_CONVERSION = "_conversion"  # ends the name of a table of a report
_ENDINGS = {".json", ".csv"}


@dataclass(frozen=True)
class PastResult:
    """One calibration of the past.

    Parameters
    ----------
    file
        Name of its file, within the folder.
    day, time
        Date and time of the study; the time as DICOM writes it, empty if unknown.
    accepted
        Its CT numbers, their uncertainties, and under which conditions.
    materials
        By insert: the keys by which tolerances know its material.
    """

    file: str
    day: date
    time: str
    accepted: Baseline
    materials: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the history.

    Parameters
    ----------
    file
        Its name.
    reason
        Why, in words.
    """

    file: str
    reason: str


@dataclass(frozen=True)
class Loaded:
    """What was found in a folder.

    Parameters
    ----------
    results
        By date and time.
    skipped
        Files that are no result of a calibration, or cannot be used.
    duplicates
        Files that hold a result once more.
    """

    results: tuple[PastResult, ...]
    skipped: tuple[LeftOut, ...]
    duplicates: tuple[LeftOut, ...]


def load_history(source: Path | Iterable[Path]) -> Loaded:
    """Load the results in a folder and all below it, or in the files given.

    Read are the JSON that a calibration writes and tables in CSV, those of the first
    HU-RED scripts included. A file in a folder that is something else is skipped and
    told; the tables that a report has beside its result are left out.

    Raises
    ------
    InputError
        There is no such folder, it holds no result, or a file that was named cannot
        be used.
    """
    results, skipped = (
        _from_folder(source)
        if isinstance(source, Path)
        else (
            [_read(file, file.name) for file in source],
            [],
        )
    )
    if not results:
        told = f" ({skipped[0].file}: {skipped[0].reason})" if skipped else ""
        raise InputError(
            f"There is no result of a calibration here{told}; give the folder where "
            f"the reports are kept, with their JSON or CSV."
        )
    # JSON before CSV, which knows less: of a report with both the first is kept.
    results.sort(key=lambda one: (one.day, one.time, one.file.lower().endswith("csv")))
    kept: list[PastResult] = []
    duplicates = []
    first: dict[object, str] = {}
    for one in results:
        key = _fingerprint(one)
        if key in first:
            duplicates.append(LeftOut(one.file, f"the same result as {first[key]}"))
        else:
            first[key] = one.file
            kept.append(one)
    return Loaded(tuple(kept), tuple(skipped), tuple(duplicates))


def group_by_scope(results: Sequence[PastResult]) -> list[tuple[PastResult, ...]]:
    """Results of one scanner, tube voltage, kernel and phantom together, most first.

    A condition that one result does not state differs from one that it does: it cannot
    be known that they are the same.
    """
    groups: dict[Scope, list[PastResult]] = {}
    for one in results:
        groups.setdefault(one.accepted.scope, []).append(one)
    return sorted(map(tuple, groups.values()), key=len, reverse=True)


def _from_folder(folder: Path) -> tuple[list[PastResult], list[LeftOut]]:
    if folder.is_file():
        return [_read(folder, folder.name)], []
    try:
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.suffix.lower() in _ENDINGS
            and file.is_file()
            and not _belongs_to_a_result(file)
        )
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}).") from error
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder.")
    if len(files) > _MOST_FILES:
        raise InputError(
            f"{folder}: holds {len(files):,} JSON and CSV files; at most "
            f"{_MOST_FILES:,} are read. Give the folder of one scanner."
        )
    results, skipped = [], []
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            results.append(_read(file, name))
        except InputError as error:
            reason = str(error).removeprefix(f"{file}: ").rstrip(".")
            skipped.append(LeftOut(name, reason))
    return results, skipped


def _belongs_to_a_result(file: Path) -> bool:
    """Whether a table is that of the conversion curves, beside the result itself."""
    stem = file.stem.removesuffix(_CONVERSION)
    return stem != file.stem and file.with_name(f"{stem}.json").exists()


def _read(file: Path, name: str) -> PastResult:
    if file.suffix.lower() == ".json":
        return _from_json(file, name)
    return _from_table(file, name)


def _from_json(file: Path, name: str) -> PastResult:
    try:
        result = Calibration.from_json(read_text(file))
    except InputError as error:
        raise InputError(f"{file}: {str(error).removeprefix(f'{file}: ')}") from error
    made = result.acquisition
    return PastResult(
        file=name,
        day=_day(file, made.study_date),
        time=made.study_time or "",
        accepted=baseline_of(result, name),
        materials={r.name: (r.material, r.seed_name) for r in result.readings},
    )


def _from_table(file: Path, name: str) -> PastResult:
    accepted = read_baseline(file)
    rows = read_table(file)
    key = "insert_name" if "insert_name" in rows[0] else "insert"
    return PastResult(
        file=name,
        day=_day(file, rows[0].get("StudyDate")),
        time=(rows[0].get("StudyTime") or "").strip(),
        accepted=Baseline(
            name, accepted.mean_hu, accepted.uncertainty_hu, accepted.scope
        ),
        materials={
            (row[key] or "").strip(): tuple(
                word for column in ("material", "insert") if (word := row.get(column))
            )
            for row in rows
        },
    )


def _day(file: Path, text: str | None) -> date:
    """The day of a study, from DICOM's 20250314 or 2025-03-14."""
    try:
        return datetime.strptime((text or "").replace("-", ""), "%Y%m%d").date()  # noqa: DTZ007  (a DICOM date has no zone)
    except ValueError as error:
        raise InputError(
            f"{file}: the date of its study, StudyDate (0008,0020), is missing or no "
            f"date; without it the result has no place in a history."
        ) from error


def _fingerprint(one: PastResult) -> object:
    """What two files of one result have in common."""
    values = {k: v for k, v in one.accepted.mean_hu.items() if v is not None}
    return one.accepted.scope, one.day, tuple(sorted(values.items()))
