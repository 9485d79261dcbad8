"""Writing RT Plans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from kerma.core.plan import DoseReference, Plan
from kerma.core.study import Study
from kerma.errors import InputError
from kerma.io.rtplan.reader import read_plan
from kerma.io.rtplan.writer import write_plan
from tests.io.validators import dciodvfy_errors, dcmdump
from tests.plans import arc, plan, point, setup_beam

REAL = [
    "dicom_rt/breast_plan/rtplan.dcm",
    "dicom_rt/square_fields_plan/06MV_plan.dcm",
    "dicom_rt/pydicom_files/rtplan.dcm",
]


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    assert read_plan(write_plan(plan(), tmp_path / "rp.dcm")) == plan()


@pytest.mark.parametrize("name", REAL)
def test_a_real_plan_comes_back_as_it_was(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    read = read_plan(real_data / name)
    file = write_plan(read, tmp_path / "rp.dcm")
    again = read_plan(file)
    assert replace(again, notes=()) == replace(read, notes=())
    assert file.stat().st_size <= (real_data / name).stat().st_size


@pytest.mark.parametrize("name", REAL)
def test_a_real_plan_is_written_as_the_standard_has_it(
    real_data: Path, tmp_path: Path, name: str
) -> None:
    file = write_plan(read_plan(real_data / name), tmp_path / "rp.dcm")
    assert dciodvfy_errors(file) == []


@pytest.mark.parametrize(
    "written",
    [
        plan(),
        plan(approval_status="", structure_set_uid="", frame_of_reference=""),
        Plan("bare", beams=(setup_beam(),)),
        Plan("bare", beams=(arc(),)),
    ],
    ids=["full", "for a phantom", "setup only", "beam only"],
)
def test_dciodvfy_and_dcmtk_find_nothing_wrong(tmp_path: Path, written: Plan) -> None:
    file = write_plan(written, tmp_path / "rp.dcm")
    assert dciodvfy_errors(file) == []
    assert "CumulativeMetersetWeight" in dcmdump(file)


def test_control_points_state_only_what_changes(tmp_path: Path) -> None:
    """Of the arc: leaves and gantry at the second point, then gantry and dose rate."""
    data = dcmread(write_plan(plan(), tmp_path / "rp.dcm"))
    _, second, third = data.BeamSequence[0].ControlPointSequence
    assert {element.keyword for element in second} == {
        "ControlPointIndex",
        "CumulativeMetersetWeight",
        "GantryAngle",
        "BeamLimitingDevicePositionSequence",
    }
    (leaves,) = second.BeamLimitingDevicePositionSequence
    assert leaves.RTBeamLimitingDeviceType == "MLCX"
    assert leaves.LeafJawPositions == [-5, -5, -5, 5, 12.5, 5]
    assert {element.keyword for element in third} == {
        "ControlPointIndex",
        "CumulativeMetersetWeight",
        "DoseRateSet",
        "GantryAngle",
        "GantryRotationDirection",
    }


def test_a_value_that_goes_back_to_zero_is_stated(tmp_path: Path) -> None:
    there_and_back = tuple(
        point(weight, gantry=angle) for weight, angle in ((0, 0.0), (1, 10.0), (2, 0.0))
    )
    written = plan(beams=(arc(control_points=there_and_back),), fraction_groups=())
    read = read_plan(write_plan(written, tmp_path / "rp.dcm"))
    assert [p.gantry_angle for p in read.beams[0].control_points] == [0, 10, 0]


def test_pitch_roll_and_surface_distance_are_kept(tmp_path: Path) -> None:
    points = (
        point(0.0, table_top_pitch=1.5, table_top_roll=-0.5),
        point(1.0, table_top_pitch=1.5, table_top_roll=0.25),
    )
    points = (replace(points[0], source_surface_distance=905.5), points[1])
    written = plan(beams=(arc(control_points=points),), fraction_groups=())
    file = write_plan(written, tmp_path / "rp.dcm")
    assert read_plan(file).beams == written.beams
    assert dciodvfy_errors(file) == []


def test_uids_stay_unless_there_is_a_seed(tmp_path: Path) -> None:
    other = Study(patient_id="Q", study_instance_uid="1.9")
    first, again = (
        read_plan(
            write_plan(plan(), tmp_path / f"{name}.dcm", study=other, uid_seed="s")
        )
        for name in "ab"
    )
    assert first == again
    assert first.sop_instance_uid != plan().sop_instance_uid
    assert first.structure_set_uid == plan().structure_set_uid
    assert first.frame_of_reference == plan().frame_of_reference
    assert first.study.patient_id == "Q"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (plan(beams=(arc(compensators=1),), fraction_groups=()), "1 compensators"),
        (plan(label="x" * 17), "RTPlanLabel cannot be written"),
        (plan(structure_set_uid="no uid"), "'no uid', which is no DICOM UID"),
        (
            plan(
                dose_references=(
                    DoseReference(1, "SITE", "TARGET", target_prescription_gy=1e999),
                )
            ),
            r"TargetPrescriptionDose is inf, which cannot be written as DICOM \(DS\)",
        ),
        (
            plan(beams=(arc(number=2**40),), fraction_groups=()),
            r"BeamNumber is 1.09951e\+12, which cannot be written as DICOM \(IS\)",
        ),
    ],
)
def test_what_dicom_does_not_allow_is_not_written(
    tmp_path: Path, written: Plan, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_plan(written, tmp_path / "rp.dcm")
    assert not list(tmp_path.iterdir())
