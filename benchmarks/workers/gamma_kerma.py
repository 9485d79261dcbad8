"""Gamma, 3 %/3 mm, of two doses by Kerma."""

from __future__ import annotations

from pathlib import Path

from benchmarks.workers.doses import load
from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.dosimetry import GammaAnalysis, GammaCriteria, gamma

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def _compared(file: Path) -> GammaAnalysis:
    reference, evaluated, step = load(file)
    nk, nj, ni = reference.shape
    grid = Grid((nk, nj, ni), (0.0, 0.0, 0.0), (step, step, step), _AXIAL, "1.2")
    return gamma(Dose(reference, grid), Dose(evaluated, grid), GammaCriteria(3, 3))


if __name__ == "__main__":
    measure(
        _compared,
        lambda found: found.result.mean or 0.0,
        name="kerma",
        version=__version__,
    )
