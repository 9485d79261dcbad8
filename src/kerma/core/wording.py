"""Numbers in sentences."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, word: str) -> str:
    """A count with its word, which takes an s unless there is one: 1 file, 2 files."""
    return f"{count:,} {word}{'s' * (count != 1)}"
