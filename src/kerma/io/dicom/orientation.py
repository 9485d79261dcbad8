"""Directions of an image plane (PS3.3, C.7.6.2.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from kerma.core.arrays import FloatArray
from kerma.errors import DicomError
from kerma.io.dicom.header import Tag

__all__ = ["row_and_column"]

_SKEW_NOTED, _SKEW_REFUSED = 1e-4, 1e-3


def row_and_column(
    orientation: ArrayLike, name: str
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Unit vectors along a row and down a column, made exactly perpendicular.

    Parameters
    ----------
    orientation
        (6,) or (2, 3) values of Image Orientation (Patient) (0020,0037).
    name
        Of the file, for the message.

    Returns
    -------
    rows, columns
        (3,) unit vectors.
    notes
        Whether they had to be corrected by more than rounding.

    Raises
    ------
    DicomError
        They are not unit vectors, or not perpendicular.
    """
    given = np.reshape(np.asarray(orientation, dtype=np.float64), (2, 3))
    rows, columns = given
    lengths = np.linalg.norm(given, axis=1)
    skew = abs(rows @ columns)
    if skew > _SKEW_REFUSED or np.abs(lengths - 1).max() > _SKEW_REFUSED:
        shown = tuple(map(tuple, given.tolist()))
        raise DicomError(
            f"{name}: {Tag.IMAGE_ORIENTATION_PATIENT} is {shown}; it must be two "
            f"perpendicular unit vectors."
        )
    rows = rows / lengths[0]
    columns = columns - (columns @ rows) * rows
    columns = columns / np.linalg.norm(columns)
    if skew <= _SKEW_NOTED:
        return rows, columns, ()
    angle = np.degrees(skew)
    note = f"Rows and columns were {angle:.3f} degrees off the right angle; corrected."
    return rows, columns, (note,)
