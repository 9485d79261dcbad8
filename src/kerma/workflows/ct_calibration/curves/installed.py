"""A curve as a planning system holds it, from a table of two columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.io import read_text

__all__ = ["InstalledCurve", "read_installed"]

_LARGEST_VALUE = 25.0  # denser is no element; a column of HU would be found by this
_MOST_ROWS = 100_000


@dataclass(frozen=True)
class InstalledCurve:
    """A curve as a planning system holds it: straight lines, held beyond the ends.

    Parameters
    ----------
    name
        Its file.
    hu, values
        Its table; HU ascends.

    Raises
    ------
    InputError
        Fewer than two rows, or rows that do not ascend in HU.
    """

    name: str
    hu: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.hu) < 2 or len(self.hu) != len(self.values):
            raise InputError(
                f"{self.name}: a curve needs two rows of HU and value; got "
                f"{len(self.hu)} and {len(self.values)}."
            )
        steps = np.diff(self.hu)
        if not steps.min() > 0:
            at = self.hu[int(np.argmin(steps)) + 1]
            raise InputError(
                f"{self.name}: its CT numbers must ascend, each only once; "
                f"{at:g} HU does not."
            )

    def value_of(self, hu: FloatArray | float) -> FloatArray:
        """Its value at CT numbers in HU, any shape."""
        return np.asarray(np.interp(hu, self.hu, self.values))


def read_installed(file: Path) -> InstalledCurve:
    """Read a curve from a table of two columns, CT number and value.

    Comma, semicolon, tab or blanks may separate the columns, and a comma may be the
    decimal sign where it does not separate them. Lines that begin with ``#``, empty lines
    and one line of headings are left out.

    Raises
    ------
    InputError
        A line that is no pair of numbers, a value that is none, or rows out of order.
    """
    lines = [
        (number, line.strip())
        for number, line in enumerate(read_text(file).splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len(lines) > _MOST_ROWS:
        raise InputError(f"{file.name}: {len(lines)} rows; this is no curve.")
    rows = _pairs([line for _, line in lines])
    first = 1 if rows and rows[0] is None else 0
    pairs = []
    for (number, line), pair in list(zip(lines, rows, strict=True))[first:]:
        if pair is None:
            raise InputError(
                f"{file.name}: line {number} is not a CT number and a value: "
                f"{line[:40]!r}."
            )
        if not 0 <= pair[1] <= _LARGEST_VALUE:
            raise InputError(
                f"{file.name}: line {number}: a value lies between 0 and "
                f"{_LARGEST_VALUE:g}; got {pair[1]:g}. The CT number stands first."
            )
        pairs.append(pair)
    return InstalledCurve(
        file.name, tuple(hu for hu, _ in pairs), tuple(value for _, value in pairs)
    )


def _pairs(lines: Sequence[str]) -> list[tuple[float, float] | None]:
    """The rows by the separator that makes sense of most of them."""
    tables = []
    for separator in (";", "\t", None, ","):
        cells = [[cell.strip(' "') for cell in line.split(separator)] for line in lines]
        everything = "".join(text for row in cells for text in row)
        # "1,000 0.95": whether the comma is decimal or of thousands cannot be known.
        clear = not ("," in everything and "." in everything)
        tables.append([_pair(row) if clear else None for row in cells])
    return max(tables, key=lambda rows: sum(row is not None for row in rows))


def _pair(cells: Sequence[str]) -> tuple[float, float] | None:
    """Two numbers, if these cells are that."""
    try:
        hu, value = (float(cell.replace(",", ".")) for cell in cells if cell)
    except ValueError:
        return None
    return (hu, value) if math.isfinite(hu) and math.isfinite(value) else None
