"""The tables that are shipped with the curves."""

from __future__ import annotations

from importlib import resources
from typing import TypeVar

from kerma.io import read_record

__all__ = ["read_shipped"]

T = TypeVar("T")


def read_shipped(name: str, kind: type[T]) -> T:
    """Read one of the tables in ``data/curves``."""
    folder = resources.files("kerma.workflows.ct_calibration") / "data" / "curves"
    with resources.as_file(folder / name) as file:
        return read_record(file, kind)
