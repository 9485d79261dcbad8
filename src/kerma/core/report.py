"""Structured reports: a tree of named values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from kerma.core.code import Code
from kerma.core.image_reference import ImageReference
from kerma.core.study import Study
from kerma.errors import InputError

__all__ = ["ContentItem", "Finding", "Measurement", "Report", "Value"]

Value: TypeAlias = (
    str | float | Code | ImageReference | tuple[tuple[float, ...], ...] | None
)
"""Text, a number, a concept, images, or points."""


@dataclass(frozen=True)
class ContentItem:
    """One node of a report (PS3.3, C.17.3).

    Parameters
    ----------
    value_type
        CONTAINER, NUM, CODE, TEXT, ... (0040,A040).
    name
        The concept it is about; ``None`` where the file does not say.
    value
        A number for NUM; a concept for CODE; images for IMAGE and COMPOSITE; points for
        SCOORD and SCOORD3D; text for the others; ``None`` for a CONTAINER and where
        there is none. It is not shown when printed, as it may name a person.
    unit
        Of a number, in UCUM as a rule.
    relationship
        To the node above: CONTAINS, HAS PROPERTIES, ... (0040,A010).
    children
        The nodes below, in the order of the file.
    """

    value_type: str
    name: Code | None = None
    value: Value = field(default=None, repr=False)
    unit: Code | None = None
    relationship: str = ""
    children: tuple[ContentItem, ...] = field(default=(), repr=False)

    def walk(self) -> Iterator[ContentItem]:
        """Every node from this one down, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: Code) -> tuple[ContentItem, ...]:
        """Every node of that name, this one and all below it."""
        return tuple(item for item in self.walk() if item.name == name)

    def first(self, name: Code) -> ContentItem | None:
        """The first node of that name; ``None`` where there is none."""
        return next((item for item in self.walk() if item.name == name), None)

    def number(self, name: Code, *units: str) -> float | None:
        """The number of that name; ``None`` where there is none.

        Parameters
        ----------
        units
            Code values of the units that are accepted, as "mGy.cm" and "mGycm".

        Raises
        ------
        InputError
            It is in another unit, or there are several that differ.
        """
        found = [i for i in self.find(name) if isinstance(i.value, float)]
        for item in found:
            unit = item.unit.value if item.unit else "(none)"
            if unit not in units:
                raise InputError(
                    f"{name} is in the unit {unit}; {' or '.join(units)} is needed."
                )
        values = {item.value for item in found if isinstance(item.value, float)}
        if len(values) > 1:
            raise InputError(
                f"{name} is there {len(found)} times with different values; look for it "
                f"further down in the report."
            )
        return values.pop() if values else None


@dataclass(frozen=True)
class Report:
    """A structured report.

    Parameters
    ----------
    root
        Its content; the name of the root is the title.
    sop_class_uid, sop_instance_uid, series_instance_uid
        Of the report.
    date, time
        Of the content, as DICOM writes them: YYYYMMDD and HHMMSS.
    is_complete, is_verified
        Completion Flag (0040,A491) and Verification Flag (0040,A493).
    study
        Patient and study.
    notes
        What was odd about the file but changed no number, one sentence each.
    """

    root: ContentItem
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    date: str = ""
    time: str = ""
    is_complete: bool = False
    is_verified: bool = False
    study: Study = field(default_factory=Study)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """A measured quantity.

    Parameters
    ----------
    name
        What was measured.
    value
        The number.
    unit
        In UCUM, as ``Code("mm3", "UCUM", "cubic millimeter")``.

    Raises
    ------
    InputError
        The number is not finite.
    """

    name: Code
    value: float
    unit: Code

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError(f"{self.name} is {self.value}; leave it out instead.")


@dataclass(frozen=True)
class Finding:
    """What was measured, and the measurements.

    Parameters
    ----------
    label
        By which a person follows it from report to report (Tracking Identifier).
    measurements
        At least one.
    kind
        What it is, as an organ.
    segment_number
        Its segment in the segmentation that the report refers to.

    Raises
    ------
    InputError
        There is no label or no measurement.
    """

    label: str
    measurements: tuple[Measurement, ...]
    kind: Code | None = None
    segment_number: int | None = None

    def __post_init__(self) -> None:
        if not self.label or not self.measurements:
            raise InputError("A finding needs a label and at least one measurement.")
