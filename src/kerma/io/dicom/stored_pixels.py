"""The whole numbers of an image as they are stored, of any bits and compression."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import DicomError
from kerma.io.dicom.gateway import decode
from kerma.io.dicom.item import Item
from kerma.io.dicom.pixel_format import PixelFormat

__all__ = ["StoredPixels", "pixel_format"]

Stored = NDArray[np.integer[Any]]

_MOST_PIXELS = 2**26  # of one frame
_MOST_FRAMES = 2**16


@dataclass(frozen=True, eq=False)
class StoredPixels:
    """The pixel data of a gray image of one or more frames.

    Parameters
    ----------
    item
        The image.
    frames
        How many frames it has.
    format
        How a value lies in its bits.

    Raises
    ------
    DicomError
        The image is not gray, or has no size that an image has.
    """

    item: Item
    frames: int
    format: PixelFormat

    def __post_init__(self) -> None:
        rows, columns = self.shape
        if rows < 1 or columns < 1 or rows * columns > _MOST_PIXELS:
            raise self.item.problem("Rows", f"and Columns are {rows} x {columns}")
        if not 0 < self.frames <= _MOST_FRAMES:
            raise self.item.problem("NumberOfFrames", f"is {self.frames}")
        samples = self.item.integer("SamplesPerPixel")
        if samples not in (None, 1):
            raise self.item.problem("SamplesPerPixel", f"is {samples}; 1 is needed")

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        item = self.item
        return item.required_integer("Rows"), item.required_integer("Columns")

    def words(self, frame: int) -> Stored:
        """(nj, ni) words of one frame as they lie in the file, from frame 0.

        Raises
        ------
        DicomError
            The pixel data are missing, truncated, too long or damaged.
        MissingDependencyError
            A decoder is not installed.
        """
        if self._native is not None:
            return self._native[frame]
        decoded = decode(self.item.data, self.item.file, frame)
        if decoded.shape != self.shape:
            raise DicomError(
                f"{self.item.file}: a frame decompresses to {decoded.shape} pixels, but "
                f"{self.shape[0]} x {self.shape[1]} are declared. Export it again."
            )
        return decoded.astype(self.format.dtype, copy=False)

    def values(self, frame: int) -> Stored:
        """(nj, ni) values of one frame: the words without the bits of others.

        The words themselves where no bit is spare.

        Raises
        ------
        DicomError, MissingDependencyError
            As `words` does.
        """
        spare = self.format.bits_allocated - self.format.bits_stored
        above = self.format.bits_allocated - 1 - self.format.high_bit
        words = self.words(frame)
        return (words << above) >> spare if spare else words

    @cached_property
    def _native(self) -> Stored | None:
        """All frames where they lie in the bytes; ``None`` if they are compressed."""
        if not _is_native(self.item):
            return None
        content = self.item.value("PixelData")
        if not isinstance(content, bytes):
            raise self.item.problem("PixelData", "is missing. Export the file again")
        shape = (self.frames, *self.shape)
        dtype = np.dtype(self.format.dtype)
        needed = math.prod(shape) * dtype.itemsize
        if len(content) not in (needed, needed + needed % 2):  # padded to be even
            raise self.item.problem(
                "PixelData",
                f"has {len(content)} bytes, but {shape[0]} frames of {shape[1]} x "
                f"{shape[2]} pixels need {needed}. Export or copy the file again",
            )
        return np.frombuffer(content, dtype, math.prod(shape)).reshape(shape)


def pixel_format(item: Item, *, signed: bool | None = None) -> PixelFormat:
    """How a value lies in its bits.

    Parameters
    ----------
    item
        The image.
    signed
        What a missing Pixel Representation (0028,0103) means; ``None`` where it has
        to be there.

    Raises
    ------
    DicomError
        The elements are missing or contradict each other.
    """
    allocated = item.required_integer("BitsAllocated")
    if allocated not in (8, 16, 32):
        raise item.problem("BitsAllocated", f"is {allocated}; 8, 16 or 32 is read")
    stated, top = item.integer("BitsStored"), item.integer("HighBit")
    stored = allocated if stated is None else stated
    high_bit = stored - 1 if top is None else top
    if not 0 < stored <= high_bit + 1 <= allocated:
        raise item.problem(
            "BitsStored",
            f"is {stored} and High Bit (0028,0102) is {high_bit}, which does not fit "
            f"{allocated} bits",
        )
    sign = item.integer("PixelRepresentation")
    if sign is None and signed is not None:
        sign = int(signed)
    if sign not in (0, 1):
        raise item.problem("PixelRepresentation", f"is {sign}; 0 or 1 is needed")
    return PixelFormat(allocated, stored, high_bit, sign == 1)


def _is_native(item: Item) -> bool:
    """Whether the pixel data are the plain little-endian words."""
    from pydicom.uid import (
        DeflatedExplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
    )

    syntax = getattr(item.data, "file_meta", {}).get("TransferSyntaxUID")
    return syntax in (
        None,  # files without a file meta
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
    )
