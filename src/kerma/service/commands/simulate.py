"""kerma simulate ..."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["simulate"]

simulate = typer.Typer(
    help="Make scans whose right answer is known.", no_args_is_help=True
)


@simulate.command("rt-set")
def simulate_rt_set(
    out: Annotated[
        Path | None, typer.Argument(help="New folder for the files.")
    ] = None,
    trap: Annotated[str | None, typer.Option(help="Build in a trap, by name.")] = None,
    list_traps: Annotated[
        bool, typer.Option("--list-traps", help="List the traps and stop.")
    ] = False,
    position: Annotated[str, typer.Option(help="HFS, FFS, HFP, ...")] = "HFS",
    tilt: Annotated[float, typer.Option(help="Tilt of the gantry, degrees.")] = 0.0,
    matrix: Annotated[int, typer.Option(help="Rows and columns of the CT.")] = 128,
    pixel: Annotated[float, typer.Option(help="Pixel size, mm.")] = 3.0,
    slices: Annotated[int, typer.Option(help="Number of CT slices.")] = 60,
    spacing: Annotated[float, typer.Option(help="Between CT slices, mm.")] = 3.0,
    dose_spacing: Annotated[float, typer.Option(help="Of the dose grid, mm.")] = 4.0,
    extras: Annotated[
        bool,
        typer.Option(
            "--extras", help="Doses of beams, portal image, registration too."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the UIDs.")] = 1,
) -> None:
    """Write CT, structures, plan and dose of a patient whose right answers are known."""
    from kerma.service import rt_simulations

    if list_traps:
        typer.echo(rt_simulations.list_traps())
        return
    if out is None:
        raise typer.BadParameter("name a new folder", param_hint="OUT")
    layout = rt_simulations.layout_of(
        position=position, tilt_deg=tilt, matrix=matrix, pixel_mm=pixel, slices=slices,
        slice_mm=spacing, dose_mm=dose_spacing,
    )  # fmt: skip
    written = rt_simulations.simulate_plan_set(
        out, layout=layout, trap=trap, extras=extras, seed=seed
    )
    typer.echo(f"{len(written)} files in {out}")


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
    date: Annotated[
        str | None, typer.Option(help="Date of the study, YYYYMMDD.")
    ] = None,
) -> None:
    """Write a scan of a calibration phantom as a DICOM series."""
    from kerma.service import simulations

    scan = simulations.PhantomScan(
        roll_deg=roll, tilt_deg=tilt, shift_mm=shift, slices=slices,
        spacing_mm=spacing, pixel_mm=pixel, kv=kv, noise_hu=noise, blur_mm=blur,
        cupping_hu=cupping, gain=gain, offset_hu=offset, couch=couch, swap=swap,
        missing=missing, seed=seed, date=date,
    )  # fmt: skip
    written = simulations.simulate_ct_phantom(phantom, out, scan)
    typer.echo(f"{len(written)} images in {out}")


@simulate.command("breast")
def simulate_breast_ct(
    preset: Annotated[
        str | None, typer.Argument(help="Name of a breast; see --list.")
    ] = None,
    out: Annotated[
        Path | None, typer.Argument(help="New folder for the DICOM series.")
    ] = None,
    list_presets: Annotated[
        bool, typer.Option("--list", help="List the breasts and stop.")
    ] = False,
    spacing: Annotated[
        str, typer.Option(help="Of voxels, mm; or slices,rows,columns.")
    ] = "0.3",
    noise: Annotated[float, typer.Option(help="Noise, HU.")] = 30.0,
    blur: Annotated[float, typer.Option(help="Point spread, FWHM, mm.")] = 0.45,
    cupping: Annotated[float, typer.Option(help="Cupping, HU.")] = 0.0,
    gain: Annotated[float, typer.Option(help="Gain of the HU scale.")] = 1.0,
    offset: Annotated[float, typer.Option(help="Offset of the HU scale, HU.")] = 0.0,
    field: Annotated[
        float | None, typer.Option(help="Diameter of the field of view, mm.")
    ] = None,
    cylinder: Annotated[
        bool, typer.Option("--cylinder", help="With the cylinder about the breast.")
    ] = False,
    laterality: Annotated[str, typer.Option(help="left or right.")] = "left",
    truth: Annotated[
        bool, typer.Option("--truth", help="Write what is truly there, too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of anatomy and noise.")] = 1,
) -> None:
    """Write a breast CT whose tissues are known, as a DICOM series."""
    from kerma.service import breast_simulations
    from kerma.simulation.breast import VirtualBreastCT

    if list_presets:
        typer.echo(breast_simulations.list_breasts())
        return
    if preset is None or out is None:
        raise typer.BadParameter(
            "name a breast and a new folder", param_hint="PRESET OUT"
        )
    scanner = VirtualBreastCT(
        spacing_mm=breast_simulations.spacing_of(spacing), psf_fwhm_mm=blur,
        noise_hu=noise, cupping_hu=cupping, gain=gain, offset_hu=offset,
        field_mm=field, cylinder=cylinder,
    )  # fmt: skip
    written = breast_simulations.simulate_breast_ct(
        preset, out, scanner=scanner, laterality=laterality, truth=truth, seed=seed
    )
    typer.echo(f"{len(written)} files in {out}")
