"""CPU time of the steps of a procedure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Stopwatch"]


class Stopwatch:
    """Tells and times the steps.

    Parameters
    ----------
    report
        Told the name of each step as it begins.
    """

    def __init__(self, report: Callable[[str], None] | None = None) -> None:
        self._report = report
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the CPU time spent within to a step, s."""
        if self._report is not None:
            self._report(name)
        started = time.process_time()
        yield
        spent = time.process_time() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + spent
