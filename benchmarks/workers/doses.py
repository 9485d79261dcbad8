"""Two doses and the distance of their voxels, read once; see `inputs`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["load"]


@cache
def load(file: Path) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Reference, evaluated and mm, so that the reading is not timed."""
    with np.load(file) as read:
        return read["reference"], read["evaluated"], float(read["spacing_mm"])
