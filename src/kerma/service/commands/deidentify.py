"""kerma deidentify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["deidentify"]


def deidentify(
    source: Annotated[Path, typer.Argument(help="File, folder or zip of DICOM files.")],
    out: Annotated[Path, typer.Argument(help="Folder for the new files.")],
    key: Annotated[
        Path, typer.Option(help="Secret key file, outside OUT; made if missing.")
    ],
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="Option of PS3.15, as clean-descriptors or modified-dates; repeatable."
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="CSV for old and new identities; secret.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="JSON for the report, which names nobody.")
    ] = None,
    allow_burned_in: Annotated[
        bool,
        typer.Option("--allow-burned-in", help="Images, too, that may hold text."),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON.")
    ] = False,
) -> None:
    """Take the patient out of DICOM files, by the profile of PS3.15.

    Exit code 0: every file was written. 1: some were refused, the report says why.
    3: the data cannot be used.
    """
    from kerma.service.deidentification import deidentify_files
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        result = deidentify_files(
            source,
            out,
            key,
            options=tuple(option or ()),
            mapping=mapping,
            report=report,
            allow_burned_in=allow_burned_in,
            progress=lambda done: progress("De-identifying", done),
        )
    typer.echo(result.to_json() if json else result.summary())
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
