"""Concepts as coded in DICOM objects."""

from __future__ import annotations

from dataclasses import dataclass, field

from kerma.errors import InputError

__all__ = ["Code"]


@dataclass(frozen=True)
class Code:
    """A coded concept; two are equal where value and scheme are.

    Parameters
    ----------
    value
        Code Value (0008,0100), as "113830".
    scheme
        Coding Scheme Designator (0008,0102), as "DCM", "SCT", "UCUM".
    meaning
        Code Meaning (0008,0104), for people; it does not count when codes are compared.

    Raises
    ------
    InputError
        Value or scheme is empty.
    """

    value: str
    scheme: str
    meaning: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.value or not self.scheme:
            raise InputError(
                f"A code needs a value and a coding scheme; got {self.value!r} and "
                f"{self.scheme!r}."
            )

    def __str__(self) -> str:
        """The meaning, and the code behind it."""
        return f"{self.meaning or '(no meaning)'} ({self.value}, {self.scheme})"
