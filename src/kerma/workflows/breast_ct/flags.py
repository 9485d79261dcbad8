"""What a reader of the result has to know before trusting it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Flag", "Severity"]


class Severity(StrEnum):
    """How much a flag matters."""

    NOTE = "note"
    """Good to know; the numbers stand."""
    LOOK = "look"
    """Look at the scan: a number may be off."""
    UNUSABLE = "unusable"
    """The numbers do not describe this breast."""


@dataclass(frozen=True)
class Flag:
    """One thing found odd about a scan.

    Parameters
    ----------
    code
        Short name for programs, such as "no_nipple".
    severity
        How much it matters.
    sentence
        What is odd, with its values, and what to look at.
    """

    code: str
    severity: Severity
    sentence: str
