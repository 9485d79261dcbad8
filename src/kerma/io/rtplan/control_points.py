"""Read the control points of a beam, each as a complete state.

A file states only what changes from one control point to the next (PS3.3, C.8.8.14.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerma.core.control_point import (
    ControlPoint,
    Opening,
    RotationDirection,
    WedgePosition,
)
from kerma.core.iec61217 import normalized_angle
from kerma.errors import DicomError, InputError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.item import Item
from kerma.io.rtplan.elements import ANGLES, CARRIED_NUMBERS, DIRECTIONS

__all__ = ["position", "read_control_points"]

_NEEDED = ("gantry_angle", "collimator_angle", "couch_angle")


def read_control_points(beam: Item) -> tuple[ControlPoint, ...]:
    """The control points of a beam, in the order of delivery.

    Raises
    ------
    DicomError
        There are none, they are out of order, the first lacks an angle, or an element
        has no usable value.
    InputError
        One of them is no state that a machine can have.
    """
    items = beam.required_items("ControlPointSequence")
    points = []
    state: dict[str, Any] = {}
    last = -1
    for k, item in enumerate(items):
        refuse_damage(item)
        last = _index(item, last)
        state |= _stated(item, state)
        missing = [ANGLES[field] for field in _NEEDED if field not in state]
        if missing:
            raise item.problem(
                missing[0], "is missing; the first control point needs it"
            )
        try:
            points.append(ControlPoint(**state))
        except DicomError:
            raise
        except InputError as error:
            raise InputError(f"control point {k}: {error}") from error
    return tuple(points)


def _index(item: Item, last: int) -> int:
    """Control Point Index, which has to ascend: the order decides what is delivered."""
    index = item.integer("ControlPointIndex")
    if index is None:
        return last + 1
    if index <= last:
        raise item.problem(
            "ControlPointIndex", f"is {index} after {last}: the order is not known"
        )
    return index


def _stated(item: Item, state: Mapping[str, Any]) -> dict[str, Any]:
    """What a control point states itself, and what is never carried forward."""
    _refuse_gantry_pitch(item)
    stated: dict[str, Any] = {
        "weight": item.number("CumulativeMetersetWeight"),
        "source_surface_distance": item.number("SourceToSurfaceDistance"),
    }
    for field, keyword in ANGLES.items():
        if (angle := item.number(keyword)) is not None:
            stated[field] = normalized_angle(angle)
    for field, keyword in CARRIED_NUMBERS.items():
        if (number := item.number(keyword)) is not None:
            stated[field] = number
    for field, keyword in DIRECTIONS.items():
        if item.has(keyword):
            stated[field] = _direction(item, keyword)
    if (isocenter := position(item, "IsocenterPosition")) is not None:
        stated["isocenter"] = isocenter
    stated["openings"] = _merged(state.get("openings", ()), _openings(item), "device")
    stated["wedge_positions"] = _merged(
        state.get("wedge_positions", ()), _wedge_positions(item), "wedge_number"
    )
    return stated


def position(item: Item, keyword: str) -> tuple[float, float, float] | None:
    """(x, y, z) mm; ``None`` where it is missing."""
    numbers = item.numbers(keyword, 3)
    return (
        None
        if numbers is None
        else (float(numbers[0]), float(numbers[1]), float(numbers[2]))
    )


def _refuse_gantry_pitch(item: Item) -> None:
    pitch = item.number("GantryPitchAngle")
    if pitch:
        raise item.problem(
            "GantryPitchAngle", f"is {pitch:g} degrees; only upright gantries are read"
        )


def _direction(item: Item, keyword: str) -> RotationDirection:
    text = item.text(keyword)
    if text not in set(RotationDirection):
        raise item.problem(keyword, f"is {text[:16]!r}; CW, CC or NONE is needed")
    return RotationDirection(text)


def _openings(item: Item) -> tuple[Opening, ...]:
    openings = []
    for device in item.items("BeamLimitingDevicePositionSequence"):
        numbers = device.required_numbers("LeafJawPositions")
        if numbers.size % 2:
            raise device.problem(
                "LeafJawPositions", f"has {numbers.size} values, no two equal banks"
            )
        first, second = numbers.reshape(2, -1).tolist()
        kind = device.required_text("RTBeamLimitingDeviceType")
        openings.append(Opening(kind, tuple(first), tuple(second)))
    return tuple(openings)


def _wedge_positions(item: Item) -> tuple[WedgePosition, ...]:
    return tuple(
        WedgePosition(
            wedge.required_integer("ReferencedWedgeNumber"),
            wedge.required_text("WedgePosition"),
        )
        for wedge in item.items("WedgePositionSequence")
    )


def _merged(
    before: tuple[Any, ...], stated: tuple[Any, ...], key: str
) -> tuple[Any, ...]:
    """What held before, with what is stated anew in its place."""
    merged = {getattr(part, key): part for part in before}
    if len({getattr(part, key) for part in stated}) < len(stated):
        raise InputError(f"one {key.replace('_', ' ')} is stated twice")
    merged |= {getattr(part, key): part for part in stated}
    return tuple(merged.values())
