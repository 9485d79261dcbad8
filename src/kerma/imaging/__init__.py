"""Methods on images."""

from __future__ import annotations

from kerma.imaging.orientation import covering_grid
from kerma.imaging.resampling import coverage, resample, sample

__all__ = ["coverage", "covering_grid", "resample", "sample"]
