"""Run the benchmarks: ``python benchmarks/run.py [NAME ...] [--repeats N]``.

Prints a table in Markdown; the README beside this file says how to read it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

# A script sees its own folder only, and the workers need the one above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cases import BENCHMARKS
from benchmarks.measure import by_turns
from benchmarks.table import HEADER, Row, line_of, rows_of, to_record
from kerma.errors import InputError


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, measure, print."""
    options = _options(arguments)
    rows: list[Row] = []
    print(HEADER, flush=True)
    for name in options.names or BENCHMARKS:
        for row in _measured(name, options.repeats):
            rows.append(row)
            print(line_of(row), flush=True)
    for row in rows:
        if row.disagreement:
            print(f"\n{row.disagreement}")
    if options.json:
        text = json.dumps(to_record(rows), indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time Kerma beside its peers.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which: {', '.join(BENCHMARKS)}; all by default",
    )
    parser.add_argument(
        "--repeats", type=int, help="processes of each program, 5 or 10 by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table too")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"No benchmark {name!r}; there are: {', '.join(BENCHMARKS)}.")
    if options.repeats is not None and options.repeats < 1:
        parser.error(f"--repeats is at least 1; got {options.repeats}.")
    return options


def _measured(name: str, repeats: int | None) -> list[Row]:
    benchmark = BENCHMARKS[name]
    with TemporaryDirectory() as folder:
        try:
            source = benchmark.prepare(Path(folder) / name)
        except InputError as error:
            return rows_of(name, benchmark, [error])
        programs = [make(source) for make in (benchmark.ours, *benchmark.peers)]
        measured = by_turns(programs, repeats or benchmark.repeats)
    return rows_of(name, benchmark, measured)


if __name__ == "__main__":
    main()
