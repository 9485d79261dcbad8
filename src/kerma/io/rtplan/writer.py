"""Write an RT Plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kerma.core.plan import BeamInFraction, DoseReference, FractionGroup, Plan
from kerma.core.study import Study
from kerma.io.dicom.elements import new_item, put, put_or_blank, reference_item
from kerma.io.dicom.writer import file_bytes, identify, start_object
from kerma.io.files import write_file
from kerma.io.rtplan.beam_writer import beam_item
from kerma.io.rtplan.elements import PLAN_TEXTS, REFERENCE_DOSES, RT_PLAN

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_plan"]

_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_UNNAMED = "Plan"  # RT Plan Label is of type 1


def write_plan(
    plan: Plan,
    file: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
) -> Path:
    """Write a plan as RT Plan Storage, explicit VR little endian.

    Control points state what changes. Reading it back gives an equal plan, save for the
    notes, for a label where there was none, and for numbers that VR DS cannot hold in
    its 16 characters.

    Parameters
    ----------
    plan
        The plan. Its UIDs are kept where it has any and no seed is given.
    file
        Where to; a file that is there is replaced.
    study
        Patient and study to write; by default those of the plan.
    uid_seed
        Makes new UIDs, the same ones from the same seed. Give one where the plan was
        changed.

    Raises
    ------
    InputError
        The file cannot be written; a text, UID or number is none that DICOM allows; or
        a beam has compensators, of which only the number is known.
    """
    identity = identify(
        study or plan.study,
        series=plan.series_instance_uid,
        instances=(plan.sop_instance_uid,),
        frame_of_reference=plan.frame_of_reference,
        uid_seed=uid_seed,
    )
    data = start_object(RT_PLAN, "RTPLAN", identity)
    put_or_blank(data, OperatorsName=None, RTPlanDate=None, RTPlanTime=None)
    put(data, RTPlanLabel=_UNNAMED)
    put(data, **{keyword: getattr(plan, f) for f, keyword in PLAN_TEXTS.items()})
    if plan.frame_of_reference:
        put(data, FrameOfReferenceUID=identity.frame_of_reference)
        put_or_blank(data, PositionReferenceIndicator=None)
    if plan.approval_status in ("APPROVED", "REJECTED"):
        put_or_blank(data, ReviewDate=None, ReviewTime=None, ReviewerName=None)
    _add_structure_set(data, plan)
    put(
        data,
        DoseReferenceSequence=list(map(_dose_reference, plan.dose_references)),
        FractionGroupSequence=list(map(_fraction_group, plan.fraction_groups)),
        PatientSetupSequence=[
            new_item(
                PatientSetupNumber=setup.number,
                PatientPosition=setup.patient_position,
                SetupTechnique=setup.technique,
            )
            for setup in plan.patient_setups
        ],
        BeamSequence=list(map(beam_item, plan.beams)),
    )
    return write_file(file, file_bytes(data))


def _add_structure_set(data: Dataset, plan: Plan) -> None:
    """The geometry says whether there is a structure set (PS3.3, C.8.8.9)."""
    if plan.structure_set_uid:
        reference = reference_item(_STRUCTURE_SET, plan.structure_set_uid)
        put(data, RTPlanGeometry="PATIENT", ReferencedStructureSetSequence=[reference])
    else:
        put(data, RTPlanGeometry="TREATMENT_DEVICE")


def _dose_reference(reference: DoseReference) -> Dataset:
    doses = {k: getattr(reference, field) for field, k in REFERENCE_DOSES.items()}
    return new_item(
        DoseReferenceNumber=reference.number,
        DoseReferenceStructureType=reference.structure_type,
        DoseReferenceType=reference.reference_type,
        DoseReferenceUID=reference.uid,
        DoseReferenceDescription=reference.description,
        ReferencedROINumber=reference.structure_number,
        DoseReferencePointCoordinates=reference.point,
        **doses,
    )


def _fraction_group(group: FractionGroup) -> Dataset:
    item = new_item(
        FractionGroupNumber=group.number,
        NumberOfBeams=len(group.beams),
        NumberOfBrachyApplicationSetups=0,
        ReferencedBeamSequence=list(map(_beam_in_fraction, group.beams)),
    )
    put_or_blank(item, NumberOfFractionsPlanned=group.fractions)
    return item


def _beam_in_fraction(share: BeamInFraction) -> Dataset:
    return new_item(
        ReferencedBeamNumber=share.beam_number,
        BeamMeterset=share.meterset,
        BeamDose=share.dose_gy,
        BeamDoseSpecificationPoint=share.dose_point,
    )
