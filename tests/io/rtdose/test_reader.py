"""Reading doses: what they are of, and real files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from kerma.core.dose import DoseSummation, DoseType, DoseUnits
from kerma.errors import DicomError, InputError
from kerma.io.rtdose.reader import read_dose, read_doses
from tests.io.rtdose.dose_objects import dose_object, item, save

BEAM_OF_PLAN = item(
    ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.5",
    ReferencedSOPInstanceUID="1.2.7",
    ReferencedFractionGroupSequence=[
        item(
            ReferencedFractionGroupNumber=2,
            ReferencedBeamSequence=[
                item(ReferencedBeamNumber=4),
                item(ReferencedBeamNumber=6),
            ],
        )
    ],
)


def test_a_dose_says_what_it_is_of(tmp_path: Path) -> None:
    data = dose_object(
        DoseType="EFFECTIVE",
        DoseSummationType="BEAM",
        ReferencedRTPlanSequence=[BEAM_OF_PLAN],
        ReferencedStructureSetSequence=[item(ReferencedSOPInstanceUID="1.2.8")],
        TissueHeterogeneityCorrection=["IMAGE", "ROI_OVERRIDE"],
        SeriesDescription="Doses",
        DoseComment="of two beams",
        PatientID="77",
    )
    dose = read_dose(save(data, tmp_path))
    assert dose.units is DoseUnits.GY
    assert dose.dose_type is DoseType.EFFECTIVE
    assert dose.summation is DoseSummation.BEAM
    assert (dose.plan_uid, dose.other_plan_uids) == ("1.2.7", ())
    assert (dose.fraction_group, dose.beam_numbers) == (2, (4, 6))
    assert dose.structure_set_uid == "1.2.8"
    assert dose.heterogeneity == ("IMAGE", "ROI_OVERRIDE")
    assert (dose.description, dose.comment) == ("Doses", "of two beams")
    assert (dose.sop_instance_uid, dose.series_instance_uid) == ("1.2.3.4.5", "1.2.3.4")
    assert dose.grid.frame_of_reference == "1.2.9"
    assert dose.study.patient_id == "77"
    assert dose.notes == ()


def test_a_sum_of_plans_names_all_of_them(tmp_path: Path) -> None:
    plans = [item(ReferencedSOPInstanceUID=uid) for uid in ("1.2.7", "1.2.5", "1.2.6")]
    data = dose_object(DoseSummationType="MULTI_PLAN", ReferencedRTPlanSequence=plans)
    dose = read_dose(save(data, tmp_path))
    assert (dose.plan_uid, dose.other_plan_uids) == ("1.2.7", ("1.2.5", "1.2.6"))


def test_beams_of_several_fraction_groups_are_left_out(tmp_path: Path) -> None:
    other = item(
        ReferencedSOPInstanceUID="1.2.9",
        ReferencedFractionGroupSequence=[item(ReferencedFractionGroupNumber=1)],
    )
    data = dose_object(ReferencedRTPlanSequence=[BEAM_OF_PLAN, other])
    dose = read_dose(save(data, tmp_path))
    assert (dose.fraction_group, dose.beam_numbers) == (None, ())
    assert dose.notes == ("Refers to 2 fraction groups; their beams were left out.",)


def test_centigray_becomes_gray_with_a_note(tmp_path: Path) -> None:
    dose = read_dose(save(dose_object(DoseUnits="CGY"), tmp_path))
    assert dose.units is DoseUnits.GY
    assert dose.array.max() == np.float32(0.059 * 0.01)
    assert "is CGY, which DICOM does not have; the dose was converted" in dose.notes[0]


def test_a_rescale_is_not_used(tmp_path: Path) -> None:
    data = dose_object(RescaleSlope="2", RescaleIntercept="7")
    dose = read_dose(save(data, tmp_path))
    assert dose.array.max() == np.float32(0.059)
    assert dose.notes[0].startswith("A rescale slope or intercept was not used")
    data = dose_object(RescaleSlope="1", RescaleIntercept="0")
    assert read_dose(save(data, tmp_path)).notes == ()


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"DoseUnits": None}, r"Dose Units \(3004,0002\) is missing"),
        ({"DoseUnits": "SV"}, r"\(3004,0002\) is none of GY, RELATIVE"),
        ({"DoseType": None}, r"Dose Type \(3004,0004\) is missing"),
        ({"DoseType": "OTHER"}, "is none of PHYSICAL, EFFECTIVE, ERROR"),
        ({"DoseSummationType": None}, r"\(3004,000A\) is missing"),
        ({"DoseSummationType": "ARC"}, "is none of PLAN, MULTI_PLAN"),
        (
            {
                "ReferencedRTPlanSequence": [
                    item(
                        ReferencedFractionGroupSequence=[
                            item(ReferencedBeamSequence=[item()])
                        ]
                    )
                ]
            },
            r"Referenced Beam Sequence .* item 1, Referenced Beam Number .* is missing",
        ),
    ],
)
def test_a_dose_of_unknown_meaning_is_refused(
    elements: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(DicomError, match=sentence):
        read_dose(save(dose_object(**elements), tmp_path))


def test_one_of_several_is_chosen_by_its_uid(tmp_path: Path) -> None:
    for n in (1, 2):
        save(dose_object(SOPInstanceUID=f"1.2.{n}"), tmp_path, f"{n}.dcm")
    (tmp_path / "plan.txt").write_text("no DICOM")
    with pytest.raises(InputError, match=r"holds 2 objects of kind RT Dose"):
        read_dose(tmp_path)
    assert read_dose(tmp_path, sop_instance_uid="1.2.2").sop_instance_uid == "1.2.2"
    both = read_doses(tmp_path)
    assert [dose.sop_instance_uid for dose in both] == ["1.2.1", "1.2.2"]


def test_a_folder_without_doses_is_an_error(tmp_path: Path) -> None:
    save(dose_object(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.5"), tmp_path)
    with pytest.raises(InputError, match="holds no RT Dose"):
        read_doses(tmp_path)
    with pytest.raises(InputError, match="holds no RT Dose"):
        read_dose(tmp_path)


def test_a_plan_of_a_real_breast_is_read_as_pydicom_reads_it(real_data: Path) -> None:
    file = real_data / "dicom_rt/breast_plan/rtdose.dcm"
    dose, data = read_dose(file), dcmread(file)
    wanted = (data.pixel_array * 1.4e-5).astype(np.float32)
    np.testing.assert_array_equal(dose.array, wanted)
    assert dose.grid.shape == (98, 129, 194)
    assert dose.grid.spacing == (3.0, 2.5, 2.5)
    assert dose.grid.origin == (-228.6541915, -419.2444776, -122.4407)
    assert dose.summation is DoseSummation.PLAN
    assert dose.structure_set_uid.startswith("1.2.246.352.71.4.320687012.3190.")
    assert len(dose.dvhs) == 9


def test_one_dose_is_the_same_in_every_transfer_syntax(real_data: Path) -> None:
    folder = real_data / "dicom_rt/pydicom_files"
    dose = read_dose(folder / "rtdose.dcm")
    assert (dose.units, dose.summation) == (DoseUnits.RELATIVE, DoseSummation.BEAM)
    assert dose.beam_numbers == (1,)
    assert dose.array.max() == pytest.approx(1.254)
    for name in ("rtdose_expb.dcm", "rtdose_rle.dcm"):
        other = read_dose(folder / name)
        np.testing.assert_array_equal(other.array, dose.array)
        assert other.grid == dose.grid
    first = read_dose(folder / "rtdose_1frame.dcm")
    np.testing.assert_array_equal(first.array, dose.array[:1])


def test_real_planar_doses_have_no_offsets(real_data: Path) -> None:
    for file in sorted((real_data / "gamma").glob("*.dcm")):
        dose, data = read_dose(file), dcmread(file)
        scaling = float(data.DoseGridScaling)
        wanted = (data.pixel_array * scaling).astype(np.float32)
        np.testing.assert_array_equal(dose.array[0], wanted)
        assert dose.grid.shape[0] == 1
