"""Finding one of several named and numbered things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from kerma.errors import InputError

__all__ = ["Numbered", "check_numbers", "the_one"]


class Numbered(Protocol):
    """Something with a number, which is its own, and a name, which need not be."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def name(self) -> str:
        """Its name."""


N = TypeVar("N", bound=Numbered)


def the_one(things: Sequence[N], key: str | int, kind: str) -> N:
    """The thing of a number or a name.

    Parameters
    ----------
    things
        All there are.
    key
        Number or name.
    kind
        What they are, for the message, as "structure".

    Raises
    ------
    InputError
        There is none, or several have the name.
    """
    by = "number" if isinstance(key, int) else "name"
    found = [thing for thing in things if getattr(thing, by) == key]
    if len(found) > 1:
        numbers = ", ".join(str(thing.number) for thing in found)
        raise InputError(
            f"{len(found)} {kind}s are named {key!r}; choose one by its number "
            f"({numbers})."
        )
    if not found:
        listed = ", ".join(f"{thing.number} {thing.name!r}" for thing in things)
        raise InputError(f"No {kind} {key!r}; there are: {listed or 'none'}.")
    return found[0]


def check_numbers(things: Sequence[Numbered], kind: str) -> None:
    """See that each thing has a number of its own.

    Raises
    ------
    InputError
        Two have the same.
    """
    numbers = [thing.number for thing in things]
    if len(set(numbers)) < len(numbers):
        raise InputError(f"Each {kind} needs its own number; got {numbers}.")
