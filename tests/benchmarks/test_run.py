"""The benchmark runner: what it prints and writes, not how long things take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_RUNNER = Path(__file__).resolve().parents[2] / "benchmarks" / "run.py"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(_RUNNER), *arguments],
        check=False,
        capture_output=True,
        text=True,
    )


def test_each_benchmark_has_its_row_in_the_table_and_in_the_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "benchmarks.json"
    done = _run("import", "help", "--repeats", "1", "--json", str(file))
    assert done.returncode == 0, done.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["benchmark"] for row in rows] == ["import", "help"]
    for row, line in zip(rows, done.stdout.splitlines()[2:], strict=True):
        assert line.startswith(f"| {row['benchmark']} | {row['ours']['cpu_s']:.3f} ")
        assert row["ratio"] == row["peer"]["cpu_s"] / row["ours"]["cpu_s"]


def test_an_unknown_benchmark_is_answered_with_those_there_are() -> None:
    done = _run("sorting")
    assert done.returncode == 2
    assert "No benchmark 'sorting'; there are: read-ct, " in done.stderr


def test_a_benchmark_is_repeated_at_least_once() -> None:
    done = _run("import", "--repeats", "0")
    assert done.returncode == 2
    assert "--repeats is at least 1; got 0." in done.stderr
