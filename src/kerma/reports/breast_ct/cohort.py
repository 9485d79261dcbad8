"""The contact sheet of many breasts: what to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kerma.core.wording import counted
from kerma.reports.breast_ct.pairs import find_pairs
from kerma.reports.breast_ct.wording import (
    SEVERITY_CLASSES,
    SIDES,
    verdict_class,
    verdict_word,
)
from kerma.reports.page import data_uri, render
from kerma.workflows.breast_ct.flags import Severity
from kerma.workflows.breast_ct.result import BreastCT

__all__ = ["CohortEntry", "cohort_html"]

_ORDER = (Severity.UNUSABLE, Severity.LOOK, Severity.NOTE, None)


@dataclass(frozen=True)
class CohortEntry:
    """One scan of a cohort.

    Parameters
    ----------
    scan
        Its name.
    result
        Its numbers; ``None`` where it failed.
    error
        Why it failed.
    study
        Study Instance UID, empty where there is none.
    picture
        A small picture, PNG; empty where there is none.
    page
        Address of its own page from that of the cohort; empty where there is none.
    """

    scan: str
    result: BreastCT | None
    error: str = ""
    study: str = ""
    picture: bytes = b""
    page: str = ""

    @property
    def picture_uri(self) -> str:
        """The picture as an address that carries it; empty where there is none."""
        return data_uri(self.picture, "image/png") if self.picture else ""

    @property
    def rank(self) -> tuple[int, str]:
        """Place on the sheet: what failed, then the worst flags."""
        if self.result is None:
            return -1, self.scan
        return _ORDER.index(self.result.severity), self.scan


def cohort_html(entries: Sequence[CohortEntry]) -> str:
    """One self-contained page with a card for each scan, the worst first."""
    measured = [one for one in entries if one.result is not None]
    results = [one.result for one in measured if one.result is not None]
    failed = len(entries) - len(measured)
    worst = min(
        (_ORDER.index(one.severity) for one in results), default=len(_ORDER) - 1
    )
    severity = Severity.UNUSABLE if failed else _ORDER[worst]
    return render(
        "breasts.html.j2",
        entries=sorted(entries, key=lambda one: one.rank),
        pairs=find_pairs(results, [one.study for one in measured]),
        sides=SIDES,
        classes=SEVERITY_CLASSES,
        verdict_class=verdict_class,
        verdict_word=verdict_word,
        verdict=verdict_class(severity),
        word=counted(len(entries), "breast"),
        reason=_reason(results, failed),
    )


def _reason(results: Sequence[BreastCT], failed: int) -> str:
    counts = {
        severity: sum(one.severity is severity for one in results)
        for severity in Severity
    }
    parts = [
        f"{failed} failed" if failed else "",
        f"{counts[Severity.UNUSABLE]} unusable" if counts[Severity.UNUSABLE] else "",
        f"{counts[Severity.LOOK]} to look at" if counts[Severity.LOOK] else "",
    ]
    odd = failed + counts[Severity.UNUSABLE] + counts[Severity.LOOK]
    usable = len(results) + failed - odd
    told = [part for part in parts if part]
    return ", ".join([*told, f"{usable} usable"]) + "."
