"""A Catphan 504 loaded and analyzed by pylinac, without its plots."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

# It is in the peers' environment only.
import pylinac  # type: ignore[import-not-found]

from benchmarks.workers.meter import measure


def _analyze(folder: Path) -> Any:
    phantom = pylinac.CatPhan504(folder)
    phantom.analyze()
    return phantom


def _teflon(phantom: Any) -> float:
    return float(phantom.ctp404.rois["Teflon"].pixel_value)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure(_analyze, _teflon, name="pylinac", version=pylinac.__version__)
