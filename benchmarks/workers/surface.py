"""The pair of organs whose surfaces are compared; see `inputs`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHAPE", "SPACING", "load"]

# (slice, row, column) and mm.
SHAPE, SPACING = (200, 512, 512), (2.5, 0.98, 0.98)


@cache
def load(file: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both organs, filled or not; read once, so that the reading is not timed."""
    with np.load(file) as both:
        return both["reference"], both["test"]
