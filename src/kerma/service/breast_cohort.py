"""What a batch of breast CTs came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from kerma.core.result import Result
from kerma.core.wording import counted
from kerma.errors import PASSED
from kerma.workflows.breast_ct.result import BreastCT

__all__ = ["BreastCohort", "CohortScan", "Outcome"]

Outcome: TypeAlias = Literal["done", "unchanged", "failed"]


@dataclass(frozen=True)
class CohortScan:
    """What one scan came to.

    Parameters
    ----------
    scan
        Its name.
    outcome
        Segmented now, known from an earlier run, or failed.
    exit_code
        Of this scan alone.
    error
        Why it failed.
    result
        Its numbers; ``None`` where it failed.
    """

    scan: str
    outcome: Outcome
    exit_code: int
    error: str = ""
    result: BreastCT | None = None

    @property
    def line(self) -> str:
        """The scan in one line."""
        if self.result is None:
            return f"{self.scan}: failed. {self.error}"
        gland = self.result.glandularity.vgf
        side = f" {self.result.laterality}" if self.result.laterality else ""
        look = self.result.severity or "no flags"
        return (
            f"{self.scan}{side}: {100 * gland.value:.1f} % gland "
            f"({100 * gland.low:.1f} to {100 * gland.high:.1f}), {look}"
            f"{', unchanged' if self.outcome == 'unchanged' else ''}"
        )


@dataclass(frozen=True, kw_only=True)
class BreastCohort(Result):
    """What a batch of breast CTs came to.

    Parameters
    ----------
    scans
        In the order of the names.
    """

    kind: ClassVar[str] = "breast_cohort/1"

    scans: tuple[CohortScan, ...]

    @property
    def exit_code(self) -> int:
        """The gravest of the scans': 0, 1 for unusable numbers, more for a failure."""
        return max((one.exit_code for one in self.scans), default=PASSED)

    @property
    def passed(self) -> bool:
        """Whether every scan was segmented and has numbers that can be used."""
        return self.exit_code == PASSED

    def summary(self) -> str:
        """The numbers of one scan, or a line for each of several and how many failed."""
        if len(self.scans) == 1 and (only := self.scans[0].result) is not None:
            return only.summary()
        counts = {
            outcome: sum(one.outcome == outcome for one in self.scans)
            for outcome in ("done", "unchanged", "failed")
        }
        told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        lines = [one.line for one in self.scans]
        return "\n".join(
            [*lines, f"{counted(len(self.scans), 'scan')}: {told or 'none'}"]
        )
