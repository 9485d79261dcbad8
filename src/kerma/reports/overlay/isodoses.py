"""Which doses are drawn, in which color, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose, DoseUnits
from kerma.errors import InputError

__all__ = ["LEVELS_PERCENT", "Isodoses", "choose_isodoses"]

LEVELS_PERCENT = (107.0, 100.0, 95.0, 90.0, 80.0, 70.0, 50.0, 30.0)
"""Isodose levels, in percent of what counts as 100 %."""

_MOST = 12  # lines that an eye tells apart
_MAP = "viridis"  # even steps on it are even steps to the eye
_DARKEST = 0.3  # of the map; what is below is lost on a dark image
_STRONGEST = 0.42  # opacity of the wash; the anatomy has to stay visible


@dataclass(frozen=True)
class Isodoses:
    """The dose levels of a figure.

    Parameters
    ----------
    percents
        Descending.
    reference
        Dose that is 100 %, Gy, or the unit of a relative dose.
    is_prescribed
        Whether the reference is the prescription; else it is the maximum.
    maximum
        Highest dose, in the same unit.
    in_gy
        Whether the unit is Gy; a relative dose is spoken of in percent only.
    """

    percents: tuple[float, ...]
    reference: float
    is_prescribed: bool
    maximum: float
    in_gy: bool

    @property
    def reached(self) -> tuple[float, ...]:
        """Percents that the dose reaches, descending."""
        return tuple(p for p in self.percents if self.value(p) < self.maximum)

    @property
    def lowest(self) -> float:
        """Dose of the lowest level."""
        return self.value(self.percents[-1])

    def value(self, percent: float) -> float:
        """Dose of a level."""
        return percent / 100 * self.reference

    def in_percent(self, value: float) -> str:
        """A dose as ``102.3 %``."""
        return f"{100 * value / self.reference:.1f} %"

    def in_words(self, value: float) -> str:
        """A dose as ``61.38 Gy (102.3 %)``, or ``102.3 %`` for a relative one."""
        percent = self.in_percent(value)
        return f"{value:.2f} Gy ({percent})" if self.in_gy else percent

    def color(self, value: float) -> tuple[float, float, float]:
        """Red, green and blue of a dose, 0 to 1."""
        red, green, blue = self.wash(np.array([value]))[0, :3].tolist()
        return red, green, blue

    def wash(self, values: FloatArray) -> FloatArray:
        """(..., 4) color and opacity of doses (...); what is not known is clear.

        Below the lowest level nothing is drawn. From one level to the next the color
        changes by equal steps, so that those near 100 % can be told apart, too.
        """
        from matplotlib import colormaps

        known = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0)
        share = np.interp(known, *self._scale)
        colors = colormaps[_MAP](_DARKEST + (1 - _DARKEST) * share)
        opacity = _STRONGEST * (0.45 + 0.55 * share)
        colors[..., 3] = np.where(known >= self.lowest, opacity, 0.0)
        return np.asarray(colors)

    @cached_property
    def _scale(self) -> tuple[FloatArray, FloatArray]:
        """Doses, ascending, and their places on the map, 0 to 1."""
        levels = [self.value(percent) for percent in reversed(self.reached)]
        doses = np.array([0.0, *levels, self.maximum])
        return doses, np.linspace(0.0, 1.0, doses.size)


def choose_isodoses(
    dose: Dose, levels_percent: Sequence[float], prescription_gy: float | None
) -> Isodoses:
    """The levels to draw of a dose.

    Without a prescription the maximum of the dose is 100 %, and levels from there on
    are left out.

    Raises
    ------
    InputError
        No level, too many, or one that is not positive; a prescription that is not
        positive, or one in Gy for a relative dose.
    """
    levels = sorted({float(level) for level in levels_percent}, reverse=True)
    if not 1 <= len(levels) <= _MOST or not all(0 < p < math.inf for p in levels):
        raise InputError(
            f"Give one to {_MOST} isodose levels, each a positive number of percent; "
            f"got {', '.join(f'{level:g}' for level in levels) or 'none'}."
        )
    in_gy = dose.units is DoseUnits.GY
    maximum = float(dose.array.max())
    if prescription_gy is None:
        below = [level for level in levels if level < 100]
        if not below:
            raise InputError(
                "Without a prescription the maximum of the dose is 100 %: give levels "
                "below that, or the prescription."
            )
        return Isodoses(
            tuple(below), maximum, is_prescribed=False, maximum=maximum, in_gy=in_gy
        )
    if not 0 < prescription_gy < math.inf:
        raise InputError(
            f"A prescription has to be a positive number of Gy; got {prescription_gy}."
        )
    if not in_gy:
        raise InputError(
            "This dose is relative (Dose Units (3004,0002) is RELATIVE), so that it "
            "cannot be compared with a prescription in Gy; leave the prescription out."
        )
    return Isodoses(
        tuple(levels), prescription_gy, is_prescribed=True, maximum=maximum, in_gy=True
    )
