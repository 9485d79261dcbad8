"""A treatment plan: beams, how much of each in a fraction, and what was prescribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.beam import Beam, Segment
from kerma.core.lookup import the_one
from kerma.core.study import Study
from kerma.errors import InputError, ScopeError

__all__ = [
    "BeamInFraction",
    "DoseReference",
    "FractionGroup",
    "PatientSetup",
    "Plan",
]


@dataclass(frozen=True)
class BeamInFraction:
    """How much of a beam one fraction has.

    Parameters
    ----------
    beam_number
        Referenced Beam Number (300C,0006).
    meterset
        Beam Meterset (300A,0086) of one fraction, MU; ``None`` where not stated, as for
        setup beams.
    dose_gy
        Beam Dose (300A,0084) of one fraction.
    dose_point
        Where that dose is, patient coordinates, mm.
    """

    beam_number: int
    meterset: float | None = None
    dose_gy: float | None = None
    dose_point: Vec3 | None = None

    def __post_init__(self) -> None:
        if self.meterset is not None and not self.meterset >= 0:
            raise InputError(
                f"Beam {self.beam_number} has a meterset of {self.meterset:g}."
            )


@dataclass(frozen=True)
class FractionGroup:
    """Beams that are delivered together.

    Parameters
    ----------
    number
        Fraction Group Number (300A,0071).
    fractions
        Number of Fractions Planned (300A,0078).
    beams
        How much of each beam one fraction has.
    """

    number: int
    fractions: int | None = None
    beams: tuple[BeamInFraction, ...] = ()

    def __post_init__(self) -> None:
        _require_distinct(
            f"Fraction group {self.number} names a beam twice",
            [beam.beam_number for beam in self.beams],
        )
        if self.fractions is not None and self.fractions < 0:
            raise InputError(
                f"Fraction group {self.number} has {self.fractions} fractions."
            )


@dataclass(frozen=True)
class DoseReference:
    """A dose that was prescribed or a limit that was set; ``None`` where not stated.

    Parameters
    ----------
    number
        Dose Reference Number (300A,0012).
    structure_type
        POINT, VOLUME, COORDINATES or SITE, (300A,0014).
    reference_type
        TARGET or ORGAN_AT_RISK, (300A,0020).
    description
        (300A,0016).
    uid
        Dose Reference UID (300A,0013).
    structure_number
        ROI Number of the structure it is for.
    point
        Where it is for, patient coordinates, mm.
    target_prescription_gy, target_minimum_gy, target_maximum_gy
        (300A,0026), (300A,0025) and (300A,0027).
    delivery_warning_gy, delivery_maximum_gy
        (300A,0022) and (300A,0023).
    organ_full_volume_gy, organ_limit_gy, organ_maximum_gy
        (300A,002A), (300A,002B) and (300A,002C).
    """

    number: int
    structure_type: str
    reference_type: str
    description: str = ""
    uid: str = ""
    structure_number: int | None = None
    point: Vec3 | None = None
    target_prescription_gy: float | None = None
    target_minimum_gy: float | None = None
    target_maximum_gy: float | None = None
    delivery_warning_gy: float | None = None
    delivery_maximum_gy: float | None = None
    organ_full_volume_gy: float | None = None
    organ_limit_gy: float | None = None
    organ_maximum_gy: float | None = None


@dataclass(frozen=True)
class PatientSetup:
    """How the patient lies: number, HFS or the like, and (300A,01B0) the technique."""

    number: int
    patient_position: str = ""
    technique: str = ""


@dataclass(frozen=True)
class Plan:
    """A plan for external photon or electron beams.

    Two plans are equal where all they state is equal.

    Parameters
    ----------
    label, name, description
        (300A,0002), (300A,0003) and (300A,0004).
    beams
        In the order of the file.
    fraction_groups
        Which beams are delivered together, how often and how much.
    dose_references
        What was prescribed. None is made up: a plan may have none.
    patient_setups
        How the patient lies.
    date, time
        As DICOM writes them, (300A,0006) and (300A,0007).
    intent
        CURATIVE, PALLIATIVE, VERIFICATION, ..., (300A,000A).
    prescription_description
        (300A,000E).
    approval_status
        APPROVED, UNAPPROVED, REJECTED or empty, (300E,0002).
    structure_set_uid
        SOP Instance UID of the structure set it was made on; empty where there is none.
    frame_of_reference
        In which its positions lie; often left to the structure set, and empty.
    sop_instance_uid, series_instance_uid
        (0008,0018) and (0020,000E), empty where the file has none.
    study
        Patient and study.
    series_description
        (0008,103E).
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    InputError
        Two beams, groups or setups have one number; a group names a beam that the plan
        does not have, or gives a meterset to one whose weights are all zero.
    """

    label: str
    beams: tuple[Beam, ...] = ()
    fraction_groups: tuple[FractionGroup, ...] = ()
    dose_references: tuple[DoseReference, ...] = ()
    patient_setups: tuple[PatientSetup, ...] = ()
    name: str = ""
    description: str = ""
    date: str = ""
    time: str = ""
    intent: str = ""
    prescription_description: str = ""
    approval_status: str = ""
    structure_set_uid: str = ""
    frame_of_reference: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    series_description: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        numbers = [beam.number for beam in self.beams]
        _require_distinct("Two beams have one number", numbers)
        _require_distinct(
            "Two fraction groups have one number",
            [group.number for group in self.fraction_groups],
        )
        _require_distinct(
            "Two patient setups have one number",
            [setup.number for setup in self.patient_setups],
        )
        for group in self.fraction_groups:
            for share in group.beams:
                self._check_share(group, share)

    def _check_share(self, group: FractionGroup, share: BeamInFraction) -> None:
        known = {beam.number: beam for beam in self.beams}
        beam = known.get(share.beam_number)
        if beam is None:
            listed = ", ".join(map(str, known)) or "none"
            raise InputError(
                f"Fraction group {group.number} names beam {share.beam_number}, but the "
                f"beams of the plan are: {listed}."
            )
        if share.meterset and not beam.final_weight:
            raise InputError(
                f"Beam {beam.number} has a meterset of {share.meterset:g}, but no "
                f"cumulative weights that say when it is delivered."
            )

    def beam(self, key: int | str) -> Beam:
        """A beam by its number or its name.

        Raises
        ------
        InputError
            There is none, or several have the name.
        """
        return the_one(self.beams, key, "beam")

    def fraction_group(self, number: int | None = None) -> FractionGroup:
        """A fraction group by its number, or the only one.

        Raises
        ------
        InputError
            There is none, or several and none was chosen.
        """
        groups = self.fraction_groups
        found = [g for g in groups if number is None or g.number == number]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(str(group.number) for group in groups) or "none"
        which = "Choose a fraction group" if found else f"No fraction group {number}"
        raise InputError(f"{which}; there are: {listed}.")

    def meterset(self, beam: int | str, *, group: int | None = None) -> float | None:
        """Meterset of a beam in one fraction, MU; ``None`` where none is stated.

        Parameters
        ----------
        beam
            Its number or name.
        group
            Number of the fraction group, where there are several.
        """
        number = self.beam(beam).number
        for share in self.fraction_group(group).beams:
            if share.beam_number == number:
                return share.meterset
        return None

    @property
    def total_meterset(self) -> float:
        """Meterset of all beams in one fraction, MU, setup beams left aside.

        Raises
        ------
        InputError
            There are several fraction groups.
        ScopeError
            A beam to be treated has no meterset, so the sum is not known.
        """
        shares = self.fraction_group().beams
        treated = [s for s in shares if not self.beam(s.beam_number).is_setup]
        metersets = [share.meterset for share in treated if share.meterset is not None]
        if len(metersets) < len(treated):
            missing = [str(s.beam_number) for s in treated if s.meterset is None]
            raise ScopeError(
                f"The meterset of the plan is not known: beam {', '.join(missing)} has "
                f"none (Beam Meterset (300A,0086))."
            )
        return float(sum(metersets))

    def segments(
        self, beam: int | str, *, group: int | None = None
    ) -> tuple[Segment, ...]:
        """What one fraction delivers between the control points of a beam.

        Parameters
        ----------
        beam
            Its number or name.
        group
            Number of the fraction group, where there are several.

        Raises
        ------
        ScopeError
            The beam has no meterset.
        """
        meterset = self.meterset(beam, group=group)
        if meterset is None:
            raise ScopeError(
                f"Beam {self.beam(beam).number} has no meterset (300A,0086)."
            )
        return self.beam(beam).segments(meterset)

    @property
    def prescriptions(self) -> tuple[DoseReference, ...]:
        """The dose references that state a dose to a target."""
        return tuple(
            reference
            for reference in self.dose_references
            if reference.target_prescription_gy is not None
        )

    def patient_position(self, beam: int | str) -> str:
        """How the patient lies for a beam: HFS or the like; empty where not stated."""
        number = self.beam(beam).patient_setup_number
        for setup in self.patient_setups:
            if setup.number == number:
                return setup.patient_position
        return ""

    def source_position(self, beam: int | str, control_point: int = 0) -> FloatArray:
        """(3,) position of the source in the patient, mm.

        Parameters
        ----------
        beam
            Its number or name.
        control_point
            Index into its control points.

        Raises
        ------
        ScopeError
            The plan does not say where the isocenter is, how far the source is from it,
            or how the patient lies; or the table top is turned, pitched or rolled.
        """
        chosen = self.beam(beam)
        point = chosen.control_points[control_point]
        distance = chosen.source_axis_distance
        if point.isocenter is None or distance is None:
            raise ScopeError(
                f"Beam {chosen.number} has no isocenter (300A,012C) or no source-axis "
                f"distance (300A,00B4), so its source cannot be placed."
            )
        to_patient = point.beam_to_patient(self.patient_position(beam))
        return np.array(point.isocenter) + distance * to_patient[:, 2]


def _require_distinct(what: str, numbers: Sequence[int]) -> None:
    if len(set(numbers)) < len(numbers):
        raise InputError(f"{what}: {', '.join(map(str, numbers))}.")
