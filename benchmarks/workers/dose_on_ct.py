"""The dose and the CT of a real plan, as far as their grids go; see `inputs`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CT_ORIGIN",
    "CT_SHAPE",
    "CT_SPACING",
    "DOSE_ORIGIN",
    "DOSE_SHAPE",
    "DOSE_SPACING",
    "answer",
    "load",
]

# (slice, row, column) and mm; origins (x, y, z) mm; both axial.
DOSE_SHAPE, DOSE_SPACING = (79, 145, 268), (2.0, 2.0, 2.0)
DOSE_ORIGIN = (-265.3, -41.9, -675.0)
CT_SHAPE, CT_SPACING = (159, 512, 512), (1.0, 1.171875, 1.171875)
CT_ORIGIN = (-300.0, -218.0, -676.0)


@cache
def load(file: Path) -> NDArray[np.float32]:
    """The dose; read once, so that the reading is not timed."""
    dose: NDArray[np.float32] = np.load(file)
    return dose


def answer(array: NDArray[Any]) -> float:
    """Sum over the voxels of a box well inside the dose, Gy."""
    return float(np.sum(array[20:120, 180:320, 80:400], dtype=np.float64))
