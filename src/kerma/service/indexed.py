"""Read what an index found, on disk or in an archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kerma.io import Index
from kerma.io.indexing import Instance

__all__ = ["read_found"]

T = TypeVar("T")


def read_found(
    read: Callable[..., T], found: Index, source: Path, instance: Instance
) -> T:
    """Read one object: by its file, or in an archive by its UID.

    Parameters
    ----------
    read
        As `kerma.io.read_dose`.
    found
        What is in the source.
    source
        Folder, archive or file.
    instance
        The object.

    Raises
    ------
    KermaError
        As the reader does.
    """
    if found.root is None:
        return read(source, sop_instance_uid=instance.sop_instance_uid)
    return read(found.root / instance.path)
