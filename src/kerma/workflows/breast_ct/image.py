"""A breast CT as the steps of the procedure see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray, HUArray, Vec3

__all__ = ["BreastImage"]

_SMOOTHING_MM = 0.45


@dataclass(frozen=True, eq=False)
class BreastImage:
    """CT numbers, turned so that the first axis runs from chest wall to nipple.

    The second axis runs from head to feet and the third from the patient's right to
    the left, so that a slice is seen as if facing the patient.

    Parameters
    ----------
    hu
        (nk, nj, ni) CT numbers, HU, C-contiguous.
    spacing
        Distance between voxel centers along ``(k, j, i)``, mm.
    """

    hu: HUArray
    spacing: Vec3

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel, ml."""
        return float(np.prod(self.spacing)) / 1000

    @cached_property
    def smooth(self) -> FloatArray:
        """(nk, nj, ni) float32 HU after a Gaussian of 0.45 mm, for decisions.

        Means are taken over `hu` itself.
        """
        from scipy.ndimage import gaussian_filter

        sigma = [_SMOOTHING_MM / step for step in self.spacing]
        smooth = gaussian_filter(self.hu, sigma, output=np.float32, truncate=3.0)
        smooth.flags.writeable = False
        return smooth
