"""A treatment beam: what shapes it, and how it is delivered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.control_point import ControlPoint
from kerma.errors import InputError

__all__ = [
    "Applicator",
    "Beam",
    "BeamType",
    "Block",
    "LimitingDevice",
    "Segment",
    "Wedge",
]

# X, Y, ASYMX, ASYMY, MLCX, MLCY; collimators of two layers number them.
_DEVICE = re.compile(r"(ASYM|MLC)?[XY]\d?")
_NOT_CARRIED = ("source_surface_distance",)


class BeamType(StrEnum):
    """Beam Type (300A,00C4)."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


@dataclass(frozen=True)
class LimitingDevice:
    """A pair of jaws or a leaf collimator.

    Parameters
    ----------
    kind
        RT Beam Limiting Device Type (300A,00B8): X, Y, ASYMX, ASYMY, MLCX or MLCY.
    pairs
        Number of Leaf/Jaw Pairs (300A,00BC).
    boundaries
        Edges of the leaves at the isocenter, mm, one more than there are pairs; none
        for jaws.
    source_distance
        From the source, mm, (300A,00BA); ``None`` where not stated.
    """

    kind: str
    pairs: int = 1
    boundaries: tuple[float, ...] = ()
    source_distance: float | None = None

    def __post_init__(self) -> None:
        if not _DEVICE.fullmatch(self.kind):
            raise InputError(
                f"A limiting device is X, Y, ASYMX, ASYMY, MLCX or MLCY; got "
                f"{self.kind!r}."
            )
        if not self.is_leaves:
            if self.pairs != 1:
                raise InputError(f"{self.kind} has {self.pairs} pairs; jaws are one.")
        elif len(self.boundaries) != self.pairs + 1:
            raise InputError(
                f"{self.kind} of {self.pairs} leaf pairs needs one leaf boundary more; "
                f"got {len(self.boundaries)}."
            )
        if any(after <= before for before, after in pairwise(self.boundaries)):
            raise InputError(f"The leaf boundaries of {self.kind} do not ascend.")

    @property
    def is_leaves(self) -> bool:
        """Whether it is a leaf collimator."""
        return self.kind.startswith("MLC")


@dataclass(frozen=True)
class Wedge:
    """A wedge; ``None`` or empty is what the file does not state.

    Parameters
    ----------
    number
        By which control points refer to it.
    kind
        Wedge Type (300A,00D3): STANDARD, DYNAMIC, MOTORIZED or PARTIALLY_MOTORIZED.
    name
        Wedge ID (300A,00D4).
    angle, orientation
        (300A,00D5) and (300A,00D8), degrees.
    factor
        Transmission on the axis, (300A,00D6).
    """

    number: int
    kind: str = ""
    name: str = ""
    angle: float | None = None
    orientation: float | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Block:
    """A block or a cut-out; ``None`` or empty is what the file does not state.

    Parameters
    ----------
    number, name
        (300A,00FC) and (300A,00FE).
    kind
        SHIELDING or APERTURE, (300A,00F8).
    divergence
        PRESENT or ABSENT, (300A,00FA).
    points
        Its outline, (x, y) of the beam limiting device, mm at the isocenter.
    thickness
        mm; for shielding.
    transmission
        Fraction through the block.
    material, tray
        Material ID (300A,00E1) and Block Tray ID (300A,00F5).
    tray_distance
        From the source to the block tray, mm.
    mounting
        PATIENT_SIDE or SOURCE_SIDE, (300A,00FB).
    """

    number: int
    kind: str
    points: tuple[tuple[float, float], ...] = ()
    name: str = ""
    divergence: str = ""
    thickness: float | None = None
    transmission: float | None = None
    material: str = ""
    tray: str = ""
    tray_distance: float | None = None
    mounting: str = ""


@dataclass(frozen=True)
class Applicator:
    """An electron or other applicator: (300A,0108), (300A,0109), (300A,010A)."""

    name: str
    kind: str
    description: str = ""


@dataclass(frozen=True)
class Segment:
    """What is delivered between two control points.

    Parameters
    ----------
    start, end
        State before and after; the machine goes evenly from one to the other.
    meterset
        Delivered meanwhile, MU.
    """

    start: ControlPoint
    end: ControlPoint
    meterset: float


@dataclass(frozen=True)
class Beam:
    """One beam of a plan.

    Parameters
    ----------
    number
        Beam Number (300A,00C0), by which other objects refer to it.
    control_points
        In the order of delivery.
    name, description
        (300A,00C2) and (300A,00C3).
    machine
        Treatment Machine Name (300A,00B2).
    beam_type
        STATIC: nothing moves while dose is delivered; it may in between.
    radiation_type
        PHOTON, ELECTRON, ..., (300A,00C6).
    delivery_type
        TREATMENT, SETUP, OPEN_PORTFILM, ..., (300A,00CE).
    source_axis_distance
        mm, (300A,00B4).
    dosimeter_unit
        MU or MINUTE, (300A,00B3).
    devices
        Jaws and leaf collimators. One without an opening at the control points is not
        in use.
    wedges, blocks, applicator
        What else stands in the beam.
    bolus_structure_numbers
        ROI Number of each bolus.
    compensators
        How many there are; they are not described further.
    patient_setup_number
        Referenced Patient Setup Number (300C,006A).

    Raises
    ------
    InputError
        No control point; a weight that does not start at zero, falls, or is stated at
        some points only; an opening that does not fit its device, or one that some
        points lack.
    """

    number: int
    control_points: tuple[ControlPoint, ...]
    name: str = ""
    description: str = ""
    machine: str = ""
    beam_type: BeamType = BeamType.STATIC
    radiation_type: str = "PHOTON"
    delivery_type: str = "TREATMENT"
    source_axis_distance: float | None = None
    dosimeter_unit: str = "MU"
    devices: tuple[LimitingDevice, ...] = ()
    wedges: tuple[Wedge, ...] = ()
    blocks: tuple[Block, ...] = ()
    applicator: Applicator | None = None
    bolus_structure_numbers: tuple[int, ...] = ()
    compensators: int = 0
    patient_setup_number: int | None = None

    def __post_init__(self) -> None:
        if not self.control_points:
            raise InputError(f"Beam {self.number} has no control points.")
        kinds = [device.kind for device in self.devices]
        if len(set(kinds)) < len(kinds):
            raise InputError(
                f"Beam {self.number} has a limiting device twice: {', '.join(kinds)}."
            )
        for k, point in enumerate(self.control_points):
            problem = _opening_problem(point, self.devices)
            if problem:
                raise self._problem(k, problem)
        self._check_weights()
        for k, (before, after) in enumerate(pairwise(self.control_points), start=1):
            lost = _lost(before, after)
            if lost:
                raise self._problem(k, f"{lost} is stated at some points only")

    def _problem(self, k: int, what: str) -> InputError:
        return InputError(f"Beam {self.number}, control point {k}: {what}.")

    def _check_weights(self) -> None:
        stated = [p.weight for p in self.control_points if p.weight is not None]
        if stated and len(stated) < len(self.control_points):
            k = [p.weight for p in self.control_points].index(None)
            raise self._problem(k, "the cumulative weight is missing")
        if stated and stated[0] != 0:
            raise self._problem(
                0, f"the cumulative weight is {stated[0]:g}; it has to start at 0"
            )
        for k, (before, after) in enumerate(pairwise(stated), start=1):
            if after < before:
                raise self._problem(
                    k, f"the cumulative weight falls from {before:g} to {after:g}"
                )

    @property
    def final_weight(self) -> float | None:
        """Final Cumulative Meterset Weight (300A,010E)."""
        return self.control_points[-1].weight

    @property
    def is_static(self) -> bool:
        """Whether nothing moves while dose is delivered."""
        return self.beam_type is BeamType.STATIC

    @property
    def is_arc(self) -> bool:
        """Whether the gantry turns while dose is delivered."""
        turning = (s.start.gantry_angle != s.end.gantry_angle for s in self._delivered)
        return any(turning)

    @property
    def is_setup(self) -> bool:
        """Whether it serves to set the patient up, and has no meterset."""
        return self.delivery_type == "SETUP"

    def device(self, kind: str) -> LimitingDevice:
        """A limiting device by its type.

        Raises
        ------
        InputError
            The beam has none of it.
        """
        for device in self.devices:
            if device.kind == kind:
                return device
        known = ", ".join(device.kind for device in self.devices) or "none"
        raise InputError(f"Beam {self.number} has no {kind!r}; there are: {known}.")

    def cumulative_meterset(self, meterset: float) -> FloatArray:
        """(n,) meterset delivered on arrival at each control point, MU.

        Parameters
        ----------
        meterset
            Of the whole beam, MU.

        Raises
        ------
        InputError
            The beam has no weights that say when it is delivered.
        """
        if not self.final_weight:
            raise InputError(
                f"Beam {self.number} has no cumulative weights, so it is not known when "
                f"its meterset is delivered."
            )
        weights = np.array([point.weight for point in self.control_points], float)
        return meterset * (weights / self.final_weight)

    def segments(self, meterset: float) -> tuple[Segment, ...]:
        """What is delivered between one control point and the next.

        Pairs of points without dose between them, as in step and shoot, are left out.

        Parameters
        ----------
        meterset
            Of the whole beam, MU.

        Raises
        ------
        InputError
            The beam has no weights that say when it is delivered.
        """
        steps = np.diff(self.cumulative_meterset(meterset))
        return tuple(
            Segment(start, end, float(step))
            for (start, end), step in zip(
                pairwise(self.control_points), steps, strict=True
            )
            if step > 0
        )

    @property
    def _delivered(self) -> tuple[Segment, ...]:
        return self.segments(1.0) if self.final_weight else ()


def _opening_problem(point: ControlPoint, devices: Sequence[LimitingDevice]) -> str:
    """Why openings do not fit the devices; empty if they do."""
    pairs = {device.kind: device.pairs for device in devices}
    for opening in point.openings:
        if opening.device not in pairs:
            return f"has an opening of {opening.device}, which the beam does not have"
        if len(opening.first) != pairs[opening.device]:
            return (
                f"{opening.device} has {len(opening.first)} pairs of positions, but the "
                f"beam's device has {pairs[opening.device]}"
            )
    return ""


def _lost(before: ControlPoint, after: ControlPoint) -> str:
    """What one of two successive states knows and the other does not."""
    if set(before.devices) != set(after.devices):
        changed = set(before.devices) ^ set(after.devices)
        return f"the opening of {', '.join(sorted(changed))}"
    for field in fields(ControlPoint):
        if field.name in _NOT_CARRIED or field.name == "weight":
            continue
        if (
            getattr(before, field.name) is not None
            and getattr(after, field.name) is None
        ):
            return f"the {field.name.replace('_', ' ')}"
    return ""
