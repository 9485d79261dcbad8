"""Traps in the structures of a plan."""

from __future__ import annotations

from kerma.core.edit import Action, Edit
from kerma.simulation.trap import Trap

__all__ = ["STRUCTURE_TRAPS"]

_SET = "rtstruct.dcm"
# Places in the sequences, in the order of the simulated patient.
_HEART, _GTV, _PTV = 3, 6, 7
_FIRST = f"ROIContourSequence[{_GTV}].ContourSequence[0]"
_EVERY = f"ROIContourSequence[{_GTV}].ContourSequence[*]"


def _contours(of: int) -> str:
    return f"ROIContourSequence[{of}].ContourSequence"


STRUCTURE_TRAPS = (
    Trap(
        "duplicate-names",
        "Two structures have one name. Who keeps them by name loses one.",
        (Edit(_SET, Action.SET, "StructureSetROISequence[6].ROIName", "PTV"),),
        findings=("duplicate names",),
    ),
    Trap(
        "names-alike",
        "Names differ in case and blanks only.",
        (Edit(_SET, Action.SET, "StructureSetROISequence[6].ROIName", "p tv"),),
        findings=("names alike",),
    ),
    Trap(
        "empty-structure",
        "An organ has no contours. Who expects some stops.",
        (Edit(_SET, Action.REMOVE, _contours(_HEART)),),
        differs=("structures",),
        notes=("empty structure",),
    ),
    Trap(
        "empty-target",
        "A target has no contours.",
        (Edit(_SET, Action.REMOVE, _contours(_PTV)),),
        differs=("structures",),
        findings=("empty structure",),
    ),
    Trap(
        "point",
        "A structure is a point. Who fills it as a polygon stops, or draws a voxel.",
        (
            Edit(_SET, Action.SET, f"{_FIRST}.ContourGeometricType", "POINT"),
            Edit(_SET, Action.SET, f"{_FIRST}.ContourData", (-75, 10, 15)),
            Edit(_SET, Action.SET, f"{_FIRST}.NumberOfContourPoints", 1),
        ),
        differs=("structures",),
    ),
    Trap(
        "no-contour-images",
        "Contours do not say on which image they lie; DICOM does not ask for it.",
        (
            Edit(
                _SET,
                Action.REMOVE,
                "ROIContourSequence[*].ContourSequence[*].ContourImageSequence",
            ),
        ),
    ),
    Trap(
        "long-contours",
        "Contours are longer than 64 KiB, so that explicit VR writes them as unknown.",
        (
            Edit(_SET, Action.ENCODE, value="1.2.840.10008.1.2.1"),
            Edit(_SET, Action.DENSER, f"{_EVERY}.ContourData", 120),
        ),
    ),
    Trap(
        "off-slices",
        "Contours lie between slices. Who moves them to the nearest slice shifts the "
        "structure.",
        (Edit(_SET, Action.ADD, f"{_EVERY}.ContourData", (0, 0, 0.9)),),
        differs=("structures",),
        findings=("off slices",),
    ),
    Trap(
        "open-contour",
        "A contour of a target is open and encloses nothing.",
        (Edit(_SET, Action.SET, f"{_FIRST}.ContourGeometricType", "OPEN_PLANAR"),),
        differs=("structures",),
        findings=("open contours",),
    ),
    Trap(
        "one-point-contour",
        "A closed contour has one point. Who fills it stops.",
        (
            Edit(_SET, Action.SET, f"{_FIRST}.ContourData", (-75, 10, 15)),
            Edit(_SET, Action.SET, f"{_FIRST}.NumberOfContourPoints", 1),
        ),
        differs=("structures",),
        notes=("structures as read",),
    ),
    Trap(
        "sequences-in-other-order",
        "Names, contours and types stand in different orders. Who pairs them by place "
        "gives each organ the contours of another.",
        (
            Edit(_SET, Action.REVERSE, "ROIContourSequence"),
            Edit(_SET, Action.REVERSE, "RTROIObservationsSequence"),
        ),
    ),
    Trap(
        "numbers-twice",
        "Two structures have one ROI Number: whose contours are whose is a guess.",
        (Edit(_SET, Action.SET, "StructureSetROISequence[6].ROINumber", 8),),
        refused={"structures": "(3006,0022)"},
        findings=("cannot be read",),
    ),
    Trap(
        "other-ct",
        "The structure set was drawn on another CT in the same frame of reference.",
        (
            Edit(
                _SET,
                Action.SET,
                "ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]."
                "RTReferencedSeriesSequence[0].SeriesInstanceUID",
                "2.25.98",
            ),
            Edit(
                _SET,
                Action.REMOVE,
                "ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]."
                "RTReferencedSeriesSequence[0].ContourImageSequence",
            ),
            Edit(
                _SET,
                Action.REMOVE,
                "ROIContourSequence[*].ContourSequence[*].ContourImageSequence",
            ),
        ),
        findings=("other CT",),
    ),
    Trap(
        "outside-images",
        "A structure lies outside the CT. Who clips it silently loses volume.",
        (Edit(_SET, Action.ADD, f"{_EVERY}.ContourData", (-150, 0, 0)),),
        differs=("structures",),
        findings=("dose does not cover", "outside body", "outside images"),
    ),
    Trap(
        "target-outside-body",
        "A target reaches out of the patient.",
        (Edit(_SET, Action.ADD, f"{_EVERY}.ContourData", (-90, 0, 0)),),
        differs=("structures",),
        findings=("dose does not cover", "outside body"),
    ),
    Trap(
        "no-body",
        "No structure says that it is the body.",
        (
            Edit(
                _SET,
                Action.SET,
                "RTROIObservationsSequence[0].RTROIInterpretedType",
                "ORGAN",
            ),
        ),
        differs=("structures",),
        findings=("dose does not cover", "no external"),
    ),
    Trap(
        "coordinates-are-no-numbers",
        "A coordinate is no number.",
        (Edit(_SET, Action.SET, f"{_FIRST}.ContourData", "1\\2\\nan", vr="LT"),),
        refused={"structures": "(3006,0050)"},
        findings=("cannot be read",),
    ),
)
"""Each reads as what is known to happen."""
