"""Many breast CTs: each on its own, what is done is not done again."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from kerma import __version__
from kerma.core.provenance import Provenance
from kerma.errors import (
    BUG,
    OUT_OF_TOLERANCE,
    PASSED,
    UNUSABLE_DATA,
    InputError,
    KermaError,
)
from kerma.io import make_folder
from kerma.service.breast_cohort import BreastCohort, CohortScan
from kerma.service.breast_ct import BreastOptions, analyze
from kerma.service.breast_files import (
    check_place,
    empty_folder,
    put_in_place,
    write_breast,
)
from kerma.service.breast_scans import ScanSource, content_hash, find_scans
from kerma.service.breast_status import (
    RESERVED,
    ScanStatus,
    files_in,
    forget,
    is_done,
    read_result,
    read_status,
    write_sheets,
    write_status,
)

__all__ = ["breast_cohort"]

_MOST_JOBS = 64


@dataclass(frozen=True)
class _Job:
    """One scan to do, and how."""

    source: ScanSource
    options: BreastOptions
    out: Path
    key: str = ""


@dataclass(frozen=True)
class _Outcome:
    """What became of a scan, and whether that is of this run."""

    status: ScanStatus
    is_new: bool
    trace: str = ""


def breast_cohort(
    scans: Sequence[Path],
    out: Path,
    options: BreastOptions | None = None,
    *,
    jobs: int = 1,
    redo: bool = False,
    only_failed: bool = False,
    progress: Callable[[str, float], None] | None = None,
    report_bug: Callable[[str], None] | None = None,
) -> BreastCohort:
    """Segment every scan in files and folders; write results, tables and a page of all.

    A scan whose files, configuration and results are those of an earlier run is not done
    again. The results of a scan stand in a folder of its name, wholly or not at all. One
    that fails stops no other; what an earlier run had of it is removed, since it is of
    other files or another configuration.

    Parameters
    ----------
    scans
        Files and folders; see `find_scans`.
    out
        Folder of the results.
    options
        How they are analyzed, and what is written.
    jobs
        How many scans at a time; each needs its own memory.
    redo
        Do all again.
    only_failed
        Do only those that failed before.
    progress
        Told what was done, and which fraction of the scans.
    report_bug
        Told the traceback of a scan that failed by a mistake of this program.

    Raises
    ------
    InputError
        A place does not exist, there is no scan, two have one name, an option makes no
        sense, results would replace something else, or the folder cannot be written.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    if not 1 <= jobs <= _MOST_JOBS:
        raise InputError(f"From 1 to {_MOST_JOBS} scans at a time; got {jobs}.")
    options = options or BreastOptions()
    configuration = options.configuration()
    sources = find_scans(scans, without=out)
    _check_names(sources)
    for source in sources:
        check_place(out / source.name, source.files)
    make_folder(out)
    jobs_of_scans = [
        _Job(source, options, out)
        for source in sources
        if not only_failed or _has_failed(out, source.name)
    ]
    rows = []
    outcomes = _outcomes(jobs_of_scans, configuration, processes=jobs, redo=redo)
    for number, outcome in enumerate(outcomes, start=1):
        rows.append(_row(outcome, out))
        if outcome.trace and report_bug is not None:
            report_bug(outcome.trace)
        if progress is not None:
            progress(outcome.status.scan, number / len(jobs_of_scans))
    write_sheets(out)
    return BreastCohort(
        scans=tuple(sorted(rows, key=lambda row: row.scan)),
        provenance=Provenance(
            kerma_version=__version__,
            procedure="breast-cohort",
            parameters=(("configuration", configuration),),
            inputs=(),
            started_utc=started.isoformat(timespec="seconds"),
            duration_s=round(time.perf_counter() - clock, 3),
        ),
    )


def _check_names(sources: Sequence[ScanSource]) -> None:
    taken = next((one.name for one in sources if one.name in RESERVED), None)
    if taken:
        raise InputError(f"No scan can be called {taken!r}; rename its folder or file.")


def _has_failed(out: Path, scan: str) -> bool:
    status = read_status(out, scan)
    return status is not None and status.state == "failed"


def _outcomes(
    jobs: Sequence[_Job], configuration: str, *, processes: int, redo: bool
) -> Iterator[_Outcome]:
    """What becomes of each scan, in no order; first of those that need no work."""
    todo = []
    for job in jobs:
        try:
            keyed = replace(job, key=_key(job, configuration))
        except InputError as error:
            yield _failed(job, _begun(job, error.exit_code), str(error))
            continue
        before = read_status(job.out, job.source.name)
        if not redo and before is not None and is_done(before, job.out, keyed.key):
            yield _Outcome(before, is_new=False)
        else:
            todo.append(keyed)
    if processes == 1 or len(todo) < 2:
        yield from map(_run, todo)
    else:
        yield from _run_beside_each_other(todo, processes)


def _run_beside_each_other(todo: Sequence[_Job], processes: int) -> Iterator[_Outcome]:
    """Run scans in several processes.

    A process that is killed, as for want of memory, takes all others with it. What it
    left is done scan by scan, so that only the one at fault fails.
    """
    left = []
    with _fresh_processes(processes) as pool:
        futures = {pool.submit(_run, job): job for job in todo}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                left.append(futures[future])
    for job in left:
        with _fresh_processes(1) as pool:
            try:
                yield pool.submit(_run, job).result()
            except BrokenProcessPool:
                yield _failed(
                    job,
                    _begun(job, UNUSABLE_DATA),
                    "The process at work on it was ended, perhaps for want of memory.",
                )


def _fresh_processes(count: int) -> ProcessPoolExecutor:
    # Not forked: a fork would copy the threads of compiled code by half.
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


def _begun(job: _Job, exit_code: int) -> ScanStatus:
    """The status of a scan that comes to nothing unless something better is said."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return ScanStatus(
        job.source.name, "failed", exit_code, key=job.key, started_utc=now
    )


def _run(job: _Job) -> _Outcome:
    """Do one scan; whatever goes wrong is of this scan alone."""
    clock, cpu = time.perf_counter(), time.process_time()
    status = _begun(job, BUG)
    try:
        return _Outcome(_segmented(job, status, clock, cpu), is_new=True)
    except KermaError as error:
        return _failed(job, replace(status, exit_code=error.exit_code), str(error))
    except Exception as error:  # noqa: BLE001  (a bug in one scan stops no other; its trace is shown)
        said = f"A mistake of this program ({type(error).__name__})."
        return replace(_failed(job, status, said), trace=traceback.format_exc())


def _segmented(job: _Job, status: ScanStatus, clock: float, cpu: float) -> ScanStatus:
    """Segment a scan and put its results in their place."""
    from kerma.reports.breast_ct.seed_files import record_scan

    name, staged = job.source.name, job.out / f".writing-{job.source.name}"
    segmented = analyze(job.source, job.options)
    write_breast(segmented, staged, job.options.formats, cylinder=job.options.cylinder)
    done = replace(
        status,
        state="done",
        exit_code=PASSED if segmented.result.passed else OUT_OF_TOLERANCE,
        study=segmented.ct.study.study_instance_uid,
        voxels=segmented.ct.hu.size,
        files=files_in(staged),
        wall_s=round(time.perf_counter() - clock, 3),
        cpu_s=round(time.process_time() - cpu, 3),
    )
    write_status(staged, done)
    put_in_place(staged, job.out / name)
    record_scan(segmented, job.out)
    return done


def _failed(job: _Job, status: ScanStatus, error: str) -> _Outcome:
    """Say why a scan failed where its results would be."""
    failed = replace(status, error=error)
    staged = empty_folder(job.out / f".writing-{status.scan}")
    write_status(staged, failed)
    put_in_place(staged, job.out / status.scan)
    forget(job.out, status.scan)
    return _Outcome(failed, is_new=True)


def _key(job: _Job, configuration: str) -> str:
    """Hash of the files, the configuration and the name, hexadecimal."""
    parts = (content_hash(job.source), configuration, job.source.name)
    return sha256(" ".join(parts).encode()).hexdigest()


def _row(outcome: _Outcome, out: Path) -> CohortScan:
    status = outcome.status
    return CohortScan(
        scan=status.scan,
        outcome=status.state if outcome.is_new else "unchanged",
        exit_code=status.exit_code,
        error=status.error,
        result=read_result(out, status),
    )
