"""The stopwatch and the scales of a worker; it runs in every environment.

A worker is called as ``python -m benchmarks.workers.NAME INPUT RUNS`` and prints one
line of JSON, last of all.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["measure"]

T = TypeVar("T")


def measure(
    work: Callable[[Path], T],
    answer: Callable[[T], float],
    *,
    name: str,
    version: str,
    prepare: Callable[[Path], object] | None = None,
) -> None:
    """Do a piece of work once to warm up, then some more times, and print its cost.

    Memory is that of the first time: how far it drives the peak of a process that has
    only done its imports and what was to be prepared.

    Parameters
    ----------
    work
        What is measured; it gets the input.
    answer
        A number of what comes out, by which the runner sees that the programs agree;
        not part of the time.
    name, version
        Of the program.
    prepare
        Done before, such as reading, and no part of time or memory.
    """
    source, runs = Path(sys.argv[1]), int(sys.argv[2])
    if prepare is not None:
        prepare(source)
        _forget_peak()
    idle_mb, start = _peak_mb(), _cpu_s()
    result = work(source)
    first_s, peak_mb = _cpu_s() - start, _peak_mb()
    number = answer(result)
    del result
    cpu, wall = [], []
    for _ in range(runs):
        start, clock = _cpu_s(), time.perf_counter()
        result = work(source)
        cpu.append(_cpu_s() - start)
        wall.append(time.perf_counter() - clock)
        del result
    record = {
        "name": name,
        "version": version,
        "cpu_s": cpu,
        "wall_s": wall,
        "first_cpu_s": first_s,
        "extra_mb": peak_mb - idle_mb,
        "total_mb": peak_mb,
        "answer": number,
    }
    print(json.dumps(record))


def _cpu_s() -> float:
    """CPU time of this process and those it started, user and system, s."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + started.ru_utime + started.ru_stime


def _forget_peak() -> None:
    """Let the largest resident size begin anew at what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    """Largest resident size of this process so far, MiB.

    Not ``ru_maxrss``: that starts at the size of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
