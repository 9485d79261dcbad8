"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kerma.errors import InputError

__all__ = ["all_or_none", "make_folder", "write_file"]


def write_file(file: Path, content: str | bytes) -> Path:
    """Write a file so that a reader sees the old one or the whole new one.

    The content goes to a temporary name in the same folder, to the disk, and only
    then to its place.

    Raises
    ------
    InputError
        The file cannot be written there.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise InputError(f"{file}: cannot be written ({error.strerror}).") from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"{file}: cannot be written ({error.strerror}).") from error
    return file


def make_folder(folder: Path) -> Path:
    """Make a folder, and those above it, where it does not exist.

    Raises
    ------
    InputError
        It cannot be made, or a file has its name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: this folder cannot be made ({error.strerror})."
        ) from error
    return folder


@contextmanager
def all_or_none(
    folder: Path, names: Sequence[str], *, overwrite: bool = False
) -> Iterator[Path]:
    """A temporary folder whose files move to their place once all are written.

    Raises
    ------
    InputError
        A file of one of the names exists and is not to be overwritten, or the folder
        cannot be written.
    """
    taken = [name for name in names if (folder / name).exists()]
    if taken and not overwrite:
        raise InputError(
            f"{folder.name}: {taken[0]} is there already; nothing was written. Choose "
            f"an empty folder."
        )
    make_folder(folder)
    moved: list[Path] = []
    try:
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
    except OSError as error:
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    try:
        yield temporary
        for name in taken:
            (folder / name).rename(temporary / f"{name}.before")
        for name in names:
            moved.append((temporary / name).rename(folder / name))  # noqa: PERF401  (kept for the way back)
    except OSError as error:
        for file in moved:
            file.unlink(missing_ok=True)
        for name in taken:
            if (before := temporary / f"{name}.before").exists():
                before.rename(folder / name)
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    """The mask that open() would apply; mkstemp makes private files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
