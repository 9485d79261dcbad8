"""A simulated breast CT and the right answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.label_map import LabelMap
from kerma.core.volume import CT
from kerma.simulation.breast.materials import LABELS, TISSUE_OF, Material

__all__ = ["BreastTruth", "SimulatedBreast", "truth_of"]

_DENSE = (
    Material.GLAND, Material.LIGAMENT, Material.VESSEL, Material.CALCIFICATION,
)  # fmt: skip


@dataclass(frozen=True)
class BreastTruth:
    """What a procedure should find, of what the field of view shows.

    Parameters
    ----------
    glandularity
        Volume of all that reads like gland (ligaments, vessels and calcifications too)
        in that of it and fat; ``None`` where there is neither.
    strict_glandularity
        The same of gland alone.
    volumes_ml
        Volume of each tissue by its name, partial voxels and all, ml.
    skin_mm
        Thickness of the skin in the mean over the surface; ``None`` where it is not
        known.
    diameter_mm
        At the chest wall; ``None`` where it is not known.
    """

    glandularity: float | None
    strict_glandularity: float | None
    volumes_ml: Mapping[str, float]
    skin_mm: float | None = None
    diameter_mm: float | None = None

    def to_dict(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class SimulatedBreast:
    """A simulated breast CT and the right answer to it.

    Parameters
    ----------
    ct
        The scan; its array is in the frame of the breast, chest wall first, head first,
        patient's right first.
    truth
        Tissue of each voxel: that which most of it consists of.
    counts
        For fat (1), gland (2) and skin (3): (nk, nj, ni) uint8 number of the voxel's
        samples that are of it.
    samples_per_voxel
        How many samples a voxel has.
    summary
        What a procedure should find.
    """

    ct: CT
    truth: LabelMap
    counts: Mapping[int, NDArray[np.uint8]]
    samples_per_voxel: int
    summary: BreastTruth

    def fraction(self, tissue: int) -> FloatArray:
        """(nk, nj, ni) float32 share of a voxel that is fat (1), gland (2), skin (3)."""
        return self.counts[tissue] / np.float32(self.samples_per_voxel)


def truth_of(
    totals: IntArray,
    sample_ml: float,
    *,
    skin_mm: float | None = None,
    diameter_mm: float | None = None,
) -> BreastTruth:
    """Volumes and glandularity from the number of samples of each material."""
    fat, gland = int(totals[Material.FAT]), int(totals[Material.GLAND])
    dense = sum(int(totals[material]) for material in _DENSE)
    tissue = fat + dense
    return BreastTruth(
        glandularity=dense / tissue if tissue else None,
        strict_glandularity=gland / tissue if tissue else None,
        volumes_ml={
            label.name: float(totals[label.number == TISSUE_OF].sum() * sample_ml)
            for label in LABELS
        },
        skin_mm=skin_mm,
        diameter_mm=diameter_mm,
    )
