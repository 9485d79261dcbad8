"""Structures: what a planner has drawn on the CT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.lookup import check_numbers, the_one
from kerma.core.study import Study
from kerma.core.transform import Transform
from kerma.errors import GeometryError

__all__ = ["Contour", "ContourKind", "Structure", "StructureSet"]


class ContourKind(StrEnum):
    """Contour Geometric Type (3006,0042)."""

    CLOSED_PLANAR = "CLOSED_PLANAR"
    CLOSED_PLANAR_XOR = "CLOSEDPLANAR_XOR"
    OPEN_PLANAR = "OPEN_PLANAR"
    OPEN_NONPLANAR = "OPEN_NONPLANAR"
    POINT = "POINT"

    @property
    def is_closed(self) -> bool:
        """Whether the contour encloses an area."""
        return self in (ContourKind.CLOSED_PLANAR, ContourKind.CLOSED_PLANAR_XOR)


@dataclass(frozen=True, eq=False)
class Contour:
    """One contour.

    Parameters
    ----------
    points
        (n, 3) positions ``(x, y, z)``, mm; a closed contour does not repeat the first.
    kind
        Closed, open, or single points.
    image_uid
        SOP Instance UID of the image it was drawn on, empty where none is named.
    """

    points: FloatArray
    kind: ContourKind = ContourKind.CLOSED_PLANAR
    image_uid: str = ""

    def __post_init__(self) -> None:
        if self.points.ndim != 2 or self.points.shape[1] != 3 or not len(self.points):
            raise GeometryError(
                f"A contour is a list of (x, y, z); got an array of shape "
                f"{self.points.shape}."
            )
        if not np.isfinite(self.points).all():
            raise GeometryError("A contour needs finite positions.")
        self.points.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Structure:
    """A region or point of interest.

    Parameters
    ----------
    number
        ROI Number (3006,0022), by which other objects refer to it.
    name
        ROI Name (3006,0026); names may repeat within a set, numbers do not.
    contours
        In the order of the file; none for an empty structure.
    interpreted_type
        RT ROI Interpreted Type (3006,00A4), as PTV, ORGAN, EXTERNAL; may be empty.
    color
        Display color, red, green, blue, 0 to 255.
    generation_algorithm
        AUTOMATIC, SEMIAUTOMATIC, MANUAL or empty, (3006,0036).
    description
        (3006,0028).
    frame_of_reference
        Frame of Reference UID in which the contours lie.
    """

    number: int
    name: str
    contours: tuple[Contour, ...] = ()
    interpreted_type: str = ""
    color: tuple[int, int, int] | None = None
    generation_algorithm: str = ""
    description: str = ""
    frame_of_reference: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was drawn."""
        return not self.contours

    @property
    def closed_contours(self) -> tuple[Contour, ...]:
        """The contours that enclose an area."""
        return tuple(c for c in self.contours if c.kind.is_closed)

    def mapped(self, transform: Transform) -> Structure:
        """The structure in another frame of reference.

        A closed contour stays a polygon through the mapped points; it may no longer
        be planar.

        Raises
        ------
        GeometryError
            The transform starts from another frame of reference, or does not reach
            every point.
        """
        if transform.source_frame != self.frame_of_reference:
            raise GeometryError(
                f"{self.name!r} lies in the frame of reference "
                f"{self.frame_of_reference or '(none)'}, but the transform starts "
                f"from {transform.source_frame or '(none)'}."
            )
        contours = []
        for contour in self.contours:
            points = transform.apply(contour.points)
            if not np.isfinite(points).all():
                raise GeometryError(
                    f"{self.name!r} reaches outside the region that the transform maps."
                )
            contours.append(replace(contour, points=points, image_uid=""))
        return replace(
            self,
            contours=tuple(contours),
            frame_of_reference=transform.target_frame,
        )


@dataclass(frozen=True, eq=False)
class StructureSet:
    """All structures of one RTSTRUCT.

    Parameters
    ----------
    structures
        In the order of the file.
    frame_of_reference
        Frame of Reference UID that they share; empty where none is named. A structure
        that lies in another one says so itself.
    label, name
        Structure Set Label and Name, (3006,0002) and (3006,0004).
    date, time
        As DICOM writes them, (3006,0008) and (3006,0009).
    ct_series_uid, ct_image_uids
        Series and images that it was drawn on.
    sop_instance_uid, series_instance_uid
        (0008,0018) and (0020,000E), empty where the file has none.
    study
        Patient and study.
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    InputError
        Two structures have one number.
    """

    structures: tuple[Structure, ...]
    frame_of_reference: str = ""
    label: str = ""
    name: str = ""
    date: str = ""
    time: str = ""
    ct_series_uid: str = ""
    ct_image_uids: tuple[str, ...] = ()
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_numbers(self.structures, "structure")

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the file; they may repeat."""
        return tuple(structure.name for structure in self.structures)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self.structures)

    def __len__(self) -> int:
        return len(self.structures)

    def __getitem__(self, key: str | int) -> Structure:
        """A structure by its name or its number.

        Raises
        ------
        InputError
            There is none, or several have the name.
        """
        return the_one(self.structures, key, "structure")
