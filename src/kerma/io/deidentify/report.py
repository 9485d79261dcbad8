"""What a de-identification did, without a word of what it removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerma.core.result import Result
from kerma.core.wording import counted

__all__ = ["DeidentificationReport", "ElementCount", "Refusal", "WrittenFile"]

_LISTED = 20


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written.

    Parameters
    ----------
    number
        Of the file it was made from, counted from 1 in the order of the paths.
    path
        Inside the output folder.
    blanked
        Elements of it that are kept as a rule, but held an identifier.
    """

    number: int
    path: str
    blanked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A file that was not written, and why.

    Parameters
    ----------
    number
        Of the file, counted from 1 in the order of the paths; names of files may name
        patients.
    reason
        One sentence.
    """

    number: int
    reason: str


@dataclass(frozen=True)
class ElementCount:
    """How often something was done to an element, over all files."""

    element: str
    action: str
    count: int


@dataclass(frozen=True, kw_only=True)
class DeidentificationReport(Result):
    """Outcome of a de-identification.

    Parameters
    ----------
    edition
        Of PS3.15, whose table was followed.
    options
        Codes of CID 7050: 113100, the basic profile, and the options.
    patients
        How many pseudonyms were given.
    written, refused
        Files that were, and were not, written.
    skipped
        Files that are no DICOM.
    elements
        What was done to which elements.
    notes
        What a person should look at.
    """

    kind: ClassVar[str] = "deidentification/1"

    edition: str
    options: tuple[str, ...]
    patients: int
    written: tuple[WrittenFile, ...]
    refused: tuple[Refusal, ...]
    skipped: int
    elements: tuple[ElementCount, ...]
    notes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every DICOM file was de-identified."""
        return not self.refused

    @property
    def actions(self) -> dict[str, int]:
        """How often each action was taken."""
        counts: dict[str, int] = {}
        for row in self.elements:
            counts[row.action] = counts.get(row.action, 0) + row.count
        return counts

    def summary(self) -> str:
        """Counts, refusals and notes, a line each."""
        done = ", ".join(f"{count} {action}" for action, count in self.actions.items())
        blanked = sum(bool(file.blanked) for file in self.written)
        files = counted(len(self.written), "file")
        lines = [
            f"{files} of {counted(self.patients, 'patient')} written",
            f"{len(self.refused)} refused, {self.skipped} skipped that are no DICOM",
            f"PS3.15 {self.edition}, {' '.join(self.options)}",
            f"Elements: {done or 'none changed'}",
        ]
        if blanked:
            lines.append(f"{blanked} files held an identifier where none belongs")
        lines += [f"File {r.number}: {r.reason}" for r in self.refused[:_LISTED]]
        if len(self.refused) > _LISTED:
            lines.append(f"... and {len(self.refused) - _LISTED} more, in the report")
        return "\n".join([*lines, *self.notes])
