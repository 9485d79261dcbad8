"""Histograms stored with a dose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from kerma.core.dose import Dose
from kerma.io.rtdose.reader import read_dose
from tests.io.rtdose.dose_objects import dose_object, item, save


def histogram(
    number: int = 1,
    *,
    width: float = 0.1,
    maximum: float = 40.0,
    stated: float | None = 1.0,
    **elements: Any,
) -> Dataset:
    """Of a structure whose dose is spread evenly from 0 to a maximum.

    The volume above D is 50 (1 - D / maximum) cm3, the mean half of the maximum.
    `stated` is what 1 Gy is called in the stated doses.
    """
    edges = np.arange(0, maximum + width, width)
    volume = np.clip(50 * (1 - edges / maximum), 0, None)
    pairs = np.stack([np.full_like(volume, width), volume], axis=1).round(6)
    values: dict[str, Any] = {
        "DVHType": "CUMULATIVE",
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DVHDoseScaling": "1",
        "DVHVolumeUnits": "CM3",
        "DVHNumberOfBins": volume.size,
        "DVHData": pairs.ravel().tolist(),
        "DVHReferencedROISequence": [
            item(ReferencedROINumber=number, DVHROIContributionType="INCLUDED")
        ],
    }
    if stated is not None:
        values["DVHMinimumDose"] = 0.0
        values["DVHMeanDose"] = round(maximum / 2 * stated, 6)
        values["DVHMaximumDose"] = round(maximum * stated, 6)
    values |= elements
    return item(**{k: v for k, v in values.items() if v is not None})


def read(folder: Path, *dvhs: Dataset, **elements: Any) -> Dose:
    return read_dose(save(dose_object(DVHSequence=list(dvhs), **elements), folder))


def test_a_histogram_is_read_as_pairs_of_width_and_volume(tmp_path: Path) -> None:
    data = [0.5, 30, 0.5, 20, 1.0, 10]
    dvh = histogram(DVHNumberOfBins=3, DVHData=data, DVHMaximumDose=1.9)
    (one,) = read(tmp_path, dvh).dvhs
    assert one.structure_numbers == (1,)
    assert one.cumulative
    assert one.volume_units == "CM3"
    np.testing.assert_array_equal(one.dose, [0, 0.5, 1, 2])
    np.testing.assert_array_equal(one.volume, [30, 20, 10])
    assert (one.minimum, one.mean, one.maximum) == (0, 20, 1.9)


def test_the_scaling_is_for_the_widths_alone(tmp_path: Path) -> None:
    dvh = histogram(width=10.0, maximum=4000.0, stated=0.01, DVHDoseScaling="0.01")
    dose = read(tmp_path, dvh)
    assert dose.dvhs[0].dose[1] == pytest.approx(0.1)
    assert dose.dvhs[0].volume[0] == 50
    assert dose.dvhs[0].maximum == 40
    assert dose.notes == ()


def test_a_histogram_of_several_structures_names_all(tmp_path: Path) -> None:
    numbers = [item(ReferencedROINumber=n) for n in (3, 1)]
    dose = read(tmp_path, histogram(DVHReferencedROISequence=numbers))
    assert dose.dvhs[0].structure_numbers == (3, 1)


@pytest.mark.parametrize("stated", [None, 1.0, 1.03])
def test_stated_doses_that_fit_are_left_as_they_are(
    stated: float | None, tmp_path: Path
) -> None:
    dose = read(tmp_path, histogram(stated=stated))
    assert dose.dvhs[0].maximum == (None if stated is None else 40 * stated)
    assert dose.notes == ()


@pytest.mark.parametrize("prescription", [14.0, 50.4, 60.0, 66.25])
def test_percentages_are_known_by_the_histograms_and_converted(
    prescription: float, tmp_path: Path
) -> None:
    maxima = (0.31, 12.37, 39.9, prescription * 1.05)
    dvhs = [
        histogram(n, width=0.02, maximum=maximum, stated=100 / prescription)
        for n, maximum in enumerate(maxima)
    ]
    dose = read(tmp_path, *dvhs)
    for dvh, maximum in zip(dose.dvhs, maxima, strict=True):
        assert dvh.maximum == pytest.approx(maximum, abs=1e-5)
        assert dvh.mean == pytest.approx(maximum / 2, abs=1e-5)
    (note,) = dose.notes
    assert f"in percent of {prescription:g} GY, not in Dose Units" in note


def test_stated_doses_that_fit_no_prescription_are_left_out(tmp_path: Path) -> None:
    dose = read(
        tmp_path,
        histogram(1, stated=7.0),
        histogram(2, maximum=30.0, stated=5.0),
        histogram(3),
    )
    assert [dvh.maximum for dvh in dose.dvhs] == [None, None, 40]
    assert [dvh.mean for dvh in dose.dvhs] == [None, None, 20]
    (note,) = dose.notes
    assert "2 stored histogram(s), of structures 1, 2, contradict" in note


def test_a_prescription_that_coarse_bins_leave_open_is_not_guessed(
    tmp_path: Path,
) -> None:
    dose = read(tmp_path, histogram(width=2.0, stated=100 / 50.4))
    assert dose.dvhs[0].maximum is None
    assert "contradict the histogram" in dose.notes[0]


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"DVHData": [0.1, 1, 0.1]}, "has 3 values, but DVH Number of Bins"),
        ({"DVHNumberOfBins": 7}, r"\(3004,0056\) is 7"),
        ({"DVHData": None}, r"DVH Data \(3004,0058\) is missing"),
        ({"DVHNumberOfBins": 1, "DVHData": [0, 5]}, "has a bin 0 wide"),
        ({"DVHDoseScaling": "-1"}, "has a bin -0.1 wide"),
        ({"DVHType": "NATURAL"}, "is none of CUMULATIVE, DIFFERENTIAL"),
        ({"DVHVolumeUnits": "ML"}, "is none of CM3, PERCENT, PER_U"),
        ({"DoseUnits": "RELATIVE"}, r"\(3004,0002\) is not that of the dose"),
        ({"DoseType": "EFFECTIVE"}, r"\(3004,0004\) is not that of the dose"),
        ({"DVHReferencedROISequence": None}, r"\(3004,0060\) is missing"),
        (
            {
                "DVHReferencedROISequence": [
                    item(ReferencedROINumber=1, DVHROIContributionType="EXCLUDED")
                ]
            },
            "is EXCLUDED, which is not kept",
        ),
    ],
)
def test_a_histogram_that_cannot_be_used_is_left_out_with_a_note(
    elements: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    dose = read(tmp_path, histogram(1, **elements), histogram(2))
    assert [dvh.structure_numbers for dvh in dose.dvhs] == [(2,)]
    (note,) = dose.notes
    assert note.startswith("A stored histogram was left out: dose.dcm: DVH Sequence")
    assert re.search(sentence, note)


def test_a_histogram_of_nothing_is_kept(tmp_path: Path) -> None:
    dvh = histogram(DVHNumberOfBins=2, DVHData=[0.1, 0, 0.1, 0], DVHMaximumDose=0)
    dose = read(tmp_path, dvh)
    assert dose.dvhs[0].maximum == 0
    assert dose.notes == ()


def test_a_sequence_that_is_none_leaves_the_dose_alone(tmp_path: Path) -> None:
    dose = read_dose(save(dose_object(DVHSequence=("LO", "junk")), tmp_path))
    assert dose.dvhs == ()
    assert dose.notes[0].startswith("No stored histogram could be read: dose.dcm")


def test_histograms_of_a_dose_in_centigray_become_gray(tmp_path: Path) -> None:
    dvh = histogram(width=10.0, maximum=4000.0, DoseUnits="CGY")
    (one,) = read(tmp_path, dvh, DoseUnits="CGY").dvhs
    assert one.dose[1] == pytest.approx(0.1)
    assert (one.mean, one.maximum) == pytest.approx((20, 40))


def test_a_real_plan_states_percent_of_14_gy(real_data: Path) -> None:
    """The maximum of the body is then that of the grid, to 10 micrograys."""
    file = real_data / "dicom_rt/breast_plan/rtdose.dcm"
    dose, data = read_dose(file), dcmread(file)
    (note,) = dose.notes
    assert "in percent of 14 GY" in note
    stated = [float(one.DVHMaximumDose) for one in data.DVHSequence]
    assert stated[0] == pytest.approx(104.8627, abs=1e-4)
    maxima = [dvh.maximum for dvh in dose.dvhs]
    assert maxima == pytest.approx([0.14 * one for one in stated])
    assert maxima[0] == pytest.approx(float(dose.array.max()), abs=2e-5)
    for dvh in dose.dvhs:
        assert dvh.maximum is not None
        assert abs(dvh.maximum - dvh.dose[-1]) < 0.025
