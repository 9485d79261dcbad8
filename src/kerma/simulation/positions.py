"""How a patient lies in the scanner, and how the images then lie in the patient."""

from __future__ import annotations

import math

from kerma.core.arrays import Vec3
from kerma.errors import GeometryError

__all__ = ["PATIENT_POSITIONS", "image_axes"]

# What is right and what is down in the image, in patient coordinates: the image is
# seen from the foot of the couch, and down is down in the room (PS3.3, C.7.3.1.1.2).
_ROWS_AND_COLUMNS: dict[str, tuple[Vec3, Vec3]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
}
PATIENT_POSITIONS = tuple(_ROWS_AND_COLUMNS)
"""The positions of PS3.3, C.7.3.1.1.2, of which the images are made here."""


def image_axes(position: str, *, tilt_deg: float = 0.0) -> tuple[Vec3, Vec3, Vec3]:
    """Axes along (k, j, i) of the images of a patient who lies in a position.

    Parameters
    ----------
    position
        HFS, HFP, HFDR, HFDL, FFS, FFP, FFDR or FFDL.
    tilt_deg
        Tilt of the gantry: the columns lean into the direction of the couch, while
        slices are still stacked along it.

    Raises
    ------
    GeometryError
        There is no such position.
    """
    if position not in _ROWS_AND_COLUMNS:
        raise GeometryError(
            f"No patient position {position!r}; there are: {', '.join(PATIENT_POSITIONS)}."
        )
    row, column = _ROWS_AND_COLUMNS[position]
    along: Vec3 = (0, 0, 1 if position.startswith("HF") else -1)
    cos, sin = math.cos(math.radians(tilt_deg)), math.sin(math.radians(tilt_deg))
    leaning = [cos * c + sin * a for c, a in zip(column, along, strict=True)]
    return along, (leaning[0], leaning[1], leaning[2]), row
