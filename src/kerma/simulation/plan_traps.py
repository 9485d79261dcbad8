"""Traps in the plan, its image, and what ties the objects together."""

from __future__ import annotations

from kerma.core.edit import Action, Edit
from kerma.simulation.trap import Trap

__all__ = ["PLAN_TRAPS"]

_PLAN = "rtplan.dcm"
_FIRST_POINT = "BeamSequence[0].ControlPointSequence[0]"
_LAST_POINT = "BeamSequence[0].ControlPointSequence[1]"

PLAN_TRAPS = (
    Trap(
        "other-structure-set",
        "The plan was made on another structure set.",
        (
            Edit(
                _PLAN,
                Action.SET,
                "ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID",
                "2.25.97",
            ),
        ),
        differs=("plan",),
        findings=("other structure set",),
    ),
    Trap(
        "setup-beam",
        "A beam for setup has no meterset, and needs none.",
        (
            Edit(_PLAN, Action.SET, "BeamSequence[3].TreatmentDeliveryType", "SETUP"),
            Edit(
                _PLAN,
                Action.REMOVE,
                "FractionGroupSequence[0].ReferencedBeamSequence[3].BeamMeterset",
            ),
        ),
        differs=("plan",),
    ),
    Trap(
        "no-meterset",
        "A beam for treatment has no meterset. Who takes it as zero loses a beam.",
        (
            Edit(
                _PLAN,
                Action.REMOVE,
                "FractionGroupSequence[0].ReferencedBeamSequence[3].BeamMeterset",
            ),
        ),
        differs=("plan",),
        findings=("no meterset",),
    ),
    Trap(
        "angles-below-zero",
        "An angle is written as -90 degrees.",
        (
            Edit(
                _PLAN,
                Action.SET,
                "BeamSequence[2].ControlPointSequence[0].GantryAngle",
                -90,
            ),
        ),
    ),
    Trap(
        "angle-changes-later",
        "A control point states only what changes. Who reads each by itself takes the "
        "rest as missing or zero.",
        (Edit(_PLAN, Action.SET, f"{_LAST_POINT}.DoseRateSet", 300),),
        differs=("plan",),
    ),
    Trap(
        "isocenters-differ",
        "One beam has another isocenter.",
        (Edit(_PLAN, Action.ADD, f"{_FIRST_POINT}.IsocenterPosition", (40, 0, 0)),),
        differs=("plan",),
        findings=("isocenters differ",),
    ),
    Trap(
        "isocenter-outside",
        "The isocenter lies outside the patient.",
        (
            Edit(
                _PLAN,
                Action.ADD,
                "BeamSequence[*].ControlPointSequence[0].IsocenterPosition",
                (0, 150, 0),
            ),
        ),
        differs=("plan",),
        findings=("isocenter outside",),
    ),
    Trap(
        "plan-for-another-position",
        "The patient lies supine in the CT, but prone in the plan.",
        (Edit(_PLAN, Action.SET, "PatientSetupSequence[0].PatientPosition", "HFP"),),
        differs=("plan",),
        findings=("patient position",),
    ),
    Trap(
        "plan-older-than-its-ct",
        "The plan is dated before the CT.",
        (Edit(_PLAN, Action.SET, "RTPlanDate", "20231224"),),
        differs=("plan",),
        findings=("dates",),
    ),
    Trap(
        "odd-date",
        "A date is written as no date is.",
        (Edit(_PLAN, Action.SET, "RTPlanDate", "2024.1.1"),),
        differs=("plan",),
        notes=("odd dates",),
    ),
    Trap(
        "no-prescription",
        "The plan states no prescription; none may be made up.",
        (Edit(_PLAN, Action.REMOVE, "DoseReferenceSequence"),),
        differs=("plan",),
        notes=("no prescription",),
    ),
    Trap(
        "rejected",
        "The plan was rejected.",
        (Edit(_PLAN, Action.SET, "ApprovalStatus", "REJECTED"),),
        differs=("plan",),
        findings=("approval",),
    ),
    Trap(
        "another-patient",
        "The structure set carries the ID of another patient.",
        (Edit("rtstruct.dcm", Action.SET, "PatientID", "SOMEONE"),),
        findings=(
            "different patients",
            "frame of several patients",
            "study of several patients",
        ),
    ),
    Trap(
        "two-plans",
        "There are two plans, and the dose is of one of them.",
        (
            Edit(_PLAN, Action.COPY, value="rtplan_2.dcm"),
            Edit("rtplan_2.dcm", Action.SET, "SOPInstanceUID", "2.25.96"),
            Edit("rtplan_2.dcm", Action.SET, "SeriesInstanceUID", "2.25.95"),
        ),
        notes=("several plans",),
    ),
    Trap(
        "image-without-position",
        "The portal image does not say where its first pixel lies.",
        (Edit("rtimage.dcm", Action.REMOVE, "RTImagePosition"),),
        needs_extras=True,
        notes=("sum of beams",),
    ),
)
"""Each reads as what is known to happen."""
