"""Gamma, 3 %/3 mm, of two doses by pymedphys, with ten samples to a criterion."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

# It is in the peers' environment only.
import pymedphys  # type: ignore[import-not-found]
from numpy.typing import NDArray

from benchmarks.workers.doses import load
from benchmarks.workers.meter import measure


def _compared(file: Path) -> NDArray[Any]:
    reference, evaluated, step = load(file)
    here, there = reference.squeeze(), evaluated.squeeze()
    axes = tuple(np.arange(count) * step for count in here.shape)
    return np.asarray(
        pymedphys.gamma(
            axes,
            here.astype(float),
            axes,
            there.astype(float),
            3,
            3,
            lower_percent_dose_cutoff=10,
            interp_fraction=10,
            max_gamma=2,
            quiet=True,
        )
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure(
        _compared,
        lambda found: float(np.nanmean(found)),
        name="pymedphys",
        version=pymedphys.__version__,
    )
