"""Simulated scans from plain values, for the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

import numpy as np

from kerma.core.arrays import Vec3
from kerma.errors import InputError
from kerma.io import write_ct
from kerma.simulation.changes import InsertChange, missing, swapped
from kerma.simulation.ct_phantom import simulate_ct
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import (
    Artifacts,
    Couch,
    HUScale,
    Noise,
    Scanner,
    slice_stack,
)
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

__all__ = ["PhantomScan", "simulate_ct_phantom"]

_FIELD_MARGIN_MM = 30.0


@dataclass(frozen=True)
class PhantomScan:
    """How a phantom lies and how it is scanned, in plain values.

    Parameters
    ----------
    roll_deg, tilt_deg, shift_mm
        How it lies: turn, inclination, and (x, y, z) shift.
    slices, spacing_mm, pixel_mm
        How many slices, how far apart, and the size of a pixel.
    kv, noise_hu, blur_mm, cupping_hu
        Tube voltage, noise, point spread and cupping.
    gain, offset_hu
        The scanner's HU scale.
    couch
        none, flat, touching, curved or box.
    swap, missing
        Names of two inserts to exchange, and of one to leave out.
    seed
        Of the noise.
    date
        Of the study, YYYYMMDD; none by default.
    """

    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    shift_mm: Vec3 = (0.0, 0.0, 0.0)
    slices: int = 40
    spacing_mm: float = 2.5
    pixel_mm: float = 0.7
    kv: float = 120.0
    noise_hu: float = 8.0
    blur_mm: float = 0.6
    cupping_hu: float = 0.0
    gain: float = 1.0
    offset_hu: float = 0.0
    couch: str = "flat"
    swap: tuple[str, str] | None = None
    missing: str | None = None
    seed: int = 1
    date: str | None = None

    def __post_init__(self) -> None:
        if self.slices < 1:
            raise InputError(f"A scan needs at least one slice; got {self.slices}.")
        numbers = [value for value in vars(self).values() if isinstance(value, float)]
        if not np.isfinite([*numbers, *self.shift_mm]).all():
            raise InputError(f"A scan needs finite numbers; got {self}.")
        if self.pixel_mm <= 0:
            raise InputError(f"Pixels need a positive size; got {self.pixel_mm} mm.")
        if self.couch not in get_args(Couch):
            raise InputError(
                f"There is no couch {self.couch!r}; there are "
                f"{', '.join(get_args(Couch))}."
            )


def simulate_ct_phantom(phantom: str, out: Path, scan: PhantomScan) -> list[Path]:
    """Write a simulated scan of a calibration phantom as a DICOM series.

    Raises
    ------
    InputError
        The name stands for no phantom or for several, a setting makes no sense, or
        the files exist.
    """
    models = choose_phantoms(phantom)
    if len(models) != 1:
        names = ", ".join(model.name for model in models)
        raise InputError(
            f"{phantom!r} stands for several phantoms; say which: {names}."
        )
    model = models[0]
    changes: list[InsertChange] = []
    if scan.swap:
        changes += swapped(model, *scan.swap)
    if scan.missing:
        changes.append(missing(scan.missing))
    width = max(model.outline.width_mm, model.outline.height_mm) + _FIELD_MARGIN_MM
    scanner = _scanner(scan, size=round(width / scan.pixel_mm / 2) * 2)
    placement = PhantomPlacement(
        center_mm=scan.shift_mm, roll_deg=scan.roll_deg, tilt_deg=scan.tilt_deg
    )
    simulated = simulate_ct(
        model, placement=placement, scanner=scanner, changes=changes, seed=scan.seed
    )
    ct = simulated.ct
    if scan.date is not None:
        ct = replace(ct, acquisition=replace(ct.acquisition, study_date=scan.date))
    return write_ct(ct, out)


def _scanner(scan: PhantomScan, size: int) -> Scanner:
    return Scanner(
        matrix=(size, size),
        pixel_mm=(scan.pixel_mm, scan.pixel_mm),
        slice_positions_mm=slice_stack(scan.slices, scan.spacing_mm),
        slice_thickness_mm=scan.spacing_mm,
        psf_mm=scan.blur_mm,
        kv=scan.kv,
        noise=Noise(sd_hu=scan.noise_hu, correlation_px=0.7),
        artifacts=Artifacts(
            cupping_hu=scan.cupping_hu, couch=cast("Couch", scan.couch)
        ),
        scale=HUScale(gain=scan.gain, offset_hu=scan.offset_hu),
    )
