"""The files of a folder or archive, and how to tell that one has changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kerma.errors import InputError
from kerma.io.dicom.source import (
    MOST_FILES,
    DiskFile,
    Source,
    ZipMember,
    base_name,
    open_sources,
)
from kerma.io.indexing.records import Problem

__all__ = ["Entry", "Listing", "open_listing"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file.

    Parameters
    ----------
    source
        Its bytes.
    path
        From the folder, with slashes; in an archive the name inside it.
    size
        Bytes.
    stamp
        Time of the last change, ns; of a file in an archive its checksum.
    """

    source: Source
    path: str
    size: int
    stamp: int

    @property
    def name(self) -> str:
        """Base name, as it may stand in a message."""
        return base_name(self.path)


@dataclass(frozen=True)
class Listing:
    """Every file, in the order of the paths, and what could not be listed.

    Parameters
    ----------
    root
        The folder that the paths start from; ``None`` for an archive.
    entries, problems
        As above.
    """

    root: Path | None
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


@contextmanager
def open_listing(source: Path, without: Sequence[Path] = ()) -> Iterator[Listing]:
    """List a folder to its depth, a zip archive, or one file.

    Links to folders are not followed, so they cannot lead in a circle. A folder that
    cannot be opened becomes a problem.

    Parameters
    ----------
    source
        Folder, archive or file.
    without
        Files that are no part of it though they lie in it.

    Raises
    ------
    InputError
        There is no such path, it cannot be read, there are too many files, or the
        archive is damaged, encrypted or inflates out of proportion.
    """
    if source.is_dir():
        yield _folder(source, {str(path.absolute()) for path in without})
        return
    with open_sources(source) as files:
        root = source.absolute().parent if isinstance(files[0], DiskFile) else None
        yield Listing(root, tuple(_entry(file) for file in files))


def _entry(file: Source) -> Entry:
    if isinstance(file, ZipMember):
        member = file.member
        return Entry(file, member.filename, member.file_size, member.CRC)
    status = os.stat(file.path) if isinstance(file, DiskFile) else None  # noqa: PTH116  (its path is a text)
    if status is None:
        return Entry(file, file.name, 0, 0)
    return Entry(file, file.name, status.st_size, status.st_mtime_ns)


def _folder(root: Path, without: set[str]) -> Listing:
    top = str(root.absolute())
    entries: list[Entry] = []
    problems: list[Problem] = []
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as found:
                inside = [item for item in found if item.path not in without]
        except OSError as error:
            problems.append(_unreadable(folder, top, error))
            continue
        for item in inside:
            if item.is_dir(follow_symlinks=False):
                folders.append(item.path)
                continue
            try:
                status = item.stat()
            except OSError as error:  # a link that leads nowhere, or in a circle
                problems.append(_unreadable(item.path, top, error))
                continue
            if stat.S_ISREG(status.st_mode):  # no pipe, no folder behind a link
                file, path = DiskFile(item.path), _below(item.path, top)
                entries.append(Entry(file, path, status.st_size, status.st_mtime_ns))
        if len(entries) > MOST_FILES:
            raise InputError(
                f"{base_name(root)}: holds over {MOST_FILES} files; choose a folder "
                f"further down."
            )
    entries.sort(key=lambda entry: entry.path)
    return Listing(Path(top), tuple(entries), tuple(problems))


def _below(path: str, top: str) -> str:
    """A path from the top folder, with slashes."""
    return path[len(top) :].lstrip(os.sep).replace(os.sep, "/")


def _unreadable(path: str, top: str, error: OSError) -> Problem:
    reason = error.strerror or type(error).__name__
    sentence = f"{base_name(path)}: cannot be read ({reason})."
    return Problem("error", "unreadable", sentence, (_below(path, top),))
