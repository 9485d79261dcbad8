"""A dose brought onto the grid of a CT by SciPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from benchmarks.workers import dose_on_ct as case
from benchmarks.workers.meter import measure


def _resampled(file: Path) -> NDArray[Any]:
    step = np.array(case.DOSE_SPACING)
    apart = np.array(case.CT_ORIGIN[::-1]) - np.array(case.DOSE_ORIGIN[::-1])
    return np.asarray(
        affine_transform(
            case.load(file),
            np.array(case.CT_SPACING) / step,
            apart / step,
            case.CT_SHAPE,
            order=1,
        )
    )


if __name__ == "__main__":
    measure(_resampled, case.answer, name="SciPy", version=scipy.__version__)
