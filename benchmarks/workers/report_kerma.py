"""A calibration by Kerma with its report, every file of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.service.procedures import ct_calibration


def _report(scan: Path) -> int:
    """Number of files of the report."""
    with TemporaryDirectory() as folder:
        ct_calibration(scan, out=Path(folder) / "report")
        return sum(file.is_file() for file in Path(folder).rglob("*"))


if __name__ == "__main__":
    measure(_report, float, name="kerma", version=__version__)
