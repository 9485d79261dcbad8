"""Traps in the CT of a plan."""

from __future__ import annotations

from kerma.core.edit import Action, Edit
from kerma.simulation.trap import Trap

__all__ = ["CT_TRAPS"]

_ALL = "ct/*.dcm"
_ONE = "ct/ct_0010.dcm"
_AGAIN = "ct/again.dcm"
_NEW_UID = "2.25.4711"

CT_TRAPS = (
    Trap(
        "missing-slice",
        "One slice is lost in the export. Who divides the length by the number of "
        "slices stretches the CT and puts two contours on one slice.",
        (Edit(_ONE, Action.DELETE),),
        findings=("missing slices", "images not here", "off slices"),
    ),
    Trap(
        "end-slices-missing",
        "The first slices are lost, so that structures reach beyond the CT.",
        (Edit("ct/ct_000[1-3].dcm", Action.DELETE),),
        findings=("images not here", "outside images"),
    ),
    Trap(
        "same-slice-twice",
        "A slice was exported twice, as the very same file.",
        (Edit(_ONE, Action.COPY, value=_AGAIN),),
        notes=("copies", "CT as read"),
    ),
    Trap(
        "same-slice-renumbered",
        "A slice was exported twice, under two UIDs.",
        (
            Edit(_ONE, Action.COPY, value=_AGAIN),
            Edit(_AGAIN, Action.SET, "SOPInstanceUID", _NEW_UID),
        ),
        notes=("CT as read",),
    ),
    Trap(
        "two-images-in-one-place",
        "Two phases or acquisitions share a series: two different images lie in one "
        "place, and the last one read wins.",
        (
            Edit(_ONE, Action.COPY, value=_AGAIN),
            Edit(_AGAIN, Action.SET, "SOPInstanceUID", _NEW_UID),
            Edit(_AGAIN, Action.SET, "RescaleIntercept", 50),
        ),
        refused={"CT": "differ but lie in one place"},
        findings=("cannot be read", "doubled slices"),
    ),
    Trap(
        "names-and-numbers-reversed",
        "File names and Instance Numbers run against the patient. Who sorts by them "
        "turns the patient over.",
        (
            Edit(_ALL, Action.SHUFFLE),
            Edit(_ALL, Action.SCALE, "InstanceNumber", -1),
        ),
    ),
    Trap(
        "slice-location-wrong",
        "Slice Location does not say where a slice lies.",
        (Edit(_ALL, Action.SET, "SliceLocation", 0),),
    ),
    Trap(
        "tilted-gantry",
        "The gantry was tilted: slices are stacked obliquely. Who takes the stack for a "
        "box shifts the far slices by centimeters.",
        layout={"tilt_deg": 12.0},
        findings=("tilted gantry",),
    ),
    Trap(
        "several-slices-missing",
        "Single and neighboring slices are lost.",
        (
            Edit("ct/ct_00*[26].dcm", Action.DELETE),
            Edit("ct/ct_0015.dcm", Action.DELETE),
        ),
        findings=("images not here", "missing slices", "off slices"),
    ),
    Trap(
        "uneven-slices",
        "A part of the scan lies 2 mm aside of the even steps; the mean distance is that "
        "of no part.",
        (Edit("ct/ct_000*.dcm", Action.ADD, "ImagePositionPatient", (0, 0, -2)),),
        differs=("CT",),
        findings=("off slices", "uneven slices"),
    ),
    Trap(
        "spacing-between-slices-wrong",
        "Spacing Between Slices and Slice Thickness contradict the positions.",
        (
            Edit(_ALL, Action.SET, "SpacingBetweenSlices", 1.0),
            Edit(_ALL, Action.SET, "SliceThickness", 2.0),
        ),
    ),
    Trap(
        "unsigned-above-32767",
        "Stored numbers are unsigned and exceed 32767. Who converts them to 16 bits with "
        "a sign first wraps them around.",
        (Edit(_ALL, Action.RESCALE, value=(1, -34000, 1)),),
    ),
    Trap(
        "rescale-differs-by-slice",
        "Each slice has its own rescale. Who takes that of the first doubles the others.",
        (Edit("ct/ct_*[02468].dcm", Action.RESCALE, value=(0.5, -100)),),
    ),
    Trap(
        "padding",
        "Outside the field of view stands a padding value, which is no CT number.",
        (Edit(_ALL, Action.PAD, value=(1, -2000)),),
        notes=("CT as read",),
    ),
    Trap(
        "localizer-in-series",
        "A scout view has the Series Instance UID of the CT.",
        (
            Edit(_ONE, Action.COPY, value=_AGAIN),
            Edit(_AGAIN, Action.SET, "SOPInstanceUID", _NEW_UID),
            Edit(_AGAIN, Action.SET, "ImageType", ("ORIGINAL", "PRIMARY", "LOCALIZER")),
            Edit(
                _AGAIN,
                Action.SET,
                "ImageOrientationPatient",
                (0, 1, 0, 0, 0, -1),
            ),
        ),
        notes=("CT as read",),
    ),
    Trap(
        "no-hu",
        "The numbers are no CT numbers: Rescale Type says so.",
        (Edit(_ALL, Action.SET, "RescaleType", "OD"),),
        refused={"CT": "(0028,1054)"},
        findings=("cannot be read",),
    ),
    Trap(
        "position-missing",
        "A slice has no position.",
        (Edit(_ONE, Action.REMOVE, "ImagePositionPatient"),),
        refused={"CT": "(0020,0032)"},
        findings=("cannot be read", "no stack"),
    ),
    Trap(
        "ct-frame-blank",
        "The CT names no frame of reference, so nothing says that positions fit.",
        (Edit(_ALL, Action.SET, "FrameOfReferenceUID", ""),),
        findings=("no frame of reference",),
        notes=("CT as read",),
    ),
)
"""Each reads as what is known to happen."""
