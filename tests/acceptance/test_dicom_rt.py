"""What the DICOM-RT core promises, on real objects and on sets in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.errors import DicomError
from kerma.imaging import resample
from kerma.io import (
    index,
    read_ct,
    read_dose,
    read_plan,
    read_segmentation,
    read_structures,
    write_ct,
    write_dose,
    write_structures,
)
from kerma.simulation.dose_field import LinearDose
from kerma.simulation.positions import PATIENT_POSITIONS
from kerma.simulation.rt_set import Layout, simulate_rt_set

RAMP = LinearDose(40.0, (0.11, 0.07, 0.13))
COMPRESSIONS = [
    "1.2.840.10008.1.2.5",  # RLE lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2",  # implicit VR
]


def voxel_centers(grid: Grid) -> FloatArray:
    index = np.moveaxis(np.indices(grid.shape, dtype=np.float64), 0, -1)
    return grid.to_patient(index)


@pytest.mark.parametrize("tilt", [0.0, 15.0])
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_every_patient_position_gives_the_same_value_at_the_same_point(
    position: str, tilt: float, tmp_path: Path
) -> None:
    """The dose is a ramp, so that it is known at every voxel of the CT it is put on."""
    layout = Layout(position, tilt, matrix=24, slices=12, pixel_mm=15, slice_mm=9)
    made = simulate_rt_set(layout, dose=RAMP)
    files = write_ct(made.ct, tmp_path / "ct")
    for number, file in enumerate(reversed(files)):  # names against the order
        file.rename(file.with_name(f"{number:03d}.bin"))
    plan = replace(made.dose, plan_uid="1.2.3")
    write_dose(plan, tmp_path / "rd.dcm")
    write_structures(made.structures, tmp_path / "rs.dcm", ct=made.ct)

    ct, dose = read_ct(tmp_path), read_dose(tmp_path)
    structures = read_structures(tmp_path)

    assert ct.grid.is_same_as(made.ct.grid, tolerance_mm=1e-4)
    np.testing.assert_array_equal(ct.hu, made.ct.hu)
    on_ct = resample(dose, ct.grid, outside=np.nan)
    covered = np.isfinite(on_ct.array)
    assert covered.mean() > 0.4
    expected = RAMP(voxel_centers(ct.grid))
    np.testing.assert_allclose(on_ct.array[covered], expected[covered], atol=2e-5)
    for drawn, back in zip(made.structures, structures, strict=True):
        for one, other in zip(drawn.contours, back.contours, strict=True):
            np.testing.assert_allclose(other.points, one.points, atol=1e-4)


@pytest.mark.parametrize("syntax", COMPRESSIONS)
def test_compressed_files_hold_the_same_values(syntax: str, tmp_path: Path) -> None:
    made = simulate_rt_set(Layout(matrix=24, slices=6, pixel_mm=15), dose=RAMP)
    write_ct(made.ct, tmp_path / "ct")
    write_dose(replace(made.dose, plan_uid="1.2.3"), tmp_path / "rd.dcm", bits=16)
    plain = read_dose(tmp_path)
    for file in tmp_path.rglob("*.dcm"):
        data = dcmread(file)
        if syntax.endswith((".5", ".80")):
            data.compress(syntax, generate_instance_uid=False)
        else:
            data.file_meta.TransferSyntaxUID = syntax  # type: ignore[assignment]  # text will do
        data.save_as(
            file, implicit_vr=syntax == "1.2.840.10008.1.2", little_endian=True
        )
    np.testing.assert_array_equal(read_ct(tmp_path).hu, made.ct.hu)
    np.testing.assert_array_equal(read_dose(tmp_path).array, plain.array)


def test_a_tilted_series_lies_where_its_headers_put_it(real_data: Path) -> None:
    """SimpleITK stacks it upright with even gaps and is 48.8 mm off at the far end."""
    folder = real_data / "dicom_rt" / "tilted_ct_ge"
    ct = read_ct(folder)
    headers = {
        str(data.SOPInstanceUID): np.array(data.ImagePositionPatient, dtype=float)
        for data in map(dcmread, folder.glob("*.dcm"))
    }
    ours = [ct.grid.to_patient(np.array([k, 0.0, 0.0])) for k in range(28)]
    placed = [headers[uid] for uid in ct.sop_instance_uids]
    assert np.abs(np.array(ours) - placed).max() < 1e-3

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    theirs = [
        np.array(image.TransformIndexToPhysicalPoint((0, 0, k)))
        for k in range(image.GetSize()[2])
    ]
    off = np.linalg.norm(np.array(theirs) - placed, axis=1).max()
    assert off == pytest.approx(48.8, abs=0.1)


def test_the_breast_plan_is_read_as_a_whole(real_data: Path) -> None:
    folder = real_data / "dicom_rt" / "breast_plan"
    (one,) = index(folder).plan_sets()
    assert one.is_complete
    dose, structures, plan = (
        read_dose(folder),
        read_structures(folder),
        read_plan(folder),
    )
    assert dose.grid.shape == (98, 129, 194)
    assert len(structures) == 10
    assert [s.name for s in structures if s.is_empty] == ["Areola"]
    assert len(plan.beams) == 4
    assert plan.structure_set_uid == structures.sop_instance_uid
    assert dose.plan_uid == plan.sop_instance_uid
    # Stated in percent of 14 Gy, though the units say Gy.
    assert any("percent" in note.lower() for note in dose.notes)
    assert len(dose.dvhs) == 9
    largest = max(dvh.maximum or 0.0 for dvh in dose.dvhs)
    assert largest == pytest.approx(float(dose.gy.max()), rel=1e-4)


READERS: dict[str, Callable[[Path], object]] = {
    "CT": read_ct,
    "RTDOSE": read_dose,
    "RTPLAN": read_plan,
    "RTSTRUCT": read_structures,
    "SEG": read_segmentation,
}
NOT_READ = {
    "eCT_Supplemental.dcm": "are in 'ml/100ml/s', not in HU",  # a map of perfusion
    "liver_1frame.dcm": "is 1, but 3 frames",  # but it describes three
}


def test_every_real_object_of_a_known_kind_is_read(real_data: Path) -> None:
    found = index(real_data / "dicom_rt")
    read = dict.fromkeys(READERS, 0)
    for instance in found.instances:
        (file,) = found.files(instance)
        if file.name in NOT_READ:
            with pytest.raises(DicomError, match=NOT_READ[file.name]):
                READERS[instance.kind](file)
        elif instance.kind in READERS:
            READERS[instance.kind](file)
            read[instance.kind] += 1
    assert read == {"CT": 41, "RTDOSE": 5, "RTPLAN": 3, "RTSTRUCT": 5, "SEG": 5}
