"""Sections through a breast: where to look, and which way up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import LabelArray, Vec3
from kerma.workflows.breast_ct.tissues import Tissue

__all__ = ["Plane", "Section", "largest_section"]

T = TypeVar("T", bound=np.generic)

_OF_BREAST = (Tissue.FAT, Tissue.GLAND, Tissue.SKIN, Tissue.IMPLANT)


class Plane(StrEnum):
    """A plane of the body; the value is its letter in names of files."""

    CORONAL = "c"
    SAGITTAL = "s"
    TRANSVERSAL = "t"

    @property
    def axis(self) -> int:
        """Axis of the breast's frame that the plane is perpendicular to."""
        return {"c": 0, "t": 1, "s": 2}[self.value]

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies to the left, right, top and bottom of the picture.

        Head or front up. A transversal section is seen from the feet, a sagittal one
        from the patient's left, and a coronal one as if facing the patient.
        """
        return {
            "c": ("R", "L", "H", "F"),
            "s": ("A", "P", "H", "F"),
            "t": ("R", "L", "A", "P"),
        }[self.value]


@dataclass(frozen=True)
class Section:
    """One slice across the frame of the breast.

    Parameters
    ----------
    plane
        Which way it runs.
    index
        Of the slice along the axis of the plane.
    """

    plane: Plane
    index: int

    def of(self, array: NDArray[T]) -> NDArray[T]:
        """The section as a picture, first row on top."""
        return _UPRIGHT[self.plane](np.take(array, self.index, axis=self.plane.axis))

    def pixel_mm(self, spacing: Vec3) -> tuple[float, float]:
        """Height and width of a pixel of the picture, mm."""
        k, j, i = spacing
        return {"c": (j, i), "s": (j, k), "t": (k, i)}[self.plane.value]

    def place(
        self, position: NDArray[Any] | Vec3, shape: tuple[int, int, int]
    ) -> tuple[float, float]:
        """Row and column in the picture of a voxel index ``(k, j, i)``."""
        k, j, i = position
        from_front = shape[0] - 1 - float(k)
        return {
            "c": (float(j), float(i)),
            "s": (float(j), from_front),
            "t": (from_front, float(i)),
        }[self.plane.value]


def largest_section(numbers: LabelArray, plane: Plane) -> Section:
    """The section that holds most of the breast: fat, glands, skin and implant.

    Of several alike it is the first; without any breast it is the middle one.

    Parameters
    ----------
    numbers
        (nk, nj, ni) tissue numbers in the frame of the breast.
    plane
        Which way it runs.
    """
    others = tuple(axis for axis in range(3) if axis != plane.axis)
    areas = np.isin(numbers, _OF_BREAST).sum(axis=others)
    found = int(np.argmax(areas)) if areas.any() else areas.size // 2
    return Section(plane, found)


_UPRIGHT: dict[Plane, Callable[[NDArray[Any]], NDArray[Any]]] = {
    Plane.CORONAL: lambda picture: picture,
    Plane.SAGITTAL: lambda picture: picture[::-1].T,
    Plane.TRANSVERSAL: lambda picture: picture[::-1],
}
