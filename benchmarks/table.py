"""The table of the benchmarks, for the terminal and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from benchmarks.cases import Benchmark, Target
from benchmarks.measure import Measurement

__all__ = ["HEADER", "Row", "line_of", "rows_of", "to_record"]

HEADER = (
    "| benchmark | ours, CPU s (wall) | peer | peer, CPU s (wall) | peer / ours "
    "| ours, MiB (process) | peer, MiB (process) | target |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


@dataclass(frozen=True)
class Row:
    """One benchmark against one peer; a text stands for what could not be measured.

    Parameters
    ----------
    benchmark, title
        What was done.
    ours, peer
        What it cost; `peer` is ``None`` where there is none.
    target
        What is asked of us, if anything.
    agree_within
        How far the answers may lie apart.
    """

    benchmark: str
    title: str
    ours: Measurement | str
    peer: Measurement | str | None
    target: Target | None
    agree_within: float

    @property
    def ratio(self) -> float | None:
        """CPU time of the peer over ours; over 1 we are faster."""
        if not isinstance(self.ours, Measurement):
            return None
        if not isinstance(self.peer, Measurement):
            return None
        return self.peer.cpu_s / self.ours.cpu_s

    @property
    def disagreement(self) -> str:
        """What to say where the programs came to different answers, else empty."""
        if not isinstance(self.ours, Measurement):
            return ""
        if not isinstance(self.peer, Measurement):
            return ""
        if self.ours.answer is None or self.peer.answer is None:
            return ""
        if abs(self.ours.answer - self.peer.answer) <= self.agree_within:
            return ""
        return (
            f"{self.benchmark}: {self.ours.answer:.2f} by {self.ours.name} and "
            f"{self.peer.answer:.2f} by {self.peer.name}; not the same work?"
        )

    @property
    def met(self) -> bool | None:
        """Whether we meet the target; ``None`` where there is none."""
        if self.target is None or not isinstance(self.ours, Measurement):
            return None
        pairs = (
            (self.ours.cpu_s, self.target.cpu_s),
            (self.ours.extra_mb, self.target.extra_mb),
            (self.ours.total_mb, self.target.total_mb),
        )
        return all(
            value <= limit
            for value, limit in pairs
            if value is not None and limit is not None
        )


def rows_of(
    name: str, benchmark: Benchmark, measured: Sequence[Measurement | Exception]
) -> list[Row]:
    """The rows of a benchmark: ours, which comes first, beside each peer."""
    ours, *peers = [
        one if isinstance(one, Measurement) else str(one) for one in measured
    ]
    beside: list[Measurement | str | None] = [*peers] or [None]
    return [
        Row(name, benchmark.title, ours, peer, benchmark.target, benchmark.agree_within)
        for peer in beside
    ]


def line_of(row: Row) -> str:
    """A row of the table, in Markdown."""
    cells = (
        row.benchmark,
        _time(row.ours),
        f"{row.peer.name} {row.peer.version}"
        if isinstance(row.peer, Measurement)
        else "-",
        _time(row.peer),
        f"{row.ratio:.2g}" if row.ratio else "-",
        _memory(row.ours),
        _memory(row.peer),
        _verdict(row),
    )
    return f"| {' | '.join(cells)} |"


def to_record(rows: Sequence[Row]) -> dict[str, object]:
    """The rows with what they depend on, as plain values for JSON."""
    return {
        "utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "rows": [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows],
    }


def _time(measured: Measurement | str | None) -> str:
    if isinstance(measured, Measurement):
        return f"{measured.cpu_s:.3f} ({measured.wall_s:.3f})"
    return measured or "-"


def _memory(measured: Measurement | str | None) -> str:
    if not isinstance(measured, Measurement) or measured.extra_mb is None:
        return "-"
    return f"{measured.extra_mb:.0f} ({measured.total_mb:.0f})"


def _verdict(row: Row) -> str:
    if row.target is None:
        return "-"
    limits = [f"{row.target.cpu_s:g} s"]
    if row.target.extra_mb is not None:
        limits.append(f"{row.target.extra_mb:g} MiB")
    if row.target.total_mb is not None:
        limits.append(f"process {row.target.total_mb:g} MiB")
    outcome = {True: "met", False: "MISSED", None: "not measured"}[row.met]
    return f"{', '.join(limits)}: {outcome}"
