"""A CT series read by the loop that most scripts have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from benchmarks.workers.meter import measure


def _read(folder: Path) -> npt.NDArray[np.float64]:
    slices = [pydicom.dcmread(file) for file in folder.iterdir()]
    slices.sort(key=lambda image: float(image.ImagePositionPatient[2]))
    return np.stack(
        [
            image.pixel_array * float(image.RescaleSlope)
            + float(image.RescaleIntercept)
            for image in slices
        ]
    )


def _first_slice(hu: npt.NDArray[np.float64]) -> float:
    return float(hu[0].mean())


if __name__ == "__main__":
    measure(_read, _first_slice, name="pydicom loop", version=pydicom.__version__)
