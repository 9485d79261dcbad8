"""Simulated breast CTs from plain values, for the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

from kerma.core.arrays import Vec3
from kerma.errors import InputError
from kerma.io import write_ct, write_file, write_volume
from kerma.simulation.breast import (
    PRESETS,
    BreastDesign,
    SimulatedBreast,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.simulation.breast.design import Laterality

__all__ = ["list_breasts", "simulate_breast_ct", "spacing_of"]


def simulate_breast_ct(
    preset: str,
    out: Path,
    *,
    scanner: VirtualBreastCT | None = None,
    laterality: str = "left",
    truth: bool = False,
    seed: int = 1,
) -> list[Path]:
    """Write the scan of a breast as a DICOM series, and what is truly in it.

    Parameters
    ----------
    preset
        Name of a design.
    out
        A new or empty folder; the series goes to it, or to its ``ct`` where the truth
        is written too.
    scanner
        The scanner and its protocol.
    laterality
        "left" or "right".
    truth
        Write ``truth.nii.gz``, the tissue of each voxel, and ``truth.json``, volumes and
        glandularity.
    seed
        Of the anatomy and the noise.

    Returns
    -------
    list of Path
        All files.

    Raises
    ------
    InputError
        There is no such preset, a number makes no sense, or the folder is not empty.
    """
    design = replace(_design_of(preset), laterality=cast("Laterality", laterality))
    if seed < 0:
        raise InputError(f"A seed is not negative; got {seed}.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out.name}: is not empty. Choose a new folder.")
    simulated = simulate_breast(design, scanner, seed=seed)
    if not truth:
        return write_ct(simulated.ct, out)
    written = write_ct(simulated.ct, out / "ct")
    return [*written, *_write_truth(simulated, out)]


def spacing_of(text: str) -> Vec3:
    """Voxel spacing (k, j, i) in mm from "0.3", or from "0.6,0.3,0.3".

    Raises
    ------
    InputError
        It is neither one number nor three.
    """
    try:
        steps = [float(part) for part in text.split(",")]
    except ValueError:
        steps = []
    if len(steps) not in (1, 3):
        raise InputError(
            f"A spacing is one number or three, between slices, rows and columns, mm, as "
            f"0.3 or 0.6,0.3,0.3; got {text!r}."
        )
    k, j, i = steps * 3 if len(steps) == 1 else steps
    return k, j, i


def list_breasts() -> str:
    """Name and make of every preset, for a terminal."""
    width = max(map(len, PRESETS))
    return "\n".join(
        f"{name:<{width}}  {_words(design)}" for name, design in PRESETS.items()
    )


def _design_of(preset: str) -> BreastDesign:
    if preset not in PRESETS:
        raise InputError(
            f"No simulated breast {preset!r}; there are: {', '.join(PRESETS)}."
        )
    return PRESETS[preset]


def _words(design: BreastDesign) -> str:
    parts = [
        f"{100 * design.gland_fraction:g} % gland",
        f"{design.diameter_mm:g} x {design.length_mm:g} mm",
        f"{design.muscle.shape} muscle" if design.muscle else "no muscle",
    ]
    if design.implant:
        implant = design.implant
        parts.append(f"{implant.place} {implant.filling} {implant.volume_ml:g} ml")
    if design.fold:
        parts.append("skin fold")
    if design.rib:
        parts.append("rib")
    return ", ".join(parts)


def _write_truth(simulated: SimulatedBreast, out: Path) -> list[Path]:
    volume, numbers = out / "truth.nii.gz", out / "truth.json"
    write_volume(simulated.truth, volume)
    text = json.dumps(simulated.summary.to_dict(), indent=2)
    write_file(numbers, f"{text}\n".encode())
    return [volume, numbers]
