"""MetaImage: LPS positions as ITK has them, i fastest."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np

from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.errors import GeometryError, InputError
from kerma.io.dicom.header import plain
from kerma.io.volumes.file_bytes import (
    COMPRESSION,
    array_from,
    beside,
    byte_count,
    inflate,
    read_bytes,
)
from kerma.io.volumes.stored_volume import (
    AnyArray,
    Quantity,
    Stored,
    grid_from_steps,
    labels_of,
    quantity_of,
)
from kerma.io.volumes.text_header import (
    LARGEST_HEADER,
    Fields,
    label_fields,
    read_labels,
)

__all__ = ["metaimage_bytes", "read_metaimage"]

# https://itk.org/Wiki/ITK/MetaIO/Documentation
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_NAMES = {code: name for name, code in _TYPES.items()}
_ORIGIN = ("Offset", "Position", "Origin")
_DIRECTIONS = ("TransformMatrix", "Rotation", "Orientation")
_SPACING = ("ElementSpacing", "ElementSize")
_BIG_ENDIAN = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_MM_PER_UNIT = {"mm": 1.0, "cm": 10.0, "um": 1e-3, "": 1.0, "?": 1.0}


def read_metaimage(file: Path) -> Stored:
    """Read a MetaImage with its data, or a header with its data beside it.

    AnatomicalOrientation is not asked, as ITK does not: it repeats in letters what
    the matrix says in numbers, and is often wrong.

    Raises
    ------
    InputError
        It is no MetaImage, damaged, cut off, or holds something other than one volume
        of numbers.
    GeometryError
        No grid can say where its voxels lie.
    """
    header, local = _split(read_bytes(file))
    _check_kind(header)
    ni, nj, nk = header.lengths("DimSize", amount=3)
    shape = (nk, nj, ni)
    notes: tuple[str, ...] = ()
    if header.text("ElementDataFile").upper() == "LOCAL":
        data = local
    else:
        data, notes = _data_beside(file, header.text("ElementDataFile"))
    array = _voxels(header, data, shape)
    grid, placing = _grid(header, shape)
    labels = read_labels(header)
    quantity = Quantity.stated(header.text("Quantity"))
    if labels:
        quantity = Quantity.LABELS
    return Stored(array, grid, quantity, labels, (*notes, *placing))


def metaimage_bytes(volume: Volume, name: str) -> dict[str, bytes]:
    """A MetaImage: compressed with its data, or a .mhd with plain .raw data beside it.

    Raises
    ------
    GeometryError
        The slices are sheared, which ITK does not hold.
    InputError
        A type that MetaImage has no name for, or a label name that cannot be written.
    """
    array, grid = volume.array, volume.grid
    if grid.is_sheared:
        raise GeometryError(
            "The slices are sheared, as with a tilted gantry, which MetaImage cannot "
            "hold. Resample them first, or write .nrrd."
        )
    code = array.dtype.str[1:]
    if code not in _NAMES:
        raise InputError(f"Voxels of {array.dtype} are not written to MetaImage.")
    raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    beside_it = f"{name[:-4]}.raw" if name.lower().endswith(".mhd") else ""
    data = raw if beside_it else zlib.compress(raw, COMPRESSION)
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": str(not beside_it),
        "CompressedDataSize": str(len(data)),
        "TransformMatrix": _written(np.array(grid.axes)[::-1].ravel()),
        "Offset": _written(grid.origin),
        "CenterOfRotation": "0 0 0",
        "ElementSpacing": _written(grid.spacing[::-1]),
        "DimSize": " ".join(str(length) for length in reversed(grid.shape)),
        "ElementType": _NAMES[code],
    }
    if beside_it:
        del fields["CompressedDataSize"]
    if quantity := quantity_of(volume):
        fields["Quantity"] = quantity.value
    fields |= label_fields(labels_of(volume))
    fields["ElementDataFile"] = beside_it or "LOCAL"  # always the last
    header = "".join(f"{key} = {text}\n" for key, text in fields.items()).encode()
    return {beside_it: data, name: header} if beside_it else {name: header + data}


def _written(numbers: object) -> str:
    return " ".join(repr(float(number)) for number in np.ravel(np.asarray(numbers)))


def _split(content: bytes) -> tuple[Fields, bytes]:
    """Header, and the data that follow it."""
    last = re.compile(rb"^[ \t]*ElementDataFile[^\n]*\n?", re.MULTILINE)
    found = last.search(content, 0, LARGEST_HEADER)
    if found is None:
        raise InputError("it is no MetaImage: no line names its ElementDataFile.")
    texts: dict[str, str] = {}
    for line in content[: found.end()].decode("utf-8", errors="replace").splitlines():
        match = re.fullmatch(r"\s*(\w+)\s*[=:]\s*(.*?)\s*", line, re.ASCII)
        if match is None:
            raise InputError(
                f"its header has the line {plain(line)!r}, which is no 'name = value'."
            )
        texts[match[1]] = match[2]
    return Fields(texts), content[found.end() :]


def _check_kind(header: Fields) -> None:
    """Refuse what is not one volume of plain numbers."""
    if header.text("ObjectType", otherwise="Image") != "Image":
        raise InputError(
            f"its ObjectType is {plain(header.text('ObjectType'))!r}, not Image."
        )
    dimensions = header.whole("NDims", otherwise=3)
    channels = header.whole("ElementNumberOfChannels", otherwise=1)
    if dimensions != 3 or channels != 1:
        raise InputError(
            f"it has {dimensions} dimensions and {channels} channels; a volume has "
            f"three and one."
        )
    if "BinaryData" in header and not header.is_true("BinaryData"):
        raise InputError("its voxels are text (BinaryData = False); store them binary.")
    slope = header.text("ElementToIntensityFunctionSlope", otherwise="1")
    offset = header.text("ElementToIntensityFunctionOffset", otherwise="0")
    if (slope, offset) != ("1", "0"):
        raise InputError(
            f"its numbers are to be scaled by {plain(slope)} and {plain(offset)} "
            f"(ElementToIntensityFunction), which some programs do and some do not; "
            f"store the scaled numbers."
        )


def _data_beside(header: Path, named: str) -> tuple[bytes, tuple[str, ...]]:
    """The data file, or the same with .gz where only that is there."""
    try:
        return read_bytes(beside(header, named)), ()
    except InputError:
        packed = header.absolute().parent / f"{named}.gz"
        if not packed.is_file():
            raise
    data = read_bytes(beside(header, f"{named}.gz"))
    return data, ("The data file that the header names was compressed since (.gz).",)


def _voxels(header: Fields, data: bytes, shape: tuple[int, int, int]) -> AnyArray:
    kind = header.text("ElementType")
    if kind not in _TYPES:
        raise InputError(f"its ElementType is {plain(kind)!r}, not real numbers.")
    order = ">" if header.is_true(*_BIG_ENDIAN) else "<"
    dtype = np.dtype(f"{order}{_TYPES[kind]}")
    skip = header.whole("HeaderSize", otherwise=0)
    if header.is_true("CompressedData") or data.startswith(b"\x1f\x8b"):
        if skip:
            raise InputError("it skips bytes of compressed data; store it without.")
        data = inflate(data, byte_count(dtype, shape))
    return array_from(data, dtype, shape, skip=skip)


def _grid(
    header: Fields, shape: tuple[int, int, int]
) -> tuple[Grid | None, tuple[str, ...]]:
    if not any(key in header for key in _SPACING):
        return None, ()
    unit = header.text("DistanceUnits").lower()
    if unit not in _MM_PER_UNIT:
        raise InputError(
            f"its DistanceUnits are {plain(unit)!r}; mm, cm or um is read."
        )
    scale = _MM_PER_UNIT[unit]
    spacing = np.array(header.numbers(*_SPACING, amount=3)) * scale
    if spacing.min() <= 0:
        raise GeometryError(
            f"its ElementSpacing is {spacing.tolist()} mm; each number must be over 0."
        )
    origin, axes, notes = np.zeros(3), np.eye(3), []
    if any(key in header for key in _ORIGIN):
        origin = np.array(header.numbers(*_ORIGIN, amount=3)) * scale
    else:
        notes.append("The file names no origin: the first voxel was put at (0, 0, 0).")
    if any(key in header for key in _DIRECTIONS):
        axes = np.array(header.numbers(*_DIRECTIONS, amount=9)).reshape(3, 3)
    else:
        notes.append("The file names no directions: taken as axial slices.")
    if not np.allclose(np.linalg.norm(axes, axis=1), 1.0, atol=1e-4):
        raise GeometryError(
            f"its TransformMatrix has the rows {axes.tolist()}, which are not unit "
            f"vectors, so that ElementSpacing is not the distance between voxels."
        )
    steps = axes / np.linalg.norm(axes, axis=1)[:, np.newaxis] * spacing[:, np.newaxis]
    grid, straightened = grid_from_steps(shape, origin, steps[::-1])
    return grid, (*notes, *straightened)
