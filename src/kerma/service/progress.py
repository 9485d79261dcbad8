"""A progress bar that shows itself only when there is something to wait for."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kerma.service.procedures import Progress

__all__ = ["progress_bar"]

_PATIENCE_S = 2.0


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A function to report progress to; it draws on a terminal after two seconds."""
    if not sys.stderr.isatty():
        yield lambda _step, _done: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    started = time.monotonic()
    bar = Bar(console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=1.0)
    shown = False

    def report(step: str, done: float) -> None:
        nonlocal shown
        if not shown and time.monotonic() - started > _PATIENCE_S:
            bar.start()
            shown = True
        bar.update(task, description=step, completed=done)

    try:
        yield report
    finally:
        if shown:
            bar.stop()
