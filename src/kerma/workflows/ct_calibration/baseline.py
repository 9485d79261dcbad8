"""Reading a baseline: an earlier result in JSON, or a table in CSV."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

from kerma.errors import InputError
from kerma.io import read_text
from kerma.workflows.ct_calibration.comparison import baseline_of
from kerma.workflows.ct_calibration.constancy import Baseline, Scope
from kerma.workflows.ct_calibration.result import Calibration

__all__ = ["read_baseline", "read_table"]

_SCOPE_COLUMNS = {
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "station": "StationName",
    "scanner_serial_number": "DeviceSerialNumber",
    "kernel": "ReconstructionKernel",
    "phantom": "phantom",
    "phantom_serial_number": "phantom_serial_number",
}

_BUDGET_COLUMNS = ("hu_u_noise", "hu_u_position", "hu_u_edge", "hu_u_cupping")


def read_baseline(file: Path) -> Baseline:
    """Read the accepted CT numbers.

    A CSV needs the columns ``insert`` (or ``insert_name``) and ``hu_mean``, as this
    package and the first HU-RED scripts write them; the scanner's columns are used
    where they are there.

    Raises
    ------
    InputError
        The file cannot be read, or lacks a column or a number.
    """
    text = read_text(file)
    if file.suffix.lower() == ".json":
        try:
            return baseline_of(Calibration.from_json(text), file.name)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
    rows = _rows(file, text)
    key = "insert_name" if "insert_name" in rows[0] else "insert"
    for column in (key, "hu_mean"):
        if column not in rows[0]:
            raise InputError(f"{file}: there is no column {column!r}.")
    means: dict[str, float | None] = {}
    for number, row in enumerate(rows, start=2):
        name = (row[key] or "").strip()
        if name in means:
            raise InputError(f"{file}: line {number}: a second row for {name!r}.")
        confirmed = (row.get("identity") or "confirmed") == "confirmed"
        value = _number(file, number, "hu_mean", row["hu_mean"])
        means[name] = value if confirmed else None
    return Baseline(file.name, means, _uncertainties(file, rows, key), _scope(rows[0]))


def read_table(file: Path) -> list[dict[str, str]]:
    """The rows of a table in CSV, by column.

    Raises
    ------
    InputError
        The file cannot be read, is no table, or has no rows.
    """
    return _rows(file, read_text(file))


def _rows(file: Path, text: str) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{file}: is not a table in CSV ({error}).") from error
    if not rows:
        raise InputError(f"{file}: this table has no rows.")
    return rows


def _uncertainties(
    file: Path, rows: list[dict[str, str]], key: str
) -> dict[str, float]:
    """Standard uncertainty of each measurement, from the parts of its budget."""
    found = {}
    for number, row in enumerate(rows, start=2):
        parts = [_number(file, number, part, row.get(part)) for part in _BUDGET_COLUMNS]
        known = [part for part in parts if part is not None]
        if known:
            found[row[key].strip()] = math.hypot(*known)
    return found


def _number(file: Path, line: int, column: str, text: str | None) -> float | None:
    """A number from a cell; empty cells and the seed's NaN are no number."""
    if text is None or text.strip().lower() in ("", "nan"):
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(
            f"{file}: line {line}: {column} is {text!r}, not a number."
        ) from error
    if not math.isfinite(value):
        raise InputError(f"{file}: line {line}: {column} is {text}.")
    return value


def _scope(row: dict[str, str]) -> Scope:
    """What the first row says of the scanner; empty cells say nothing."""
    words: dict[str, Any] = {
        name: text
        for name, column in _SCOPE_COLUMNS.items()
        if (text := (row.get(column) or "").strip().lstrip("'"))
    }
    try:
        kv = float(row.get("KVP") or "nan")
    except ValueError:
        kv = math.nan
    return Scope(kv=kv if math.isfinite(kv) else None, **words)
