"""Names for the array types that cross a module boundary."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "FloatArray", "HUArray", "IntArray", "LabelArray", "Vec3"]

FloatArray: TypeAlias = NDArray[np.floating[Any]]
IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]
HUArray: TypeAlias = NDArray[np.int16] | NDArray[np.float32]
"""CT numbers: int16 where every one of them is a whole number, else float32."""

LabelArray: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""Numbers of regions, 0 for none."""

Vec3: TypeAlias = tuple[float, float, float]
