"""Commands of two words, beside a command that has the first of them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

__all__ = ["TwoWordCommands"]


class TwoWordCommands(TyperGroup):
    """A group in which ``calibrate history`` may stand beside ``calibrate SCAN``.

    A command is registered under both words with a space between them. A folder that
    bears the second word is still to be had as ``./history``.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name: the longer name first."""
        both = " ".join(args[:2])
        if both in self.commands:
            args = [both, *args[2:]]
        return super().resolve_command(ctx, args)
