"""The whole numbers of an image as they are stored, of any bits and compression."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import DicomError
from kerma.io.dicom_gateway import decode
from kerma.io.dicom_item import Item
from kerma.io.dicom_slice import PixelFormat

__all__ = ["read_stored"]

Stored = NDArray[np.integer[Any]]

_MOST_PIXELS = 2**26  # of one frame
_MOST_FRAMES = 2**16


def read_stored(item: Item, frame: int, frames: int) -> Stored:
    """(nj, ni) stored values of one frame of a gray image, native byte order.

    Parameters
    ----------
    item
        The image.
    frame
        Index of the frame, from 0.
    frames
        How many frames it has.

    Raises
    ------
    DicomError
        The pixel data are missing, truncated, too long, damaged, or not gray.
    MissingDependencyError
        A decoder is not installed.
    """
    shape = _shape(item)
    if not 0 <= frame < frames <= _MOST_FRAMES:
        raise item.problem("NumberOfFrames", f"is {frames}; frame {frame + 1} is none")
    pixel_format = _pixel_format(item)
    if _is_native(item):
        words = _native(item, frame, frames, shape, np.dtype(pixel_format.dtype))
    else:
        words = decode(item.data, item.file, frame)
        if words.shape != shape:
            raise DicomError(
                f"{item.file}: decompresses to {words.shape} pixels, but declares "
                f"{shape[0]} x {shape[1]}. Export it again."
            )
    return _unpack(pixel_format, words.astype(pixel_format.dtype.strip("<")))


def _shape(item: Item) -> tuple[int, int]:
    rows, columns = item.required_integer("Rows"), item.required_integer("Columns")
    if rows < 1 or columns < 1 or rows * columns > _MOST_PIXELS:
        raise item.problem("Rows", f"and Columns are {rows} x {columns}")
    samples = item.integer("SamplesPerPixel")
    if samples not in (None, 1):
        raise item.problem("SamplesPerPixel", f"is {samples}; a gray image has 1")
    return rows, columns


def _pixel_format(item: Item) -> PixelFormat:
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
    sign = item.required_integer("PixelRepresentation")
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


def _native(
    item: Item, frame: int, frames: int, shape: tuple[int, int], dtype: np.dtype[Any]
) -> Stored:
    content = item.value("PixelData")
    if not isinstance(content, bytes):
        raise item.problem("PixelData", "is missing. Export the image again")
    count = math.prod(shape)
    needed = frames * count * dtype.itemsize
    if len(content) not in (needed, needed + needed % 2):  # padded to an even length
        raise item.problem(
            "PixelData",
            f"has {len(content)} bytes, but {frames} frames of {shape[0]} x {shape[1]} "
            f"pixels need {needed}. Export or copy the file again",
        )
    start = frame * count * dtype.itemsize
    return np.frombuffer(content, dtype, count, start).reshape(shape)


def _unpack(pixel_format: PixelFormat, stored: Stored) -> Stored:
    """Values without the bits that do not belong to them, sign extended."""
    spare = pixel_format.bits_allocated - pixel_format.bits_stored
    above = pixel_format.bits_allocated - 1 - pixel_format.high_bit
    return (stored << above) >> spare if spare else stored
