"""A CT series read by SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# It is in the peers' environment only.
import SimpleITK

from benchmarks.workers.meter import measure


def _read(folder: Path) -> Any:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def _first_slice(image: Any) -> float:
    return float(SimpleITK.GetArrayViewFromImage(image)[0].mean())


if __name__ == "__main__":
    measure(
        _read,
        _first_slice,
        name="SimpleITK",
        version=SimpleITK.Version.VersionString(),
    )
