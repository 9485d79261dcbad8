"""Traps in the dose of a plan."""

from __future__ import annotations

from kerma.core.edit import Action, Edit
from kerma.simulation.trap import Trap

__all__ = ["DOSE_TRAPS"]

_DOSE = "rtdose.dcm"
_OFFSETS = "GridFrameOffsetVector"
_DVH_DOSES = tuple(
    f"DVHSequence[*].DVH{which}"
    for which in ("MinimumDose", "MeanDose", "MaximumDose", "DoseScaling")
)

DOSE_TRAPS = (
    Trap(
        "dose-frames-descending",
        "The frames run from head to feet, with offsets below zero.",
        (Edit(_DOSE, Action.BACKWARD),),
    ),
    Trap(
        "dose-offsets-are-z",
        "Frame offsets hold z instead of distances. Who adds them to the position puts "
        "the dose twice as far away.",
        (Edit(_DOSE, Action.ABSOLUTE),),
    ),
    Trap(
        "dose-offsets-are-descending-z",
        "Frame offsets hold z, and run down.",
        (Edit(_DOSE, Action.BACKWARD), Edit(_DOSE, Action.ABSOLUTE)),
    ),
    Trap(
        "dose-planes-uneven",
        "Planes of the dose are unevenly spaced. Who takes the first distance for all "
        "shifts the rest.",
        (Edit(_DOSE, Action.DROP, value=(3, 7, 8)),),
        notes=("dose as read",),
    ),
    Trap(
        "dose-prone",
        "The patient lies prone: rows and columns run against x and y.",
        layout={"position": "HFP"},
    ),
    Trap(
        "dose-feet-first",
        "The patient lies feet first: frames run along -z.",
        layout={"position": "FFS"},
    ),
    Trap(
        "dose-feet-first-descending",
        "Feet first, and the frames run backward as well.",
        (Edit(_DOSE, Action.BACKWARD),),
        layout={"position": "FFS"},
    ),
    Trap(
        "dose-offsets-too-many",
        "There are more frame offsets than frames.",
        (Edit(_DOSE, Action.APPEND, _OFFSETS, (900.0, 905.0)),),
        notes=("dose as read",),
    ),
    Trap(
        "dose-offsets-of-no-form",
        "Frame offsets start from neither 0 nor z: where the frames lie is a guess.",
        (Edit(_DOSE, Action.ADD, _OFFSETS, 3.7),),
        refused={"dose": "(3004,000C)"},
        findings=("cannot be read",),
    ),
    Trap(
        "dose-offsets-missing",
        "There are no frame offsets, and Slice Thickness is no substitute.",
        (
            Edit(_DOSE, Action.REMOVE, _OFFSETS),
            Edit(_DOSE, Action.SET, "SliceThickness", 2.0),
        ),
        refused={"dose": "(3004,000C)"},
        findings=("cannot be read",),
    ),
    Trap(
        "dose-relative",
        "The dose is relative to a prescription that it does not state.",
        (Edit(_DOSE, Action.SET, "DoseUnits", "RELATIVE"),),
        differs=("dose",),
        findings=("relative dose",),
    ),
    Trap(
        "dose-in-cgy",
        "The dose is in cGy, which DICOM does not have.",
        (
            Edit(_DOSE, Action.SET, "DoseUnits", "CGY"),
            Edit(_DOSE, Action.SCALE, "DoseGridScaling", 100),
            Edit(_DOSE, Action.SET, "DVHSequence[*].DoseUnits", "CGY"),
            *(Edit(_DOSE, Action.SCALE, element, 100) for element in _DVH_DOSES),
        ),
        notes=("dose as read",),
    ),
    Trap(
        "dose-in-cgy-labeled-gy",
        "The dose is in cGy, but says it is in Gy.",
        (Edit(_DOSE, Action.SCALE, "DoseGridScaling", 100),),
        differs=("dose",),
        findings=("dose and prescription",),
    ),
    Trap(
        "dose-of-one-fraction",
        "The dose of one fraction is taken for that of the plan.",
        (
            Edit(_DOSE, Action.SCALE, "DoseGridScaling", 1 / 30),
            Edit(_DOSE, Action.SET, "DoseSummationType", "FRACTION"),
        ),
        differs=("dose",),
        findings=("dose of parts", "stored histograms"),
    ),
    Trap(
        "dose-scaling-zero",
        "Dose Grid Scaling is zero: there seems to be no dose anywhere.",
        (Edit(_DOSE, Action.SET, "DoseGridScaling", "0"),),
        refused={"dose": "(3004,000E)"},
        findings=("cannot be read",),
    ),
    Trap(
        "dose-with-a-rescale",
        "A rescale slope stands beside Dose Grid Scaling. Who uses both is wrong twice.",
        (
            Edit(_DOSE, Action.SET, "RescaleSlope", "2"),
            Edit(_DOSE, Action.SET, "RescaleIntercept", "-1024"),
        ),
        notes=("dose as read",),
    ),
    Trap(
        "dose-in-another-frame",
        "The dose lies in another frame of reference than CT and structures.",
        (Edit(_DOSE, Action.SET, "FrameOfReferenceUID", "2.25.99"),),
        differs=("dose",),
        findings=("other frame",),
    ),
    Trap(
        "dose-frame-blank",
        "The dose names no frame of reference.",
        (Edit(_DOSE, Action.SET, "FrameOfReferenceUID", ""),),
        findings=("no frame of reference",),
        notes=("dose as read",),
    ),
    Trap(
        "dose-shifted",
        "The dose is of another isocenter: it lies beside the target.",
        (Edit(_DOSE, Action.ADD, "ImagePositionPatient", (120, 0, 0)),),
        differs=("dose",),
        findings=(
            "dose does not cover",
            "dose does not cover",
            "dose does not cover",
            "target not irradiated",
        ),
    ),
    Trap(
        "dose-grid-too-small",
        "The dose grid ends inside the target; what lies outside counts as zero.",
        (Edit(_DOSE, Action.TRIM, value=0.7),),
        findings=("dose does not cover",) * 4,
    ),
    Trap(
        "plan-and-beam-doses",
        "The dose of the plan and those of its beams lie side by side. Who adds all of "
        "them gets twice the dose.",
        needs_extras=True,
        notes=("sum of beams",),
    ),
    Trap(
        "beam-dose-missing",
        "The dose of one beam is not there, so the sum of beams is too low.",
        (Edit("rtdose_beam_2.dcm", Action.DELETE),),
        needs_extras=True,
        findings=("sum of beams",),
    ),
    Trap(
        "histograms-in-percent",
        "Histograms stored with the dose state their minimum, mean and maximum in percent "
        "of the prescription, though the units are Gy.",
        tuple(Edit(_DOSE, Action.SCALE, each, 100 / 60) for each in _DVH_DOSES[:3]),
        notes=("dose as read",),
    ),
    Trap(
        "histograms-of-another-dose",
        "Histograms stored with the dose are those of another one.",
        (
            Edit(_DOSE, Action.SCALE, "DVHSequence[*].DVHMaximumDose", 1.4),
            Edit(_DOSE, Action.SCALE, "DVHSequence[*].DVHDoseScaling", 1.4),
        ),
        differs=("dose",),
        findings=("stored histograms",),
    ),
    Trap(
        "dose-differences-unsigned",
        "The dose is the difference of two, but its pixels have no sign: what is below "
        "zero looks like a huge dose.",
        (Edit(_DOSE, Action.SET, "DoseType", "ERROR"),),
        refused={"dose": "(0028,0103)"},
        findings=("cannot be read",),
    ),
)
"""Each reads as what is known to happen."""
