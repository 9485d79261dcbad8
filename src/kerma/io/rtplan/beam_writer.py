"""Write a beam of an RT Plan; its control points state only what changes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from kerma.core.beam import Applicator, Beam, Block, LimitingDevice, Wedge
from kerma.core.control_point import ControlPoint, Opening, WedgePosition
from kerma.errors import InputError
from kerma.io.dicom.elements import new_item, put, put_or_blank
from kerma.io.rtplan.elements import ANGLES, CARRIED_NUMBERS, DIRECTIONS

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["beam_item"]

_CARRIED = ANGLES | CARRIED_NUMBERS | DIRECTIONS | {"isocenter": "IsocenterPosition"}


def beam_item(beam: Beam) -> Dataset:
    """The item of Beam Sequence (300A,00B0) for a beam.

    Raises
    ------
    InputError
        A text or number is none that DICOM allows, or the beam has compensators.
    """
    if beam.compensators:
        raise InputError(
            f"Beam {beam.number} has {beam.compensators} compensators, of which only "
            f"the number is known; such a beam cannot be written."
        )
    item = new_item(
        BeamNumber=beam.number,
        BeamDescription=beam.description,
        BeamType=beam.beam_type,
        SourceAxisDistance=beam.source_axis_distance,
        ReferencedPatientSetupNumber=beam.patient_setup_number,
    )
    put_or_blank(
        item,
        BeamName=beam.name,
        TreatmentMachineName=beam.machine,
        RadiationType=beam.radiation_type,
        TreatmentDeliveryType=beam.delivery_type,
        PrimaryDosimeterUnit=beam.dosimeter_unit,
        BeamLimitingDeviceSequence=list(map(_device, beam.devices)),
    )
    _add_modifiers(item, beam)
    points = beam.control_points
    put(
        item,
        FinalCumulativeMetersetWeight=beam.final_weight,
        NumberOfControlPoints=len(points),
        ControlPointSequence=[
            _control_point(k, points[k - 1] if k else None, point)
            for k, point in enumerate(points)
        ],
    )
    return item


def _add_modifiers(item: Dataset, beam: Beam) -> None:
    """Wedges, blocks, boli and applicator, with how many of each there are."""
    applicators = [beam.applicator] if beam.applicator else []
    put(
        item,
        NumberOfCompensators=0,
        NumberOfWedges=len(beam.wedges),
        WedgeSequence=list(map(_wedge, beam.wedges)),
        NumberOfBlocks=len(beam.blocks),
        BlockSequence=list(map(_block, beam.blocks)),
        NumberOfBoli=len(beam.bolus_structure_numbers),
        ReferencedBolusSequence=[
            new_item(ReferencedROINumber=number)
            for number in beam.bolus_structure_numbers
        ],
        ApplicatorSequence=list(map(_applicator, applicators)),
    )


def _device(device: LimitingDevice) -> Dataset:
    return new_item(
        RTBeamLimitingDeviceType=device.kind,
        NumberOfLeafJawPairs=device.pairs,
        SourceToBeamLimitingDeviceDistance=device.source_distance,
        LeafPositionBoundaries=device.boundaries,
    )


def _wedge(wedge: Wedge) -> Dataset:
    item = new_item(WedgeNumber=wedge.number, WedgeID=wedge.name)
    put_or_blank(
        item,
        WedgeType=wedge.kind,
        WedgeAngle=wedge.angle,
        WedgeOrientation=wedge.orientation,
        WedgeFactor=wedge.factor,
    )
    return item


def _block(block: Block) -> Dataset:
    item = new_item(
        BlockNumber=block.number,
        BlockType=block.kind,
        BlockName=block.name,
        BlockTrayID=block.tray,
        BlockMountingPosition=block.mounting,
        BlockNumberOfPoints=len(block.points),
    )
    put_or_blank(
        item,
        BlockDivergence=block.divergence,
        MaterialID=block.material,
        SourceToBlockTrayDistance=block.tray_distance,
        BlockThickness=block.thickness,
        BlockTransmission=block.transmission,
        BlockData=[value for point in block.points for value in point],
    )
    return item


def _applicator(applicator: Applicator) -> Dataset:
    return new_item(
        ApplicatorID=applicator.name,
        ApplicatorType=applicator.kind,
        ApplicatorDescription=applicator.description,
    )


def _control_point(k: int, last: ControlPoint | None, point: ControlPoint) -> Dataset:
    """A control point: of the first all is stated, later what changed."""
    item = new_item(
        ControlPointIndex=k, SourceToSurfaceDistance=point.source_surface_distance
    )
    put_or_blank(item, CumulativeMetersetWeight=point.weight)
    if last is None:
        put_or_blank(item, IsocenterPosition=None)  # of type 2 there
    for field in fields(ControlPoint):
        value = getattr(point, field.name)
        changed = last is None or value != getattr(last, field.name)
        if changed and field.name in _CARRIED:
            put(item, **{_CARRIED[field.name]: value})
    if "TableTopPitchAngle" in item:
        put(item, TableTopPitchRotationDirection="NONE")
    if "TableTopRollAngle" in item:
        put(item, TableTopRollRotationDirection="NONE")
    put(
        item,
        BeamLimitingDevicePositionSequence=[
            _opening(opening)
            for opening in point.openings
            if last is None or opening not in last.openings
        ],
        WedgePositionSequence=[
            _wedge_position(wedge)
            for wedge in point.wedge_positions
            if last is None or wedge not in last.wedge_positions
        ],
    )
    return item


def _opening(opening: Opening) -> Dataset:
    return new_item(
        RTBeamLimitingDeviceType=opening.device,
        LeafJawPositions=opening.first + opening.second,
    )


def _wedge_position(position: WedgePosition) -> Dataset:
    return new_item(
        ReferencedWedgeNumber=position.wedge_number, WedgePosition=position.position
    )
