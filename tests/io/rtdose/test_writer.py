"""Writing doses."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from kerma.core.dose import Dose, DoseSummation, DoseType, DoseUnits, EmbeddedDVH
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.errors import GeometryError, InputError
from kerma.io.rtdose.reader import read_dose
from kerma.io.rtdose.writer import write_dose
from tests.io.rtdose.dose_objects import true_dose, voxel_positions
from tests.io.validators import dciodvfy_errors, dcmdump, program

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
GRID = Grid((4, 5, 6), (-30.3, -20.2, 10.1), (3.0, 2.0, 2.5), AXIAL, "1.2.9")


def make_dose(grid: Grid = GRID, **fields: Any) -> Dose:
    """The true dose on a grid, of a plan."""
    array = true_dose(voxel_positions(grid)).astype(np.float32)
    dose = Dose(array, grid, plan_uid="1.2.7", sop_instance_uid="1.2.3.4")
    return dataclasses.replace(dose, **fields)


def dvh(**fields: Any) -> EmbeddedDVH:
    edges = np.arange(401) * 0.1
    volume = np.linspace(20, 0, 400)
    one = EmbeddedDVH((1, 3), True, edges, volume, "CM3", 0.1, 20.0, 39.9)
    return dataclasses.replace(one, **fields)


def test_a_dose_comes_back_as_it_was_written(tmp_path: Path) -> None:
    dose = make_dose(
        summation=DoseSummation.BEAM,
        beam_numbers=(2, 5),
        fraction_group=1,
        structure_set_uid="1.2.8",
        heterogeneity=("IMAGE", "ROI_OVERRIDE"),
        dvhs=(dvh(), dvh(cumulative=False, volume_units="PERCENT", mean=None)),
        series_instance_uid="1.2.3",
        study=Study("Doe^J", "77", study_instance_uid="1.2"),
        description="Doses",
        comment="two beams",
    )
    back = read_dose(write_dose(dose, tmp_path / "new" / "dose.dcm"))
    np.testing.assert_array_equal(back.array, dose.array)
    for field in dataclasses.fields(Dose):
        if field.name not in ("array", "dvhs"):
            assert getattr(back, field.name) == getattr(dose, field.name), field.name
    for one, other in zip(back.dvhs, dose.dvhs, strict=True):
        np.testing.assert_allclose(one.dose, other.dose, rtol=1e-12)
        np.testing.assert_allclose(one.volume, other.volume, rtol=1e-9)
        kept = ("structure_numbers", "cumulative", "volume_units", "minimum", "mean")
        for name in (*kept, "maximum"):
            assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("bits", [16, 32])
@pytest.mark.parametrize("dose_type", [DoseType.PHYSICAL, DoseType.ERROR])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    largest=st.floats(1e-12, 1e6),
    shares=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=5),
)
def test_rounding_is_at_most_the_largest_dose_over_the_number_of_steps(
    dose_type: DoseType,
    bits: int,
    largest: float,
    shares: list[float],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    values = np.array([1.0, *shares]) * largest
    if dose_type is DoseType.PHYSICAL:
        values = np.abs(values)
    grid = Grid((1, 1, values.size), (0, 0, 0), (1, 1, 1), AXIAL, "1.2")
    array = values.astype(np.float32).reshape(grid.shape)
    dose = Dose(array, grid, dose_type=dose_type, plan_uid="1.2.7")
    file = tmp_path_factory.mktemp("dose") / "dose.dcm"
    back = read_dose(write_dose(dose, file, bits=bits))
    peak = float(np.abs(array).max())
    allowed = peak * (2.0**-bits + 2.0**-24)  # the last is float32's own
    assert np.abs(back.array.astype(float) - array).max() <= allowed
    assert back.dose_type is dose_type


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    angle=st.floats(-3, 3),
    origin=st.tuples(*[st.floats(-1000, 1000)] * 3),
    spacing=st.tuples(*[st.floats(0.05, 10)] * 3),
    uneven=st.booleans(),
    downward=st.booleans(),
)
def test_every_grid_comes_back_in_place(
    angle: float,
    origin: tuple[float, float, float],
    spacing: tuple[float, float, float],
    uneven: bool,  # noqa: FBT001  (from Hypothesis)
    downward: bool,  # noqa: FBT001
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows = np.array([np.cos(angle), np.sin(angle), 0])
    columns = np.array([-np.sin(angle) * 0.6, np.cos(angle) * 0.6, 0.8])
    normal = np.cross(rows, columns) * (-1 if downward else 1)
    axes: Any = tuple(tuple(map(float, axis)) for axis in (normal, columns, rows))
    offsets = (0.0, 2.0, 6.0, 7.0) if uneven else None
    grid = Grid((4, 2, 3), origin, spacing, axes, "1.2.9", offsets)
    array = np.arange(24, dtype=np.float32).reshape(grid.shape)
    dose = Dose(array, grid, plan_uid="1.2.7")
    file = tmp_path_factory.mktemp("dose") / "dose.dcm"
    back = read_dose(write_dose(dose, file))
    # The slices may come back the other way around: values are compared by place.
    there = back.grid.to_index(voxel_positions(grid))
    np.testing.assert_allclose(there, np.rint(there), atol=1e-4)
    k, j, i = np.moveaxis(np.rint(there).astype(int), -1, 0)
    np.testing.assert_allclose(back.array[k, j, i], array, atol=1e-6)
    if not downward:
        assert back.grid.is_same_as(grid, tolerance_mm=1e-6)


@pytest.mark.parametrize("offsets", [None, (0.0, 3.0, 7.0, 8.0)])
def test_absolute_offsets_come_back_the_same(
    offsets: tuple[float, ...] | None, tmp_path: Path
) -> None:
    dose = make_dose(dataclasses.replace(GRID, offsets=offsets))
    file = write_dose(dose, tmp_path / "dose.dcm", offsets="absolute")
    vector = [float(place) for place in dcmread(file).GridFrameOffsetVector]
    np.testing.assert_allclose(vector, 10.1 + dose.grid.slice_offsets)
    back = read_dose(file)
    assert back.grid.is_same_as(dose.grid)
    np.testing.assert_array_equal(back.array, dose.array)


def test_absolute_offsets_need_an_axial_grid(tmp_path: Path) -> None:
    axes = ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))
    dose = make_dose(dataclasses.replace(GRID, axes=axes))
    with pytest.raises(InputError, match="Write relative offsets"):
        write_dose(dose, tmp_path / "dose.dcm", offsets="absolute")
    assert list(tmp_path.iterdir()) == []


def test_a_single_plane_comes_back_with_its_thickness(tmp_path: Path) -> None:
    dose = make_dose(dataclasses.replace(GRID, shape=(1, 5, 6)))
    file = write_dose(dose, tmp_path / "dose.dcm")
    assert "NumberOfFrames" not in dcmread(file)
    assert read_dose(file).grid == dose.grid


def test_a_sum_of_plans_comes_back_with_all_plans(tmp_path: Path) -> None:
    dose = make_dose(summation=DoseSummation.MULTI_PLAN, other_plan_uids=("1.2.5",))
    back = read_dose(write_dose(dose, tmp_path / "dose.dcm"))
    assert (back.plan_uid, back.other_plan_uids) == ("1.2.7", ("1.2.5",))


def test_no_dose_at_all_comes_back(tmp_path: Path) -> None:
    dose = make_dose(array=np.zeros(GRID.shape, np.float32))
    assert not read_dose(write_dose(dose, tmp_path / "dose.dcm")).array.any()


def test_a_long_histogram_fits(tmp_path: Path) -> None:
    """20 000 bins are over 64 KiB of text."""
    long = dvh(dose=np.arange(20001) * 0.002, volume=np.linspace(20, 0, 20000))
    dose = make_dose(dvhs=(long,), structure_set_uid="1.2.8")
    (back,) = read_dose(write_dose(dose, tmp_path / "dose.dcm")).dvhs
    np.testing.assert_allclose(back.volume, long.volume, rtol=1e-9)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"plan_uid": ""}, "type PLAN has to name its plan. Set plan_uid"),
        ({"plan_uid": "x"}, "UID of the plan is 'x', which is no DICOM UID"),
        ({"structure_set_uid": "1..2"}, "UID of the structure set is"),
        ({"summation": DoseSummation.RECORD}, "RECORD cannot be written"),
        ({"summation": DoseSummation.BRACHY}, "BRACHY cannot be written"),
        ({"summation": DoseSummation.BEAM}, "has to name its fraction group"),
        (
            {"summation": DoseSummation.BEAM, "fraction_group": 1},
            "BEAM has to name its beams",
        ),
        ({"summation": DoseSummation.MULTI_PLAN}, "names 1 plan.*at least two"),
        ({"other_plan_uids": ("1.2",)}, "type PLAN names 2 plan"),
        ({"dvhs": (dvh(),)}, "only with a structure set"),
        ({"description": "x" * 65}, "SeriesDescription cannot be written"),
        ({"comment": "x\n"}, "DoseComment cannot be written"),
        ({"heterogeneity": ("image",)}, "TissueHeterogeneityCorrection cannot be"),
        (
            {"array": np.full(GRID.shape, np.nan, np.float32)},
            "not finite everywhere cannot be written",
        ),
        (
            {"array": np.full(GRID.shape, np.inf, np.float32)},
            "not finite everywhere cannot be written",
        ),
        (
            {"array": np.full(GRID.shape, -0.1, np.float32)},
            "A PHYSICAL dose cannot be negative; this one goes down to -0.1",
        ),
    ],
)
def test_a_dose_that_dicom_cannot_hold_is_refused(
    fields: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence):
        write_dose(make_dose(**fields), tmp_path / "dose.dcm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"volume": np.full(400, np.nan)}, r"structures \(1, 3\) is not finite"),
        ({"maximum": np.inf}, "is not finite"),
        ({"dose": 1 + np.arange(401.0)}, "has dose bins from 1; DICOM has them ascend"),
        ({"dose": np.zeros(401)}, "has dose bins from 0; DICOM has them ascend"),
        ({"structure_numbers": ()}, "is of no structure"),
        ({"dose": np.zeros(1), "volume": np.zeros(0)}, "has no bins"),
        ({"volume_units": "ML"}, "has volumes in 'ML'; DICOM has CM3"),
    ],
)
def test_a_histogram_that_dicom_cannot_hold_is_refused(
    fields: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    dose = make_dose(dvhs=(dvh(**fields),), structure_set_uid="1.2.8")
    with pytest.raises(InputError, match=sentence):
        write_dose(dose, tmp_path / "dose.dcm")


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    axes = ((0.0, np.sin(0.3), np.cos(0.3)), *AXIAL[1:])
    dose = make_dose(dataclasses.replace(GRID, axes=axes))
    with pytest.raises(GeometryError, match=r"stacked obliquely\. Resample"):
        write_dose(dose, tmp_path / "dose.dcm")


def test_a_form_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="16 or 32 bits for each value, not 64"):
        write_dose(make_dose(), tmp_path / "dose.dcm", bits=64)
    with pytest.raises(InputError, match="'relative' or 'absolute', not 'abs'"):
        write_dose(make_dose(), tmp_path / "dose.dcm", offsets="abs")  # type: ignore[arg-type]  # on purpose


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "dose.dcm").write_text("mine")
    with pytest.raises(InputError, match=r"dose\.dcm is there already"):
        write_dose(make_dose(), tmp_path / "dose.dcm")
    assert (tmp_path / "dose.dcm").read_text() == "mine"


def test_a_seed_makes_the_same_new_uids_each_time(tmp_path: Path) -> None:
    files = [
        write_dose(make_dose(), tmp_path / f"{n}.dcm", uid_seed=seed)
        for n, seed in enumerate(("one", "one", "other"))
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    uids = [dcmread(file).SOPInstanceUID for file in files]
    assert len({"1.2.3.4", *uids}) == 3


def test_the_patient_is_as_given(tmp_path: Path) -> None:
    study = Study("A^B", "7", study_instance_uid="1.2.3")
    file = write_dose(make_dose(), tmp_path / "dose.dcm", study=study)
    data = dcmread(file)
    assert (data.PatientName, data.PatientID) == ("A^B", "7")


def test_decimal_strings_have_at_most_16_characters(tmp_path: Path) -> None:
    third = 1 / 3
    grid = Grid((3, 2, 2), (-1e3 * third, third, 1e-7), (third,) * 3, AXIAL, "1.2")
    array = np.full(grid.shape, 1e-7 * third, np.float32)
    dose = make_dose(grid, array=array, dvhs=(dvh(),), structure_set_uid="1.2")
    data = dcmread(write_dose(dose, tmp_path / "dose.dcm"))
    texts = [
        text
        for element in data.iterall()
        if element.VR == "DS" and element.value is not None
        for text in ([element.value] if element.VM == 1 else element.value)
    ]
    assert len(texts) > 800
    assert max(len(text.original_string) for text in texts) <= 16


VARIANTS: dict[str, Any] = {
    "plan": {"dvhs": (dvh(),), "structure_set_uid": "1.2.8", "comment": "c"},
    "relative": {"units": DoseUnits.RELATIVE},
    "beam": {
        "summation": DoseSummation.BEAM,
        "fraction_group": 1,
        "beam_numbers": (1, 2),
    },
    "fraction": {"summation": DoseSummation.FRACTION, "fraction_group": 1},
    "fraction session": {
        "summation": DoseSummation.FRACTION_SESSION,
        "fraction_group": 1,
    },
    "plans": {
        "summation": DoseSummation.MULTI_PLAN,
        "other_plan_uids": ("1.2.5",),
    },
    "difference": {"dose_type": DoseType.ERROR},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_an_independent_validator_finds_nothing_wrong(
    name: str, tmp_path: Path
) -> None:
    # dciodvfy knows the sign of a difference (PS3.3, C.8.8.3.4.6) with 32 bits only.
    for bits in (32,) if name == "difference" else (16, 32):
        file = tmp_path / f"{bits}.dcm"
        write_dose(make_dose(**VARIANTS[name]), file, bits=bits)
        assert dciodvfy_errors(file) == []
        assert "RTDoseStorage" in dcmdump(file)


def test_a_single_plane_is_valid_too(tmp_path: Path) -> None:
    dose = make_dose(dataclasses.replace(GRID, shape=(1, 5, 6)))
    assert dciodvfy_errors(write_dose(dose, tmp_path / "dose.dcm")) == []


@pytest.mark.parametrize("offsets", ["relative", "absolute"])
@pytest.mark.parametrize("bits", [16, 32])
def test_itk_reads_the_same_dose_in_the_same_place(
    bits: int, offsets: Any, tmp_path: Path
) -> None:
    dose = make_dose()
    file = write_dose(dose, tmp_path / "dose.dcm", bits=bits, offsets=offsets)
    image = SimpleITK.ReadImage(str(file))
    scaling = float(dcmread(file).DoseGridScaling)
    stored = SimpleITK.GetArrayFromImage(image).astype(np.float64)  # not scaled by ITK
    allowed = scaling / 2 + 4e-6  # float32 at 60 Gy
    np.testing.assert_allclose(stored * scaling, dose.array, rtol=0, atol=allowed)
    np.testing.assert_allclose(image.GetSpacing(), (2.5, 2.0, 3.0), atol=1e-4)
    for index in np.ndindex(dose.grid.shape):
        k, j, i = map(int, index)
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        wanted = dose.grid.to_patient(np.array(index))
        np.testing.assert_allclose(place, wanted, atol=1e-4)


@pytest.mark.parametrize("bits", [16, 32])
def test_plastimatch_reads_the_same_dose_in_the_same_place(
    bits: int, tmp_path: Path
) -> None:
    dose = make_dose()
    file = write_dose(dose, tmp_path / "dose.dcm", bits=bits)
    out = tmp_path / "dose.nrrd"
    command = [
        program("plastimatch"),
        "convert",
        "--input-dose-img",
        str(file),
        "--output-dose-img",
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True)
    values, header = nrrd.read(str(out), index_order="C")
    scaling = float(dcmread(file).DoseGridScaling)
    np.testing.assert_allclose(values, dose.array, rtol=0, atol=scaling / 2 + 4e-6)
    np.testing.assert_allclose(header["space origin"], dose.grid.origin, atol=1e-4)
    steps = np.abs(np.asarray(header["space directions"]).sum(axis=1))
    np.testing.assert_allclose(steps, (2.5, 2.0, 3.0), atol=1e-4)


@pytest.mark.parametrize("bits", [16, 32])
def test_a_real_plan_comes_back(bits: int, real_data: Path, tmp_path: Path) -> None:
    dose = read_dose(real_data / "dicom_rt/breast_plan/rtdose.dcm")
    file = write_dose(dose, tmp_path / "dose.dcm", bits=bits)
    back = read_dose(file)
    allowed = float(dose.array.max()) * (2.0**-bits + 2.0**-24)
    assert np.abs(back.array - dose.array).max() <= allowed
    assert back.grid == dose.grid
    assert back.notes == ()  # the stated doses are in Gy now
    for one, other in zip(back.dvhs, dose.dvhs, strict=True):
        assert one.maximum == pytest.approx(other.maximum)
        np.testing.assert_allclose(one.volume, other.volume, rtol=1e-8)
    if bits == 32:
        assert dciodvfy_errors(file) == []
