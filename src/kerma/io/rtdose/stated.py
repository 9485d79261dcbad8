"""Minimum, mean and maximum dose that a file states beside its histograms.

Planning systems are known to state them in percent of a prescription that the file
does not name, beside a histogram in Gy and under Dose Units GY. The histogram itself
gives this away, and the prescription too: its last bin with volume is the maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kerma.core.dose import EmbeddedDVH

__all__ = ["with_true_statistics"]

_NO_VOLUME = 1e-9  # of the total; rounding leaves this much where nothing is
_AGREES = 0.05  # of the maximum; interpolation differs by less, percent by far more
_KNOWN = 0.005  # relative; what is less certain of a prescription is not used
_ROUND_STEPS = [
    step * 10.0**power for power in range(2, -7, -1) for step in (10, 5, 2, 1)
]
_LISTED = 8


@dataclass(frozen=True)
class _Claim:
    """What a histogram shows its maximum to be, and what the file says it is."""

    lowest: float
    highest: float
    stated: float

    @property
    def agrees(self) -> bool:
        low, high = self.lowest * (1 - _AGREES), self.highest * (1 + _AGREES)
        return low <= self.stated <= high


def with_true_statistics(
    dvhs: Sequence[EmbeddedDVH], units: str
) -> tuple[list[EmbeddedDVH], tuple[str, ...]]:
    """Histograms whose stated doses are in the unit of their bins, and what to note.

    Where stated maxima contradict the histograms, and all of them are percentages of
    one and the same dose, all stated doses are converted. Else those that contradict
    are left out.

    Parameters
    ----------
    dvhs
        As read.
    units
        Of their bins, for the note.
    """
    claims = [_claim(dvh) for dvh in dvhs]
    wrong = [n for n, claim in enumerate(claims) if claim and not claim.agrees]
    if not wrong:
        return list(dvhs), ()
    whose = ", ".join(_numbers(dvhs[n]) for n in wrong[:_LISTED])
    whose += ", ..." if len(wrong) > _LISTED else ""
    reference = _reference([claim for claim in claims if claim])
    if reference is None:
        note = (
            f"The stated minimum, mean and maximum dose of {len(wrong)} stored "
            f"histogram(s), of structures {whose}, contradict the histogram; they "
            f"were left out."
        )
        cleared = {n: _without_statistics(dvhs[n]) for n in wrong}
        return [cleared.get(n, dvh) for n, dvh in enumerate(dvhs)], (note,)
    note = (
        f"The stored histograms state minimum, mean and maximum in percent of "
        f"{reference:g} {units}, not in Dose Units (3004,0002), as those of "
        f"structures {whose} show; they were converted."
    )
    return [_from_percent(dvh, reference / 100) for dvh in dvhs], (note,)


def _numbers(dvh: EmbeddedDVH) -> str:
    """The structures of a histogram, which may be of several together."""
    return " + ".join(map(str, dvh.structure_numbers))


def _claim(dvh: EmbeddedDVH) -> _Claim | None:
    """The maximum is in the last bin with volume, or next to it.

    Whether the volume of a cumulative bin is that above its lower or its upper edge is
    not said by PS3.3, so that one bin more is allowed on either side.
    """
    largest = np.abs(dvh.volume).max(initial=0.0)
    if dvh.maximum is None or dvh.maximum <= 0 or largest == 0:
        return None
    filled = np.flatnonzero(dvh.volume > _NO_VOLUME * largest)
    last = int(filled[-1]) if filled.size else 0
    edges = dvh.dose
    lowest = edges[max(last - 1, 0)]
    highest = edges[min(last + 2, edges.size - 1)]
    return _Claim(float(lowest), float(highest), dvh.maximum)


def _reference(claims: Sequence[_Claim]) -> float | None:
    """The dose of which all stated maxima are percentages; ``None`` if there is none.

    It is the roundest number that all histograms allow.
    """
    lowest = max(100 * claim.lowest / claim.stated for claim in claims)
    highest = min(100 * claim.highest / claim.stated for claim in claims)
    if not 0 < lowest <= highest <= lowest * (1 + _KNOWN):
        return None
    middle = (lowest + highest) / 2
    rounded = (round(middle / step) * step for step in _ROUND_STEPS)
    return next((dose for dose in rounded if lowest <= dose <= highest), middle)


def _from_percent(dvh: EmbeddedDVH, one_percent: float) -> EmbeddedDVH:
    def convert(stated: float | None) -> float | None:
        return None if stated is None else stated * one_percent

    return replace(
        dvh,
        minimum=convert(dvh.minimum),
        mean=convert(dvh.mean),
        maximum=convert(dvh.maximum),
    )


def _without_statistics(dvh: EmbeddedDVH) -> EmbeddedDVH:
    return replace(dvh, minimum=None, mean=None, maximum=None)
