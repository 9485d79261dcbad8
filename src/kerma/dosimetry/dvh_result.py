"""The histograms of a plan as a table of numbers and verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kerma.core.result import Result, Verdict
from kerma.core.structures import Structure
from kerma.dosimetry.constraints import ConstraintCheck
from kerma.dosimetry.dose_metrics import homogeneity_index
from kerma.dosimetry.histograms import DVH

__all__ = ["DVHResult", "StructureDose"]

_VERDICTS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.INCONCLUSIVE: "not evaluable",
}


@dataclass(frozen=True, kw_only=True)
class StructureDose:
    """Dose to a structure; ``None`` for all of it where there is no histogram.

    Parameters
    ----------
    name, number
        The structure.
    volume_cc
        Volume with a dose, cm³.
    outside_percent
        Share of the structure that lies outside the dose grid, percent.
    minimum_gy, mean_gy, maximum_gy
        Dose, Gy.
    d98_gy, d95_gy, d50_gy, d2_gy
        Dose that so many percent of the volume receive at least, Gy.
    homogeneity_index
        (D2% - D98%) / D50%, ICRU 83.
    notes
        What the reader should know, or why there is no histogram.
    """

    name: str
    number: int
    volume_cc: float | None = None
    outside_percent: float | None = None
    minimum_gy: float | None = None
    mean_gy: float | None = None
    maximum_gy: float | None = None
    d98_gy: float | None = None
    d95_gy: float | None = None
    d50_gy: float | None = None
    d2_gy: float | None = None
    homogeneity_index: float | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, histogram: DVH) -> StructureDose:
        """The row of a histogram."""
        d98, d95, d50, d2 = (
            histogram.dose_at_volume(percent=percent) for percent in (98, 95, 50, 2)
        )
        index = homogeneity_index(histogram)
        return cls(
            name=histogram.name,
            number=histogram.number,
            volume_cc=histogram.volume_cc,
            outside_percent=histogram.outside_percent,
            minimum_gy=histogram.minimum_gy,
            mean_gy=histogram.mean_gy,
            maximum_gy=histogram.maximum_gy,
            d98_gy=d98,
            d95_gy=d95,
            d50_gy=d50,
            d2_gy=d2,
            homogeneity_index=index if math.isfinite(index) else None,
            notes=histogram.notes,
        )

    @classmethod
    def without(cls, structure: Structure, reason: str) -> StructureDose:
        """The row of a structure that has no histogram."""
        return cls(name=structure.name, number=structure.number, notes=(reason,))


@dataclass(frozen=True, kw_only=True)
class DVHResult(Result):
    """Dose to the structures of a plan, held against constraints.

    Parameters
    ----------
    structures
        In the order of the structure set.
    constraints
        In the order of the protocol; none where none were given.
    prescription_gy
        Dose to which percentages of dose refer, Gy; ``None`` where it is not known.
    end_cap, between
        How contours were understood; see `Sampling`.
    notes
        What was odd about the files.
    """

    kind: ClassVar[str] = "dvh/1"

    structures: tuple[StructureDose, ...]
    constraints: tuple[ConstraintCheck, ...] = ()
    prescription_gy: float | None = None
    end_cap: float | str = "half"
    between: str = "slab"
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Fail where one constraint fails, inconclusive where one is not evaluable."""
        found = {check.verdict for check in self.constraints}
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            if verdict in found:
                return verdict
        return Verdict.PASS

    @property
    def passed(self) -> bool:
        """Whether every constraint is kept; what is not evaluable is not."""
        return self.verdict is Verdict.PASS

    def summary(self) -> str:
        """A table of doses, one of the constraints, and notes."""
        cap = self.end_cap if isinstance(self.end_cap, str) else f"{self.end_cap:g} mm"
        lines = [
            *_doses(self.structures),
            f"Doses in Gy. End caps: {cap}; between planes: {self.between}.",
            *(["", *_checks(self.constraints)] if self.constraints else []),
        ]
        noted = [f"{s.name}: {note}" for s in self.structures for note in s.notes]
        noted += self.notes
        if noted:
            lines += ["", *(f"- {note}" for note in noted)]
        return "\n".join(lines)


def _doses(rows: Sequence[StructureDose]) -> list[str]:
    width = max([9, *(len(row.name) for row in rows)])
    heads = ("Volume cc", "Min", "Mean", "Max", "D98%", "D95%", "D50%", "D2%")
    lines = [f"{'Structure':<{width}}" + "".join(f"{head:>10}" for head in heads)]
    for row in rows:
        values = (
            (row.volume_cc, 1 if (row.volume_cc or 0) >= 100 else 2),
            (row.minimum_gy, 2),
            (row.mean_gy, 2),
            (row.maximum_gy, 2),
            (row.d98_gy, 2),
            (row.d95_gy, 2),
            (row.d50_gy, 2),
            (row.d2_gy, 2),
        )
        cells = ("-" if v is None else f"{v:.{digits}f}" for v, digits in values)
        lines.append(f"{row.name:<{width}}" + "".join(f"{cell:>10}" for cell in cells))
    return lines


def _checks(checks: Sequence[ConstraintCheck]) -> list[str]:
    names = max([9, *(len(check.structure) for check in checks)])
    wanted = max([10, *(len(check.constraint) for check in checks)])
    lines = [f"{'Structure':<{names}}  {'Constraint':<{wanted}}{'Found':>12}  Verdict"]
    for check in checks:
        found = (
            "-" if check.value is None else f"{check.value:.2f} {check.unit}".strip()
        )
        said = "; ".join(text for text in (check.remark, check.comment) if text)
        lines.append(
            f"{check.structure:<{names}}  {check.constraint:<{wanted}}{found:>12}  "
            f"{_VERDICTS[check.verdict]}" + (f"  ({said})" if said else "")
        )
    return lines
