"""The state of a machine at one moment of a beam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.iec61217 import beam_to_fixed, fixed_to_patient, require_normalized
from kerma.errors import InputError, ScopeError

__all__ = ["ControlPoint", "Opening", "RotationDirection", "WedgePosition"]

_MOST_OVERLAP_MM = 1.0  # of two facing leaves; more is a mix-up of the banks


class RotationDirection(StrEnum):
    """How something turns on the way to the next control point."""

    CLOCKWISE = "CW"
    COUNTERCLOCKWISE = "CC"
    NONE = "NONE"


@dataclass(frozen=True)
class Opening:
    """Where the leaves, or the one pair of jaws, of a limiting device stand.

    Positions are mm in the plane of the isocenter, along x or y of the beam limiting
    device (IEC 61217).

    Parameters
    ----------
    device
        RT Beam Limiting Device Type (300A,00B8), as "ASYMX" or "MLCX".
    first, second
        The bank on the X1 or Y1 (negative) side and the one that faces it; a single
        position each for jaws.

    Raises
    ------
    InputError
        The banks differ in size, or overlap by more than 1 mm.
    """

    device: str
    first: tuple[float, ...]
    second: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.first or len(self.first) != len(self.second):
            raise InputError(
                f"{self.device} has {len(self.first)} and {len(self.second)} positions; "
                f"each bank needs as many as there are pairs."
            )
        if not self.overlap_mm <= _MOST_OVERLAP_MM:  # NaN fails it too
            raise InputError(
                f"{self.device} overlaps by {self.overlap_mm:g} mm: its first positions "
                f"belong to the negative side."
            )

    @property
    def positions(self) -> FloatArray:
        """(2, n) positions, mm: the X1 or Y1 side first."""
        return np.array([self.first, self.second])

    @property
    def overlap_mm(self) -> float:
        """How far facing leaves or jaws stand over each other at most; 0 if nowhere."""
        overlaps = np.subtract(self.first, self.second)
        return float(np.maximum(0.0, np.max(overlaps)))  # NaN stays NaN


@dataclass(frozen=True)
class WedgePosition:
    """Whether a wedge is in the beam: IN or OUT, (300A,0118)."""

    wedge_number: int
    position: str


@dataclass(frozen=True)
class ControlPoint:
    """The complete state of the machine at one point of a beam.

    A DICOM file states only what changes; here every point has all of it. Angles are
    degrees from 0 up to 360 (IEC 61217), lengths mm. ``None`` is what the file never
    states.

    Parameters
    ----------
    gantry_angle, collimator_angle, couch_angle
        Gantry, Beam Limiting Device and Patient Support Angle.
    weight
        Cumulative Meterset Weight (300A,0134) on arrival; the meterset is in proportion.
        ``None`` for beams that deliver nothing.
    isocenter
        Isocenter Position (300A,012C), patient coordinates.
    energy
        Nominal Beam Energy (300A,0114), MV for photons, MeV for electrons.
    dose_rate
        Dose Rate Set (300A,0115), MU/min.
    openings
        One for each limiting device in use.
    wedge_positions
        One for each wedge.
    table_top_angle
        Table Top Eccentric Angle (300A,0125).
    gantry_direction, collimator_direction, couch_direction, table_top_direction
        How each turns on the way to the next point.
    table_top_pitch, table_top_roll
        (300A,0140) and (300A,0144), as the file has them.
    table_top_vertical, table_top_longitudinal, table_top_lateral
        Table top position, (300A,0128) to (300A,012A).
    source_surface_distance
        (300A,0130), where stated at this very point: it is not carried forward.

    Raises
    ------
    InputError
        An angle is not from 0 up to 360, the weight is negative, or a device has two
        openings.
    """

    gantry_angle: float
    collimator_angle: float
    couch_angle: float
    weight: float | None = None
    isocenter: Vec3 | None = None
    energy: float | None = None
    dose_rate: float | None = None
    openings: tuple[Opening, ...] = ()
    wedge_positions: tuple[WedgePosition, ...] = ()
    table_top_angle: float | None = None
    gantry_direction: RotationDirection = RotationDirection.NONE
    collimator_direction: RotationDirection = RotationDirection.NONE
    couch_direction: RotationDirection = RotationDirection.NONE
    table_top_direction: RotationDirection = RotationDirection.NONE
    table_top_pitch: float | None = None
    table_top_roll: float | None = None
    table_top_vertical: float | None = None
    table_top_longitudinal: float | None = None
    table_top_lateral: float | None = None
    source_surface_distance: float | None = None

    def __post_init__(self) -> None:
        for part in ("gantry", "collimator", "couch", "table_top"):
            name = f"{part.replace('_', ' ')} angle"
            require_normalized(name, getattr(self, f"{part}_angle"))
        if self.weight is not None and not 0 <= self.weight < math.inf:
            raise InputError(f"The cumulative weight is {self.weight:g}.")
        if len(set(self.devices)) < len(self.devices):
            raise InputError(
                f"A limiting device has two openings: {', '.join(self.devices)}."
            )

    @property
    def devices(self) -> tuple[str, ...]:
        """Types of the limiting devices that have an opening here."""
        return tuple(opening.device for opening in self.openings)

    def opening(self, device: str) -> Opening:
        """The opening of a limiting device.

        Raises
        ------
        InputError
            The device has none here.
        """
        for opening in self.openings:
            if opening.device == device:
                return opening
        raise InputError(
            f"No opening of {device!r}; there are: {', '.join(self.devices) or 'none'}."
        )

    def jaws(self, axis: str) -> tuple[float, float] | None:
        """The jaws along "x" or "y", mm: (X1, X2) or (Y1, Y2); ``None`` without any."""
        for name in (f"ASYM{axis.upper()}", axis.upper()):
            if name in self.devices:
                opening = self.opening(name)
                return opening.first[0], opening.second[0]
        return None

    @property
    def leaves(self) -> FloatArray | None:
        """(2, n) leaf positions of the only leaf collimator, mm; ``None`` without one.

        Raises
        ------
        ScopeError
            There are several: ask for the opening of each.
        """
        banks = [o for o in self.openings if o.device.startswith("MLC")]
        if len(banks) > 1:
            raise ScopeError(
                f"There are {len(banks)} leaf collimators: "
                f"{', '.join(bank.device for bank in banks)}. Ask for one opening."
            )
        return banks[0].positions if banks else None

    def beam_to_patient(self, patient_position: str) -> FloatArray:
        """(3, 3) rotation from the beam limiting device's system to the patient's.

        Its third column points from the isocenter to the source.

        Parameters
        ----------
        patient_position
            HFS, HFP, FFS or FFP.

        Raises
        ------
        ScopeError
            The patient lies in another way, or the table top is pitched, rolled or
            turned on itself.
        """
        moved = (self.table_top_angle, self.table_top_pitch, self.table_top_roll)
        if any(moved):
            raise ScopeError(
                f"Beams cannot be placed in a patient whose table top is turned, pitched "
                f"or rolled ({', '.join(f'{angle or 0:g}' for angle in moved)} degrees)."
            )
        from_beam = beam_to_fixed(
            gantry_angle_deg=self.gantry_angle,
            collimator_angle_deg=self.collimator_angle,
        )
        to_patient = fixed_to_patient(
            patient_position, couch_angle_deg=self.couch_angle
        )
        return to_patient @ from_beam
