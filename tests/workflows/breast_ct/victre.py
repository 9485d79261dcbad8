"""Virtual scans of a VICTRE breast, whose anatomy was grown by another program.

The label volume is by the breast phantom of DIDSR (CC0), at 0.3 mm.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kerma.simulation.breast import (
    Material,
    SimulatedBreast,
    VirtualBreastCT,
    scan_materials,
)

__all__ = ["victre_materials", "victre_scan"]

SPACING = (0.3, 0.3, 0.3)
_FILE = "breast/victre_hetero_p12345_0.3mm.raw.gz"
_SHAPE = 299, 299, 250  # z, y, x as stored; x runs from chest wall to nipple
_MUSCLE_SHARE = 0.6  # slices with more of it show hardly any breast
_AIR_AHEAD = 20  # slices
_AIR_MM = 9.0  # about the breast
_MATERIALS = {
    1: Material.FAT,
    2: Material.SKIN,
    33: Material.SKIN,  # nipple
    29: Material.GLAND,
    95: Material.GLAND,  # terminal duct lobular unit
    125: Material.GLAND,  # duct
    88: Material.LIGAMENT,
    150: Material.VESSEL,
    225: Material.VESSEL,
    40: Material.MUSCLE,
}


def victre_materials(real_data: Path) -> NDArray[np.uint8]:
    """Materials of the phantom, (nk, nj, ni) in the frame of the breast, 0.3 mm.

    It begins where muscle takes less than 0.6 of the section, as the table's opening
    cuts a real scan.
    """
    stored = np.frombuffer(gzip.decompress((real_data / _FILE).read_bytes()), np.uint8)
    codes = stored.reshape(_SHAPE).transpose(2, 0, 1)[:, ::-1]
    table = np.zeros(256, np.uint8)
    for code, material in _MATERIALS.items():
        table[code] = material
    materials = table[codes]
    muscle = np.count_nonzero(materials == Material.MUSCLE, axis=(1, 2))
    body = np.count_nonzero(materials, axis=(1, 2))
    first = int(np.argmax(muscle < _MUSCLE_SHARE * body))
    return np.pad(materials[first:], ((0, _AIR_AHEAD), (0, 0), (0, 0)))


def victre_scan(
    real_data: Path, scanner: VirtualBreastCT | None = None, *, seed: int = 1
) -> SimulatedBreast:
    """A scan of the phantom, on any voxels and HU scale; its field holds all of it."""
    scanner = scanner or VirtualBreastCT()
    materials = victre_materials(real_data)
    field = scanner.field_mm or _reach_mm(materials) * 2 + 2 * _AIR_MM
    return scan_materials(materials, SPACING, scanner, field_mm=field, seed=seed)


def _reach_mm(materials: NDArray[np.uint8]) -> float:
    """Distance of the outermost tissue from the middle of the slices, mm."""
    j, i = np.nonzero(materials.any(axis=0))
    middle = (np.array(materials.shape[1:]) - 1) / 2
    return float(np.hypot(j - middle[0], i - middle[1]).max()) * SPACING[1]
