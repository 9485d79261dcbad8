"""The Hausdorff distance of two organs by SimpleITK, and nothing else."""

from __future__ import annotations

from pathlib import Path

import SimpleITK

from benchmarks.workers import surface as case
from benchmarks.workers.meter import measure


def _hausdorff_mm(file: Path) -> float:
    images = []
    for organ in case.load(file):
        image = SimpleITK.GetImageFromArray(organ)
        image.SetSpacing(case.SPACING[::-1])
        images.append(image)
    compared = SimpleITK.HausdorffDistanceImageFilter()
    compared.SetNumberOfThreads(1)
    compared.Execute(*images)
    return float(compared.GetHausdorffDistance())


if __name__ == "__main__":
    measure(
        _hausdorff_mm,
        float,
        name="SimpleITK",
        version=SimpleITK.Version.VersionString(),
    )
