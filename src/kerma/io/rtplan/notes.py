"""What is odd about a plan but changes no number, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kerma.core.beam import Beam
from kerma.core.control_point import RotationDirection
from kerma.core.plan import Plan
from kerma.io.dicom.item import Item

__all__ = ["plan_notes"]


def plan_notes(item: Item, plan: Plan) -> tuple[str, ...]:
    """Notes on a plan as it was read from an object."""
    notes = [*_references(item, plan), *_metersets(item, plan)]
    for beam_item, beam in zip(item.items("BeamSequence"), plan.beams, strict=True):
        notes += [f"Beam {beam.number}: {note}" for note in _beam(beam_item, beam)]
    return tuple(notes)


def _references(item: Item, plan: Plan) -> Iterator[str]:
    count = len(item.items("ReferencedStructureSetSequence"))
    if count > 1:
        yield f"The plan names {count} structure sets; the first is kept."
    if not plan.structure_set_uid and item.text("RTPlanGeometry") == "PATIENT":
        yield (
            "The plan is for a patient (RT Plan Geometry (300A,000C)) but names no "
            "structure set."
        )
    setups = {setup.number for setup in plan.patient_setups if setup.patient_position}
    lost = [b.number for b in plan.beams if b.patient_setup_number not in setups]
    if lost:
        yield (
            f"How the patient lies is not stated for beam {_listed(lost)} (Patient "
            f"Setup Sequence (300A,0180))."
        )


def _metersets(item: Item, plan: Plan) -> Iterator[str]:
    groups = zip(item.items("FractionGroupSequence"), plan.fraction_groups, strict=True)
    for group_item, group in groups:
        declared = group_item.integer("NumberOfBeams")
        if declared not in (None, len(group.beams)):
            yield (
                f"Fraction group {group.number} declares {declared} beams (300A,0080) "
                f"but names {len(group.beams)}."
            )
    delivered = {
        share.beam_number
        for group in plan.fraction_groups
        for share in group.beams
        if share.meterset is not None
    }
    treated = [beam.number for beam in plan.beams if not beam.is_setup]
    silent = [number for number in treated if number not in delivered]
    if silent:
        yield f"Beam {_listed(silent)} has no meterset (300A,0086)."


def _beam(item: Item, beam: Beam) -> Iterator[str]:
    points = beam.control_points
    declared = item.integer("NumberOfControlPoints")
    if declared not in (None, len(points)):
        yield f"declares {declared} control points (300A,0110) but has {len(points)}."
    if item.items("ControlPointSequence")[0].integer("ControlPointIndex") != 0:
        yield "its control points are not counted from 0 (300A,0112)."
    if beam.final_weight is not None and not item.has("FinalCumulativeMetersetWeight"):
        yield "its final weight (300A,010E) is missing; the last weight is taken."
    unused = {device.kind for device in beam.devices} - set(points[0].devices)
    if unused:
        yield f"{_listed(sorted(unused))} has no positions and is taken as not in use."
    if all(point.isocenter is None for point in points):
        yield "its isocenter (300A,012C) is not stated."
    overlap = max((o.overlap_mm for p in points for o in p.openings), default=0.0)
    if overlap > 0:
        yield f"leaves or jaws overlap, by up to {overlap:g} mm."
    if any(
        before.gantry_angle != after.gantry_angle
        and before.gantry_direction is RotationDirection.NONE
        for before, after in pairwise(points)
    ):
        yield "the gantry moves, but which way it turns is not stated (300A,011F)."


def _listed(things: list[int] | list[str]) -> str:
    return ", ".join(map(str, things))
