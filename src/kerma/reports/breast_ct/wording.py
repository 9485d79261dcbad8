"""What the pages of breasts say in words."""

from __future__ import annotations

from kerma.core.wording import counted
from kerma.workflows.breast_ct.flags import Severity
from kerma.workflows.breast_ct.result import BreastCT

__all__ = [
    "SEVERITY_CLASSES",
    "SIDES",
    "verdict_class",
    "verdict_reason",
    "verdict_word",
]

SIDES = {"L": "Left breast", "R": "Right breast", None: "Side unknown"}

SEVERITY_CLASSES = {
    Severity.NOTE: "inconclusive",
    Severity.LOOK: "action",
    Severity.UNUSABLE: "fail",
}
"""Style of each severity on a page."""

_WORDS = {
    Severity.NOTE: "Usable",
    Severity.LOOK: "Look at it",
    Severity.UNUSABLE: "Unusable",
    None: "Usable",
}


def verdict_class(severity: Severity | None) -> str:
    """Style of the verdict; a note alone leaves the numbers as they are."""
    if severity in (None, Severity.NOTE):
        return "pass"
    return SEVERITY_CLASSES[severity]


def verdict_word(severity: Severity | None) -> str:
    """The verdict in a word or three."""
    return _WORDS[severity]


def verdict_reason(result: BreastCT) -> str:
    """Say in one sentence how far the numbers can be trusted."""
    counts = {
        severity: sum(flag.severity is severity for flag in result.flags)
        for severity in Severity
    }
    if counts[Severity.UNUSABLE]:
        return "The numbers do not describe this breast; the flags below say why."
    if counts[Severity.LOOK]:
        flags = counted(counts[Severity.LOOK], "flag")
        return f"Compare the outlines with the scan before using the numbers: {flags}."
    if counts[Severity.NOTE]:
        notes = counted(counts[Severity.NOTE], "note")
        return f"No check found anything that changes the numbers; {notes}."
    return "No check found anything odd."
