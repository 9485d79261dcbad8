"""What a simulated breast is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray
from kerma.core.label_map import Label
from kerma.errors import InputError

__all__ = [
    "AIR_HU",
    "BONE",
    "CYLINDER",
    "FAT",
    "FOLD",
    "GLAND",
    "IMPLANT",
    "LABELS",
    "MUSCLE",
    "SKIN",
    "TISSUE_OF",
    "BreastHU",
    "Material",
]

AIR_HU = -1000.0
AIR, FAT, GLAND, SKIN, MUSCLE, BONE, FOLD, IMPLANT = range(8)
CYLINDER = 9

LABELS = (
    Label(FAT, "fat", (233, 196, 106)),
    Label(GLAND, "glands", (38, 110, 160)),
    Label(SKIN, "skin", (226, 149, 120)),
    Label(MUSCLE, "pectoralis major", (174, 52, 57)),
    Label(BONE, "bone", (237, 237, 228)),
    Label(FOLD, "skin fold", (129, 98, 160)),
    Label(IMPLANT, "implant", (92, 184, 172)),
    Label(CYLINDER, "cylinder", (140, 140, 140)),
)
"""The labels of the truth, as a segmentation of a breast CT has them."""


class Material(IntEnum):
    """What a sample of a drawn breast consists of; a tissue can have several."""

    AIR = 0
    FAT = 1
    GLAND = 2
    SKIN = 3
    MUSCLE = 4
    BONE = 5
    FOLD_FAT = 6
    FOLD_SKIN = 7
    SILICONE = 8
    SALINE = 9
    LIGAMENT = 10
    VESSEL = 11
    CALCIFICATION = 12
    CLIP = 13
    CYLINDER = 14


_TISSUES = {
    Material.AIR: AIR,
    Material.FAT: FAT,
    Material.GLAND: GLAND,
    Material.SKIN: SKIN,
    Material.MUSCLE: MUSCLE,
    Material.BONE: BONE,
    Material.FOLD_FAT: FOLD,
    Material.FOLD_SKIN: FOLD,
    Material.SILICONE: IMPLANT,
    Material.SALINE: IMPLANT,
    Material.LIGAMENT: GLAND,
    Material.VESSEL: GLAND,
    Material.CALCIFICATION: GLAND,
    Material.CLIP: AIR,
    Material.CYLINDER: CYLINDER,
}

TISSUE_OF: NDArray[np.uint8] = np.array([_TISSUES[m] for m in Material], dtype=np.uint8)
"""Label of each material. Ligaments and vessels count as glands, since a breast CT does
not tell them apart; a clip is no tissue at all."""


@dataclass(frozen=True)
class BreastHU:
    """True CT numbers of the materials, HU; air has -1000.

    By default those of an AB-CT nu:view at 60 kV, as the first segmentation scripts
    assume them for fat and gland; the others follow by their differences from gland,
    computed from attenuation tables for a filtered 60 kV spectrum.

    Raises
    ------
    InputError
        One of them is not finite, or does not lie above air.
    """

    fat: float = -255.0
    gland: float = -41.0
    skin: float = 0.0
    muscle: float = 10.0
    bone: float = 350.0
    silicone: float = 165.0
    saline: float = 10.0
    ligament: float = -10.0
    vessel: float = 30.0
    calcification: float = 1500.0
    clip: float = 8000.0
    cylinder: float = 100.0

    def __post_init__(self) -> None:
        for field in fields(self):
            hu = getattr(self, field.name)
            if not AIR_HU < hu < np.inf:
                raise InputError(
                    f"A material of the breast lies above air, {AIR_HU:g} HU; "
                    f"{field.name} has {hu:g} HU."
                )

    def by_material(self, *, gain: float = 1.0, offset_hu: float = 0.0) -> FloatArray:
        """(materials,) float32 CT numbers on a scale; that of air is fixed, HU."""
        own = np.array([AIR_HU, *(self._of(m) for m in list(Material)[1:])])
        scaled = own * gain + offset_hu
        scaled[Material.AIR] = AIR_HU
        return scaled.astype(np.float32)

    def _of(self, material: Material) -> float:
        return float(getattr(self, material.name.lower().removeprefix("fold_")))
