"""Where DICOM bytes come from: folders, single files, zip archives.

Archives are read in memory; nothing is unpacked to disk, so the names inside them
can do no harm.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from kerma.errors import DicomError, InputError
from kerma.io.dicom.header import plain

__all__ = [
    "MOST_FILES",
    "READ_ERRORS",
    "DeflatedSource",
    "DiskFile",
    "Source",
    "ZipMember",
    "base_name",
    "open_sources",
    "unreadable",
]

READ_ERRORS = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a source may raise; zipfile has NotImplementedError for a method."""

_LONGEST_NAME = 255
MOST_FILES = 200_000
_LARGEST_ARCHIVE = 4 * 2**30  # bytes, inflated
# Deflate can shrink a thousandfold. Noise-free phantoms come near that, so the
# ratio is held against an archive only where it inflates to something large.
_LARGEST_RATIO = 200
_LARGE = 256 * 2**20  # bytes
_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


class Source(Protocol):
    """A named run of bytes that can be read from its start, any number of times."""

    @property
    def name(self) -> str:
        """Base name, as it may stand in a message."""

    def open(self) -> IO[bytes]:
        """Open the bytes for reading and seeking."""


@dataclass(frozen=True)
class DiskFile:
    """A file on disk."""

    path: str

    @property
    def name(self) -> str:
        """Base name of the file."""
        return plain(os.path.basename(self.path), _LONGEST_NAME)  # noqa: PTH119  (a Path is slow to make)

    def open(self) -> IO[bytes]:
        """Open the file without a buffer: it is read in large pieces."""
        return open(self.path, "rb", buffering=0)  # noqa: PTH123  (as above)


@dataclass(frozen=True)
class ZipMember:
    """A file inside a zip archive that stays open."""

    archive: zipfile.ZipFile
    member: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """Base name inside the archive."""
        return plain(self.member.filename.rsplit("/", 1)[-1], _LONGEST_NAME)

    def open(self) -> IO[bytes]:
        """Open the inflating stream; it never yields more than it declared."""
        return self.archive.open(self.member)


@dataclass(frozen=True)
class DeflatedSource:
    """A file whose data set is deflated; it reads as the inflated data set alone.

    Parameters
    ----------
    source
        The file.
    start
        Where the deflated bytes begin.
    """

    source: Source
    start: int

    @property
    def name(self) -> str:
        """Base name of the file."""
        return self.source.name

    def open(self) -> IO[bytes]:
        """Inflate into memory, up to a limit."""
        with self.source.open() as stream:
            stream.seek(self.start)
            deflated = stream.read()
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            inflated = inflater.decompress(deflated, _LARGE)
        except zlib.error as error:
            raise DicomError(f"{self.name}: the deflated data are damaged.") from error
        if inflater.unconsumed_tail:
            raise DicomError(
                f"{self.name}: inflates to over {_LARGE >> 20} MiB, more than one "
                f"image holds. It was left unread."
            )
        return io.BytesIO(inflated)


def unreadable(source: Source, error: Exception) -> DicomError:
    """The sentence for one of `READ_ERRORS`."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return DicomError(f"{source.name}: cannot be read ({reason}).")


@contextmanager
def open_sources(
    source: Path | str | Sequence[Path | str],
) -> Iterator[tuple[Source, ...]]:
    """List the files of a folder, of a zip archive, or of a list of these.

    Folders are searched to their depth, in the order of the names. Archives stay
    open until the end of the block.

    Raises
    ------
    InputError
        A path does not exist or cannot be read, a folder is empty, there are too
        many files, an archive is damaged, encrypted or inflates out of proportion.
    """
    paths = [source] if isinstance(source, Path | str) else list(source)
    if not paths:
        raise InputError("The list of files is empty; give at least one.")
    with ExitStack() as archives:
        yield tuple(file for path in paths for file in _files_of(Path(path), archives))


def base_name(path: Path | str) -> str:
    """Name for a message: of a path, only the last part, as others may be names."""
    return plain(Path(path).absolute().name or str(path), _LONGEST_NAME)


def _files_of(path: Path, archives: ExitStack) -> list[Source]:
    try:
        if path.is_dir():
            return _files_under(path)
        if not path.exists():
            raise InputError(f"{base_name(path)}: there is no such file or folder.")
        if not path.is_file():
            raise InputError(f"{base_name(path)}: is neither a file nor a folder.")
        with path.open("rb") as stream:
            signature = stream.read(4)
        if signature in _ZIP_SIGNATURES:
            return _members_of(path, archives)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{base_name(path)}: cannot be read ({reason}).") from error
    return [DiskFile(str(path))]


def _files_under(folder: Path) -> list[Source]:
    """Regular files in the order of their paths; links to folders are not followed."""
    found: list[str] = []
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file():
                    found.append(entry.path)
        if len(found) > MOST_FILES:
            raise InputError(
                f"{base_name(folder)}: holds over {MOST_FILES} files; choose a folder "
                f"further down."
            )
    if not found:
        raise InputError(f"{base_name(folder)}: this folder holds no files.")
    return [DiskFile(path) for path in sorted(found)]


def _members_of(path: Path, archives: ExitStack) -> list[Source]:
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InputError(
            f"{base_name(path)}: is a damaged zip archive ({error})."
        ) from error
    members = [member for member in archive.infolist() if not member.is_dir()]
    _check_archive(base_name(path), members)
    ordered = sorted(members, key=lambda member: member.filename)
    return [ZipMember(archive, member) for member in ordered]


def _check_archive(name: str, members: Sequence[zipfile.ZipInfo]) -> None:
    inflated = sum(member.file_size for member in members)
    stored = sum(member.compress_size for member in members)
    if not members:
        raise InputError(f"{name}: this zip archive holds no files.")
    if len(members) > MOST_FILES:
        raise InputError(f"{name}: holds over {MOST_FILES} files.")
    if any(member.flag_bits & 0x1 for member in members):
        raise InputError(f"{name}: is encrypted; unpack it first.")
    out_of_proportion = inflated > max(_LARGE, _LARGEST_RATIO * stored)
    if inflated > _LARGEST_ARCHIVE or out_of_proportion:
        raise InputError(
            f"{name}: its {stored / 2**20:.1f} MiB would inflate to "
            f"{inflated / 2**20:.0f} MiB, so it was left unread. Unpack it first if "
            f"you trust it."
        )
