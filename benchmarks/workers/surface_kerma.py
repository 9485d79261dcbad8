"""Two organs compared by Kerma: overlap, surface distances and the added path."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmarks.workers import surface as case
from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.imaging.structure_agreement import PairComparison
from kerma.imaging.structure_comparison import compare_masks

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@cache
def _masks(file: Path) -> tuple[Mask, Mask]:
    grid = Grid(case.SHAPE, (0, 0, 0), case.SPACING, _AXIAL, "1.2")
    reference, test = case.load(file)
    return (
        Mask.of(reference, grid, name="reference"),
        Mask.of(test, grid, name="test"),
    )


def _compared(file: Path) -> PairComparison:
    return compare_masks(*_masks(file))


if __name__ == "__main__":
    measure(
        _compared,
        lambda pair: pair.hausdorff_mm or 0.0,
        name="kerma",
        version=__version__,
    )
