"""The scans that the benchmarks work on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure, StructureSet
from kerma.core.volume import CT
from kerma.errors import InputError
from kerma.io import write_ct, write_dose, write_structures
from kerma.simulation import (
    Artifacts,
    Noise,
    PhantomPlacement,
    Scanner,
    simulate_ct,
    slice_stack,
)
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

__all__ = [
    "large_series",
    "large_structure_set",
    "planned_dose",
    "real_catphan",
    "simulated_catphan",
    "whole_patient",
]

_AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"


def large_series(folder: Path) -> Path:
    """Write 200 slices of 512 x 512 pixels, int16: 100 MiB of CT numbers."""
    grid = Scanner(slice_positions_mm=slice_stack(200, 2.5)).grid("")
    noise = np.random.default_rng(1).integers(-1024, 2000, grid.shape, dtype=np.int16)
    # Each slice has a mean of its own, so that slices in a wrong order show.
    levels = np.arange(200, dtype=np.int16)[:, np.newaxis, np.newaxis]
    write_ct(CT(array=noise + levels, grid=grid), folder, uid_seed="benchmark")
    return folder


def large_structure_set(folder: Path) -> Path:
    """Write 20 structures of 67 contours of 189 points, three decimals: 6 MB."""
    angle = 2 * np.pi * np.arange(189) / 189
    structures = []
    for number in range(1, 21):
        contours = []
        for k in range(67):
            x, y = 8 * number * np.cos(angle), 6 * number * np.sin(angle) - k
            points = np.stack([x, y, np.full_like(x, 2.5 * k - 200)], axis=1)
            uid = f"1.2.3.{k + 1}"
            contours.append(Contour(np.round(points, 3), image_uid=uid))
        structures.append(Structure(number, f"Organ {number}", tuple(contours)))
    folder.mkdir()
    return write_structures(
        StructureSet(tuple(structures), frame_of_reference="1.2.3"),
        folder / "rs.dcm",
        uid_seed="benchmark",
    )


def planned_dose(folder: Path) -> Path:
    """Write a smooth dose of 79 x 145 x 268 voxels, 2 mm; its grid is `dose_on_ct`'s."""
    k, j, i = np.ogrid[-39:40, -72:73, -133.5:134.5]
    dose = 60 * np.exp(-((k / 30) ** 2 + (j / 50) ** 2 + (i / 90) ** 2))
    folder.mkdir()
    file = folder / "dose.npy"
    np.save(file, dose.astype(np.float32))
    return file


def whole_patient(folder: Path) -> Path:
    """Write a CT of 200 x 512 x 512, the 20 structures and a dose of 14 MB."""
    large_series(folder / "ct")
    large_structure_set(folder / "structures")
    grid = Grid((200, 110, 160), (0, 0, 0), (2.5, 2.5, 2.5), _AXIAL, "1.2.3")
    dose = Dose(np.ones(grid.shape, np.float32), grid, plan_uid="1.2.3.4")
    write_dose(dose, folder / "dose.dcm", uid_seed="benchmark")
    return folder


def simulated_catphan(folder: Path) -> Path:
    """Write a simulated Catphan 504 with all its modules, 100 x 512 x 512 voxels."""
    scanner = Scanner(
        matrix=(512, 512),
        pixel_mm=(250 / 512, 250 / 512),
        slice_positions_mm=slice_stack(100, 2.0),
        slice_thickness_mm=2.0,
        psf_mm=0.6,
        noise=Noise(sd_hu=8.0, correlation_px=0.7),
        artifacts=Artifacts(couch="flat"),
    )
    (phantom,) = choose_phantoms("catphan504")
    placement = PhantomPlacement(center_mm=(3.0, -2.0, 0.0), roll_deg=1.0)
    simulated = simulate_ct(phantom, placement=placement, scanner=scanner, seed=1)
    write_ct(simulated.ct, folder, uid_seed="benchmark")
    return folder


def real_catphan(_folder: Path) -> Path:
    """Real scan of a Catphan 504, 70 x 512 x 512 voxels; nothing is written.

    Raises
    ------
    InputError
        The folder of real scans is not there.
    """
    for place in (os.environ.get("KERMA_TEST_DATA"), _BESIDE_THE_PROJECT):
        scan = Path(place or "") / "ct_phantoms" / "catphan504_obi_head"
        if place and scan.is_dir():
            return scan
    raise InputError("No real scan: set KERMA_TEST_DATA to the folder of scans.")
