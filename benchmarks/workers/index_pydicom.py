"""Every file of a folder parsed with pydicom, nothing but two UIDs decoded."""

from __future__ import annotations

from pathlib import Path

import pydicom

from benchmarks.workers.meter import measure


def _read(folder: Path) -> list[tuple[str, str]]:
    read = [pydicom.dcmread(file) for file in sorted(folder.rglob("*.dcm"))]
    return [(data.SeriesInstanceUID, data.SOPInstanceUID) for data in read]


def _instances(found: list[tuple[str, str]]) -> float:
    return float(len(found))


if __name__ == "__main__":
    measure(_read, _instances, name="pydicom parse", version=pydicom.__version__)
