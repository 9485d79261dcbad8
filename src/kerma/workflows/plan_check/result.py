"""What a check of plan sets found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from kerma.core.result import Result
from kerma.core.wording import counted

__all__ = ["Finding", "PlanCheck", "PlanContent", "Severity"]


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, looks wrong, or that one should know.

    Parameters
    ----------
    severity
        Error: a number or position would be wrong, or cannot be had. Warning: someone
        has to look. Note: odd, but harmless.
    code
        Which finding it is, in words that stay the same.
    sentence
        What was found, with the values. Structures and beams stand there by name;
        nothing that tells who the patient is does.
    advice
        What to do.
    plan_set
        Number of the plan set, from 1; ``None`` where it is about the folder.
    """

    severity: Severity
    code: str
    sentence: str
    advice: str = ""
    plan_set: int | None = None


@dataclass(frozen=True)
class PlanContent:
    """What one plan set consists of; ``None`` is what is not there.

    Parameters
    ----------
    number
        From 1.
    slices, structures, beams
        How many CT slices, structures and beams there are.
    doses
        How many doses.
    """

    number: int
    slices: int | None = None
    structures: int | None = None
    beams: int | None = None
    doses: int = 0

    def describe(self) -> str:
        """One line."""
        parts = [
            counted(count, word)
            for count, word in (
                (self.slices, "CT slice"),
                (self.structures, "structure"),
                (self.beams, "beam"),
                (self.doses or None, "dose"),
            )
            if count is not None
        ]
        return f"Set {self.number}: {', '.join(parts) or 'nothing that can be read'}"


@dataclass(frozen=True)
class PlanCheck(Result):
    """Outcome of a check of everything in a folder.

    Parameters
    ----------
    contents
        The plan sets that were checked.
    findings
        The worst first.
    """

    kind: ClassVar[str] = "plan_check/1"

    contents: tuple[PlanContent, ...]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether there is neither an error nor a warning."""
        return all(f.severity is Severity.NOTE for f in self.findings)

    def count(self, severity: Severity) -> int:
        """How many findings there are of a severity."""
        return sum(f.severity is severity for f in self.findings)

    def summary(self) -> str:
        """The sets, every finding, and how many there are of each severity."""
        lines = [content.describe() for content in self.contents]
        for finding in self.findings:
            where = f"set {finding.plan_set}, " if finding.plan_set else ""
            lines += [
                "",
                f"{finding.severity.upper()} ({where}{finding.code})",
                f"  {finding.sentence}",
            ]
            if finding.advice:
                lines.append(f"  → {finding.advice}")
        counts = ", ".join(counted(self.count(s), s) for s in Severity)
        verdict = "Nothing needs attention" if self.passed else "Needs attention"
        return "\n".join([*lines, "", f"{verdict}: {counts}."])
