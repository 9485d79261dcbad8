"""The plan of the box gives its dose: where beams come from, what they add up to."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerma.core.dose import DoseSummation
from kerma.core.plan import Plan
from kerma.core.portal_image import ImagePlane
from kerma.simulation.anatomy import THORAX
from kerma.simulation.dose_field import BOX_FIELDS, LinearDose
from kerma.simulation.rt_set import BOX, Layout, RTSet, simulate_rt_set
from kerma.simulation.treatment import beam_doses, portal_image, target_histograms

SMALL = Layout(matrix=24, slices=20, pixel_mm=16, slice_mm=8, dose_mm=5)
# Gantry angles of the fields from front, back, right and left, where the patient's left
# is on the right of one who faces the gantry (HFS), and turned about from there.
ANGLES = {
    "HFS": [0, 180, 270, 90],
    "HFP": [180, 0, 90, 270],
    "FFS": [0, 180, 90, 270],
    "FFP": [180, 0, 270, 90],
    # On the right side the left is up; +X is +Y (to the gantry, +z or -z) cross +Z (up).
    "HFDR": [270, 90, 180, 0],
    "HFDL": [90, 270, 0, 180],
    "FFDR": [90, 270, 180, 0],
    "FFDL": [270, 90, 0, 180],
}


def patient(position: str = "HFS") -> tuple[RTSet, Plan]:
    rt = simulate_rt_set(Layout(position, matrix=4, slices=20, slice_mm=8, pixel_mm=99))
    assert rt.plan is not None
    return rt, rt.plan


@pytest.mark.parametrize("position", ANGLES)
def test_beams_come_from_where_the_field_is(position: str) -> None:
    _, plan = patient(position)
    angles = [beam.control_points[0].gantry_angle for beam in plan.beams]
    assert angles == ANGLES[position]


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
def test_the_source_is_a_meter_up_the_field(position: str) -> None:
    _, plan = patient(position)
    for beam, (name, source) in zip(plan.beams, BOX_FIELDS, strict=True):
        expected = np.array(BOX.center_mm) + 1000 * np.array(source)
        np.testing.assert_allclose(plan.source_position(beam.name), expected, atol=1e-9)
        assert beam.name == name


def test_the_beams_add_up_to_the_plan_and_its_prescription() -> None:
    rt = simulate_rt_set(SMALL)
    assert rt.plan is not None
    beams = beam_doses(BOX, rt.dose, rt.plan)
    total = np.sum([beam.array for beam in beams], axis=0)
    np.testing.assert_allclose(total, rt.dose.array, atol=1e-4)
    assert {beam.summation for beam in beams} == {DoseSummation.BEAM}
    (prescription,) = rt.plan.prescriptions
    assert prescription.target_prescription_gy == pytest.approx(
        float(BOX(np.array(BOX.center_mm)))
    )
    group = rt.plan.fraction_group()
    shares = sum(share.dose_gy or math.nan for share in group.beams)
    assert shares * (group.fractions or 0) == pytest.approx(60)


def test_a_field_attenuates_away_from_its_source() -> None:
    """Along a field the dose falls by exp(-0.004 / mm)."""
    near, far = (np.array(BOX.center_mm) + shift for shift in ([0, -20, 0], [0, 20, 0]))
    front = [BOX.fields(place)[0] for place in (near, far)]
    assert front[0] / front[1] == pytest.approx(math.exp(0.004 * 40))


def test_the_edge_of_the_field_is_where_the_jaws_are() -> None:
    """Jaws of 30 and 32 mm for the field from the front; pixels of 2.5 mm at isocenter."""
    _, plan = patient()
    image = portal_image(plan, beam=1)
    x, y = image.positions_mm(ImagePlane.ISOCENTER)
    inside = image.stored > 10000
    assert np.abs(x[inside.any(axis=0)]).max() == pytest.approx(28.75)
    assert np.abs(y[inside.any(axis=1)]).max() == pytest.approx(31.25)


def test_a_histogram_has_the_volume_of_its_organ() -> None:
    """Voxels of 5 mm count the 42.6 cm³ of an ellipsoid within a few percent."""
    rt = simulate_rt_set(SMALL)
    dvhs = {h.structure_numbers[0]: h for h in target_histograms(rt.dose, THORAX)}
    ptv = dvhs[8]
    assert set(dvhs) == {7, 8}
    assert ptv.volume[0] == pytest.approx(THORAX[7].volume_mm3 / 1000, rel=0.05)
    assert ptv.dose[0] == 0
    assert ptv.maximum is not None
    assert ptv.dose[-2] <= ptv.maximum < ptv.dose[-1]


def test_another_dose_has_no_plan() -> None:
    rt = simulate_rt_set(SMALL, dose=LinearDose(1, (0, 0, 0)))
    assert rt.plan is None
    assert rt.dose.plan_uid == ""


def test_everything_refers_to_what_it_was_made_on() -> None:
    rt, plan = patient()
    assert rt.structures.ct_series_uid == rt.ct.series_instance_uid
    assert plan.structure_set_uid == rt.structures.sop_instance_uid
    assert rt.dose.plan_uid == plan.sop_instance_uid
    assert portal_image(plan).plan_uid == plan.sop_instance_uid
    frames = {rt.ct.grid.frame_of_reference, rt.dose.grid.frame_of_reference}
    assert frames == {plan.frame_of_reference} == {rt.structures.frame_of_reference}
