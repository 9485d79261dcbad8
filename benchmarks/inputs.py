"""The scans that the benchmarks work on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
    "doses_3d",
    "doses_plane",
    "large_series",
    "large_structure_set",
    "planned_dose",
    "real_catphan",
    "simulated_catphan",
    "treated_organs",
    "two_organs",
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


def large_structure_set(folder: Path, *, size: float = 1.0) -> Path:
    """Write 20 structures of 67 contours of 189 points, three decimals: 6 MB.

    The widest is 320 mm wide times `size`, and all together have 72 L times its square.
    """
    angle = 2 * np.pi * np.arange(189) / 189
    structures = []
    for number in range(1, 21):
        contours = []
        for k in range(67):
            wide, high = 8 * number * size, 6 * number * size
            x, y = wide * np.cos(angle), high * np.sin(angle) - k
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


def doses_3d(folder: Path) -> Path:
    """Write two doses of four fields, 79 x 145 x 268, 2 mm; 2 % and 1.5 mm apart."""
    shape = (79, 145, 268)

    def dose(shift_mm: float) -> NDArray[np.float64]:
        ends = [(count - 1) / 2 * 2.0 for count in shape]
        z, y, x = np.meshgrid(
            *(np.linspace(-end, end, n) for end, n in zip(ends, shape, strict=True)),
            indexing="ij",
            sparse=True,
        )
        z, y, x = (axis - shift_mm / np.sqrt(3) for axis in (z, y, x))
        body = 1 / (1 + np.exp(60 * (np.hypot(y / 130, x / 200) - 1)))
        vertical = _field(x, 80, 4) * np.cosh(0.004 * y)
        lateral = _field(y, 80, 4) * np.cosh(0.004 * x)
        summed: NDArray[np.float64] = (vertical + lateral) * _field(z, 80, 4) * body
        return summed

    return _write_pair(folder, dose(0.0), 1.02 * dose(1.5), spacing_mm=2.0)


def doses_plane(folder: Path, *, pixels: int, pixel_mm: float) -> Path:
    """Write two planes of two fields, 2 % and 1.5 mm apart."""

    def dose(shift_mm: float) -> NDArray[np.float64]:
        at = (np.arange(pixels) - (pixels - 1) / 2) * pixel_mm - shift_mm / np.sqrt(2)
        y, x = at[:, np.newaxis], at
        first = _field(y, 100, 3) * _field(x, 100, 3)
        summed: NDArray[np.float64] = 2 * (
            first + 0.6 * _field(y, 160, 3) * _field(x, 40, 3)
        )
        return summed[np.newaxis]

    return _write_pair(folder, dose(0.0), 1.02 * dose(1.5), spacing_mm=pixel_mm)


def _field(
    x: NDArray[np.float64], width_mm: float, blur_mm: float
) -> NDArray[np.float64]:
    """Profile of a field with blurred edges."""
    from scipy.special import erf

    ends = (width_mm / 2 - x, width_mm / 2 + x)
    near, far = (erf(end / blur_mm / np.sqrt(2)) for end in ends)
    profile: NDArray[np.float64] = (near + far) / 2
    return profile


def _write_pair(
    folder: Path,
    reference: NDArray[np.float64],
    evaluated: NDArray[np.float64],
    *,
    spacing_mm: float,
) -> Path:
    folder.mkdir()
    file = folder / "doses.npz"
    pair = [np.float32(reference), np.float32(evaluated)]
    np.savez(file, reference=pair[0], evaluated=pair[1], spacing_mm=spacing_mm)
    return file


def two_organs(folder: Path) -> Path:
    """Write two balls of 2 liters, 3.7 mm apart; their grid is `surface`'s."""
    folder.mkdir()
    k, j, i = np.ogrid[:200, :512, :512]
    organs = {
        name: (
            ((k - 100) * 2.5 - z) ** 2
            + ((j - 256) * 0.98 - y) ** 2
            + ((i - 256) * 0.98 - x) ** 2
            <= 78**2
        ).astype(np.uint8)
        for name, (x, y, z) in (("reference", (0, 0, 0)), ("test", (1, 2, 3)))
    }
    file = folder / "organs.npz"
    np.savez_compressed(file, reference=organs["reference"], test=organs["test"])
    return file


def whole_patient(folder: Path) -> Path:
    """Write a CT of 200 x 512 x 512, the 20 structures and a dose of 14 MB."""
    large_series(folder / "ct")
    large_structure_set(folder / "structures")
    grid = Grid((200, 110, 160), (0, 0, 0), (2.5, 2.5, 2.5), _AXIAL, "1.2.3")
    dose = Dose(np.ones(grid.shape, np.float32), grid, plan_uid="1.2.3.4")
    write_dose(dose, folder / "dose.dcm", uid_seed="benchmark")
    return folder


def treated_organs(folder: Path) -> Path:
    """Write 20 structures of 40 L and a dose of 110 x 110 x 160 voxels, 2.5 mm."""
    folder.mkdir()
    large_structure_set(folder / "structures", size=0.743)
    origin = (-200.0, -170.0, -240.0)
    grid = Grid((110, 110, 160), origin, (2.5, 2.5, 2.5), _AXIAL, "1.2.3")
    z, y, x = (
        (start + 2.5 * np.arange(count) - middle) / width
        for start, count, middle, width in zip(
            origin[::-1], grid.shape, (-110, -30, 0), (60, 80, 100), strict=True
        )
    )
    square = np.add.outer(np.add.outer(z**2, y**2), x**2)
    dose = Dose((60 * np.exp(-square)).astype(np.float32), grid, plan_uid="1.2.3.4")
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
