"""From the machine's coordinates to the patient's (IEC 61217).

The fixed system stands in the room with its origin at the isocenter: seen by someone who
faces the gantry, +X goes to the right, +Y to the gantry, +Z up. The patient's system is
DICOM's: +x to the left, +y posterior, +z superior.
"""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError, ScopeError

__all__ = [
    "PATIENT_POSITIONS",
    "beam_to_fixed",
    "fixed_to_patient",
    "normalized_angle",
    "require_normalized",
]

_RIGHT, _GANTRY, _UP = np.eye(3)
# Where the patient's back and head point to on the couch at 0 degrees; PS3.3,
# C.7.3.1.1.2. The left hand follows: left = posterior x superior.
_LYING = {
    "HFS": (-_UP, _GANTRY),
    "HFP": (_UP, _GANTRY),
    "FFS": (-_UP, -_GANTRY),
    "FFP": (_UP, -_GANTRY),
}

PATIENT_POSITIONS = tuple(_LYING)
"""Patient Positions (0018,5100) that can be placed on the couch."""


def normalized_angle(angle_deg: float) -> float:
    """The same angle from 0 up to, not including, 360 degrees: -0.1 becomes 359.9.

    An angle that lies there already is not touched; others are rounded to ten decimals,
    so that -0.37 becomes 359.63 and not 359.63000000000005.
    """
    if 0 <= angle_deg < 360:
        return angle_deg + 0.0  # no minus zero
    turned = round(angle_deg % 360, 10)
    return turned if turned < 360 else 0.0


def beam_to_fixed(
    *, gantry_angle_deg: float, collimator_angle_deg: float = 0.0
) -> FloatArray:
    r"""Rotation from the beam limiting device's system to the fixed system.

    In the system of the beam limiting device the source lies on +z and the jaws X1, X2
    and Y1, Y2 move along x and y. The collimator turns counterclockwise as the source
    sees it, the gantry clockwise as someone who faces it sees it:

    .. math:: R = R_y(\varphi_\mathrm{gantry}) R_z(\varphi_\mathrm{collimator})

    Returns
    -------
    (3, 3) array
        Its columns are the directions of x, y and z in the fixed system; the third
        points to the source.
    """
    return _about_y(gantry_angle_deg) @ _about_z(collimator_angle_deg)


def fixed_to_patient(
    patient_position: str, *, couch_angle_deg: float = 0.0
) -> FloatArray:
    """Rotation from the fixed system to the patient's.

    For a head first, supine patient at couch 0 it takes (X, Y, Z) to (X, -Z, Y). Add the
    isocenter to get a position: ``isocenter + rotation @ fixed``.

    Parameters
    ----------
    patient_position
        HFS, HFP, FFS or FFP.
    couch_angle_deg
        Patient Support Angle: the couch turns counterclockwise seen from above, and the
        patient with it.

    Returns
    -------
    (3, 3) array
        Orthogonal, of determinant 1.

    Raises
    ------
    ScopeError
        The patient lies in another way.
    """
    if patient_position not in _LYING:
        raise ScopeError(
            f"Beams cannot be placed in a patient whose position is "
            f"{patient_position or 'not stated'}; it can be "
            f"{', '.join(PATIENT_POSITIONS)}."
        )
    posterior, superior = _LYING[patient_position]
    left = np.cross(posterior, superior)
    return np.array([left, posterior, superior]) @ _about_z(couch_angle_deg).T


def require_normalized(name: str, angle_deg: float | None) -> None:
    """Refuse an angle that is no number from 0 up to 360."""
    if angle_deg is not None and not 0 <= angle_deg < 360:  # NaN fails it too
        raise InputError(
            f"The {name} is {angle_deg:g} degrees, but angles are from 0 up to 360; "
            f"normalized_angle brings them there."
        )


def _about_y(angle_deg: float) -> FloatArray:
    cosine, sine = _cosine_sine(angle_deg)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


def _about_z(angle_deg: float) -> FloatArray:
    cosine, sine = _cosine_sine(angle_deg)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _cosine_sine(angle_deg: float) -> tuple[float, float]:
    """Exact at the quarter turns, where most beams stand."""
    quarters, rest = divmod(angle_deg, 90)
    cosine, sine = np.cos(np.radians(rest)), np.sin(np.radians(rest))
    for _ in range(int(quarters) % 4):
        cosine, sine = -sine, cosine
    return float(cosine), float(sine)
