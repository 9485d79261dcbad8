"""The command line: its commands, and how each of them can end."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from kerma.errors import BUG, PASSED, KermaError
from kerma.service.commands.breast import breast
from kerma.service.commands.calibrate import calibrate
from kerma.service.commands.check import check
from kerma.service.commands.compare import compare_structures
from kerma.service.commands.convert_breast import breast_to_dicom, breast_to_numpy
from kerma.service.commands.curve import curve
from kerma.service.commands.deidentify import deidentify
from kerma.service.commands.dvh import dvh
from kerma.service.commands.gamma import gamma
from kerma.service.commands.history import history
from kerma.service.commands.index import index
from kerma.service.commands.overlay import overlay
from kerma.service.commands.phantom import phantom
from kerma.service.commands.simulate import simulate
from kerma.service.commands.two_words import TwoWordCommands

__all__ = ["app", "main"]

app = typer.Typer(
    name="kerma",
    cls=TwoWordCommands,
    help="The physics of CT in radiotherapy, from the CT number to the dose.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(calibrate)
app.command("calibrate history")(history)
app.command()(check)
app.command("compare-structures")(compare_structures)
app.command()(curve)
app.command()(deidentify)
app.command()(dvh)
app.command()(gamma)
app.command()(index)
app.command()(overlay)
app.command()(breast)
app.command("breast-to-numpy")(breast_to_numpy)
app.command("breast-to-dicom")(breast_to_dicom)
app.add_typer(phantom, name="phantom")
app.add_typer(simulate, name="simulate")


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.")
    ] = False,
) -> None:
    """The physics of CT in radiotherapy, from the CT number to the dose."""
    if version:
        from kerma import __version__

        typer.echo(f"kerma {__version__}")
        raise typer.Exit(PASSED)


def main() -> None:
    """Run the command line; each way it can end has its own exit code."""
    try:
        app()
    except KermaError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001  (Python would exit 1, which here means FAIL)
        traceback.print_exc()
        sys.exit(BUG)
