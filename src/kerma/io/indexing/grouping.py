"""Instances sorted into series, studies and patients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from kerma.io.indexing.kinds import IMAGES
from kerma.io.indexing.records import Instance, Patient, Plane, Series, Stack, Study

__all__ = ["distinct", "group"]

_Key: TypeAlias = tuple[str, str]

_SAME_PLACE_MM = 0.01
_SAME_DIRECTION = 1e-4  # as the CT reader has it: 0.05 mm at the far end of 500 mm
_SAME_SPACING = 1e-5  # of itself
_WHOLE = 0.1  # how near to a multiple of the usual gap a gap of missing slices comes


def group(instances: Sequence[Instance]) -> tuple[Patient, ...]:
    """Patients in the order of the paths, and their studies and series."""
    patients: dict[_Key, dict[str, dict[_Key, list[Instance]]]] = {}
    for instance in instances:
        studies = patients.setdefault(_patient_key(instance), {})
        series = studies.setdefault(instance.study_instance_uid, {})
        series.setdefault(_series_key(instance), []).append(instance)
    return tuple(
        Patient(
            number,
            key[0],
            tuple(
                Study(uid, tuple(_series(number, one) for one in series.values()))
                for uid, series in studies.items()
            ),
        )
        for number, (key, studies) in enumerate(patients.items(), start=1)
    )


def _patient_key(instance: Instance) -> _Key:
    """Files without a patient ID are one patient only if they are of one study."""
    if instance.patient_id:
        return instance.patient_id, ""
    return "", instance.study_instance_uid or _folder(instance)


def _series_key(instance: Instance) -> _Key:
    """Files without a Series Instance UID go together if they lie in one folder."""
    uid = instance.series_instance_uid or f"/{_folder(instance)}"
    return uid, instance.kind


def _folder(instance: Instance) -> str:
    return instance.path.rpartition("/")[0]


def _series(patient: int, instances: Iterable[Instance]) -> Series:
    one = list(instances)
    stack = None
    if one[0].kind in IMAGES:
        slices = distinct(i for i in one if not i.is_localizer)
        places = _places(slices)
        if places is not None:
            stack = _stack(slices, places)
            order = dict(zip((_same(i) for i in slices), places, strict=True))
            one.sort(key=lambda i: (order.get(_same(i), math.inf), i.path))
    first = one[0]
    return Series(
        patient=patient,
        study_instance_uid=first.study_instance_uid,
        series_instance_uid=first.series_instance_uid,
        kind=first.kind,
        instances=tuple(one),
        stack=stack,
    )


def distinct(instances: Iterable[Instance]) -> list[Instance]:
    """Of files with the same header and size only the first."""
    first: dict[tuple[str, int], Instance] = {}
    for instance in instances:
        first.setdefault(_same(instance), instance)
    return list(first.values())


def _same(instance: Instance) -> tuple[str, int]:
    return instance.digest, instance.size


def _places(slices: Sequence[Instance]) -> list[float] | None:
    """Where each slice lies along the normal, mm; ``None`` where they do not stack."""
    planes = [i.plane for i in slices if i.plane is not None]
    if not planes or len(planes) < len(slices):
        return None
    first = planes[0]
    normal = _normal(first)
    if normal is None or not all(_is_parallel(first, plane) for plane in planes):
        return None
    x, y, z = normal
    return [
        x * plane.position_mm[0] + y * plane.position_mm[1] + z * plane.position_mm[2]
        for plane in planes
    ]


def _normal(plane: Plane) -> tuple[float, float, float] | None:
    """Row direction times column direction; ``None`` where they span no plane."""
    if not plane.orientation:
        return None
    a, b, c, d, e, f = plane.orientation
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if length > 0.5 else None


def _is_parallel(first: Plane, plane: Plane) -> bool:
    """Whether a slice has a place, and the matrix, spacing and direction of another."""
    if plane[:2] != first[:2] or not plane.position_mm:
        return False
    if plane.pixel_spacing_mm != first.pixel_spacing_mm and not _is_near(
        plane.pixel_spacing_mm,
        first.pixel_spacing_mm,
        _SAME_SPACING * max(first.pixel_spacing_mm, default=0),
    ):
        return False
    return plane.orientation == first.orientation or _is_near(
        plane.orientation, first.orientation, _SAME_DIRECTION
    )


def _is_near(one: Sequence[float], other: Sequence[float], limit: float) -> bool:
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(abs(a - b) <= limit for a, b in pairs)


def _stack(slices: Sequence[Instance], places: Sequence[float]) -> Stack:
    plane = slices[0].plane or Plane(0, 0)
    ordered = sorted(places)
    gaps = [b - a for a, b in pairwise(ordered)]
    real = [gap for gap in gaps if gap > _SAME_PLACE_MM]
    usual = median(real) if real else 0.0
    return Stack(
        slices=len(slices),
        rows=plane.rows,
        columns=plane.columns,
        pixel_spacing_mm=plane.pixel_spacing_mm,
        first_mm=ordered[0],
        last_mm=ordered[-1],
        spacing_mm=usual,
        missing=sum(_missing(gap / usual) for gap in real),
        doubled=len(gaps) - len(real),
    )


def _missing(gaps: float) -> int:
    """Slices that would fill a gap, counted in usual gaps; none in an uneven scan."""
    whole = round(gaps)
    return whole - 1 if whole > 1 and abs(gaps - whole) <= _WHOLE else 0
