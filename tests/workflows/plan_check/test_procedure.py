"""A good plan set passes; each thing that is wrong with one is named, with its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseUnits, EmbeddedDVH
from kerma.core.structures import Contour, ContourKind, Structure, StructureSet
from kerma.core.volume import CT
from kerma.simulation.positions import PATIENT_POSITIONS
from kerma.simulation.rt_set import BOX, Layout, RTSet, simulate_rt_set
from kerma.simulation.treatment import beam_doses
from kerma.workflows.plan_check import (
    Finding,
    Limits,
    PlanSetData,
    Severity,
    check_plan_set,
)

LAYOUT = Layout(matrix=48, slices=28, pixel_mm=8, slice_mm=5, dose_mm=5)


@lru_cache(maxsize=2)
def patient(position: str = "HFS", tilt_deg: float = 0.0) -> RTSet:
    return simulate_rt_set(replace(LAYOUT, position=position, tilt_deg=tilt_deg))


def data(**changes: object) -> PlanSetData:
    rt = patient()
    good = PlanSetData(rt.ct, rt.structures, rt.plan, (rt.dose,))
    return replace(good, **changes)  # type: ignore[arg-type]  # checked there


def found(one: PlanSetData, code: str, limits: Limits | None = None) -> Finding:
    """The only finding of a code."""
    (finding,) = [f for f in check_plan_set(one, limits=limits) if f.code == code]
    return finding


def serious(findings: Sequence[Finding]) -> list[str]:
    return [f.code for f in findings if f.severity is not Severity.NOTE]


def with_structure(number: int, **changes: object) -> StructureSet:
    """The structures, one of them changed."""
    structures = patient().structures
    return replace(
        structures,
        structures=tuple(
            replace(s, **changes) if s.number == number else s  # type: ignore[arg-type]  # checked there
            for s in structures
        ),
    )


def moved(structure: Structure, *shift: float) -> tuple[Contour, ...]:
    return tuple(
        replace(c, points=c.points + np.array(shift)) for c in structure.contours
    )


@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_a_good_set_gives_no_alarm_however_the_patient_lies(position: str) -> None:
    rt = patient(position)
    assert rt.plan is not None
    doses = (rt.dose, *beam_doses(BOX, rt.dose, rt.plan))
    assert not serious(
        check_plan_set(PlanSetData(rt.ct, rt.structures, rt.plan, doses))
    )


def test_nothing_at_all_gives_no_finding() -> None:
    assert check_plan_set(PlanSetData()) == ()


def test_a_tilt_is_told_in_degrees() -> None:
    finding = found(PlanSetData(ct=patient("HFS", 12.0).ct), "tilted gantry")
    assert "tilted by 12.0 degrees" in finding.sentence


def without_slices(ct: CT, *numbers: int) -> CT:
    keep = np.delete(np.arange(ct.grid.shape[0]), numbers)
    grid = replace(
        ct.grid,
        shape=(keep.size, *ct.grid.shape[1:]),
        offsets=tuple((keep * ct.grid.spacing[0]).tolist()),
    )
    uids = tuple(np.array(ct.sop_instance_uids)[keep].tolist())
    return replace(ct, array=ct.array[keep], grid=grid, sop_instance_uids=uids)


def test_missing_slices_are_counted_and_placed() -> None:
    """The first slice is at z = -67.5 mm; slices 3, 4 and 10 would be at -52.5, ..."""
    finding = found(data(ct=without_slices(patient().ct, 3, 4, 10)), "missing slices")
    assert finding.severity is Severity.ERROR
    assert "3 CT slice(s)" in finding.sentence
    assert "between -57.5 and -42.5 mm, -22.5 and -12.5 mm" in finding.sentence


def test_contours_off_their_slices_are_measured() -> None:
    gtv = patient().structures["GTV"]
    one = data(structures=with_structure(7, contours=moved(gtv, 0, 0, 0.9)))
    finding = found(one, "off slices")
    assert f"'GTV': {len(gtv.contours)} contours" in finding.sentence
    assert "0.90 mm off" in finding.sentence


@pytest.mark.parametrize(("shift", "is_told"), [(0.09, False), (0.11, True)])
def test_the_limit_of_a_check_is_its_limit(shift: float, is_told: bool) -> None:  # noqa: FBT001  (parametrized)
    gtv = patient().structures["GTV"]
    one = data(structures=with_structure(7, contours=moved(gtv, 0, 0, shift)))
    assert ("off slices" in serious(check_plan_set(one))) is is_told
    generous = check_plan_set(one, limits=Limits(off_slice_mm=0.2))
    assert "off slices" not in serious(generous)


def test_a_target_out_of_the_body_is_measured() -> None:
    """The GTV (18 mm) at x = -165 in a body of 180 mm, both flat across: 3 mm out."""
    gtv = patient().structures["GTV"]
    one = data(structures=with_structure(7, contours=moved(gtv, -90, -10, 0)))
    finding = found(one, "outside body")
    # The middle slice is at z = 17.5, 2.5 mm from the middle of the GTV.
    half_width = 18 * np.sqrt(1 - (2.5 / 20) ** 2)
    assert f"by up to {165 + half_width - 180:.1f} mm" in finding.sentence


def test_a_skipped_slice_is_counted() -> None:
    heart = patient().structures["Heart"]
    some = tuple(c for n, c in enumerate(heart.contours) if n not in (3, 6, 7))
    one = data(structures=with_structure(4, contours=some))
    assert "'Heart' (3)" in found(one, "skipped slices").sentence


def test_a_long_gap_may_be_meant() -> None:
    heart = patient().structures["Heart"]
    some = (*heart.contours[:3], *heart.contours[7:])
    one = data(structures=with_structure(4, contours=some))
    finding = found(one, "separate parts")
    assert finding.severity is Severity.NOTE
    assert "4 slices (20 mm)" in finding.sentence


def test_names_that_differ_in_case_only_are_told() -> None:
    finding = found(data(structures=with_structure(7, name="ptv")), "names alike")
    assert "'PTV', 'ptv'" in finding.sentence


def test_a_name_of_control_characters_cannot_disturb_a_terminal() -> None:
    one = data(structures=with_structure(4, name="\x1b[2J" + "x" * 99, contours=()))
    assert found(one, "empty structure").sentence.endswith(
        "\\x1b[2Jxx" + "x" * 34 + "...'."
    )


def test_an_open_contour_of_a_target_is_a_warning_and_of_an_organ_a_note() -> None:
    for number, severity in ((7, Severity.WARNING), (4, Severity.NOTE)):
        structure = patient().structures[number]
        first, *rest = structure.contours
        opened = (replace(first, kind=ContourKind.OPEN_PLANAR), *rest)
        one = data(structures=with_structure(number, contours=opened))
        assert found(one, "open contours").severity is severity


def test_one_structure_in_two_contours_on_a_slice_has_no_gap() -> None:
    both = (*patient().structures["GTV"].contours,) * 2
    findings = check_plan_set(data(structures=with_structure(7, contours=both)))
    assert "skipped slices" not in serious(findings)


def test_a_relative_dose_is_an_error() -> None:
    relative = replace(patient().dose, units=DoseUnits.RELATIVE)
    assert found(data(doses=(relative,)), "relative dose").severity is Severity.ERROR


def scaled(dose: Dose, factor: float) -> Dose:
    return replace(dose, array=(dose.array * factor).astype(np.float32))


def test_beams_that_do_not_add_up_are_told_in_gray() -> None:
    """Without 10 % of one of four beams 1.5 Gy of 60 are missing at the isocenter."""
    rt = patient()
    assert rt.plan is not None
    first, *rest = beam_doses(BOX, rt.dose, rt.plan)
    one = data(doses=(rt.dose, scaled(first, 0.9), *rest))
    finding = found(one, "sum of beams")
    largest = 0.1 * first.array.max()
    assert finding.severity is Severity.ERROR
    assert f"differ by up to {largest:.3g} Gy" in finding.sentence


def test_two_doses_of_the_whole_plan_are_told() -> None:
    dose = patient().dose
    twin = replace(dose, sop_instance_uid="1.2.3")
    assert "2 doses" in found(data(doses=(dose, twin)), "several plan doses").sentence


@pytest.mark.parametrize(("factor", "is_told"), [(1 / 30, True), (1.2, False)])
def test_a_dose_of_another_size_than_prescribed_is_told(
    factor: float,
    is_told: bool,  # noqa: FBT001  (parametrized)
) -> None:
    findings = check_plan_set(data(doses=(scaled(patient().dose, factor),)))
    assert ("dose and prescription" in serious(findings)) is is_told


def test_a_stored_histogram_beyond_the_grid_is_told() -> None:
    dvh = EmbeddedDVH((7,), True, np.array([0.0, 99.0]), np.array([1.0]), "CM3", maximum=99.0)  # fmt: skip
    one = data(doses=(replace(patient().dose, dvhs=(dvh,)),))
    assert "maximum of up to 99" in found(one, "stored histograms").sentence


def test_another_frame_of_reference_stops_the_comparison_of_positions() -> None:
    dose = patient().dose
    other = replace(dose, grid=replace(dose.grid, frame_of_reference="1.2.3"))
    findings = check_plan_set(data(doses=(other,)))
    assert serious(findings) == ["other frame"]
    assert not any(f.code == "dose does not cover" for f in findings)


def test_patients_are_told_apart_without_a_word_on_who_they_are() -> None:
    structures = patient().structures
    someone = replace(structures.study, patient_id="X-17", patient_name="Doe^Jane")
    findings = check_plan_set(data(structures=replace(structures, study=someone)))
    assert serious(findings) == ["different patients", "different patients"]
    text = " ".join(f.sentence + f.advice for f in findings)
    assert "17" not in text
    assert "Doe" not in text


def test_a_name_written_in_another_way_is_the_same_name() -> None:
    structures = patient().structures
    same = replace(structures.study, patient_name="KERMA PHANTOM^^")
    one = data(structures=replace(structures, study=same))
    assert not serious(check_plan_set(one))


def test_an_isocenter_outside_is_measured() -> None:
    """The body reaches back to y = 115 mm in the middle: y = 175 is 60 mm out."""
    plan = patient().plan
    assert plan is not None
    beams = tuple(
        replace(
            beam,
            control_points=tuple(
                replace(point, isocenter=(0.0, 175.0, 17.5))
                for point in beam.control_points
            ),
        )
        for beam in plan.beams
    )
    finding = found(data(plan=replace(plan, beams=beams)), "isocenter outside")
    assert "(0.0, 175.0, 17.5) mm lies 60.0 mm outside" in finding.sentence


def test_a_patient_who_lies_otherwise_in_the_plan_is_an_error() -> None:
    plan = patient().plan
    assert plan is not None
    setups = tuple(replace(s, patient_position="FFS") for s in plan.patient_setups)
    finding = found(data(plan=replace(plan, patient_setups=setups)), "patient position")
    assert finding.severity is Severity.ERROR
    assert "HFS in the CT, but FFS in the plan" in finding.sentence


def test_an_empty_structure_set_is_still_checked() -> None:
    empty = replace(patient().structures, structures=())
    assert "no external" in serious(check_plan_set(data(structures=empty)))
