"""The Hounsfield look-up table of the European consensus guide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.physics.tissues import TissueGroup
from kerma.workflows.ct_calibration.curves.conversion import (
    ConversionCurve,
    make_curve,
)
from kerma.workflows.ct_calibration.curves.quantity import SYMBOLS, Quantity
from kerma.workflows.ct_calibration.curves.sample import Sample

__all__ = ["consensus_curve"]

_LEAST_STEP = 1e-4  # by which the value rises across a connection
_STEEPEST_LUNG_HU = -900.0  # the lung's line may reach air no higher than this
_LARGEST_SHIFT_HU = 10.0  # of the connection from lung to adipose tissue
_TOP_HU = 2000.0


@dataclass(frozen=True)
class _Line:
    """A fitted straight line, ``value = intercept + slope * hu``."""

    slope: float
    intercept: float
    covariance: FloatArray

    def at(self, hu: float) -> float:
        return self.intercept + self.slope * hu

    def reaches(self, value: float) -> float:
        return (value - self.intercept) / self.slope


def consensus_curve(
    samples: Sequence[Sample], quantity: Quantity, air: float
) -> ConversionCurve:
    """Four lines through tissues and tissue substitutes, and the connections between.

    Lung and soft tissue share a line; adipose tissue and bone have one each; air is
    level. Where a connection would not rise, its kink moves along the line that it lies
    on until the value rises by 1e-4.

    Parameters
    ----------
    samples
        Inserts with their measured and tissues with their estimated CT numbers; for
        mass density tissues only, since tissue substitutes have other densities.
    quantity, air
        What the table gives, and its value for air.

    References
    ----------
    N. Peters, V. Taasti, B. Ackermann et al., *Consensus guide on CT-based prediction of
    stopping-power ratio using a Hounsfield look-up table for proton therapy*,
    Radiother. Oncol. 184, 109675 (2023), with its table S1.4.

    Raises
    ------
    InputError
        A line that does not rise, or connections that the rules cannot place.
    """
    adipose, bone = _hu(samples, "adipose"), _hu(samples, "bone")
    soft = _hu(samples, "soft")
    base = _line(samples, ("lung", "soft"), quantity)
    fat = _line(samples, ("adipose",), quantity)
    hard = _line(samples, ("bone",), quantity)
    lung_end, fat_start = round(min(adipose) - 60), round(min(adipose) - 40)
    soft_end, bone_start = round(max(soft) + 10), round(min(bone) + 50)
    if bone_start < soft_end:
        raise InputError(
            f"Soft tissue reaches up to {max(soft):.0f} HU and bone down to "
            f"{min(bone):.0f} HU: they cannot be connected by the guide's rules."
        )
    top = max([_TOP_HU, *(hu + 100 for hu in bone if hu > _TOP_HU)])
    places: list[tuple[float, _Line | None]] = [
        (-1024.0, None),
        (-999.0, None),
        (_lung_start(base, air), base),
        (lung_end, base),
        (_fat_start(fat, base.at(lung_end), fat_start), fat),
        (_fat_end(fat, base.at(0.0)), fat),
        (0.0, base),
        (soft_end, base),
        (_rising(hard, base.at(soft_end), bone_start), hard),
        (top, hard),
    ]
    nodes = [(hu, air if line is None else line.at(hu)) for hu, line in places]
    return make_curve(
        quantity,
        "consensus",
        nodes,
        _covariance(places, (base, fat, hard)),
        [sample.hu for sample in samples],
    )


def _hu(samples: Sequence[Sample], group: TissueGroup) -> list[float]:
    found = [sample.hu for sample in samples if sample.group == group]
    if len(found) < 2:
        raise InputError(
            f"The consensus table needs two materials of the group {group!r}; got "
            f"{len(found)}."
        )
    return found


def _line(
    samples: Sequence[Sample], groups: tuple[TissueGroup, ...], quantity: Quantity
) -> _Line:
    """Least squares, each material alike, with the covariance of the scatter."""
    inside = [sample for sample in samples if sample.group in groups]
    hu = np.array([sample.hu for sample in inside])
    values = np.array([sample.value for sample in inside])
    design = np.column_stack([np.ones_like(hu), hu])
    inverse = np.linalg.pinv(design.T @ design)
    intercept, slope = (float(p) for p in inverse @ design.T @ values)
    if not slope > 0:
        raise InputError(
            f"The line of {' and '.join(groups)} tissue falls: {slope:.2g} "
            f"{SYMBOLS[quantity]} per HU. Were the inserts identified?"
        )
    residuals = values - design @ (intercept, slope)
    variance = float(residuals @ residuals) / max(hu.size - 2, 1)
    return _Line(slope, intercept, variance * inverse)


def _rising(line: _Line, below: float, start: float) -> float:
    """The upper kink of a connection, moved up its line where that does not rise."""
    if line.at(start) - below > _LEAST_STEP:
        return start
    return float(math.ceil(line.reaches(below + _LEAST_STEP)))


def _lung_start(line: _Line, air: float) -> float:
    start = _rising(line, air, -950.0)
    if start > _STEEPEST_LUNG_HU:
        raise InputError(
            f"The line of lung and soft tissue meets air at {start:.0f} HU, above "
            f"{_STEEPEST_LUNG_HU:.0f} HU: it is too steep. Were the inserts identified?"
        )
    return start


def _fat_start(line: _Line, below: float, start: float) -> float:
    moved = _rising(line, below, start)
    if moved - start > _LARGEST_SHIFT_HU:
        raise InputError(
            f"The line of adipose tissue lies so low that its start would move from "
            f"{start:.0f} to {moved:.0f} HU. Were the inserts identified?"
        )
    return moved


def _fat_end(line: _Line, above: float) -> float:
    """The lower kink towards soft tissue, moved down where that does not rise."""
    end = -30.0
    if above - line.at(end) > _LEAST_STEP:
        return end
    return float(math.floor(line.reaches(above - _LEAST_STEP)))


def _covariance(
    places: Sequence[tuple[float, _Line | None]], lines: Sequence[_Line]
) -> FloatArray:
    """(n, n) of the values at the nodes; the lines are independent of each other."""
    total = np.zeros((len(places), len(places)))
    for line in lines:
        rows = np.array([(1.0, hu) if on is line else (0.0, 0.0) for hu, on in places])
        total += rows @ line.covariance @ rows.T
    return total
