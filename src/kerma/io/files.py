"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from kerma.errors import InputError

__all__ = ["make_folder", "write_file"]


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


def _umask() -> int:
    """The mask that open() would apply; mkstemp makes private files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
