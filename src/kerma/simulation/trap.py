"""What is known to go wrong with the files of a plan, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerma.core.edit import Edit

__all__ = ["Trap"]


@dataclass(frozen=True)
class Trap:
    """A good set of files turned into one that misleads, and what has to come of it.

    Every object of the set is either read with the right numbers, or refused, or differs
    from the simulated patient and is reported. A trap that needs something else than
    these fields is a new kind of edit, not code of its own.

    Parameters
    ----------
    name
        By which it is asked for.
    about
        What goes wrong in general.
    edits
        From the good files to the odd ones.
    layout
        Fields of the layout that are not the usual ones.
    needs_extras
        Whether doses of beams, a portal image and a registration are written, too.
    refused
        Objects that must not be read, each with a part of the sentence that says why:
        "CT", "structures", "plan", "dose" or "image".
    differs
        Objects that are read, but are not those of the simulated patient any more.
    findings
        Codes of all errors and warnings of the check.
    notes
        Codes of notes of the check that tell of it.
    """

    name: str
    about: str
    edits: tuple[Edit, ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)
    needs_extras: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)
    differs: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """What comes of it: refused, reported, or read with the right numbers."""
        told = ", ".join(self.findings or self.notes)
        if self.refused:
            return f"refused: {', '.join(self.refused)}"
        if self.differs:
            return f"reported: {told}" if told else "read as it stands"
        return f"right numbers; reported: {told}" if told else "right numbers"
