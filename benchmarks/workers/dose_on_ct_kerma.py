"""A dose brought onto the grid of a CT by Kerma."""

from __future__ import annotations

from pathlib import Path

from benchmarks.workers import dose_on_ct as case
from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.imaging import resample

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def _resampled(file: Path) -> Dose:
    of_dose = Grid(case.DOSE_SHAPE, case.DOSE_ORIGIN, case.DOSE_SPACING, _AXIAL, "1.2")
    of_ct = Grid(case.CT_SHAPE, case.CT_ORIGIN, case.CT_SPACING, _AXIAL, "1.2")
    return resample(Dose(case.load(file), of_dose), of_ct)


if __name__ == "__main__":
    measure(
        _resampled,
        lambda dose: case.answer(dose.array),
        name="kerma",
        version=__version__,
    )
