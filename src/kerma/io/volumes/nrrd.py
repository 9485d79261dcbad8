"""NRRD: any patient space, a direction for each axis, i fastest."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.errors import InputError
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

__all__ = ["nrrd_bytes", "read_nrrd"]

# Names of types and spaces: http://teem.sourceforge.net/nrrd/format.html
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": (
        "short",
        "short int",
        "signed short",
        "signed short int",
        "int16",
        "int16_t",
    ),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64"),
    "u8": ("ulonglong", "unsigned long long", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_TYPE_OF = {name: code for code, names in _TYPES.items() for name in names}
_NAME_OF = {"u1": "uint8", "i2": "int16", "u2": "uint16", "f4": "float", "f8": "double"}
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_RAW = ("raw",)
_TEXT = ("text", "txt", "ascii")
_GZIP = ("gzip", "gz")
_BZIP2 = ("bzip2", "bz2")
# Key of 3D Slicer in every segmentation, so that one without segments is known too.
_SEGMENTATION = "Segmentation_ContainedRepresentationNames"


def read_nrrd(file: Path) -> Stored:
    """Read an NRRD file with its data, or a header with its data beside it.

    Raises
    ------
    InputError
        It is no NRRD file, damaged, cut off, or holds something other than one volume
        of numbers.
    GeometryError
        No grid can say where its voxels lie.
    """
    header, data = _split(read_bytes(file))
    if "datafile" in header:
        data = read_bytes(beside(file, header.text("datafile")))
    sizes = header.lengths("sizes", amount=_dimension(header))
    directions = _directions(header, len(sizes))
    shape = _shape(sizes, directions)
    quantity = Quantity.stated(header.text("Quantity", "sampleunits"))
    labels = read_labels(header)
    if labels or _SEGMENTATION in header:
        quantity = Quantity.LABELS
    array = _voxels(header, data, shape)
    grid, notes = _grid(header, shape, [d for d in directions if d is not None])
    return Stored(array, grid, quantity, labels, notes)


def nrrd_bytes(volume: Volume, name: str) -> dict[str, bytes]:
    """An NRRD file in LPS, gzip inside; with a name in .nhdr, header and data apart.

    Raises
    ------
    InputError
        A type that NRRD has no name for, or a label name that cannot be written.
    """
    array, grid = volume.array, volume.grid
    code = array.dtype.str[1:]
    if code not in _NAME_OF:
        raise InputError(f"Voxels of {array.dtype} are not written to NRRD.")
    steps = (grid.affine[:3, axis] for axis in (2, 1, 0))
    quantity = quantity_of(volume)
    lines = [
        "NRRD0005",
        f"type: {_NAME_OF[code]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(length) for length in reversed(grid.shape))}",
        f"space directions: {' '.join(_written(step) for step in steps)}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        'space units: "mm" "mm" "mm"',
        f"space origin: {_written(np.array(grid.origin))}",
    ]
    if quantity in (Quantity.HU, Quantity.GY):
        lines.append(f"sample units: {quantity.value}")
    keys = {"Quantity": quantity.value} if quantity else {}
    if quantity is Quantity.LABELS:
        keys |= {_SEGMENTATION: "Binary labelmap|"} | label_fields(labels_of(volume))
    pairs = [f"{key}:={_escaped(value)}" for key, value in keys.items()]
    packed = gzip.compress(
        np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes(),
        compresslevel=COMPRESSION,
        mtime=0,
    )
    if name.lower().endswith(".nhdr"):
        beside_it = f"{name[:-5]}.raw.gz"
        # "data file" comes last: some readers take what follows for a list of files.
        header = "\n".join([*lines, *pairs, f"data file: {beside_it}", ""])
        return {beside_it: packed, name: header.encode()}
    return {name: "\n".join([*lines, *pairs, "", ""]).encode() + packed}


def _written(vector: FloatArray) -> str:
    return f"({','.join(repr(float(number)) for number in vector)})"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\")


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)


def _split(content: bytes) -> tuple[Fields, bytes]:
    """Header and attached data. Fields lose case and spaces, keys keep them."""
    if not re.match(rb"NRRD000[1-5]\r?\n", content):
        raise InputError("it does not begin as an NRRD file of version 1 to 5.")
    end = re.compile(rb"\r?\n\r?\n").search(content, 0, LARGEST_HEADER)
    head = content[: end.start()] if end else content[:LARGEST_HEADER]
    texts: dict[str, str] = {}
    for line in head.decode("utf-8", errors="replace").splitlines()[1:]:
        if line.startswith("#"):
            continue
        match = re.match(r"([^:]+):(=| )(.*)", line)
        if match is None:
            raise InputError(f"its header has the line {plain(line)!r}, which is none.")
        key, separator, text = match.groups()
        if separator == "=":
            texts[key] = _unescaped(text)
        else:
            name = key.lower().replace(" ", "")
            if name in texts:
                raise InputError(f"its header says {plain(key)!r} twice.")
            texts[name] = text.strip()
    return Fields(texts), content[end.end() :] if end else b""


def _dimension(header: Fields) -> int:
    dimension = header.whole("dimension", otherwise=0)
    if not 3 <= dimension <= 16:
        raise InputError(f"it has {dimension} dimensions; a volume has three.")
    return dimension


def _directions(header: Fields, dimension: int) -> list[FloatArray | None]:
    """Step along each axis, fastest first; ``None`` for an axis that is no place."""
    text = header.text("spacedirections")
    if not text:
        if dimension != 3:
            raise InputError(f"it has {dimension} dimensions; a volume has three.")
        return [np.zeros(3)] * 3
    words = re.findall(r"none|\([^()]*\)", text.replace("_", " "))
    if len(words) != dimension:
        raise InputError(
            f"its 'space directions' need {dimension} vectors; got {plain(text)!r}."
        )
    return [None if word == "none" else _vector(word) for word in words]


def _vector(text: str) -> FloatArray:
    try:
        vector = np.array([float(number) for number in text.strip("() ").split(",")])
    except ValueError:
        vector = np.empty(0)
    if vector.size != 3 or not np.isfinite(vector).all():
        raise InputError(f"its header has {plain(text)!r} where (x,y,z) belongs.")
    return vector


def _shape(
    sizes: Sequence[int], directions: Sequence[FloatArray | None]
) -> tuple[int, int, int]:
    """Along (k, j, i); what is no place must have the length 1."""
    along = [n for n, d in zip(sizes, directions, strict=True) if d is not None]
    others = [n for n, d in zip(sizes, directions, strict=True) if d is None]
    if len(along) != 3 or any(length != 1 for length in others):
        raise InputError(
            f"it has {len(sizes)} dimensions of {list(sizes)} voxels; a volume has "
            f"three. Take channels, frames or layers of segments apart first."
        )
    ni, nj, nk = along
    return nk, nj, ni


def _grid(
    header: Fields, shape: tuple[int, int, int], steps: Sequence[FloatArray]
) -> tuple[Grid | None, tuple[str, ...]]:
    space = header.text("space").lower()
    if "spacedirections" not in header or space not in _TO_LPS:
        return None, ()
    units = set(re.findall(r'"([^"]*)"', header.text("spaceunits"))) - {"", "mm"}
    if units:
        raise InputError(f"its 'space units' are {plain(str(sorted(units)))}, not mm.")
    to_lps = np.array(_TO_LPS[space])
    origin = np.zeros(3)
    notes: tuple[str, ...] = ()
    if "spaceorigin" in header:
        origin = _vector(header.text("spaceorigin")) * to_lps
    else:
        notes = ("The file names no origin: the first voxel was put at (0, 0, 0).",)
    grid, straightened = grid_from_steps(shape, origin, np.array(steps)[::-1] * to_lps)
    return grid, (*notes, *straightened)


def _voxels(header: Fields, data: bytes, shape: tuple[int, int, int]) -> AnyArray:
    kind, encoding = header.text("type").lower(), header.text("encoding").lower()
    if kind not in _TYPE_OF:
        raise InputError(f"its voxels are of type {plain(kind)!r}, not real numbers.")
    dtype = np.dtype(_TYPE_OF[kind])
    if encoding in _TEXT:
        return _from_text(data, dtype, shape)
    if dtype.itemsize > 1:
        order = header.text("endian").lower()
        if order not in ("little", "big"):
            raise InputError(f"its byte order ('endian') is {plain(order)!r}.")
        dtype = dtype.newbyteorder("<" if order == "little" else ">")
    skip = header.whole("byteskip", otherwise=0)
    if header.whole("lineskip", otherwise=0) or (skip and encoding not in _RAW):
        raise InputError("it skips lines or compressed bytes; store it without.")
    if encoding in _RAW:
        return array_from(data, dtype, shape, skip=skip)
    if encoding in _GZIP or encoding in _BZIP2:
        needed = byte_count(dtype, shape)
        data = inflate(data, needed, bzip2=encoding in _BZIP2)
        return array_from(data, dtype, shape)
    raise InputError(
        f"its encoding is {plain(encoding)!r}; raw, gzip, bzip2 and text are read."
    )


def _from_text(data: bytes, dtype: np.dtype, shape: tuple[int, int, int]) -> AnyArray:
    words = data.split()
    needed = byte_count(dtype, shape) // dtype.itemsize
    if len(words) != needed:
        raise InputError(f"it needs {needed} numbers and holds {len(words)}.")
    try:
        numbers = [float(w) if dtype.kind == "f" else int(w) for w in words]
        return np.array(numbers, dtype).reshape(shape)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"its text has a word that is no number of {dtype}."
        ) from error
