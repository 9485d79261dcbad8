"""A segmented breast: its maps beside its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray
from kerma.core.label_map import LabelMap
from kerma.core.volume import CT, Volume
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.orientation import Turned
from kerma.workflows.breast_ct.result import BreastCT
from kerma.workflows.breast_ct.skin import Skin
from kerma.workflows.breast_ct.tissues import LABELS, Tissue

__all__ = ["SegmentedBreast"]


@dataclass(frozen=True, eq=False)
class SegmentedBreast:
    """A breast CT with its tissues.

    All arrays lie on the turned scan, first axis from chest wall to nipple; `label_map`
    and `gland_map` put them back on the scan as it was read.

    Parameters
    ----------
    ct
        The scan as it was read.
    turned
        The scan turned to the frame of the breast.
    numbers
        (nk, nj, ni) uint8 tissue numbers, the cylinder left out.
    gland_percent
        (nk, nj, ni) uint8, how much of each voxel of fat and gland is gland.
    cylinder
        (nj, ni) section of the cylinder, empty where there is none.
    skin
        The skin and its thickness.
    result
        The numbers.
    seconds
        CPU time by step, s.
    """

    ct: CT
    turned: Turned
    numbers: NDArray[np.uint8]
    gland_percent: NDArray[np.uint8]
    cylinder: BoolArray
    skin: Skin
    result: BreastCT
    seconds: Mapping[str, float]

    @property
    def image(self) -> BreastImage:
        """The turned scan."""
        return BreastImage(self.turned.array, self.turned.grid.spacing)

    @property
    def fold(self) -> BoolArray:
        """(nk, nj, ni) voxels of the skin fold."""
        return np.asarray(self.numbers == Tissue.FOLD)

    def numbers_with_cylinder(self) -> NDArray[np.uint8]:
        """(nk, nj, ni) tissue numbers, the cylinder as 9 where there is air."""
        numbers = self.numbers.copy()
        numbers[(numbers == Tissue.AIR) & self.cylinder] = Tissue.CYLINDER
        return numbers

    def label_map(self, *, cylinder: bool = False) -> LabelMap:
        """Tissue numbers on the grid of the scan as it was read.

        Parameters
        ----------
        cylinder
            Whether the cylinder is in it.
        """
        numbers = self.numbers_with_cylinder() if cylinder else self.numbers
        return LabelMap(self.turned.back(numbers), self.ct.grid, labels=LABELS)

    def gland_map(self) -> Volume:
        """Gland in percent of each voxel on the grid of the scan as it was read."""
        return Volume(self.turned.back(self.gland_percent), self.ct.grid)
