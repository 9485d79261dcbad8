"""Bytes of research files: read within limits, inflated within limits."""

from __future__ import annotations

import bz2
import re
import zlib
from pathlib import Path

import numpy as np

from kerma.errors import InputError
from kerma.io.dicom.header import plain
from kerma.io.volumes.stored_volume import AnyArray

__all__ = [
    "COMPRESSION",
    "array_from",
    "beside",
    "inflate",
    "inflated_head",
    "read_bytes",
]

COMPRESSION = 4  # on CT as small as 6, zlib's own choice, in a third of the time

# Deflate can shrink a thousandfold, and label maps come near that. The ratio is held
# against a file only where it inflates to something large.
_LARGEST_RATIO = 200
_LARGE = 2**30  # bytes
_LARGEST = 2**36  # bytes; what no computer of a clinic holds in memory


def read_bytes(file: Path) -> bytes:
    """All bytes of a regular file.

    Raises
    ------
    InputError
        It does not exist, is none, or cannot be read.
    """
    try:
        if file.is_file():
            return file.read_bytes()
        fault = "it is no file" if file.exists() else "there is no such file"
    except (OSError, ValueError) as error:  # a name with a null byte is a ValueError
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise InputError(f"it cannot be read ({reason}).") from error
    raise InputError(f"{fault}.")


def beside(header: Path, named: str) -> Path:
    """The data file that a header names, which must lie in the folder of the header.

    Raises
    ------
    InputError
        It lies elsewhere, there is none, or there are several.
    """
    if named.split()[:1] == ["LIST"] or re.search(r"%[0-9]*d", named):
        raise InputError("its data lie in several files; join them first.")
    folder = header.absolute().parent
    try:
        file = folder / named
        inside = file.resolve().is_relative_to(folder.resolve())
        there = inside and file.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, null bytes, a loop of links
        inside = there = False
    if not inside:
        raise InputError(
            f"its data file {plain(named)!r} lies outside the folder of the header, so "
            f"it was left unread. Put both into one folder and name the file without a "
            f"path."
        )
    if not there:
        raise InputError(f"its data file {plain(named)!r} is not in its folder.")
    return file


def inflated_head(data: bytes, size: int) -> bytes:
    """The first `size` bytes of gzip data, or what there is of them.

    Raises
    ------
    InputError
        The data are damaged.
    """
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(data[: 64 * size], size)
    except zlib.error as error:
        raise InputError("its compressed data are damaged.") from error


_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # told apart by their first bytes


def inflate(data: bytes, size: int, *, bzip2: bool = False) -> bytes:
    """Inflate gzip, zlib or bzip2 data to `size` bytes, or one more if there are more.

    Raises
    ------
    InputError
        They are damaged or cut off, or `size` is out of proportion.
    """
    if size > max(_LARGE, _LARGEST_RATIO * len(data)):
        raise InputError(
            f"its {len(data) / 2**20:.1f} MiB would inflate to {size / 2**20:.0f} MiB, "
            f"so it was left unread. Unpack it first if you trust it."
        )
    parts: list[bytes] = []
    missing = size + 1
    while data and missing:
        inflater = bz2.BZ2Decompressor() if bzip2 else zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            parts.append(inflater.decompress(data, missing))
        except (OSError, zlib.error) as error:
            raise InputError("its compressed data are damaged.") from error
        missing -= len(parts[-1])
        if missing and not inflater.eof:
            raise InputError("its compressed data are cut off.")
        # Several compressed pieces may follow each other, and zeros the last.
        data = inflater.unused_data.lstrip(b"\0")
    return b"".join(parts)


def array_from(
    data: bytes, dtype: np.dtype, shape: tuple[int, ...], *, skip: int = 0
) -> AnyArray:
    """(nk, nj, ni) array from bytes in which i runs fastest.

    `skip` bytes come before it; with -1, as many as there are too many.

    Raises
    ------
    InputError
        There are fewer or more bytes than the shape needs.
    """
    needed = byte_count(dtype, shape)
    if skip < -1:
        raise InputError(f"its voxels begin {-skip} bytes before it does.")
    start = max(0, len(data) - needed) if skip == -1 else skip
    there = len(data) - start
    if there != needed:
        fault = "is cut off" if there < needed else "holds more than it declares"
        raise InputError(
            f"it {fault}: {' x '.join(map(str, shape))} voxels of {dtype} need "
            f"{needed} bytes, and there are {max(there, 0)}"
            f"{' or more' if there > needed else ''}."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape)


def byte_count(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    """Bytes that an array needs.

    Raises
    ------
    InputError
        A length is not positive, or it is more than any memory holds.
    """
    needed = dtype.itemsize
    for length in shape:
        if length < 1:
            raise InputError(f"it declares {shape} voxels; each number must be over 0.")
        needed *= length
    if needed > _LARGEST:
        raise InputError(
            f"it declares {' x '.join(map(str, shape))} voxels, which is "
            f"{needed / 2**30:.0f} GiB."
        )
    return needed
