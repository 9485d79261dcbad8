"""Twenty dose-volume histograms at 1 mm by Kerma, from what was read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.dose import Dose
from kerma.core.structures import StructureSet
from kerma.dosimetry import DVH, Sampling, dvhs
from kerma.io import read_dose, read_structures


@cache
def _read(folder: Path) -> tuple[Dose, StructureSet]:
    dose = read_dose(folder / "dose.dcm")
    return dose, read_structures(folder / "structures" / "rs.dcm")


def _histograms(folder: Path) -> tuple[DVH, ...]:
    dose, structures = _read(folder)
    return dvhs(dose, structures, sampling=Sampling(spacing_mm=1.0))


def _mean(histograms: tuple[DVH, ...]) -> float:
    """Mean dose of all structures together, Gy."""
    volume = sum(one.volume_cc for one in histograms)
    return sum(one.mean_gy * one.volume_cc for one in histograms) / volume


if __name__ == "__main__":
    measure(_histograms, _mean, name="kerma", version=__version__, prepare=_read)
