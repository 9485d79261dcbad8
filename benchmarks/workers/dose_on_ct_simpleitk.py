"""A dose brought onto the grid of a CT by SimpleITK."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import SimpleITK

from benchmarks.workers import dose_on_ct as case
from benchmarks.workers.meter import measure


def _resampled(file: Path) -> Any:
    dose = SimpleITK.GetImageFromArray(case.load(file))
    dose.SetSpacing(case.DOSE_SPACING[::-1])
    dose.SetOrigin(case.DOSE_ORIGIN)
    resampler = SimpleITK.ResampleImageFilter()
    resampler.SetNumberOfThreads(1)
    resampler.SetSize(case.CT_SHAPE[::-1])
    resampler.SetOutputSpacing(case.CT_SPACING[::-1])
    resampler.SetOutputOrigin(case.CT_ORIGIN)
    return resampler.Execute(dose)


if __name__ == "__main__":
    measure(
        _resampled,
        lambda image: case.answer(SimpleITK.GetArrayViewFromImage(image)),
        name="SimpleITK",
        version=SimpleITK.Version.VersionString(),
    )
