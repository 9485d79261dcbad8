"""How findings are put into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kerma.core.structures import Structure
from kerma.workflows.plan_check.result import Finding, Severity

__all__ = ["error", "listed", "name_of", "note", "warning"]

_LISTED = 5
_LONGEST = 40  # characters of a name; files may hold any nonsense


def error(code: str, sentence: str, advice: str = "") -> Finding:
    """A finding that makes a number or position wrong."""
    return Finding(Severity.ERROR, code, sentence, advice)


def warning(code: str, sentence: str, advice: str = "") -> Finding:
    """A finding that someone has to look at."""
    return Finding(Severity.WARNING, code, sentence, advice)


def note(code: str, sentence: str, advice: str = "") -> Finding:
    """A finding that is harmless."""
    return Finding(Severity.NOTE, code, sentence, advice)


def listed(things: Iterable[object]) -> str:
    """The first few, and how many more."""
    words: Sequence[str] = [str(thing) for thing in things]
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more


def name_of(structure: Structure) -> str:
    """A structure by its name, or by its number where it has none."""
    name = structure.name.strip()
    shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
    return repr(shown) if name else f"ROI {structure.number}"
