"""The command line: parse, call, report, exit."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from kerma.errors import BUG, OUT_OF_TOLERANCE, PASSED, KermaError

__all__ = ["app", "main"]

app = typer.Typer(
    name="kerma",
    help="The physics of CT in radiotherapy, from the CT number to the dose.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
simulate = typer.Typer(
    help="Make scans whose right answer is known.", no_args_is_help=True
)
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


@app.command()
def calibrate(
    scan: Annotated[Path, typer.Argument(help="Folder, zip or file of the scan.")],
    phantom: Annotated[
        str, typer.Option(help="auto, a phantom's name, or the file of your own.")
    ] = "auto",
    baseline: Annotated[
        Path | None, typer.Option(help="Accepted CT numbers, JSON or CSV.")
    ] = None,
    tolerances: Annotated[
        str, typer.Option(help="Profile: seed, iaea, dose, or the file of your own.")
    ] = "seed",
    config: Annotated[
        Path | None, typer.Option(help="The site's RED values and tolerances, JSON.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report.")] = None,
    series: Annotated[
        str | None, typer.Option(help="Series UID, if there are several.")
    ] = None,
    serial: Annotated[
        str | None, typer.Option(help="Serial number of the phantom.")
    ] = None,
    any_scope: Annotated[
        bool, typer.Option("--any-scope", help="Compare under other conditions too.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Measure the HU-RED curve from a phantom scan; check it against a baseline.

    Exit code 0: all is well. 1: out of tolerance, or not every insert could be
    confirmed. 3: the data cannot be used.
    """
    from kerma.service import procedures
    from kerma.service.progress import progress_bar

    with progress_bar() as progress:
        result = procedures.ct_calibration(
            scan,
            phantom=phantom,
            baseline=baseline,
            tolerances=tolerances,
            config=config,
            series_uid=series,
            serial_number=serial,
            out=out,
            any_scope=any_scope,
            overwrite=overwrite,
            progress=progress,
        )
    typer.echo(result.to_json() if json else result.summary())
    if out is not None:
        typer.echo(f"Report: {out}", err=True)
    raise typer.Exit(PASSED if result.passed else OUT_OF_TOLERANCE)


@simulate.command("ct-phantom")
def simulate_ct_phantom(
    phantom: Annotated[str, typer.Argument(help="A phantom's name or file.")],
    out: Annotated[Path, typer.Argument(help="Folder for the DICOM series.")],
    roll: Annotated[float, typer.Option(help="Turn about the axis, degrees.")] = 0.0,
    tilt: Annotated[float, typer.Option(help="Inclination, degrees.")] = 0.0,
    shift: Annotated[
        tuple[float, float, float], typer.Option(help="Shift of the phantom, x y z mm.")
    ] = (0.0, 0.0, 0.0),
    slices: Annotated[int, typer.Option(help="Number of slices.")] = 40,
    spacing: Annotated[float, typer.Option(help="Between slices, mm.")] = 2.5,
    pixel: Annotated[float, typer.Option(help="Pixel size, mm.")] = 0.7,
    kv: Annotated[float, typer.Option(help="Tube voltage, kV.")] = 120.0,
    noise: Annotated[float, typer.Option(help="Noise, HU.")] = 8.0,
    blur: Annotated[float, typer.Option(help="Point spread, mm.")] = 0.6,
    cupping: Annotated[float, typer.Option(help="Cupping, HU.")] = 0.0,
    gain: Annotated[float, typer.Option(help="Gain of the HU scale.")] = 1.0,
    offset: Annotated[float, typer.Option(help="Offset of the HU scale, HU.")] = 0.0,
    couch: Annotated[
        str, typer.Option(help="none, flat, touching, curved or box.")
    ] = "flat",
    swap: Annotated[
        tuple[str, str] | None, typer.Option(help="Exchange two inserts.")
    ] = None,
    missing: Annotated[str | None, typer.Option(help="Leave an insert out.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 1,
) -> None:
    """Write a scan of a calibration phantom as a DICOM series."""
    from kerma.service import simulations

    scan = simulations.PhantomScan(
        roll_deg=roll, tilt_deg=tilt, shift_mm=shift, slices=slices,
        spacing_mm=spacing, pixel_mm=pixel, kv=kv, noise_hu=noise, blur_mm=blur,
        cupping_hu=cupping, gain=gain, offset_hu=offset, couch=couch, swap=swap,
        missing=missing, seed=seed,
    )  # fmt: skip
    written = simulations.simulate_ct_phantom(phantom, out, scan)
    typer.echo(f"{len(written)} images in {out}")


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
