"""Reading the tables that are shipped with this layer."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TypeVar

from pydantic import TypeAdapter

__all__ = ["read_table"]

T = TypeVar("T")


def read_table(name: str, kind: type[T]) -> T:
    """Read a shipped table; unknown and missing keys are errors."""
    text = (resources.files("kerma.physics") / "data" / name).read_text("utf-8")
    return TypeAdapter(kind).validate_python(tomllib.loads(text), extra="forbid")
