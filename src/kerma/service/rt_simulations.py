"""Simulated plan sets from plain values, good ones and ones with a trap."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kerma.core.registration import Registration
from kerma.core.transform import AffineTransform
from kerma.core.uids import uid_from
from kerma.errors import InputError
from kerma.io import (
    write_ct,
    write_dose,
    write_plan,
    write_portal_image,
    write_registration,
    write_structures,
)
from kerma.io.edits import apply_edits
from kerma.simulation.rt_set import BOX, Layout, RTSet, simulate_rt_set
from kerma.simulation.rt_traps import TRAPS, Trap
from kerma.simulation.treatment import beam_doses, portal_image

__all__ = [
    "layout_of",
    "list_traps",
    "simulate_plan_set",
    "trap_named",
    "write_rt_set",
]

_MOST = 1024  # rows, columns or slices
_MOST_TILT = 45.0  # degrees; gantries reach 30


def simulate_plan_set(
    out: Path,
    *,
    layout: Layout | None = None,
    trap: str | None = None,
    extras: bool = False,
    seed: int = 1,
) -> list[Path]:
    """Write CT, structures, plan and dose of a patient in closed form.

    Parameters
    ----------
    out
        A new or empty folder.
    layout
        How the patient lies, and the sampling.
    trap
        Name of a trap to build in.
    extras
        Write doses of beams, a portal image and a registration, too.
    seed
        Makes the UIDs.

    Returns
    -------
    list of Path
        All files in the folder.

    Raises
    ------
    InputError
        There is no such trap, or the folder is not empty.
    """
    layout = layout or Layout()
    chosen = trap_named(trap) if trap else None
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out.name}: is not empty. Choose a new folder.")
    if chosen:
        layout = replace(layout, **chosen.layout)
        extras = extras or chosen.needs_extras
    write_rt_set(simulate_rt_set(layout, seed=seed), out, extras=extras)
    if chosen:
        apply_edits(out, chosen.edits)
    return sorted(file for file in out.rglob("*") if file.is_file())


def layout_of(**fields: Any) -> Layout:
    """How a patient lies and is sampled, checked.

    Raises
    ------
    InputError
        A number is not finite, not positive, or too large to be meant.
    """
    layout = Layout(**fields)
    counts, lengths = (
        (layout.matrix, layout.slices),
        (
            layout.pixel_mm,
            layout.slice_mm,
            layout.dose_mm,
        ),
    )
    if not all(2 <= count <= _MOST for count in counts):
        raise InputError(
            f"A CT has 2 to {_MOST} rows, columns and slices; got {layout.matrix} and "
            f"{layout.slices}."
        )
    if not all(0 < length < math.inf for length in lengths):
        raise InputError(f"Spacings have to be positive; got {lengths} mm.")
    if not abs(layout.tilt_deg) <= _MOST_TILT:
        raise InputError(
            f"A gantry tilts by up to {_MOST_TILT:g} degrees; got {layout.tilt_deg:g}."
        )
    return layout


def list_traps() -> str:
    """Name, outcome and meaning of every trap, for a terminal."""
    return "\n".join(
        f"{trap.name}: {trap.about}\n    → {trap.outcome}" for trap in TRAPS
    )


def trap_named(name: str) -> Trap:
    """A trap by its name.

    Raises
    ------
    InputError
        There is none.
    """
    for trap in TRAPS:
        if trap.name == name:
            return trap
    raise InputError(
        f"No trap {name!r}; there are: {', '.join(t.name for t in TRAPS)}."
    )


def write_rt_set(rt_set: RTSet, out: Path, *, extras: bool = False) -> None:
    """Write a set: ct/, rtstruct.dcm, rtplan.dcm, rtdose.dcm; and what extras there are.

    Raises
    ------
    InputError
        The folder cannot be written, or the set has no plan that extras could be of.
    """
    write_ct(rt_set.ct, out / "ct")
    write_structures(rt_set.structures, out / "rtstruct.dcm", ct=rt_set.ct)
    write_dose(rt_set.dose, out / "rtdose.dcm")
    if rt_set.plan is not None:
        write_plan(rt_set.plan, out / "rtplan.dcm")
    if extras:
        _write_extras(rt_set, out)


def _write_extras(rt_set: RTSet, out: Path) -> None:
    plan = rt_set.plan
    if plan is None:
        raise InputError("There is no plan, so no doses of beams and no image of one.")
    for dose, beam in zip(beam_doses(BOX, rt_set.dose, plan), plan.beams, strict=True):
        write_dose(dose, out / f"rtdose_beam_{beam.number}.dcm")
    write_portal_image(portal_image(plan), out / "rtimage.dcm")
    write_registration(_registration(rt_set), out / "reg.dcm")


def _registration(rt_set: RTSet) -> Registration:
    """Of a scan that is not here: 5 mm to the left, 10 mm to the head."""
    frame = rt_set.ct.grid.frame_of_reference
    matrix = np.eye(4)
    matrix[:3, 3] = 5.0, 0.0, 10.0
    other = uid_from("other frame", frame)
    return Registration(
        frame_of_reference=frame,
        transforms=(AffineTransform(matrix, other, frame),),
        sop_instance_uid=uid_from("registration", frame),
        series_instance_uid=uid_from("registration series", frame),
        study=rt_set.ct.study,
    )
