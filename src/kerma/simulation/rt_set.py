"""A patient with everything a plan consists of, whose right answers are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.plan import Plan
from kerma.core.structures import StructureSet
from kerma.core.uids import uid_from
from kerma.core.volume import CT, Acquisition
from kerma.simulation.anatomy import THORAX, Organ, hu_of, structure_of
from kerma.simulation.dose_field import DoseFunction, FourFieldBox, dose_on
from kerma.simulation.positions import image_axes
from kerma.simulation.scan import PHANTOM_STUDY
from kerma.simulation.treatment import box_plan, target_histograms

__all__ = ["BOX", "Layout", "RTSet", "simulate_rt_set"]

BOX = FourFieldBox(center_mm=(-75, 10, 15), half_width_mm=(30, 28, 32))
"""The dose that is planned unless another one is given: it covers the PTV."""
_SCANNED, _PLANNED = "20240108", "20240110"


@dataclass(frozen=True, eq=False)
class RTSet:
    """CT, structures, dose and plan of one patient.

    There is no plan where the dose is not that of a box of four fields.
    """

    ct: CT
    structures: StructureSet
    dose: Dose
    plan: Plan | None = None


@dataclass(frozen=True)
class Layout:
    """How the patient lies, and how finely CT and dose are sampled.

    Parameters
    ----------
    position
        HFS, FFS, ...
    tilt_deg
        Tilt of the CT gantry; the dose is not tilted.
    matrix, slices
        Rows and columns, and slices, of the CT.
    pixel_mm, slice_mm
        Spacing of the CT.
    dose_mm
        Spacing of the dose, along all axes.
    """

    position: str = "HFS"
    tilt_deg: float = 0.0
    matrix: int = 128
    slices: int = 60
    pixel_mm: float = 3.0
    slice_mm: float = 3.0
    dose_mm: float = 4.0


def simulate_rt_set(
    layout: Layout | None = None,
    *,
    organs: tuple[Organ, ...] = THORAX,
    dose: DoseFunction = BOX,
    seed: int = 1,
) -> RTSet:
    """Make a patient with CT, structures, dose and plan.

    The CT and the dose are centered on (0, 0, 0); the dose covers nine tenths of the
    CT. The same arguments give the same set, UIDs included.

    Parameters
    ----------
    layout
        How the patient lies, and the sampling.
    organs, dose
        Anatomy and dose in closed form.
    seed
        Makes the UIDs.
    """
    layout = layout or Layout()
    words = f"{layout} {seed}"
    axes = image_axes(layout.position, tilt_deg=layout.tilt_deg)
    frame = uid_from("frame", words)
    ct_grid = _centered(
        (layout.slices, layout.matrix, layout.matrix),
        (layout.slice_mm, layout.pixel_mm, layout.pixel_mm),
        axes,
        frame,
    )
    ct = CT(
        hu_of(organs, ct_grid),
        ct_grid,
        Acquisition(
            manufacturer="Kerma",
            kv=120.0,
            study_date=_SCANNED,
            patient_position=layout.position,
        ),
        series_instance_uid=uid_from("series", words),
        sop_instance_uids=tuple(
            uid_from(f"slice {k}", words) for k in range(layout.slices)
        ),
        study=replace(
            PHANTOM_STUDY,
            study_instance_uid=uid_from("study", words),
            date=_SCANNED,
        ),
    )
    structures = _drawn(ct, organs, words)
    count = [
        max(2, int(0.9 * n * s / layout.dose_mm))
        for n, s in zip(ct_grid.shape, ct_grid.spacing, strict=True)
    ]
    dose_grid = _centered(
        (count[0], count[1], count[2]),
        (layout.dose_mm,) * 3,
        image_axes(layout.position),
        frame,
    )
    plan = None
    if isinstance(dose, FourFieldBox):
        plan = box_plan(dose, structures, position=layout.position)
    planned = replace(
        dose_on(dose_grid, dose),
        plan_uid=plan.sop_instance_uid if plan else "",
        structure_set_uid=structures.sop_instance_uid,
        sop_instance_uid=uid_from("dose", words),
        series_instance_uid=uid_from("dose series", words),
        study=ct.study,
    )
    planned = replace(planned, dvhs=target_histograms(planned, organs))
    return RTSet(ct, structures, planned, plan)


def _drawn(ct: CT, organs: tuple[Organ, ...], words: str) -> StructureSet:
    return StructureSet(
        tuple(
            structure_of(organ, number, ct.grid, ct.sop_instance_uids)
            for number, organ in enumerate(organs, start=1)
        ),
        frame_of_reference=ct.grid.frame_of_reference,
        label="Simulated",
        date=_PLANNED,
        ct_series_uid=ct.series_instance_uid,
        ct_image_uids=ct.sop_instance_uids,
        sop_instance_uid=uid_from("structures", words),
        series_instance_uid=uid_from("structures series", words),
        study=ct.study,
    )


def _centered(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    axes: tuple[tuple[float, float, float], ...],
    frame: str,
) -> Grid:
    """A grid whose middle is at (0, 0, 0)."""
    half = (np.array(shape) - 1) / 2 * np.array(spacing)
    x, y, z = (-half @ np.array(axes)).tolist()
    return Grid(shape, (x, y, z), spacing, (axes[0], axes[1], axes[2]), frame)
