"""A small simulated breast, segmented once for all tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.core.volume import CT
from kerma.simulation.breast import (
    BreastDesign,
    Fold,
    Muscle,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.workflows.breast_ct import SegmentedBreast, segment

__all__ = ["axial", "small_breast", "small_scan"]

STUDY = Study(
    patient_name="Doe^Jane", patient_id="7", study_instance_uid="1.2.826.8",
    study_id="1", date="20240131", time="101112.5",
)  # fmt: skip
DESIGN = BreastDesign(
    diameter_mm=64.0, length_mm=34.0, muscle=Muscle("layer", 7.0), fold=Fold(),
)  # fmt: skip


@cache
def small_scan() -> CT:
    """A left breast with a fold in a cylinder, voxels of three different edges."""
    scanner = VirtualBreastCT(spacing_mm=(1.0, 0.9, 1.2), noise_hu=15.0, cylinder=True)
    return replace(simulate_breast(DESIGN, scanner, seed=1).ct, study=STUDY)


def axial(ct: CT) -> CT:
    """A scan in the frame of the breast as axial slices, feet first."""
    grid = ct.grid
    nk, nj, ni = grid.shape
    array = np.ascontiguousarray(ct.hu.transpose(1, 0, 2)[::-1, ::-1], np.int16)
    x, y, z = grid.to_patient(np.array([nk - 1, nj - 1, 0])).tolist()
    dk, dj, di = grid.spacing
    return replace(
        ct,
        array=array,
        grid=Grid(
            (nj, nk, ni), (x, y, z), (dj, dk, di),
            ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
            grid.frame_of_reference,
        ),
        sop_instance_uids=tuple(f"1.2.826.9.{k + 1}" for k in range(nj)),
    )  # fmt: skip


@cache
def small_breast() -> SegmentedBreast:
    """The breast, segmented on axial slices."""
    return segment(axial(small_scan()), name="B 1")
