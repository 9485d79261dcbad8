"""A structure set read by Kerma."""

from __future__ import annotations

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.structures import StructureSet
from kerma.io.rtstruct.reader import read_structures


def _sum(structures: StructureSet) -> float:
    """Sum of all coordinates, mm."""
    return float(sum(c.points.sum() for one in structures for c in one.contours))


if __name__ == "__main__":
    measure(read_structures, _sum, name="kerma", version=__version__)
