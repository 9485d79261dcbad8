"""Read a beam of an RT Plan."""

from __future__ import annotations

from kerma.core.beam import (
    Applicator,
    Beam,
    BeamType,
    Block,
    LimitingDevice,
    Wedge,
)
from kerma.core.control_point import ControlPoint
from kerma.errors import DicomError, InputError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.header import plain
from kerma.io.dicom.item import Item
from kerma.io.rtplan.control_points import read_control_points

__all__ = ["read_beam"]

_WEIGHT_ROUNDING = 1e-5  # relative; weights are printed with six digits or more


def read_beam(item: Item) -> Beam:
    """A beam.

    Raises
    ------
    DicomError
        An element is missing or has no usable value.
    InputError
        The beam contradicts itself.
    """
    refuse_damage(item)
    number = item.required_integer("BeamNumber")
    return Beam(
        number=number,
        control_points=_control_points(item, number),
        name=item.text("BeamName"),
        description=item.text("BeamDescription"),
        machine=item.text("TreatmentMachineName"),
        beam_type=_beam_type(item),
        radiation_type=item.text("RadiationType"),
        delivery_type=item.text("TreatmentDeliveryType"),
        source_axis_distance=_source_axis_distance(item),
        dosimeter_unit=item.text("PrimaryDosimeterUnit"),
        devices=tuple(map(_device, item.items("BeamLimitingDeviceSequence"))),
        wedges=tuple(map(_wedge, item.items("WedgeSequence"))),
        blocks=tuple(map(_block, item.items("BlockSequence"))),
        applicator=_applicator(item),
        bolus_structure_numbers=tuple(
            bolus.required_integer("ReferencedROINumber")
            for bolus in item.items("ReferencedBolusSequence")
        ),
        compensators=item.integer("NumberOfCompensators") or 0,
        patient_setup_number=item.integer("ReferencedPatientSetupNumber"),
    )


def _control_points(item: Item, number: int) -> tuple[ControlPoint, ...]:
    try:
        points = read_control_points(item)
    except DicomError:
        raise
    except InputError as error:
        raise InputError(f"Beam {number}, {error}") from error
    final, last = item.number("FinalCumulativeMetersetWeight"), points[-1].weight
    if final is None or last is None:
        return points
    if abs(final - last) > _WEIGHT_ROUNDING * max(final, last):
        raise item.problem(
            "FinalCumulativeMetersetWeight",
            f"is {final:g}, but the last control point of beam {number} has the "
            f"weight {last:g}: how the meterset is spread is not known",
        )
    return points


def _beam_type(item: Item) -> BeamType:
    text = item.required_text("BeamType")
    if text not in set(BeamType):
        raise item.problem(
            "BeamType", f"is {plain(text, 16)!r}; STATIC or DYNAMIC is needed"
        )
    return BeamType(text)


def _source_axis_distance(item: Item) -> float | None:
    distance = item.number("SourceAxisDistance")
    if distance is not None and distance <= 0:
        raise item.problem("SourceAxisDistance", f"is {distance:g} mm")
    return distance


def _device(item: Item) -> LimitingDevice:
    boundaries = item.numbers("LeafPositionBoundaries")
    kind = item.required_text("RTBeamLimitingDeviceType")
    is_leaves = kind.startswith("MLC")
    return LimitingDevice(
        kind=kind,
        pairs=item.required_integer("NumberOfLeafJawPairs"),
        # Some systems give boundaries to jaws as well; they have no leaves.
        boundaries=tuple(boundaries.tolist())
        if is_leaves and boundaries is not None
        else (),
        source_distance=item.number("SourceToBeamLimitingDeviceDistance"),
    )


def _wedge(item: Item) -> Wedge:
    return Wedge(
        number=item.required_integer("WedgeNumber"),
        kind=item.text("WedgeType"),
        name=item.text("WedgeID"),
        angle=item.number("WedgeAngle"),
        orientation=item.number("WedgeOrientation"),
        factor=item.number("WedgeFactor"),
    )


def _block(item: Item) -> Block:
    data = item.numbers("BlockData")
    if data is not None and data.size % 2:
        raise item.problem("BlockData", f"has {data.size} values, no pairs of (x, y)")
    return Block(
        number=item.required_integer("BlockNumber"),
        kind=item.required_text("BlockType"),
        points=()
        if data is None
        else tuple((x, y) for x, y in data.reshape(-1, 2).tolist()),
        name=item.text("BlockName"),
        divergence=item.text("BlockDivergence"),
        thickness=item.number("BlockThickness"),
        transmission=item.number("BlockTransmission"),
        material=item.text("MaterialID"),
        tray=item.text("BlockTrayID"),
        tray_distance=item.number("SourceToBlockTrayDistance"),
        mounting=item.text("BlockMountingPosition"),
    )


def _applicator(item: Item) -> Applicator | None:
    applicators = item.items("ApplicatorSequence")
    if not applicators:
        return None
    if len(applicators) > 1:
        raise item.problem(
            "ApplicatorSequence",
            f"has {len(applicators)} items; a beam has one at most",
        )
    first = applicators[0]
    return Applicator(
        name=first.text("ApplicatorID"),
        kind=first.text("ApplicatorType"),
        description=first.text("ApplicatorDescription"),
    )
