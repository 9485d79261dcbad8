"""How frames of reference lie to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from kerma.core.image_reference import ImageReference
from kerma.core.study import Study
from kerma.core.transform import (
    AffineTransform,
    DeformableTransform,
    Transform,
    compose,
)
from kerma.errors import GeometryError

__all__ = ["Registration"]

_SAME = 1e-6  # of a matrix; 0.0005 mm at 500 mm
_Part: TypeAlias = AffineTransform | DeformableTransform


@dataclass(frozen=True, eq=False)
class Registration:
    """Transforms between a registered frame of reference and others.

    In a DICOM Spatial Registration each transform maps from the other frame to the
    registered one; in a Deformable Spatial Registration from the registered frame,
    where the grid lies, to the other (PS3.3, C.20.2 and C.20.3). Ask `transform` for
    the way that is needed, and the direction in the file does not matter.

    Parameters
    ----------
    frame_of_reference
        The registered frame of reference, as a rule that of the planning CT.
    transforms
        Each starts or ends in the registered frame.
    images
        The images of each frame that were used.
    label, description
        Content Label (0070,0080) and Content Description (0070,0081).
    date, time
        As DICOM writes them: YYYYMMDD and HHMMSS, (0008,0023) and (0008,0033).
    sop_instance_uid, series_instance_uid
        Of the registration object.
    study
        Patient and study.
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    GeometryError
        There is no registered frame, no transform, or one that does not touch it.
    """

    frame_of_reference: str
    transforms: tuple[_Part, ...]
    images: tuple[ImageReference, ...] = ()
    label: str = "REGISTRATION"
    description: str = ""
    date: str = ""
    time: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.frame_of_reference or not self.transforms:
            raise GeometryError(
                "A registration needs a registered frame of reference and at least "
                "one transform."
            )
        for part in self.transforms:
            if self.frame_of_reference not in (part.source_frame, part.target_frame):
                raise GeometryError(
                    f"The transform from {part.source_frame or '(none)'} to "
                    f"{part.target_frame or '(none)'} does not touch the registered "
                    f"frame of reference {self.frame_of_reference}."
                )

    @property
    def frames(self) -> tuple[str, ...]:
        """Frame of Reference UIDs that are tied together, the registered one first."""
        ends = [
            end for part in self.transforms for end in _ends(part)
        ]  # a dict keeps the order and drops what repeats
        return tuple(dict.fromkeys([self.frame_of_reference, *ends]))

    @property
    def is_deformable(self) -> bool:
        """Whether a transform is given by displacements."""
        return any(isinstance(part, DeformableTransform) for part in self.transforms)

    def transform(self, source_frame: str, target_frame: str) -> Transform:
        """The transform from one frame of reference to another.

        Transforms are inverted and joined by way of the registered frame where the
        file has no direct one.

        Raises
        ------
        GeometryError
            A frame is not in this registration, or several different transforms tie
            the same frames together.
        """
        for frame in (source_frame, target_frame):
            if frame not in self.frames:
                raise GeometryError(
                    f"This registration does not know the frame of reference "
                    f"{frame or '(none)'}; it ties together {', '.join(self.frames)}."
                )
        if source_frame == target_frame:
            return self._within(source_frame)
        parts: list[Transform] = []
        if source_frame != self.frame_of_reference:
            parts.append(self._to_registered(source_frame))
        if target_frame != self.frame_of_reference:
            parts.append(self._to_registered(target_frame).inverse())
        return compose(*parts)

    def _within(self, frame: str) -> AffineTransform:
        within = [part for part in self.transforms if set(_ends(part)) == {frame}]
        if within:
            # Which way round it is meant cannot be told from the frames.
            raise GeometryError(
                f"{len(within)} transform(s) of this registration start and end in the "
                f"same frame of reference {frame}; take the one that is meant from its "
                f"transforms."
            )
        return AffineTransform(np.eye(4), frame, frame)

    def _to_registered(self, frame: str) -> Transform:
        ends = {frame, self.frame_of_reference}
        found = [part for part in self.transforms if set(_ends(part)) == ends]
        towards = [
            part if part.target_frame == self.frame_of_reference else part.inverse()
            for part in found
        ]
        if not all(_is_same(towards[0], other) for other in towards[1:]):
            raise GeometryError(
                f"This registration has {len(found)} different transforms between "
                f"{frame} and {self.frame_of_reference}; take the one that is meant "
                f"from its transforms."
            )
        return towards[0]


def _ends(part: Transform) -> tuple[str, str]:
    return part.source_frame, part.target_frame


def _is_same(one: Transform, other: Transform) -> bool:
    """Whether two transforms are the same matrix; fields are not compared."""
    if not isinstance(one, AffineTransform) or not isinstance(other, AffineTransform):
        return False
    return bool(np.allclose(one.matrix, other.matrix, rtol=_SAME, atol=_SAME))
