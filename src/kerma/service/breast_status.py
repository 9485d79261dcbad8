"""What became of each breast CT of a batch, and the tables and page of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from kerma.errors import InputError
from kerma.io import read_record, read_text, write_file
from kerma.io.dicom.header import plain
from kerma.service.breast_files import overview_name
from kerma.service.breast_scans import STATUS
from kerma.workflows.breast_ct.result import BreastCT

__all__ = [
    "RESERVED",
    "ScanStatus",
    "State",
    "files_in",
    "forget",
    "is_done",
    "read_result",
    "read_status",
    "write_sheets",
    "write_status",
]

State: TypeAlias = Literal["done", "failed"]

RESERVED = frozenset({"records"})
"""Names of folders that no scan can have."""

_PAGE = "cohort.html"
_TIMES = "timing_detail.csv"


@dataclass(frozen=True)
class ScanStatus:
    """What became of one scan.

    Parameters
    ----------
    scan
        Its name.
    state
        Whether it was segmented.
    exit_code
        Of this scan alone: 0, 1 where its numbers are unusable, else why it failed.
    key
        Hash of its files and the configuration; empty where they could not be read.
    error
        Why it failed.
    study
        Study Instance UID, empty where there is none.
    voxels
        How many it has.
    files
        Size of each result, bytes, by name.
    started_utc, wall_s, cpu_s
        When, and how long it took, s.
    """

    scan: str
    state: State
    exit_code: int
    key: str = ""
    error: str = ""
    study: str = ""
    voxels: int = 0
    files: Mapping[str, int] | None = None
    started_utc: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0


def read_status(out: Path, scan: str) -> ScanStatus | None:
    """What became of a scan in an earlier run; ``None`` where nobody knows."""
    file = out / scan / STATUS
    if not file.is_file():
        return None
    try:
        return read_record(file, ScanStatus)
    except InputError:  # damaged or of another version: the scan is done again
        return None


def write_status(folder: Path, status: ScanStatus) -> None:
    """Keep what became of a scan beside its results."""
    text = TypeAdapter(ScanStatus).dump_json(status, indent=2)
    write_file(folder / STATUS, text + b"\n")


def is_done(status: ScanStatus | None, out: Path, key: str) -> bool:
    """Whether all results of these files and this configuration are there."""
    if status is None or status.state != "done" or not key or status.key != key:
        return False
    there = files_in(out / status.scan)
    if dict(status.files or {}) != there:
        return False
    return _is_readable(out, status)


def files_in(folder: Path) -> dict[str, int]:
    """Size of each file below a folder but the status, bytes, by name."""
    return {
        file.relative_to(folder).as_posix(): file.stat().st_size
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file != folder / STATUS
    }


def forget(out: Path, scan: str) -> None:
    """Take a scan out of the tables."""
    _record(out, scan).unlink(missing_ok=True)


def read_result(out: Path, status: ScanStatus) -> BreastCT | None:
    """The numbers of a scan; ``None`` where it failed.

    Raises
    ------
    InputError
        Its file is damaged.
    """
    if status.state != "done":
        return None
    file = out / status.scan / f"{status.scan}.json"
    try:
        return BreastCT.from_json(read_text(file))
    except InputError as error:
        raise InputError(
            f"{plain(file.name)}: is damaged; run its scan again."
        ) from error


def write_sheets(out: Path) -> None:
    """Write the tables and the contact sheet of all scans in a folder of results.

    Raises
    ------
    InputError
        A record is damaged, or the folder cannot be written.
    """
    from kerma.reports.breast_ct.cohort import CohortEntry, cohort_html
    from kerma.reports.breast_ct.seed_files import rewrite_tables
    from kerma.reports.tables import csv_of

    found = sorted(file.parent.name for file in out.glob(f"*/{STATUS}"))
    known = [one for name in found if (one := read_status(out, name)) is not None]
    results = {status.scan: _result_or_error(out, status) for status in known}
    entries = [
        CohortEntry(
            scan=status.scan,
            result=results[status.scan][0],
            error=results[status.scan][1],
            study=status.study,
            picture=_bytes(out / status.scan / overview_name(status.scan)),
            page=_address(out, status.scan),
        )
        for status in known
    ]
    write_file(out / _PAGE, cohort_html(entries))
    rewrite_tables(out)
    if known:
        write_file(out / _TIMES, csv_of([_times(status) for status in known]))


def _times(status: ScanStatus) -> dict[str, str | float | int | None]:
    return {
        "id": status.scan,
        "state": status.state,
        "started_utc": status.started_utc,
        "wall_s": status.wall_s,
        "cpu_s": status.cpu_s,
        "voxels": status.voxels,
    }


def _result_or_error(out: Path, status: ScanStatus) -> tuple[BreastCT | None, str]:
    """The numbers of a scan, or why there are none."""
    try:
        return read_result(out, status), status.error
    except (
        InputError
    ) as error:  # of an earlier run; this run's scans are shown all the same
        return None, str(error)


def _is_readable(out: Path, status: ScanStatus) -> bool:
    """Whether result and record are there and whole."""
    from kerma.reports.breast_ct.seed_files import read_scan_record

    try:
        read_result(out, status)
        read_scan_record(_record(out, status.scan))
    except InputError:
        return False
    return True


def _record(out: Path, scan: str) -> Path:
    from kerma.reports.breast_ct.seed_files import RECORDS

    return out / RECORDS / f"{scan}.json"


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _address(out: Path, scan: str) -> str:
    from urllib.parse import quote

    page = f"{scan}/{scan}.html"
    return quote(page) if (out / page).is_file() else ""
