"""A calibration by Kerma, from the files to the result."""

from __future__ import annotations

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.service.procedures import ct_calibration
from kerma.workflows.ct_calibration.result import Calibration


def _teflon(result: Calibration) -> float:
    return next(one.mean_hu for one in result.readings if one.name == "teflon")


if __name__ == "__main__":
    measure(ct_calibration, _teflon, name="kerma", version=__version__)
