"""Voxels that say which region they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import BoolArray, LabelArray
from kerma.core.lookup import check_numbers, the_one
from kerma.core.volume import Volume
from kerma.errors import InputError

__all__ = ["Label", "LabelMap"]


@dataclass(frozen=True)
class Label:
    """What one number in a label map stands for.

    Parameters
    ----------
    number
        Value of its voxels, 1 to 65535; 0 is the background and has no label.
    name
        As a person calls it.
    color
        Display color, red, green, blue, 0 to 255.

    Raises
    ------
    InputError
        A number or a color outside its range.
    """

    number: int
    name: str
    color: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= np.iinfo(np.uint16).max:
            raise InputError(
                f"A label has a number from 1 to 65535; got {self.number}. 0 is the "
                f"background."
            )
        if self.color is not None and not _is_color(self.color):
            raise InputError(
                f"A color is red, green and blue from 0 to 255; label {self.number} "
                f"has {self.color}."
            )


def _is_color(color: Iterable[int]) -> bool:
    parts = tuple(color)
    return len(parts) == 3 and all(0 <= part <= 255 for part in parts)


@dataclass(frozen=True, eq=False)
class LabelMap(Volume):
    """One number per voxel, uint8 or uint16; 0 is the background.

    Each voxel belongs to one region at most. Regions that overlap need a mask each.

    Parameters
    ----------
    labels
        What the numbers stand for. A number in the array need not have a label, and
        a label need not have voxels.
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    InputError
        The array is not of uint8 or uint16, two labels have one number, or a label
        has a number that the array cannot hold.
    """

    array: LabelArray
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.array.dtype not in (np.uint8, np.uint16):
            raise InputError(f"A label map is uint8 or uint16; got {self.array.dtype}.")
        numbers = [label.number for label in self.labels]
        check_numbers(self.labels, "label")
        largest = np.iinfo(self.numbers.dtype).max
        if max(numbers, default=0) > largest:
            raise InputError(
                f"Label {max(numbers)} does not fit voxels of {self.array.dtype}; use "
                f"uint16."
            )

    @property
    def numbers(self) -> LabelArray:
        """(nk, nj, ni) number of the region of each voxel, 0 for none."""
        return self.array

    def __getitem__(self, key: str | int) -> Label:
        """A label by its name or its number.

        Raises
        ------
        InputError
            There is none, or several have the name.
        """
        return the_one(self.labels, key, "label")

    def mask(self, key: str | int) -> BoolArray:
        """(nk, nj, ni) voxels of one region, by its name or its number.

        Raises
        ------
        InputError
            There is no such label, or several have the name. A number that voxels
            have is good without a label.
        """
        number = key if isinstance(key, int) else self[key].number
        return np.asarray(self.array == number)
