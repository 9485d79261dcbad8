"""Comparing a curve with the one that a planning system uses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.io import read_text
from kerma.physics.tissues import Tissue, TissueGroup
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve
from kerma.workflows.ct_calibration.curves.effect import (
    PathEffect,
    effects_of_value_changes,
)
from kerma.workflows.ct_calibration.curves.quantity import (
    SYMBOLS,
    Quantity,
    quantity_of,
)
from kerma.workflows.ct_calibration.curves.sample import Sample
from kerma.workflows.ct_calibration.curves.shipped import read_shipped
from kerma.workflows.ct_calibration.curves.sites import Site

__all__ = [
    "Comparison",
    "CurveLimits",
    "InstalledCurve",
    "MaterialDifference",
    "compare_curves",
    "read_installed",
    "shipped_limits",
]

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


@dataclass(frozen=True)
class CurveLimits:
    """How far an installed curve may differ, by quantity and tissue group."""

    source: str
    red: dict[TissueGroup, float]
    density: dict[TissueGroup, float]
    spr: dict[TissueGroup, float]

    def of(self, quantity: Quantity, group: TissueGroup) -> float:
        """The limit for a group; that of soft tissue for what is none."""
        limits: dict[TissueGroup, float] = getattr(self, quantity)
        return limits.get(group, limits["soft"])

    def __post_init__(self) -> None:
        for name in ("red", "density", "spr"):
            limits: dict[TissueGroup, float] = getattr(self, name)
            if "soft" not in limits or not all(limit > 0 for limit in limits.values()):
                raise InputError(
                    f"The limits of {name} need one of soft tissue, and all of them "
                    f"positive; got {limits}."
                )


@dataclass(frozen=True)
class MaterialDifference:
    """The two curves at one material.

    Parameters
    ----------
    material, group, hu
        Which, and its CT number, HU.
    curve_value, installed_value
        What the two curves give for it.
    limit
        How far they may differ.
    """

    material: str
    group: TissueGroup
    hu: float
    curve_value: float
    installed_value: float
    limit: float

    @property
    def difference(self) -> float:
        """Installed minus measured."""
        return self.installed_value - self.curve_value

    @property
    def passed(self) -> bool:
        """Whether they agree within the limit; the limit itself passes."""
        return abs(self.difference) <= self.limit + 1e-12  # not undone by rounding


@dataclass(frozen=True)
class Comparison:
    """An installed curve beside the measured one.

    Parameters
    ----------
    installed, site, quantity
        The installed curve, the curve of the set that it is compared with, and what
        both give.
    materials
        The difference at every insert.
    largest_difference, largest_at_hu
        Installed minus measured where it is largest in size, among the whole CT numbers
        from `from_hu` to `to_hu`, HU.
    from_hu, to_hu
        Where both curves are defined.
    effects
        What the installed curve does to dose and range if the measured one is right.
    limits_source
        Where the limits are from.
    """

    installed: InstalledCurve
    site: Site
    quantity: Quantity
    materials: tuple[MaterialDifference, ...]
    largest_difference: float
    largest_at_hu: int
    from_hu: int
    to_hu: int
    effects: tuple[PathEffect, ...]
    limits_source: str

    @property
    def verdict(self) -> Verdict:
        """Pass if the curves agree at every material."""
        if not self.materials:
            return Verdict.INCONCLUSIVE
        agree = all(one.passed for one in self.materials)
        return Verdict.PASS if agree else Verdict.FAIL

    def summary(self) -> str:
        """One line per material, the largest difference, and the effects."""
        rows = [f"{self.installed.name} minus the measured curve ({self.site}):"]
        rows += [
            f"{m.material:<20} {m.hu:>8.1f} HU  {m.curve_value:.4f}  "
            f"{m.installed_value:.4f}  {m.difference:+.4f}  (±{m.limit:g})"
            f"  {'pass' if m.passed else 'FAIL'}"
            for m in self.materials
        ]
        rows.append(
            f"largest difference {self.largest_difference:+.4f} "
            f"{SYMBOLS[self.quantity]} at {self.largest_at_hu} HU"
        )
        rows.append("a plan made with it, if the measured curve is right:")
        return "\n".join([*rows, *(effect.summary() for effect in self.effects)])


def shipped_limits() -> CurveLimits:
    """The limits that are shipped."""
    return read_shipped("limits.toml", CurveLimits)


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


def compare_curves(
    curve: ConversionCurve,
    installed: InstalledCurve,
    samples: Sequence[Sample],
    *,
    site: Site,
    energy_mev: float,
    limits: CurveLimits | None = None,
) -> Comparison:
    """Difference of an installed curve from a measured one.

    Parameters
    ----------
    curve, site
        The measured curve and what it is for.
    installed
        The other.
    samples
        The inserts, with their measured CT numbers.
    energy_mev
        Proton energy for the range, MeV.
    limits
        By default those that are shipped.

    Raises
    ------
    InputError
        The two have no CT number in common.
    """
    limits = limits or shipped_limits()
    low = math.ceil(max(curve.nodes[0].hu, installed.hu[0]))
    high = math.floor(min(curve.nodes[-1].hu, installed.hu[-1]))
    if low > high:
        raise InputError(
            f"{installed.name}: it reaches from {installed.hu[0]:g} to "
            f"{installed.hu[-1]:g} HU and has no CT number in common with the measured "
            f"curve, {curve.nodes[0].hu:g} to {curve.nodes[-1].hu:g} HU."
        )
    grid = np.arange(low, high + 1, dtype=float)
    differences = installed.value_of(grid) - curve.value_of(grid)
    worst = int(np.argmax(np.abs(differences)))

    def change_of(tissue: Tissue) -> float:
        right = quantity_of(tissue.substance, curve.quantity, energy_mev=energy_mev)
        hu = float(curve.hu_of(right))
        return float(installed.value_of(hu) - curve.value_of(hu))

    return Comparison(
        installed=installed,
        site=site,
        quantity=curve.quantity,
        materials=tuple(
            MaterialDifference(
                sample.name,
                sample.group,
                sample.hu,
                float(curve.value_of(sample.hu)),
                float(installed.value_of(sample.hu)),
                limits.of(curve.quantity, sample.group),
            )
            for sample in samples
        ),
        largest_difference=float(differences[worst]),
        largest_at_hu=int(grid[worst]),
        from_hu=low,
        to_hu=high,
        effects=effects_of_value_changes(
            change_of, curve.quantity, energy_mev=energy_mev
        ),
        limits_source=limits.source,
    )
