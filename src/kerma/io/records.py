"""Records that a site may write: phantoms, tolerances, baselines."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from kerma.core.result import explain
from kerma.errors import InputError

__all__ = ["read_record", "read_text"]

R = TypeVar("R")
_LARGEST_RECORD = 16 * 2**20  # bytes; a record is text that a person could read


def read_text(file: Path) -> str:
    """Read a small text file in UTF-8, with or without a byte order mark.

    Raises
    ------
    InputError
        It is missing, unreadable, over 16 MiB, or not text.
    """
    try:
        if file.stat().st_size > _LARGEST_RECORD:
            raise InputError(f"{file}: over {_LARGEST_RECORD >> 20} MiB; not a record.")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not text in UTF-8.") from error


def read_record(file: Path, kind: type[R]) -> R:
    """Read one record from TOML or JSON; wrong keys are errors that name the key.

    Raises
    ------
    InputError
        The file cannot be read, is no TOML or JSON, or has a wrong, missing or
        unknown key.
    """
    text = read_text(file)
    try:
        adapter = TypeAdapter(kind)
        if file.suffix.lower() == ".toml":
            return adapter.validate_python(tomllib.loads(text), extra="forbid")
        return adapter.validate_json(text, extra="forbid")
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: {error}") from error
    except ValidationError as error:
        raise InputError(f"{file}: {explain(error)}") from error
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
