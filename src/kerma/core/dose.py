"""Dose on a grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.study import Study
from kerma.core.volume import Volume
from kerma.errors import InputError, ScopeError

__all__ = ["Dose", "DoseSummation", "DoseType", "DoseUnits", "EmbeddedDVH"]


class DoseUnits(StrEnum):
    """Dose Units (3004,0002)."""

    GY = "GY"
    RELATIVE = "RELATIVE"


class DoseType(StrEnum):
    """Dose Type (3004,0004)."""

    PHYSICAL = "PHYSICAL"
    EFFECTIVE = "EFFECTIVE"
    ERROR = "ERROR"


class DoseSummation(StrEnum):
    """Dose Summation Type (3004,000A): what the dose is the sum of."""

    PLAN = "PLAN"
    MULTI_PLAN = "MULTI_PLAN"
    PLAN_OVERVIEW = "PLAN_OVERVIEW"
    FRACTION = "FRACTION"
    BEAM = "BEAM"
    BRACHY = "BRACHY"
    FRACTION_SESSION = "FRACTION_SESSION"
    BEAM_SESSION = "BEAM_SESSION"
    BRACHY_SESSION = "BRACHY_SESSION"
    CONTROL_POINT = "CONTROL_POINT"
    RECORD = "RECORD"


@dataclass(frozen=True, eq=False)
class EmbeddedDVH:
    """A dose-volume histogram that the planning system stored with its dose.

    Parameters
    ----------
    structure_numbers
        ROI Numbers (3006,0084) of the structures it is of: all of them together.
    cumulative
        Whether it is cumulative; differential otherwise.
    dose
        (n + 1,) edges of the dose bins, in the units of the dose.
    volume
        (n,) volume of each bin, in `volume_units`.
    volume_units
        CM3, PERCENT or PER_U, (3004,0054).
    minimum, mean, maximum
        As the file states them, in the units of the dose; ``None`` where it does not.
    """

    structure_numbers: tuple[int, ...]
    cumulative: bool
    dose: FloatArray
    volume: FloatArray
    volume_units: str
    minimum: float | None = None
    mean: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.dose.shape != (self.volume.size + 1,):
            raise InputError(
                f"A histogram of {self.volume.size} bins needs one edge more; got "
                f"{self.dose.size}."
            )
        self.dose.flags.writeable = False
        self.volume.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Dose(Volume):
    """A dose distribution: float32 Gy, or relative dose, on a grid.

    Parameters
    ----------
    units
        Gy, or relative to a prescription that the file does not know.
    dose_type
        Physical, effective, or the difference of two doses.
    summation
        What it is the sum of: a plan, a beam, one fraction.
    plan_uid
        SOP Instance UID of the plan it was computed for; empty where none is named.
    other_plan_uids
        SOP Instance UIDs of further plans, where it is the sum of several.
    beam_numbers
        Beams that contribute, where the file names them.
    fraction_group
        Number of the fraction group, where the file names it.
    structure_set_uid
        SOP Instance UID of the structure set it refers to, empty where none is named.
    heterogeneity
        Tissue Heterogeneity Correction (3004,0014).
    dvhs
        Histograms stored with the dose.
    sop_instance_uid, series_instance_uid
        (0008,0018) and (0020,000E), empty where the file has none.
    study
        Patient and study.
    description
        Series Description (0008,103E).
    comment
        Dose Comment (3004,0006).
    notes
        What was odd about the file but changed no number, one sentence each.
    """

    units: DoseUnits = DoseUnits.GY
    dose_type: DoseType = DoseType.PHYSICAL
    summation: DoseSummation = DoseSummation.PLAN
    plan_uid: str = ""
    beam_numbers: tuple[int, ...] = ()
    fraction_group: int | None = None
    structure_set_uid: str = ""
    heterogeneity: tuple[str, ...] = ()
    dvhs: tuple[EmbeddedDVH, ...] = ()
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    description: str = ""
    comment: str = ""
    notes: tuple[str, ...] = ()
    other_plan_uids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.array.dtype != np.float32:
            raise InputError(f"A dose is float32; got {self.array.dtype}.")

    @property
    def gy(self) -> FloatArray:
        """(nk, nj, ni) dose, Gy.

        Raises
        ------
        ScopeError
            The dose is relative, so that it has no Gy.
        """
        if self.units is DoseUnits.RELATIVE:
            raise ScopeError(
                "This dose is relative (Dose Units (3004,0002) is RELATIVE): without "
                "the prescription it is not known in Gy."
            )
        return np.asarray(self.array, dtype=np.float32)
