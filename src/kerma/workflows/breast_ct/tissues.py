"""The tissues of a breast CT and their numbers in a label map."""

from __future__ import annotations

from enum import IntEnum

from kerma.core.label_map import Label

__all__ = ["COLORS", "LABELS", "Tissue"]


class Tissue(IntEnum):
    """Number of a tissue in a label map, as the first breast CT scripts have them."""

    AIR = 0
    FAT = 1
    GLAND = 2
    SKIN = 3
    """Skin with the nipple."""
    MUSCLE = 4
    """Pectoralis major."""
    BONE = 5
    FOLD = 6
    """A fold of the abdominal or thoracic wall beside the breast, skin and all."""
    IMPLANT = 7
    CYLINDER = 9
    """The cylinder that holds the breast; 8 is reserved."""

    @property
    def title(self) -> str:
        """As a person calls it."""
        return _TITLES[self]


_TITLES = {
    Tissue.AIR: "air",
    Tissue.FAT: "fat",
    Tissue.GLAND: "glands",
    Tissue.SKIN: "skin",
    Tissue.MUSCLE: "pectoralis major",
    Tissue.BONE: "bone",
    Tissue.FOLD: "skin fold",
    Tissue.IMPLANT: "implant",
    Tissue.CYLINDER: "cylinder",
}

COLORS: dict[Tissue, tuple[int, int, int]] = {
    Tissue.FAT: (233, 196, 106),
    Tissue.GLAND: (38, 110, 160),
    Tissue.SKIN: (226, 149, 120),
    Tissue.MUSCLE: (174, 52, 57),
    Tissue.BONE: (237, 237, 228),
    Tissue.FOLD: (129, 98, 160),
    Tissue.IMPLANT: (92, 184, 172),
    Tissue.CYLINDER: (140, 140, 140),
}
"""Display color of each tissue, red, green, blue, 0 to 255."""

LABELS = tuple(Label(tissue, tissue.title, COLORS[tissue]) for tissue in COLORS)
"""The labels of a tissue map, air being the background."""
