"""The table of old and new identities, for who may look them up."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kerma.errors import InputError
from kerma.io.deidentify.pseudonyms import refuse_inside

__all__ = ["check_mapping", "write_mapping"]


def check_mapping(file: Path | None, out: Path) -> None:
    """Refuse early what could not be written at the end.

    Raises
    ------
    InputError
        The file exists, its folder does not, or it would lie in the output folder.
    """
    if file is None:
        return
    refuse_inside(file, out, "The mapping")
    if file.exists():
        raise InputError(f"{file.name}: is there already; it was left alone.")
    if not file.absolute().parent.is_dir():
        raise InputError(f"{file.name}: the folder for it does not exist.")


def write_mapping(
    file: Path,
    files: Sequence[tuple[str, str]],
    patients: Mapping[str, str],
    uids: Mapping[str, str],
) -> Path:
    """Write a CSV table, kind, old, new, that only its owner can read.

    Parameters
    ----------
    file
        Where to.
    files
        Old name and new path of each file, in the order of their numbers.
    patients, uids
        New by old.

    Raises
    ------
    InputError
        It cannot be written.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("kind", "old", "new"))
    table.writerows((f"file {k}", *row) for k, row in enumerate(files, start=1))
    table.writerows(("patient", old, new) for old, new in patients.items())
    table.writerows(("uid", old, new) for old, new in uids.items())
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text.getvalue())
    except OSError as error:
        raise InputError(
            f"{file.name}: cannot be written ({error.strerror})."
        ) from error
    return file
