"""The results of a series as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.workflows.ct_calibration.history.series import PastResult

__all__ = ["Readings", "merged_by_material", "readings_of"]


@dataclass(frozen=True, eq=False)
class Readings:
    """All inserts of a series of results.

    Parameters
    ----------
    names, materials
        (p,) of the inserts: their names, and the keys of their materials.
    hu, reading_hu
        (m, p) CT numbers and standard uncertainties of the readings, HU; NaN where an
        insert was not measured.
    days
        (m,) since the first result.
    """

    names: tuple[str, ...]
    hu: FloatArray
    reading_hu: FloatArray
    days: FloatArray
    materials: tuple[tuple[str, ...], ...]

    @property
    def typical_reading_hu(self) -> FloatArray:
        """(p,) the usual uncertainty of a reading, HU; zero where none is stated."""
        known = np.where(np.isnan(self.reading_hu), 0.0, self.reading_hu)
        usual: FloatArray = np.median(known, axis=0)
        return usual


def readings_of(results: Sequence[PastResult]) -> Readings:
    """The results of a series as arrays, in order of time."""
    names = tuple(
        dict.fromkeys(name for one in results for name in one.accepted.mean_hu)
    )
    first = results[0].day
    return Readings(
        names=names,
        hu=_table([one.accepted.mean_hu for one in results], names),
        reading_hu=_table([one.accepted.uncertainty_hu for one in results], names),
        days=np.array([float((one.day - first).days) for one in results]),
        materials=tuple(
            next((one.materials[n] for one in results if one.materials.get(n)), (n,))
            for n in names
        ),
    )


def _table(
    rows: Sequence[Mapping[str, float | None] | Mapping[str, float]],
    names: Sequence[str],
) -> FloatArray:
    return np.array([[_number(row.get(name)) for name in names] for row in rows])


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def merged_by_material(series: Readings) -> dict[str, list[int]]:
    """Inserts by material: two of one material say the same and more."""
    merged: dict[str, list[int]] = {}
    for place, (key, *_) in enumerate(series.materials):
        merged.setdefault(key, []).append(place)
    return merged
