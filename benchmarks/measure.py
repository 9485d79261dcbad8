"""Programs measured in fresh processes, ours and the peers' by turns."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = [
    "Measurement",
    "Program",
    "Sample",
    "WorkerError",
    "by_turns",
    "run_command",
    "run_worker",
]

_ROOT = Path(__file__).resolve().parent.parent

_RUNS_IN_A_PROCESS = 2
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    ),
    "1",
)


class WorkerError(RuntimeError):
    """A program did not do its work; the message is its last line."""


@dataclass(frozen=True)
class Sample:
    """What one process cost.

    Parameters
    ----------
    name, version
        Of the program.
    cpu_s, wall_s
        Each run after the first; CPU time is user and system, s.
    first_cpu_s
        The first run, with what is loaded on first use, s.
    extra_mb, total_mb
        Growth of the peak resident size by the first run above that after the
        imports, and that peak, MiB; ``None`` where it was not measured.
    answer
        A number of the result.
    """

    name: str
    version: str
    cpu_s: Sequence[float]
    wall_s: Sequence[float]
    first_cpu_s: float
    extra_mb: float | None
    total_mb: float | None
    answer: float | None


@dataclass(frozen=True)
class Measurement:
    """What a program costs: medians over all its processes, as in a sample."""

    name: str
    version: str
    cpu_s: float
    wall_s: float
    first_cpu_s: float
    extra_mb: float | None
    total_mb: float | None
    answer: float | None

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Measurement:
        """Sum up the processes of one program."""
        last = samples[-1]
        extra = [one.extra_mb for one in samples if one.extra_mb is not None]
        total = [one.total_mb for one in samples if one.total_mb is not None]
        return cls(
            name=last.name,
            version=last.version,
            cpu_s=median(value for one in samples for value in one.cpu_s),
            wall_s=median(value for one in samples for value in one.wall_s),
            first_cpu_s=median(one.first_cpu_s for one in samples),
            extra_mb=median(extra) if extra else None,
            total_mb=median(total) if total else None,
            answer=last.answer,
        )


Program = Callable[[], Sample]
"""Starts a process, waits for it and says what it cost."""


def by_turns(
    programs: Sequence[Program], repeats: int
) -> list[Measurement | WorkerError]:
    """Run the programs in turn, so that noise of the machine hits them alike.

    A program that fails is left out of the further turns; its error stands in place
    of its measurement.
    """
    samples: list[list[Sample]] = [[] for _ in programs]
    failed: dict[int, WorkerError] = {}
    for _ in range(repeats):
        for number, program in enumerate(programs):
            if number in failed:
                continue
            try:
                samples[number].append(program())
            except WorkerError as error:
                failed[number] = error
    return [
        failed.get(number) or Measurement.of(taken)
        for number, taken in enumerate(samples)
    ]


def run_worker(worker: str, source: Path, python: Path) -> Sample:
    """Run a worker of `benchmarks.workers` once, in the environment of a Python.

    Raises
    ------
    WorkerError
        It failed.
    """
    command = [
        str(python),
        "-m",
        f"benchmarks.workers.{worker}",
        str(source),
        str(_RUNS_IN_A_PROCESS),
    ]
    return Sample(**json.loads(_last_line(_finished(command))))


def run_command(name: str, command: Sequence[str], *, version: str) -> Sample:
    """Run a command from its start to its end.

    Raises
    ------
    WorkerError
        It failed.
    """
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _finished(command)
    wall = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Sample(
        name=name,
        version=version,
        cpu_s=[cpu],
        wall_s=[wall],
        first_cpu_s=cpu,
        extra_mb=None,
        total_mb=None,
        answer=None,
    )


def _finished(command: Sequence[str]) -> str:
    """What a command printed, once it has ended well."""
    done = subprocess.run(
        command,
        check=False,
        cwd=_ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise WorkerError(_last_line(done.stderr) or f"exit code {done.returncode}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Ours, with one thread, no window for plots, nothing from other folders."""
    taken = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**taken, **_ONE_THREAD, "MPLBACKEND": "Agg"}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
