"""Breast CTs whose right answer is known: of a design, or of a volume of materials."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.arrays import LabelArray, Vec3
from kerma.core.grid import Grid
from kerma.core.label_map import LabelMap
from kerma.core.uids import uid_from
from kerma.core.volume import CT, Acquisition
from kerma.kernels.breast import paint_interior
from kerma.simulation.breast.acquisition import Positions, Sampling, Scanned, acquire
from kerma.simulation.breast.contents import (
    large_solids,
    small_solids,
    solids_outside,
)
from kerma.simulation.breast.design import BreastDesign
from kerma.simulation.breast.materials import LABELS, BreastHU
from kerma.simulation.breast.scanner import VirtualBreastCT
from kerma.simulation.breast.shape import (
    axis_at,
    mean_skin_mm,
    meridian_of,
    muscle_front,
)
from kerma.simulation.breast.solids import paint
from kerma.simulation.breast.texture import interior_of
from kerma.simulation.breast.truth import SimulatedBreast, truth_of
from kerma.simulation.scan import PHANTOM_STUDY

__all__ = ["scan_materials", "simulate_breast"]

_MARGIN_MM = 13.0  # between the breast and the edge of the field
_AHEAD_MM = 6.0  # of air before the nipple
_APART_MM = 90.0  # of the middle of a breast from the patient's middle
_TUBE_KV = 60.0


def simulate_breast(
    design: BreastDesign | None = None,
    scanner: VirtualBreastCT | None = None,
    *,
    seed: int,
) -> SimulatedBreast:
    """Scan a breast; the same arguments give the same scan.

    Parameters
    ----------
    design
        How the breast is built; by default a heterogeneously dense left one.
    scanner
        The scanner and its protocol. The anatomy does not depend on it.
    seed
        Of the glands, vessels, clips and noise, not negative.

    Raises
    ------
    InputError
        The implant does not fit, there is no room for gland, or the scan would be too
        large.
    """
    design = design or BreastDesign()
    scanner = scanner or VirtualBreastCT()
    meridian = meridian_of(design)
    outside, large = solids_outside(design), large_solids(design, meridian)
    small = small_solids(design, meridian, large, seed=seed)
    interior = interior_of(design, meridian, large, small, seed=seed)

    def painter(slab: NDArray[np.uint8], positions: Positions) -> None:
        z, y, x = positions
        paint(slab, positions, outside)
        front = muscle_front(design, y, x)
        paint_interior(slab, positions, axis_at(design, z), meridian, front, interior)
        paint(slab, positions, (*large, *small))
        if design.laterality == "right":  # all is drawn as of a left breast
            slab[:] = slab[:, :, ::-1].copy()

    field = scanner.field_mm or _field_mm(design)
    sampling = _sampling(design, scanner, field)
    scanned = acquire(
        painter, sampling, scanner, hu=design.hu, field_mm=field, seed=seed
    )
    return _simulated(
        scanned, sampling, f"{seed} {design} {scanner}",
        laterality=design.laterality,
        skin_mm=mean_skin_mm(design),
        diameter_mm=design.diameter_mm,
    )  # fmt: skip


def scan_materials(
    materials: LabelArray,
    spacing: Vec3,
    scanner: VirtualBreastCT,
    *,
    field_mm: float | None = None,
    hu: BreastHU | None = None,
    laterality: str = "left",
    seed: int,
) -> SimulatedBreast:
    """Scan a volume of materials, as of a phantom from elsewhere.

    Parameters
    ----------
    materials
        (nk, nj, ni) uint8 numbers of `Material` in the frame of the breast. The first
        slice begins at the cut; the middle of the slices is that of the field.
    spacing
        Between its voxels along ``(k, j, i)``, mm; the scan can have another.
    scanner
        The scanner and its protocol.
    field_mm
        Diameter of the field where the scanner leaves it open; by default the longer
        side of the slices, mm.
    hu
        True CT numbers.
    laterality
        "left" or "right", for the position in the patient.
    seed
        Of the noise, not negative.
    """
    hu = hu or BreastHU()
    size = np.array(materials.shape) * spacing

    def painter(slab: NDArray[np.uint8], positions: Positions) -> None:
        starts = (0.0, -size[1] / 2, -size[2] / 2)
        nearest, known = [], []
        for axis, values in enumerate(positions):
            index = np.floor((values - starts[axis]) / spacing[axis]).astype(int)
            known.append((index >= 0) & (index < materials.shape[axis]))
            nearest.append(index[known[-1]])
        found = materials[np.ix_(*nearest)]
        slab[np.ix_(*known)] = np.where(found, found, slab[np.ix_(*known)])

    field = scanner.field_mm or field_mm or float(size[1:].max())
    sampling = Sampling(
        (_whole(float(size[0]), scanner.spacing_mm[0]), *_across(scanner, field)),
        scanner.spacing_mm,
    )
    scanned = acquire(painter, sampling, scanner, hu=hu, field_mm=field, seed=seed)
    words = f"{seed} {spacing} {scanner} {hu} {laterality} {materials.shape}"
    return _simulated(scanned, sampling, words, laterality=laterality)


def _field_mm(design: BreastDesign) -> float:
    reach = design.radius_mm + abs(design.sag_mm) / 4
    if design.fold is not None:
        reach += max(0.0, design.fold.gap_mm) + 2 * design.fold.radius_mm
    return 2 * (reach + _MARGIN_MM)


def _sampling(
    design: BreastDesign, scanner: VirtualBreastCT, field_mm: float
) -> Sampling:
    depth = design.length_mm + design.nipple_mm + _AHEAD_MM
    return Sampling(
        (_whole(depth, scanner.spacing_mm[0]), *_across(scanner, field_mm)),
        scanner.spacing_mm,
    )


def _across(scanner: VirtualBreastCT, field_mm: float) -> tuple[int, int]:
    rows, columns = (_whole(field_mm, step) for step in scanner.spacing_mm[1:])
    return rows, columns


def _whole(length_mm: float, step_mm: float) -> int:
    """Voxels that hold a length; one too little by a rounding error does not count."""
    return int(np.ceil(length_mm / step_mm - 1e-6))


def _simulated(
    scanned: Scanned, sampling: Sampling, words: str, *, laterality: str, **known: Any
) -> SimulatedBreast:
    uid = partial(uid_from, words)
    grid = _grid(sampling, laterality, uid("frame of reference"))
    ct = CT(
        array=scanned.hu,
        grid=grid,
        acquisition=Acquisition(
            manufacturer="Kerma",
            model="Virtual breast CT",
            kernel="Gaussian",
            kv=_TUBE_KV,
            slice_thickness_mm=sampling.spacing[0],
            series_description=f"Breast CT, {laterality}",
            patient_position="HFP",
            laterality=laterality[0].upper(),
            rescale_type="HU",
        ),
        series_instance_uid=uid("series"),
        sop_instance_uids=tuple(uid(f"slice {k}") for k in range(grid.shape[0])),
        study=PHANTOM_STUDY,
    )
    return SimulatedBreast(
        ct=ct,
        truth=LabelMap(array=scanned.labels, grid=grid, labels=LABELS),
        counts=scanned.counts,
        samples_per_voxel=sampling.samples_per_voxel,
        summary=truth_of(scanned.totals, sampling.sample_ml, **known),
    )


def _grid(sampling: Sampling, laterality: str, frame_of_reference: str) -> Grid:
    """Coronal slices of a prone patient: from the chest wall down, head first."""
    middle = _APART_MM if laterality == "left" else -_APART_MM
    _, rows, columns = sampling.shape
    return Grid(
        shape=sampling.shape,
        origin=(
            middle - (columns - 1) / 2 * sampling.spacing[2],
            -sampling.spacing[0] / 2,
            (rows - 1) / 2 * sampling.spacing[1],
        ),
        spacing=sampling.spacing,
        axes=((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)),
        frame_of_reference=frame_of_reference,
    )
