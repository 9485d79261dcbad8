"""Twenty masks on the grid of a CT by Kerma, from what was read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmarks.workers.meter import measure
from kerma import __version__
from kerma.core.grid import Grid
from kerma.core.mask import Mask
from kerma.core.structures import StructureSet
from kerma.imaging import mask_of
from kerma.io import read_structures

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


@cache
def _read(file: Path) -> StructureSet:
    return read_structures(file)


def _masks(file: Path) -> list[Mask]:
    pixel = 500 / 512
    grid = Grid(
        (200, 512, 512), (-250, -250, -450), (2.5, pixel, pixel), _AXIAL, "1.2.3"
    )
    return [mask_of(structure, grid) for structure in _read(file)]


def _volume(masks: list[Mask]) -> float:
    """Volume of all structures together, cm³."""
    return sum(mask.volume_mm3 for mask in masks) / 1000


if __name__ == "__main__":
    measure(_masks, _volume, name="kerma", version=__version__, prepare=_read)
