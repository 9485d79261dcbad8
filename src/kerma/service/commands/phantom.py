"""kerma phantom ..."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["phantom"]

phantom = typer.Typer(
    help="Calibration phantoms: list, show, learn a new one.", no_args_is_help=True
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist.")
]


@phantom.command("list")
def list_phantoms(json: _Json = False) -> None:
    """List the phantoms that are shipped."""
    from kerma.service import phantoms

    if json:
        typer.echo(json_text.dumps(phantoms.phantom_rows(), indent=2))
    else:
        typer.echo(phantoms.phantom_table())


@phantom.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a phantom, or its file.")],
    json: _Json = False,
    png: Annotated[Path | None, typer.Option(help="Draw it into this file.")] = None,
    overwrite: _Overwrite = False,
) -> None:
    """Show what is known of a phantom."""
    from kerma.service import phantoms

    model = phantoms.the_phantom(name)
    if png is not None:
        phantoms.draw_phantom(model, png, overwrite=overwrite)
    if json:
        record = phantoms.phantom_record(model)
        typer.echo(json_text.dumps(record, indent=2, ensure_ascii=False))
    else:
        typer.echo(phantoms.describe_phantom(model))


@phantom.command()
def learn(
    scan: Annotated[Path, typer.Argument(help="Folder, zip or file of the scan.")],
    name: Annotated[str, typer.Option(help="What to call the phantom.")],
    out: Annotated[Path, typer.Option(help="TOML file to write.")],
    png: Annotated[
        Path | None, typer.Option(help="Picture of it over the scan.")
    ] = None,
    series: Annotated[
        str | None, typer.Option(help="Series UID, if there are several.")
    ] = None,
    overwrite: _Overwrite = False,
) -> None:
    """Describe the phantom in a scan in a file, for you to complete.

    Exit code 0: the file is written. 3: the scan shows no phantom.
    """
    from kerma.service import phantoms
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        learned = phantoms.learn_phantom(
            scan, name, out, png, series, overwrite=overwrite, progress=progress
        )
    typer.echo(phantoms.describe_phantom(learned.phantom))
    for note in learned.notes:
        typer.echo(f"Note: {note}")
    typer.echo(f"Complete it before you use it: {out}", err=True)
