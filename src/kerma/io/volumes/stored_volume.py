"""Between the research formats and the nouns: what a file holds, and of what kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.dose import Dose, DoseUnits
from kerma.core.grid import Grid
from kerma.core.label_map import Label, LabelMap
from kerma.core.volume import CT, Volume
from kerma.errors import GeometryError, InputError

__all__ = [
    "AnyArray",
    "Quantity",
    "Stored",
    "grid_from_steps",
    "labels_of",
    "placement",
    "quantity_of",
]

AnyArray: TypeAlias = NDArray[Any]
_STRAIGHTENED_MM = 0.01


class Quantity(StrEnum):
    """What the numbers of a file are; the value is how our files say it."""

    UNKNOWN = ""
    HU = "HU"
    GY = "Gy"
    RELATIVE_DOSE = "relative dose"
    LABELS = "labels"

    @classmethod
    def stated(cls, text: str) -> Quantity:
        """The quantity that a file names; unknown for words that are not ours."""
        words = text.strip().strip('"')
        return cls(words) if words in list(cls) else cls.UNKNOWN


@dataclass(frozen=True, eq=False)
class Stored:
    """What a research file holds.

    Parameters
    ----------
    array
        (nk, nj, ni) numbers, of any type.
    grid
        Where they lie, without frame of reference; ``None`` where the file does not
        say.
    quantity
        What they are.
    labels
        What label numbers stand for.
    notes
        What was odd about the file but changed no number.
    """

    array: AnyArray
    grid: Grid | None
    quantity: Quantity = Quantity.UNKNOWN
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()


def quantity_of(volume: Volume) -> Quantity:
    """What the numbers of a volume are."""
    match volume:
        case CT():
            return Quantity.HU
        case Dose(units=DoseUnits.GY):
            return Quantity.GY
        case Dose():
            return Quantity.RELATIVE_DOSE
        case LabelMap():
            return Quantity.LABELS
        case _:
            return Quantity.UNKNOWN


def labels_of(volume: Volume) -> tuple[Label, ...]:
    """The labels of a label map; none of other volumes.

    Raises
    ------
    InputError
        The name of a label has a line break or another control character, which text
        headers cannot hold.
    """
    labels = volume.labels if isinstance(volume, LabelMap) else ()
    for label in labels:
        if not label.name.isprintable():
            raise InputError(
                f"The name of label {label.number} has a line break or another control "
                f"character; rename it."
            )
    return labels


def grid_from_steps(
    shape: tuple[int, int, int], origin: FloatArray, steps: FloatArray
) -> tuple[Grid, tuple[str, ...]]:
    """Grid from the way between neighboring voxels, and notes on it.

    Parameters
    ----------
    shape
        Number of voxels along ``(k, j, i)``.
    origin
        (3,) position of voxel (0, 0, 0), LPS, mm.
    steps
        (3, 3) a row each for k, j and i: from one voxel to the next, LPS, mm.

    Raises
    ------
    GeometryError
        The steps do not span space, or rows and columns are not perpendicular: more
        than rounding, which is straightened where no voxel moves by over 0.01 mm.
    """
    with np.errstate(all="ignore"):  # what overflows is refused in the next line
        spacing = np.linalg.norm(steps, axis=1)
    if not (np.isfinite(spacing).all() and spacing.min() > 0):
        raise GeometryError(
            f"its voxels are {spacing.tolist()} mm apart along slices, rows and "
            f"columns; each distance must be positive and finite."
        )
    axes = steps / spacing[:, np.newaxis]
    skew = float(axes[1] @ axes[2])
    notes: tuple[str, ...] = ()
    if abs(skew) > 1e-6:
        moved = abs(skew) * spacing[1] * (shape[1] - 1)
        if moved > _STRAIGHTENED_MM:
            raise GeometryError(
                f"its rows and columns meet at {np.degrees(np.arccos(skew)):.3f} "
                f"degrees, not at a right angle; resample it to straight slices first."
            )
        straight = axes[1] - skew * axes[2]
        axes[1] = straight / np.linalg.norm(straight)
        note = (
            f"Rows and columns were not quite perpendicular; straightening them moved "
            f"voxels by up to {moved:.4f} mm."
        )
        notes = (note,)
    k_axis, j_axis, i_axis = (_vector(axis) for axis in axes)
    grid = Grid(shape, _vector(origin), _vector(spacing), (k_axis, j_axis, i_axis), "")
    return grid, notes


def _vector(numbers: FloatArray) -> Vec3:
    x, y, z = (float(number) for number in numbers)
    return x, y, z


def placement(
    stored: Stored, spacing_mm: Vec3 | None, frame_of_reference: str
) -> tuple[Grid, tuple[str, ...]]:
    """Where the voxels lie, in which frame of reference, and notes on it.

    Raises
    ------
    GeometryError
        The file does not say where its voxels lie and no spacing is given, or both.
    """
    if stored.grid is not None:
        if spacing_mm is not None:
            raise GeometryError(
                "it says itself where its voxels lie; leave spacing_mm out."
            )
        return replace(stored.grid, frame_of_reference=frame_of_reference), stored.notes
    if spacing_mm is None:
        raise GeometryError(
            "it does not say where its voxels lie. Give their spacing along slices, "
            "rows and columns (spacing_mm) to have them as axial slices."
        )
    nk, nj, ni = stored.array.shape
    grid = Grid(
        shape=(nk, nj, ni),
        origin=(0.0, 0.0, 0.0),
        spacing=spacing_mm,
        axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
        frame_of_reference=frame_of_reference,
    )
    note = (
        "The file does not say where its voxels lie: taken as axial slices from feet "
        "to head, the first voxel at (0, 0, 0)."
    )
    return grid, (*stored.notes, note)
