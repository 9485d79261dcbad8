"""Segments: which voxels, or how much of each, belong to what."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray
from kerma.core.code import Code
from kerma.core.grid import Grid
from kerma.core.image_reference import ImageReference
from kerma.core.label_map import Label, LabelMap
from kerma.core.lookup import check_numbers, the_one
from kerma.core.study import Study
from kerma.errors import GeometryError, InputError

__all__ = ["TISSUE", "Segment", "Segmentation", "crop"]

TISSUE = Code("85756007", "SCT", "Tissue")
"""What a segment is called where nothing is known of it."""

_MOST_SEGMENTS = 2**16 - 1


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment; segments may overlap.

    Parameters
    ----------
    number
        Segment Number (0062,0004), from 1.
    name
        Segment Label (0062,0005).
    array
        (nk, nj, ni) box of voxels that holds the segment: bool, or float32 from 0 to 1
        where it is fractional. Outside the box there is nothing of it.
    corner
        Index ``(k, j, i)`` on the grid of the first voxel of the box.
    category, property_type
        Segmented Property Category and Type (0062,0003) and (0062,000F).
    algorithm_type, algorithm_name
        AUTOMATIC, SEMIAUTOMATIC or MANUAL, and by what: (0062,0008), (0062,0009).

    Raises
    ------
    InputError
        The number is not from 1 to 65535, or a fraction is not from 0 to 1.
    """

    number: int
    name: str
    array: BoolArray | FloatArray
    corner: tuple[int, int, int] = (0, 0, 0)
    category: Code = TISSUE
    property_type: Code = TISSUE
    algorithm_type: str = "AUTOMATIC"
    algorithm_name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.number <= _MOST_SEGMENTS:
            raise InputError(
                f"A segment has a number from 1 to {_MOST_SEGMENTS}; got {self.number}."
            )
        if self.array.ndim != 3 or self.array.dtype not in (np.bool_, np.float32):
            raise InputError(
                f"A segment is an array (nk, nj, ni) of bool or float32; segment "
                f"{self.number} is {self.array.ndim}-dimensional, {self.array.dtype}."
            )
        fractions = self.array.size and self.is_fractional
        # Not the opposite comparison: NaN has to fail it too.
        if fractions and not (self.array.min() >= 0 and self.array.max() <= 1):
            raise InputError(
                f"A fraction lies from 0 to 1; segment {self.number} goes from "
                f"{self.array.min():g} to {self.array.max():g}."
            )
        self.array.flags.writeable = False

    @property
    def is_fractional(self) -> bool:
        """Whether it says how much of a voxel, not only whether."""
        return self.array.dtype != np.bool_

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the array lies on the grid."""
        k, j, i = (
            slice(first, first + count)
            for first, count in zip(self.corner, self.array.shape, strict=True)
        )
        return k, j, i


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Segments on one grid.

    Parameters
    ----------
    grid
        Where the voxels lie.
    segments
        Each with its own number; they may overlap.
    fractional_type
        OCCUPANCY or PROBABILITY: what a fraction means, (0062,0010).
    label, description
        Content Label (0070,0080) and Content Description (0070,0081).
    date, time
        As DICOM writes them: YYYYMMDD and HHMMSS, (0008,0023) and (0008,0033).
    images
        The images that were segmented.
    sop_class_uid, sop_instance_uid, series_instance_uid
        Of the segmentation object.
    study
        Patient and study.
    notes
        What was odd about the file but changed no number, one sentence each.

    Raises
    ------
    InputError
        Two segments have one number.
    GeometryError
        A segment reaches beyond the grid.
    """

    grid: Grid
    segments: tuple[Segment, ...]
    fractional_type: str = "OCCUPANCY"
    label: str = "SEGMENTATION"
    description: str = ""
    date: str = ""
    time: str = ""
    images: tuple[ImageReference, ...] = ()
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study: Study = field(default_factory=Study)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_numbers(self.segments, "segment")
        for segment in self.segments:
            ends = [part.stop for part in segment.box]
            if min(segment.corner) < 0 or (np.array(ends) > self.grid.shape).any():
                raise GeometryError(
                    f"Segment {segment.number} from voxel {segment.corner} of shape "
                    f"{segment.array.shape} does not fit a grid of shape "
                    f"{self.grid.shape}."
                )

    @classmethod
    def from_label_map(cls, label_map: LabelMap) -> Segmentation:
        """A segment for each label, with its number; see `LabelMap`.

        Raises
        ------
        InputError
            Voxels have a number without a label.
        """
        known = {label.number for label in label_map.labels}
        found = set(np.unique(label_map.numbers).tolist()) - {0}
        if found - known:
            raise InputError(
                f"Voxels have the numbers {sorted(found - known)}, which have no label; "
                f"give each a name."
            )
        segments = []
        for label in label_map.labels:
            array, corner = crop(label_map.numbers == label.number)
            segments.append(Segment(label.number, label.name, array, corner))
        return cls(label_map.grid, tuple(segments))

    def __getitem__(self, key: str | int) -> Segment:
        """A segment by its name or its number.

        Raises
        ------
        InputError
            There is none, or several have the name.
        """
        return the_one(self.segments, key, "segment")

    def mask(self, key: str | int) -> BoolArray | FloatArray:
        """(nk, nj, ni) voxels of a segment on the whole grid, bool or float32.

        Raises
        ------
        InputError
            There is no such segment, or several have the name.
        """
        segment = self[key]
        kind = np.float32 if segment.is_fractional else np.bool_
        whole: BoolArray | FloatArray = np.zeros(self.grid.shape, kind)
        whole[segment.box] = segment.array
        return whole

    def to_label_map(self, *, threshold: float = 0.5) -> LabelMap:
        """One number per voxel.

        Parameters
        ----------
        threshold
            The fraction from which a voxel belongs to a fractional segment.

        Raises
        ------
        InputError
            Two segments overlap: a voxel can have one number only.
        """
        largest = max((segment.number for segment in self.segments), default=0)
        numbers = np.zeros(self.grid.shape, np.uint8 if largest < 256 else np.uint16)
        for segment in self.segments:
            inside = (
                segment.array >= threshold
                if segment.is_fractional
                else (np.asarray(segment.array, dtype=np.bool_))
            )
            box = numbers[segment.box]  # a view
            taken = np.unique(box[inside])
            if taken.any():
                raise InputError(
                    f"Segment {segment.number} overlaps with {taken[taken > 0].tolist()}; "
                    f"a label map has one number per voxel. Use the mask of each."
                )
            box[inside] = segment.number
        labels = tuple(Label(s.number, s.name) for s in self.segments)
        return LabelMap(numbers, self.grid, labels=labels)


def crop(
    array: BoolArray | FloatArray,
) -> tuple[BoolArray | FloatArray, tuple[int, int, int]]:
    """The smallest box with all that is not zero, and the index of its first voxel."""
    box = []
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        held = np.flatnonzero(array.any(axis=others))
        box.append(slice(held[0], held[-1] + 1) if held.size else slice(0, 0))
    k, j, i = (int(part.start) for part in box)
    inside = array[box[0], box[1], box[2]].copy()
    return inside, (k, j, i)
