"""Parts of a phantom that are no inserts: marks, ramps, holes, what lies beside."""

from __future__ import annotations

from dataclasses import dataclass

from kerma.errors import InputError

__all__ = ["HoleSquare", "Mark", "Neighbor", "Ramp", "UniformPart"]


@dataclass(frozen=True)
class Mark:
    """A part of the module that is no insert: a hole, a pin, a sphere's shadow.

    Parameters
    ----------
    radius_mm, angle_deg, diameter_mm
        Place and size, as for an insert.
    hu
        Its CT number at 120 kV.
    """

    radius_mm: float
    angle_deg: float
    diameter_mm: float
    hu: float


@dataclass(frozen=True)
class Neighbor:
    """What lies beside the module along the axis, without inserts.

    Parameters
    ----------
    name
        Name of the part.
    from_mm, to_mm
        Extent along the axis from the middle of the module.
    hu
        CT number of its uniform part at 120 kV.
    """

    name: str
    from_mm: float
    to_mm: float
    hu: float


@dataclass(frozen=True)
class Ramp:
    """A thin wire that runs tangentially and rises along the axis: a slice ramp.

    Parameters
    ----------
    radius_mm, angle_deg
        Place of its middle, as for an insert; it runs at right angles to the radius.
    incline_deg
        Angle between the wire and the plane across the axis; positive if it rises
        (to the model's +z) towards growing angles.
    length_mm
        Length of the wire as drawn, across the axis.
    wire_mm, hu
        Diameter of the wire and its CT number, for simulated scans.
    """

    radius_mm: float
    angle_deg: float
    incline_deg: float
    length_mm: float
    wire_mm: float
    hu: float

    def __post_init__(self) -> None:
        if not (min(self.length_mm, self.wire_mm) > 0 and self.radius_mm >= 0):
            raise InputError(
                f"A ramp needs a positive length and wire, and a radius that is not "
                f"negative; got {self.length_mm}, {self.wire_mm} and "
                f"{self.radius_mm} mm."
            )
        if not 5 <= abs(self.incline_deg) <= 60:
            raise InputError(
                f"A ramp is inclined by 5 to 60 degrees; got {self.incline_deg}."
            )


@dataclass(frozen=True)
class HoleSquare:
    """Four holes at the corners of a square about the axis, to measure lengths by.

    Parameters
    ----------
    side_mm
        Distance between neighboring holes.
    diameter_mm
        Diameter of a hole.
    """

    side_mm: float
    diameter_mm: float

    def __post_init__(self) -> None:
        if not 0 < self.diameter_mm < self.side_mm:
            raise InputError(
                f"A square of holes needs a positive diameter, smaller than its side; "
                f"got {self.diameter_mm} and {self.side_mm} mm."
            )


@dataclass(frozen=True)
class UniformPart:
    """The neighbor on the axis that is one material throughout.

    Parameters
    ----------
    neighbor
        Name of the neighbor.
    margin_mm
        What is left out at both of its ends, where its extent is not exact.
    """

    neighbor: str
    margin_mm: float
