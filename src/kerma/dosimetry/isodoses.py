"""Isodoses as structures."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose
from kerma.core.structures import Contour, Structure
from kerma.errors import InputError

__all__ = ["isodose"]

_RIM = 1e-3  # voxels beyond the last centers, where an isodose that leaves is closed


def isodose(dose: Dose, gy: float, *, number: int = 1, name: str = "") -> Structure:
    """The lines of equal dose on each plane of a dose, as a structure.

    The dose is interpolated linearly between voxel centers. A line that leaves the
    grid is closed along its edge; what would be a hole is a contour within another.

    Parameters
    ----------
    dose
        In Gy.
    gy
        Level, Gy.
    number, name
        Of the structure; by default its name is the level.

    Raises
    ------
    InputError
        The level is not reached, or reached everywhere.
    ScopeError
        The dose is relative.
    """
    from contourpy import contour_generator

    array = dose.gy
    if not array.min() < gy <= array.max():
        raise InputError(
            f"An isodose of {gy:g} Gy does not exist: the dose goes from "
            f"{array.min():g} to {array.max():g} Gy."
        )
    rows, columns = (
        np.concatenate([[-_RIM], np.arange(n), [n - 1 + _RIM]]) for n in array.shape[1:]
    )
    below = float(array.min()) - 1e3 * (gy - float(array.min()))
    contours = []
    for k, plane in enumerate(array):
        if plane.max() < gy:
            continue
        padded = np.pad(plane.astype(np.float64), 1, constant_values=below)
        lines = contour_generator(columns, rows, padded).lines(gy)
        contours += [
            Contour(_positions(dose, k, np.asarray(line)))
            for line in lines
            if len(line) > 3
        ]
    return Structure(
        number,
        name or f"{gy:g} Gy",
        tuple(contours),
        interpreted_type="DOSE_REGION",
        generation_algorithm="AUTOMATIC",
        frame_of_reference=dose.grid.frame_of_reference,
    )


def _positions(dose: Dose, k: int, line: FloatArray) -> FloatArray:
    """(n, 3) positions of a closed line (n + 1, 2) of columns and rows."""
    index = np.stack([np.full(len(line) - 1, float(k)), line[:-1, 1], line[:-1, 0]], 1)
    return dose.grid.to_patient(index)
