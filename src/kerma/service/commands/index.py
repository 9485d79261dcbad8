"""kerma index."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["index"]


def index(
    folder: Annotated[Path, typer.Argument(help="Folder or zip of DICOM files.")],
    cache: Annotated[
        Path | None,
        typer.Option(help="File that makes the next look faster; holds patient IDs."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON.")
    ] = False,
) -> None:
    """Say what is in a folder, what belongs together and what is wrong."""
    import json as encoder

    from kerma.io import index as look
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        found = look(
            folder, cache=cache, progress=lambda done: progress("Reading headers", done)
        )
    text = encoder.dumps(found.to_dict(), indent=2) if json else found.summary()
    typer.echo(text)
