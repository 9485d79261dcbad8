"""A structure set read by the loop that most scripts have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from benchmarks.workers.meter import measure


def _read(file: Path) -> list[npt.NDArray[np.float64]]:
    data = pydicom.dcmread(file)
    return [
        np.array(contour.ContourData, np.float64).reshape(-1, 3)
        for drawn in data.ROIContourSequence
        for contour in drawn.ContourSequence
    ]


def _sum(contours: list[npt.NDArray[np.float64]]) -> float:
    """Sum of all coordinates, mm."""
    return float(sum(points.sum() for points in contours))


if __name__ == "__main__":
    measure(_read, _sum, name="pydicom loop", version=pydicom.__version__)
