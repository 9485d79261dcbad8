"""kerma check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["check"]


def check(
    folder: Annotated[Path, typer.Argument(help="Folder or zip of an export.")],
    out: Annotated[
        Path | None, typer.Option(help="File for the result, as JSON.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Find what is wrong or suspicious in plan, CT, structures and dose.

    Exit code 0: nothing, or only notes. 1: errors or warnings. 3: there is nothing that
    could be checked.
    """
    from kerma.io import write_file
    from kerma.service.plan_check import plan_check
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        result = plan_check(folder, progress=progress)
    if out is not None:
        write_file(out, result.to_json() + "\n")
    typer.echo(result.to_json() if json else result.summary())
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
