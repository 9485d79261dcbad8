"""kerma curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import OUT_OF_TOLERANCE, PASSED

__all__ = ["curve"]


def curve(
    calibrations: Annotated[
        list[Path],
        typer.Argument(help="Result of kerma calibrate, JSON; two for head and body."),
    ],
    quantity: Annotated[
        str, typer.Option(help="red, density or spr (protons).")
    ] = "red",
    model: Annotated[
        str, typer.Option(help="piecewise, bilinear, isotonic or consensus.")
    ] = "piecewise",
    energy_mev: Annotated[float, typer.Option(help="Proton energy, MeV.")] = 100.0,
    top_hu: Annotated[
        float | None, typer.Option(help="Carry the last slope on to this HU.")
    ] = None,
    phantom: Annotated[
        list[Path] | None, typer.Option(help="File of your own phantom; repeatable.")
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(help="Compare and export the curve for head, body or average."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="The installed curve, a table of HU and value.")
    ] = None,
    limits: Annotated[
        Path | None, typer.Option(help="How far it may differ, TOML or JSON.")
    ] = None,
    hu_change: Annotated[
        list[str] | None,
        typer.Option(help="Effect on a plan of such a change: soft=10; repeatable."),
    ] = None,
    export: Annotated[
        list[str] | None,
        typer.Option(help="raystation, matrad or table; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for report and tables.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace earlier files.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Make conversion curves of calibrations; compare and export them.

    Exit code 0: all is well. 1: the installed curve is out of tolerance. 3: the data
    cannot be used.
    """
    from kerma.service.hu_curves import hu_curves, one_of, parse_changes
    from kerma.workflows.ct_calibration.curves.conversion import MODELS
    from kerma.workflows.ct_calibration.curves.export import EXPORT_FORMATS
    from kerma.workflows.ct_calibration.curves.quantity import QUANTITIES
    from kerma.workflows.ct_calibration.curves.sites import SITES

    result = hu_curves(
        calibrations,
        quantity=one_of(quantity, QUANTITIES, "quantity"),
        model=one_of(model, MODELS, "model"),
        energy_mev=energy_mev,
        top_hu=top_hu,
        phantoms=phantom or [],
        site=None if site is None else one_of(site, SITES, "site"),
        compare=compare,
        limits=limits,
        hu_changes=parse_changes(hu_change or []),
        export=[one_of(form, EXPORT_FORMATS, "export") for form in export or []],
        out=out,
        overwrite=overwrite,
    )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)
