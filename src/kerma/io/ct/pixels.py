"""From stored pixels to CT numbers.

The usual file (16 bits, uncompressed, slope 1) is read straight into its place in the
volume and rescaled there; nothing is copied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import BoolArray, HUArray
from kerma.errors import DicomError
from kerma.io.ct.slice import Slice
from kerma.io.dicom.gateway import decode, parse
from kerma.io.dicom.pixel_format import PixelFormat
from kerma.io.dicom.source import READ_ERRORS, Source, unreadable

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["PADDING_HU", "Pixels", "read_hu"]

Stored = NDArray[np.integer[Any]]

PADDING_HU = -1024
"""CT number of voxels that the scanner says hold no image."""

_MOST_VOXELS = 2**31  # 4 GiB in int16
_BELOW_AIR = -1100  # HU; noise in air stays above, what is lower is not measured
_TISSUE = (-900, 3071)  # HU; 3071 is the end of the 12-bit scale
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, eq=False)
class Pixels:
    """CT numbers as read.

    Parameters
    ----------
    hu
        (n, rows, columns) CT numbers, HU; int16 where all are whole numbers that
        fit, else float32.
    notes
        What was odd about the values.
    """

    hu: HUArray
    notes: tuple[str, ...]


@dataclass
class _Tally:
    """Counts for the notes."""

    padded: int = 0
    doubtful: int = 0
    doubtful_hu: float = 0.0
    below_air: int = 0
    lowest: float = 0.0
    spare_bits: int = 0

    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.padded:
            notes.append(
                f"{self.padded} voxels are padding (Pixel Padding Value (0028,0120)) "
                f"and were set to {PADDING_HU} HU."
            )
        if self.doubtful:
            notes.append(
                f"{self.doubtful} voxels have the Pixel Padding Value (0028,0120), but "
                f"at {self.doubtful_hu:g} HU they may be tissue and were left as they "
                f"are."
            )
        if self.below_air:
            notes.append(
                f"{self.below_air} voxels are below {_BELOW_AIR} HU (down to "
                f"{self.lowest:g}) but not declared as padding and were left as they "
                f"are."
            )
        if self.spare_bits:
            notes.append(
                f"{self.spare_bits} slices have bits set outside of Bits Stored "
                f"(0028,0101); these bits were ignored."
            )
        return tuple(notes)


class _DoesNotFitError(Exception):
    """A CT number does not fit int16."""


def read_hu(
    slices: Sequence[Slice], progress: Callable[[float], None] | None = None
) -> Pixels:
    """Read the CT numbers of slices of one matrix.

    Voxels with the Pixel Padding Value become -1024 HU, unless it stands for a CT
    number that tissue or bone may have (-900 to 3071 HU): then it is doubtful which of
    the voxels are padding, and all are left as they are.

    Raises
    ------
    DicomError
        Pixel data are shorter than the matrix needs, damaged, or compressed in an
        unknown way; the volume is too large.
    MissingDependencyError
        A decoder is not installed.
    """
    shape = (len(slices), slices[0].rows, slices[0].columns)
    if math.prod(shape) > _MOST_VOXELS:
        raise DicomError(
            f"A CT of {shape} voxels is too large; at most {_MOST_VOXELS} are read."
        )
    if all(image.rescale.is_whole for image in slices):
        try:
            return _read(slices, np.empty(shape, np.int16), progress)
        except _DoesNotFitError:
            pass  # rare: unsigned values far above any tissue
    return _read(slices, np.empty(shape, np.float32), progress)


def _read(
    slices: Sequence[Slice], hu: HUArray, progress: Callable[[float], None] | None
) -> Pixels:
    tally = _Tally()
    # The frames of one file are read in their order, which an inflating stream needs.
    order = sorted(range(len(slices)), key=lambda k: slices[k].frame)
    with _StoredReader() as reader:
        for done, k in enumerate(order, start=1):
            _convert(slices[k], reader.read(slices[k], hu[k]), hu[k], tally)
            if progress:
                progress(done / len(slices))
    return Pixels(hu, tally.notes())


class _StoredReader:
    """Reads stored values; the last file stays open, as it may hold more frames."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._stream: IO[bytes] | None = None
        self._data: Dataset | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._stream:
            self._stream.close()
        self._source = self._stream = self._data = None

    def read(self, image: Slice, place: HUArray) -> Stored:
        """(nj, ni) stored values, in the memory of `place` where they fit it."""
        if image.source is not self._source:
            self._close()
            self._source = image.source
        if image.header.pixels_at is None:
            return self._decode(image)
        dtype = np.dtype(image.pixel_format.dtype)
        in_place = place.dtype == np.int16 and dtype.itemsize == place.itemsize
        words: Stored = place.view(dtype) if in_place else np.empty(place.shape, dtype)
        try:
            self._fill(image, image.header.pixels_at, words.reshape(-1).view(np.uint8))
        except READ_ERRORS as error:
            raise unreadable(image.source, error) from error
        return words

    def _fill(self, image: Slice, start: int, content: NDArray[np.uint8]) -> None:
        if self._stream is None:
            self._stream = image.source.open()
        self._stream.seek(start)
        declared = image.header.pixel_bytes or 0
        view = content.data
        filled = 0
        while declared >= len(view) > filled:
            # typeshed gives IO no readinto, but every binary stream has it
            count = self._stream.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                break
            filled += count
        if filled < len(view):
            raise DicomError(
                f"{image.name}: its pixel data end after {filled or declared} bytes, "
                f"but {image.rows} x {image.columns} pixels need {len(view)}. The file "
                f"is truncated: export or copy it again."
            )

    def _decode(self, image: Slice) -> Stored:
        if self._data is None:
            self._data = parse(image.source)
        stored = decode(self._data, image.name, image.frame)
        if stored.shape != (image.rows, image.columns):
            raise DicomError(
                f"{image.name}: decompresses to {stored.shape} pixels, but declares "
                f"{image.rows} x {image.columns}. Export it again."
            )
        return stored.astype(image.pixel_format.dtype, copy=False)


def _convert(image: Slice, stored: Stored, hu: HUArray, tally: _Tally) -> None:
    """Turn the stored values of one slice into HU."""
    values = _unpack(image.pixel_format, stored, tally)
    padding = _padding(image, stored)
    if padding is None:  # the padding value itself may have spare bits set
        padding = _padding(image, values)
    if padding is not None and _is_doubtful(image, padding, tally):
        padding = None
    measured = values if padding is None else values[~padding]
    rescale = image.rescale
    ends = (0, 0) if not measured.size else (int(measured.min()), int(measured.max()))
    lowest, highest = sorted(rescale.slope * end + rescale.intercept for end in ends)
    if hu.dtype != np.int16:
        hu[...] = values * rescale.slope + rescale.intercept
    elif lowest < _INT16.min or highest > _INT16.max:
        raise _DoesNotFitError
    else:
        _add(values, int(rescale.intercept), hu)
    if padding is not None:
        tally.padded += int(np.count_nonzero(padding))
        hu[padding] = PADDING_HU
    if lowest < _BELOW_AIR:
        tally.below_air += int(np.count_nonzero(hu < _BELOW_AIR))
        tally.lowest = min(tally.lowest, lowest)


def _add(stored: Stored, intercept: int, hu: HUArray) -> None:
    """Write `stored + intercept`, which fits int16, whatever the sign of its words."""
    if stored.itemsize != hu.itemsize:
        hu[...] = stored.astype(np.int64) + intercept
        return
    # Sums of 16 bits are right once they wrap back into the range.
    wrapped = np.array(intercept & 0xFFFF, np.uint16).view(np.int16)
    np.add(stored.view(np.int16), wrapped, out=hu)


def _padding(image: Slice, stored: Stored) -> BoolArray | None:
    """(nj, ni) whether each voxel is declared as padding; ``None`` if none is."""
    if image.padding is None:
        return None
    first, last = image.padding
    padding: BoolArray = (stored >= first) & (stored <= last)
    return padding if padding.any() else None


def _unpack(pixel_format: PixelFormat, stored: Stored, tally: _Tally) -> Stored:
    """Values without the bits that do not belong to them, sign extended."""
    spare = pixel_format.bits_allocated - pixel_format.bits_stored
    above = pixel_format.bits_allocated - 1 - pixel_format.high_bit
    if spare == 0:
        return stored
    lowest, highest = pixel_format.limits
    if above == spare and stored.min() >= lowest and stored.max() <= highest:
        return stored
    # A negative number whose sign was not extended is no reason for a note.
    tally.spare_bits += not pixel_format.signed
    return (stored << above) >> spare


def _is_doubtful(image: Slice, padding: BoolArray, tally: _Tally) -> bool:
    """Whether the padding value is a CT number that something in the patient has."""
    if image.padding is None:
        return False
    rescale = image.rescale
    ends = sorted(rescale.slope * end + rescale.intercept for end in image.padding)
    if ends[1] < _TISSUE[0] or ends[0] > _TISSUE[1]:
        return False
    tally.doubtful += int(np.count_nonzero(padding))
    tally.doubtful_hu = ends[0]
    return True
