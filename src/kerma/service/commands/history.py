"""kerma calibrate history."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["history"]


class RunRuleNames(StrEnum):
    """Which rules on runs apply."""

    NONE = "none"
    WESTERN_ELECTRIC = "western-electric"
    NELSON = "nelson"


def history(
    folder: Annotated[Path, typer.Argument(help="Where the results are kept.")],
    tolerances: Annotated[
        str, typer.Option(help="Profile: seed, iaea, dose, or the file of your own.")
    ] = "dose",
    baselines: Annotated[
        Path | None, typer.Option(help="Log of new baselines, TOML.")
    ] = None,
    phantom: Annotated[
        str, typer.Option(help="auto, a phantom's name, or the file of your own.")
    ] = "auto",
    runs: Annotated[
        RunRuleNames, typer.Option(help="Rules on runs of results.")
    ] = RunRuleNames.NONE,
    run_length: Annotated[
        float, typer.Option(help="Results between false alarms of a chart.")
    ] = 370.0,
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Chart the results of past months: what has changed, since when, and why.

    Exit code 0: the last result of every scanner is within tolerance; the charts may
    still warn. 1: out of tolerance, or not to be judged. 3: the data cannot be used.
    """
    from kerma.service.calibration_history import calibration_history

    result = calibration_history(
        folder,
        tolerances=tolerances,
        baselines=baselines,
        phantom=phantom,
        runs=runs.value,
        run_length=run_length,
        out=out,
        overwrite=overwrite,
    )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
