"""The HU scale of a breast CT: what fat and glands read on this scan."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.core.arrays import FloatArray
from kerma.errors import InputError

__all__ = ["AIR_HU", "HUScale"]

AIR_HU = -1000.0


@dataclass(frozen=True)
class HUScale:
    """CT numbers of pure fat and pure gland, by which all other thresholds are set.

    Breast CTs differ in their scale by tens of HU, and one scanner drifts; contrasts
    between the tissues stay. Thresholds are therefore fractions of the way from fat
    (0) to gland (1): muscle and skin lie somewhat above 1, bone and silicone near 2.

    Parameters
    ----------
    fat_hu, gland_hu
        CT numbers, HU.

    Raises
    ------
    InputError
        Gland does not lie above fat, or fat not above air.
    """

    fat_hu: float
    gland_hu: float

    def __post_init__(self) -> None:
        if not AIR_HU < self.fat_hu < self.gland_hu:
            raise InputError(
                f"Fat lies between air and gland; got {self.fat_hu:g} HU for fat and "
                f"{self.gland_hu:g} HU for gland."
            )

    @property
    def contrast_hu(self) -> float:
        """Gland minus fat, HU."""
        return self.gland_hu - self.fat_hu

    @property
    def surface_hu(self) -> float:
        """Halfway from air to fat, HU: where the skin's outer surface is drawn."""
        return (AIR_HU + self.fat_hu) / 2

    def at(self, fraction: float) -> float:
        """CT number, HU, at a fraction of the way from fat (0) to gland (1)."""
        return self.fat_hu + fraction * self.contrast_hu

    def fraction_of(self, hu: FloatArray) -> FloatArray:
        """Fraction of the way from fat to gland of CT numbers, any shape; not clipped."""
        return (hu - self.fat_hu) / self.contrast_hu
