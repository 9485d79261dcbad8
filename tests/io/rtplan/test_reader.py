"""Reading RT Plans."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import RTIonPlanStorage

from kerma.core.beam import Beam, BeamType
from kerma.core.control_point import RotationDirection
from kerma.errors import DicomError, InputError, ScopeError
from kerma.io.rtplan.reader import read_plan
from kerma.io.rtplan.writer import write_plan
from tests.plans import plan

BREAST = "dicom_rt/breast_plan/rtplan.dcm"
SQUARES = "dicom_rt/square_fields_plan/06MV_plan.dcm"
BOX = "dicom_rt/pydicom_files/rtplan.dcm"

Change = Callable[[Dataset], Any]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Change], Path]:
    """The plan of the tests as a file, with something done to it."""

    def make(change: Change) -> Path:
        data = dcmread(write_plan(plan(), tmp_path / "rp.dcm"))
        change(data)
        content = io.BytesIO()
        data.save_as(content)
        (tmp_path / "rp.dcm").write_bytes(content.getvalue())
        return tmp_path / "rp.dcm"

    return make


def walk(beam: Dataset) -> list[dict[str, Any]]:
    """Each control point with what it states and what it leaves as it was."""
    states: list[dict[str, Any]] = []
    state: dict[str, Any] = {}
    for item in beam.ControlPointSequence:
        state = dict(state)
        for element in item:
            if element.VR != "SQ" and element.value is not None:
                state[element.keyword] = element.value
        for device in item.get("BeamLimitingDevicePositionSequence", []):
            state[device.RTBeamLimitingDeviceType] = device.LeafJawPositions
        states.append(state)
    return states


def check_against_walk(beam: Beam, data: Dataset, meterset: float) -> None:
    states = walk(data)
    assert len(states) == len(beam.control_points)
    metersets = beam.cumulative_meterset(meterset)
    for point, state, reached in zip(
        beam.control_points, states, metersets, strict=True
    ):
        assert point.weight == state["CumulativeMetersetWeight"]
        assert reached == pytest.approx(
            meterset * state["CumulativeMetersetWeight"], rel=1e-12
        )
        assert point.energy == state["NominalBeamEnergy"]
        assert point.dose_rate == state["DoseRateSet"]
        assert point.gantry_angle == state["GantryAngle"]
        assert point.collimator_angle == state["BeamLimitingDeviceAngle"]
        assert point.couch_angle == state["PatientSupportAngle"]
        assert point.gantry_direction == state["GantryRotationDirection"]
        assert list(point.isocenter or ()) == state["IsocenterPosition"]
        for opening in point.openings:
            flat = [*opening.first, *opening.second]
            assert flat == [float(x) for x in state[opening.device]]


@pytest.mark.parametrize("name", [BREAST, SQUARES, BOX])
def test_a_real_plan_says_what_a_plain_walk_finds(real_data: Path, name: str) -> None:
    read, data = read_plan(real_data / name), dcmread(real_data / name, force=True)
    assert (read.label, read.date) == (data.RTPlanLabel, data.RTPlanDate)
    assert read.sop_instance_uid == data.SOPInstanceUID
    (group,) = data.FractionGroupSequence
    assert read.fraction_group().fractions == group.NumberOfFractionsPlanned
    references = {r.ReferencedBeamNumber: r for r in group.ReferencedBeamSequence}
    for beam, item in zip(read.beams, data.BeamSequence, strict=True):
        reference = references[item.BeamNumber]
        assert read.meterset(beam.number) == reference.BeamMeterset
        assert beam.name == item.BeamName
        assert beam.source_axis_distance == item.SourceAxisDistance
        for device, stated in zip(
            beam.devices, item.BeamLimitingDeviceSequence, strict=True
        ):
            assert device.kind == stated.RTBeamLimitingDeviceType
            assert list(device.boundaries) == list(
                stated.get("LeafPositionBoundaries", [])
            )
        check_against_walk(beam, item, float(reference.BeamMeterset))


def test_the_breast_plan_has_four_dynamic_beams(real_data: Path) -> None:
    read = read_plan(real_data / BREAST)
    assert read.total_meterset == 97 + 87 + 89 + 94
    assert [len(beam.control_points) for beam in read.beams] == [92, 94, 103, 95]
    assert all(beam.beam_type is BeamType.DYNAMIC for beam in read.beams)
    assert not any(beam.is_arc for beam in read.beams)
    assert [r.target_prescription_gy for r in read.prescriptions] == [
        14,
        11.3113869239676,
    ]
    assert (read.fraction_group().fractions, read.patient_position(1)) == (7, "HFS")
    assert read.notes == ()
    leaves = read.beams[0].control_points[-1].leaves
    assert leaves is not None
    assert leaves.shape == (2, 60)


def test_the_square_fields_open_to_their_names(real_data: Path) -> None:
    """Beam "04x04" has jaws at -20 and 20 mm, and leaves open to the same width.

    The corners of the 40 x 40 cm field are cut by the round primary collimator, so only
    leaves within 10 cm of the axis are looked at.
    """
    read = read_plan(real_data / SQUARES)
    for beam in read.beams:
        side = 10.0 * int(beam.name[:2])
        (segment,) = read.segments(beam.number)
        assert segment.meterset == 1000
        assert segment.start.jaws("y") == (-side / 2, side / 2)
        leaves = segment.start.leaves
        assert leaves is not None
        edges = np.array(beam.device("MLCX").boundaries)
        middle = (edges[1:] + edges[:-1]) / 2
        inside = leaves[:, np.abs(middle) < min(side / 2, 100.0)]
        np.testing.assert_array_equal(inside[0], -side / 2)
        np.testing.assert_array_equal(inside[1], side / 2)
    assert read.dose_references[1].target_prescription_gy is None
    assert read.notes == ()


def test_the_box_plan_has_its_limits_and_its_source(real_data: Path) -> None:
    read = read_plan(real_data / BOX)
    assert read.dose_references[0].delivery_maximum_gy == 75
    assert read.dose_references[0].target_prescription_gy is None
    isocenter = np.array(read.beams[0].control_points[0].isocenter)
    source = read.source_position(1)
    np.testing.assert_allclose(source - isocenter, [0, -1000, 0], atol=1e-9)
    assert read.approval_status == "UNAPPROVED"


def test_angles_below_zero_are_turned_round(changed: Callable[[Change], Path]) -> None:
    def change(data: Dataset) -> None:
        data.BeamSequence[0].ControlPointSequence[0].GantryAngle = "-0.1"

    beam = read_plan(changed(change)).beam(1)
    assert beam.control_points[0].gantry_angle == 359.9
    assert beam.control_points[0].gantry_direction is RotationDirection.CLOCKWISE


def first_point(data: Dataset) -> Dataset:
    return data.BeamSequence[0].ControlPointSequence[0]


def set_value(keyword: str, value: Any) -> Change:
    return lambda data: setattr(first_point(data), keyword, value)


def of_beam(keyword: str, value: Any) -> Change:
    return lambda data: setattr(data.BeamSequence[0], keyword, value)


def of_point(k: int, keyword: str, value: Any) -> Change:
    return lambda data: setattr(
        data.BeamSequence[0].ControlPointSequence[k], keyword, value
    )


def of_leaves(keyword: str, value: Any) -> Change:
    return lambda data: setattr(
        first_point(data).BeamLimitingDevicePositionSequence[1], keyword, value
    )


def of_share(keyword: str, value: Any) -> Change:
    return lambda data: setattr(
        data.FractionGroupSequence[0].ReferencedBeamSequence[0], keyword, value
    )


WHERE = r"rp\.dcm: Beam Sequence \(300A,00B0\) item 1, "

REFUSED: list[tuple[Change, str]] = [
    (
        lambda data: delattr(first_point(data), "GantryAngle"),
        WHERE + r"Control Point Sequence \(300A,0111\) item 1, Gantry Angle "
        r"\(300A,011E\) is missing; the first control point needs it",
    ),
    (set_value("BeamLimitingDeviceAngle", None), "Beam Limiting Device Angle .* miss"),
    (set_value("PatientSupportAngle", None), r"\(300A,0122\) is missing"),
    (
        of_point(1, "CumulativeMetersetWeight", "3"),
        r"rp\.dcm: Beam 1, control point 2: the cumulative weight falls from 3 to 2",
    ),
    (
        of_point(1, "CumulativeMetersetWeight", None),
        "Beam 1, control point 1: the cumulative weight is missing",
    ),
    (
        of_beam("FinalCumulativeMetersetWeight", "1"),
        r"\(300A,010E\) is 1, but the last control point of beam 1 has the weight 2",
    ),
    (
        of_share("ReferencedBeamNumber", 9),
        r"rp\.dcm: Fraction group 1 names beam 9, but the beams of the plan are: 1, 2",
    ),
    (of_share("BeamMeterset", "-1"), "Beam 1 has a meterset of -1"),
    (
        of_leaves("LeafJawPositions", [-1.0, -1.0, 1.0, 1.0]),
        "Beam 1, control point 0: MLCX has 2 pairs of positions, .* device has 3",
    ),
    (of_leaves("LeafJawPositions", [-1.0, 0.0, 1.0]), "3 values, no two equal banks"),
    (
        of_leaves("LeafJawPositions", [9.0] * 3 + [-9.0] * 3),
        "Beam 1, .*MLCX overlaps by 18 mm",
    ),
    (of_leaves("RTBeamLimitingDeviceType", "MLCY"), "MLCY, which the beam does not"),
    (of_leaves("RTBeamLimitingDeviceType", "ASYMY"), "one device is stated twice"),
    (of_beam("BeamType", "SPECIAL"), "is 'SPECIAL'; STATIC or DYNAMIC is needed"),
    (of_beam("SourceAxisDistance", "0"), r"\(300A,00B4\) is 0 mm"),
    (of_point(2, "ControlPointIndex", 1), "is 1 after 1: the order is not known"),
    (set_value("GantryRotationDirection", "CCW"), "'CCW'; CW, CC or NONE is needed"),
    (set_value("GantryPitchAngle", 3.0), "is 3 degrees; only upright gantries"),
    (set_value("IsocenterPosition", [1.0, 2.0]), "2 values; 3 are needed"),
    (
        lambda data: delattr(data, "BeamSequence"),
        r"Beam Sequence \(300A,00B0\) is missing",
    ),
    (of_beam("ControlPointSequence", []), r"Sequence \(300A,0111\) is missing"),
    (of_beam("BeamNumber", 2), "Two beams have one number: 2, 2, 3"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_a_plan_that_would_deliver_something_else_is_refused(
    changed: Callable[[Change], Path], change: Change, message: str
) -> None:
    with pytest.raises(DicomError, match=message) as error:
        read_plan(changed(change))
    assert "P7" not in str(error.value)


def count_from_one(data: Dataset) -> None:
    for k, item in enumerate(data.BeamSequence[0].ControlPointSequence, start=1):
        item.ControlPointIndex = k


NOTED: list[tuple[Change, str]] = [
    (of_beam("NumberOfControlPoints", 5), "Beam 1: declares 5 control points .* has 3"),
    (
        lambda data: delattr(data.BeamSequence[0], "FinalCumulativeMetersetWeight"),
        "Beam 1: its final weight .* the last weight is taken",
    ),
    (
        lambda data: setattr(data.FractionGroupSequence[0], "NumberOfBeams", 2),
        r"Fraction group 1 declares 2 beams \(300A,0080\) but names 3",
    ),
    (of_share("BeamMeterset", None), "Beam 1 has no meterset"),
    (of_leaves("LeafJawPositions", [0.5] * 3 + [0.0] * 3), "overlap, by up to 0.5 mm"),
    (set_value("IsocenterPosition", None), "Beam 1: its isocenter .* is not stated"),
    (
        set_value("GantryRotationDirection", "NONE"),
        "Beam 1: the gantry moves, but which way it turns is not stated",
    ),
    (
        count_from_one,
        "not counted from 0",
    ),
    (lambda data: delattr(data, "PatientSetupSequence"), "lies is not .* beam 1, 2, 3"),
    (
        lambda data: delattr(data, "ReferencedStructureSetSequence"),
        r"for a patient .* but names no structure set",
    ),
    (
        lambda data: data.ReferencedStructureSetSequence.append(Dataset()),
        "names 2 structure sets; the first is kept",
    ),
]


@pytest.mark.parametrize(("change", "message"), NOTED)
def test_what_is_odd_but_changes_no_number_is_noted(
    changed: Callable[[Change], Path], change: Change, message: str
) -> None:
    notes = read_plan(changed(change)).notes
    assert any(re.search(message, note) for note in notes), notes


def test_a_device_without_positions_is_not_in_use(
    changed: Callable[[Change], Path],
) -> None:
    def drop_leaves(data: Dataset) -> None:
        for item in data.BeamSequence[0].ControlPointSequence:
            kept = [
                device
                for device in item.get("BeamLimitingDevicePositionSequence", [])
                if device.RTBeamLimitingDeviceType != "MLCX"
            ]
            item.BeamLimitingDevicePositionSequence = kept

    read = read_plan(changed(drop_leaves))
    assert read.beam(1).control_points[0].leaves is None
    assert "Beam 1: MLCX has no positions and is taken as not in use." in read.notes


def test_other_kinds_of_plans_are_refused_by_name(
    changed: Callable[[Change], Path],
) -> None:
    def make_ion(data: Dataset) -> None:
        data.SOPClassUID = RTIonPlanStorage
        data.file_meta.MediaStorageSOPClassUID = RTIonPlanStorage

    with pytest.raises(ScopeError, match=r"rp\.dcm: is a plan for ions"):
        read_plan(changed(make_ion))

    def make_brachy(data: Dataset) -> None:
        data.ApplicationSetupSequence = [Dataset()]

    with pytest.raises(ScopeError, match="is a plan for brachytherapy"):
        read_plan(changed(make_brachy))


def test_a_plan_that_was_cut_off_is_never_read_as_another(tmp_path: Path) -> None:
    """Wherever the file ends: an error of ours, or the same beams and metersets."""
    whole = write_plan(plan(), tmp_path / "whole.dcm").read_bytes()
    file = tmp_path / "rp.dcm"
    survived = 0
    for size in range(0, len(whole), 61):
        file.write_bytes(whole[:size])
        try:
            read = read_plan(file)
        except InputError:
            continue
        survived += 1
        assert read.beams == plan().beams
        assert read.fraction_groups == plan().fraction_groups
    assert survived < 10  # only cuts behind the beams


def test_junk_in_a_plan_never_raises_anything_else(tmp_path: Path) -> None:
    whole = write_plan(plan(), tmp_path / "whole.dcm").read_bytes()
    file = tmp_path / "rp.dcm"
    generator = np.random.default_rng(1)
    for _ in range(60):
        junk = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(132, junk.size, 5)
        junk[places] = generator.integers(0, 256, 5)
        file.write_bytes(junk.tobytes())
        with contextlib.suppress(InputError):
            read_plan(file)
