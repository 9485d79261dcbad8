"""The plan, the doses of its beams and a portal image of a box of four fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.beam import Beam, LimitingDevice
from kerma.core.control_point import ControlPoint, Opening
from kerma.core.dose import Dose, DoseSummation, EmbeddedDVH
from kerma.core.plan import (
    BeamInFraction,
    DoseReference,
    FractionGroup,
    PatientSetup,
    Plan,
)
from kerma.core.portal_image import PortalImage
from kerma.core.structures import StructureSet
from kerma.core.uids import uid_from
from kerma.simulation.anatomy import Organ
from kerma.simulation.dose_field import BOX_FIELDS, FourFieldBox, dose_on
from kerma.simulation.positions import image_axes

__all__ = ["beam_doses", "box_plan", "portal_image", "target_histograms"]

_TARGETS = ("GTV", "CTV", "PTV")
_FRACTIONS = 30
_METERSET = 100.0  # MU of each beam in a fraction
_SAD = 1000.0  # mm
_SID = 1600.0  # mm
_BIN = 0.1  # Gy
_PIXELS = 64
_PIXEL_MM = 4.0  # on the detector


def box_plan(box: FourFieldBox, structures: StructureSet, *, position: str) -> Plan:
    """The plan that gives the dose of a box: four static fields in 30 fractions.

    Parameters
    ----------
    box
        Its isocenter, widths and dose.
    structures
        On which it was planned; the prescription is to its first PTV.
    position
        HFS, FFS, ...: how the patient lies. Gantry angles follow from it.
    """
    seed = structures.sop_instance_uid
    target = next((s for s in structures if s.interpreted_type == "PTV"), None)
    shares = [
        BeamInFraction(n, _METERSET, box.dose_gy / 4 / _FRACTIONS, box.center_mm)
        for n in range(1, 5)
    ]
    return Plan(
        label="Box",
        name="Box of four fields",
        beams=tuple(_beam(n, box, position) for n in range(1, 5)),
        fraction_groups=(FractionGroup(1, _FRACTIONS, tuple(shares)),),
        dose_references=(
            DoseReference(
                1,
                "VOLUME" if target else "SITE",
                "TARGET",
                uid=uid_from("prescription", seed),
                structure_number=target.number if target else None,
                target_prescription_gy=box.dose_gy,
            ),
        ),
        patient_setups=(PatientSetup(1, position),),
        date=structures.date,
        time=structures.time,
        intent="CURATIVE",
        approval_status="APPROVED",
        structure_set_uid=seed,
        frame_of_reference=structures.frame_of_reference,
        sop_instance_uid=uid_from("plan", seed),
        series_instance_uid=uid_from("plan series", seed),
        study=structures.study,
    )


def _beam(number: int, box: FourFieldBox, position: str) -> Beam:
    name, source = BOX_FIELDS[number - 1]
    _, down, right = image_axes(position)
    # The image is seen from the foot of the couch, as one who faces the gantry sees the
    # patient: its right is +X of the fixed system, its top is +Z (IEC 61217).
    angle = math.degrees(math.atan2(np.dot(source, right), -np.dot(source, down)))
    half_x = box.half_width_mm[1 if source[0] else 0]
    half_y = box.half_width_mm[2]
    points = [
        ControlPoint(
            gantry_angle=round(angle) % 360,
            collimator_angle=0.0,
            couch_angle=0.0,
            weight=weight,
            isocenter=box.center_mm,
            energy=6.0,
            dose_rate=600.0,
            openings=(
                Opening("ASYMX", (-half_x,), (half_x,)),
                Opening("ASYMY", (-half_y,), (half_y,)),
            ),
            table_top_angle=0.0,
        )
        for weight in (0.0, 1.0)
    ]
    return Beam(
        number=number,
        control_points=tuple(points),
        name=name,
        machine="LINAC",
        source_axis_distance=_SAD,
        devices=(LimitingDevice("ASYMX"), LimitingDevice("ASYMY")),
        patient_setup_number=1,
    )


def beam_doses(box: FourFieldBox, total: Dose, plan: Plan) -> tuple[Dose, ...]:
    """The dose of each beam; together they are the dose of the plan."""
    return tuple(
        replace(
            dose_on(total.grid, partial(_field, box, n)),
            summation=DoseSummation.BEAM,
            plan_uid=plan.sop_instance_uid,
            beam_numbers=(beam.number,),
            fraction_group=1,
            structure_set_uid=plan.structure_set_uid,
            sop_instance_uid=uid_from("dose of beam", plan.sop_instance_uid, beam.name),
            series_instance_uid=total.series_instance_uid,
            study=plan.study,
        )
        for n, beam in enumerate(plan.beams)
    )


def _field(box: FourFieldBox, number: int, position: FloatArray) -> FloatArray:
    return box.fields(position)[number]


def target_histograms(dose: Dose, organs: Sequence[Organ]) -> tuple[EmbeddedDVH, ...]:
    """Cumulative histograms of the targets, from the voxels in them.

    Parameters
    ----------
    dose
        The dose.
    organs
        In the order of their ROI numbers, from 1.
    """
    index = np.moveaxis(np.indices(dose.grid.shape, dtype=np.float64), 0, -1)
    position = dose.grid.to_patient(index)
    voxel = math.prod(dose.grid.spacing) / 1000  # cm³
    histograms = []
    for number, organ in enumerate(organs, start=1):
        away = position - np.array(organ.center_mm)
        inside = np.einsum("...c,cd,...d", away, organ.form, away) <= 1
        values = np.sort(dose.array[inside].astype(np.float64))
        if organ.interpreted_type not in _TARGETS or not values.size:
            continue
        edges = np.arange(math.floor(values[-1] / _BIN) + 2) * _BIN
        above = values.size - np.searchsorted(values, edges[:-1])
        histograms.append(
            EmbeddedDVH(
                structure_numbers=(number,),
                cumulative=True,
                dose=edges,
                volume=above * voxel,
                volume_units="CM3",
                minimum=float(values[0]),
                mean=float(values.mean()),
                maximum=float(values[-1]),
            )
        )
    return tuple(histograms)


def portal_image(plan: Plan, *, beam: int = 1) -> PortalImage:
    """An image of the open field of a beam: 20000 inside, 1000 outside."""
    chosen = plan.beam(beam)
    state = chosen.control_points[0]
    first = -(_PIXELS - 1) / 2 * _PIXEL_MM
    along = (first + _PIXEL_MM * np.arange(_PIXELS)) * _SAD / _SID
    inside = []
    for axis, places in (("y", -along), ("x", along)):
        low, high = state.jaws(axis) or (-math.inf, math.inf)
        inside.append((low <= places) & (places <= high))
    open_field = np.outer(*inside)
    return PortalImage(
        stored=np.where(open_field, 20000, 1000).astype(np.uint16),
        spacing=(_PIXEL_MM, _PIXEL_MM),
        intensity_relationship="LIN",
        intensity_sign=1,
        source_detector_distance=_SID,
        source_axis_distance=_SAD,
        first_pixel=(first, -first),
        receptor_translation=(0.0, 0.0, _SAD - _SID),
        receptor_angle=0.0,
        gantry_angle=state.gantry_angle,
        collimator_angle=state.collimator_angle,
        couch_angle=state.couch_angle,
        plan_uid=plan.sop_instance_uid,
        beam_number=beam,
        fraction_group=1,
        dosimeter_unit="MU",
        label="Portal",
        machine=chosen.machine,
        manufacturer="Kerma",
        sop_instance_uid=uid_from("portal image", plan.sop_instance_uid, str(beam)),
        series_instance_uid=uid_from("portal images", plan.sop_instance_uid),
        study=plan.study,
    )
