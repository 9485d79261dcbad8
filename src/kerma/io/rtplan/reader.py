"""Read an RT Plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kerma.core.plan import (
    BeamInFraction,
    DoseReference,
    FractionGroup,
    PatientSetup,
    Plan,
)
from kerma.errors import DicomError, InputError, ScopeError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.item import Item
from kerma.io.dicom.objects import Kind, read_object, study_of
from kerma.io.rtplan.beam import read_beam
from kerma.io.rtplan.control_points import position
from kerma.io.rtplan.elements import PLAN_TEXTS, REFERENCE_DOSES, RT_PLAN
from kerma.io.rtplan.notes import plan_notes

__all__ = ["read_plan"]

_ION_PLAN = "1.2.840.10008.5.1.4.1.1.481.8"
# Ion plans are looked for too, so that one is refused by its name.
_KIND = Kind("RT Plan", (RT_PLAN, _ION_PLAN), "RTPLAN")


def read_plan(
    source: Path | str | Sequence[Path | str], *, sop_instance_uid: str | None = None
) -> Plan:
    """Read a plan for external photon or electron beams.

    Each control point becomes a complete state: what a point leaves out holds from the
    last one that stated it. Angles are brought from 0 up to 360 degrees. A plan that
    contradicts itself is refused; what is odd but changes no number is told in its
    notes. Tolerance tables, coefficients of dose references, reference images and
    setup devices are left out.

    Parameters
    ----------
    source
        A file, a folder, which is searched to its depth, a zip archive, or a list.
    sop_instance_uid
        Which one, where there are several.

    Raises
    ------
    InputError
        There is no such path, no plan, or several and none was chosen.
    DicomError
        The plan is damaged, incomplete or contradicts itself.
    ScopeError
        It is a plan for ions or for brachytherapy.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    refuse_damage(item)
    _check_scope(item)
    try:
        plan = _plan(item)
    except DicomError:
        raise
    except InputError as error:  # the plan checks itself, but knows no file
        raise DicomError(f"{item.file}: {error}") from error
    return replace(plan, notes=plan_notes(item, plan))


def _check_scope(item: Item) -> None:
    what = ""
    if item.text("SOPClassUID") == _ION_PLAN or item.has("IonBeamSequence"):
        what = "for ions (RT Ion Plan)"
    elif item.items("ApplicationSetupSequence"):
        what = "for brachytherapy (Application Setup Sequence (300A,0230))"
    if what:
        raise ScopeError(
            f"{item.file}: is a plan {what}; only plans for photon and electron beams "
            f"are read."
        )


def _plan(item: Item) -> Plan:
    texts: dict[str, Any] = {
        field: item.text(keyword) for field, keyword in PLAN_TEXTS.items()
    }
    structure_sets = item.items("ReferencedStructureSetSequence")
    return Plan(
        **texts,
        beams=tuple(map(read_beam, item.required_items("BeamSequence"))),
        fraction_groups=tuple(
            map(_fraction_group, item.items("FractionGroupSequence"))
        ),
        dose_references=tuple(
            map(_dose_reference, item.items("DoseReferenceSequence"))
        ),
        patient_setups=tuple(map(_patient_setup, item.items("PatientSetupSequence"))),
        structure_set_uid=(
            structure_sets[0].text("ReferencedSOPInstanceUID") if structure_sets else ""
        ),
        frame_of_reference=item.text("FrameOfReferenceUID"),
        sop_instance_uid=item.text("SOPInstanceUID"),
        series_instance_uid=item.text("SeriesInstanceUID"),
        study=study_of(item),
    )


def _fraction_group(item: Item) -> FractionGroup:
    return FractionGroup(
        number=item.required_integer("FractionGroupNumber"),
        fractions=item.integer("NumberOfFractionsPlanned"),
        beams=tuple(map(_beam_in_fraction, item.items("ReferencedBeamSequence"))),
    )


def _beam_in_fraction(item: Item) -> BeamInFraction:
    return BeamInFraction(
        beam_number=item.required_integer("ReferencedBeamNumber"),
        meterset=item.number("BeamMeterset"),
        dose_gy=item.number("BeamDose"),
        dose_point=position(item, "BeamDoseSpecificationPoint"),
    )


def _dose_reference(item: Item) -> DoseReference:
    return DoseReference(
        number=item.required_integer("DoseReferenceNumber"),
        structure_type=item.text("DoseReferenceStructureType"),
        reference_type=item.text("DoseReferenceType"),
        description=item.text("DoseReferenceDescription"),
        uid=item.text("DoseReferenceUID"),
        structure_number=item.integer("ReferencedROINumber"),
        point=position(item, "DoseReferencePointCoordinates"),
        **{field: item.number(keyword) for field, keyword in REFERENCE_DOSES.items()},
    )


def _patient_setup(item: Item) -> PatientSetup:
    return PatientSetup(
        number=item.required_integer("PatientSetupNumber"),
        patient_position=item.text("PatientPosition"),
        technique=item.text("SetupTechnique"),
    )
