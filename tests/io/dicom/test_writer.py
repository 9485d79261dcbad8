"""What every written object shares."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from kerma.core.study import Study
from kerma.core.uids import is_uid
from kerma.errors import InputError
from kerma.io.dicom.writer import (
    decimal,
    file_bytes,
    identify,
    set_text,
    start_object,
)

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def test_uids_that_there_are_stay() -> None:
    study = Study(study_instance_uid="1.2.3")
    kept = identify(study, series="1.4", instances=["1.5"], frame_of_reference="1.6")
    assert kept.study == study
    assert (kept.series, kept.instance, kept.frame_of_reference) == (
        "1.4",
        "1.5",
        "1.6",
    )


def test_a_seed_makes_the_same_new_uids_but_keeps_study_and_frame() -> None:
    study = Study(study_instance_uid="1.2.3")
    first, second = (
        identify(
            study,
            series="1.4",
            instances=["1.5"],
            frame_of_reference="1.6",
            uid_seed="again",
        )
        for _ in range(2)
    )
    assert first == second
    assert first.series != "1.4"
    assert first.instance != "1.5"
    assert (first.study.study_instance_uid, first.frame_of_reference) == (
        "1.2.3",
        "1.6",
    )


def test_what_is_missing_is_made_and_differs_each_time() -> None:
    first, second = identify(Study()), identify(Study())
    made = {
        first.series,
        first.instance,
        first.frame_of_reference,
        first.study.study_instance_uid,
        second.series,
    }
    assert len(made) == 5
    assert all(map(is_uid, made))


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_decimal_fits_and_keeps_ten_digits(number: float) -> None:
    text = str(decimal(number))
    assert len(text) <= 16
    assert float(text) == pytest.approx(number, rel=1e-9, abs=1e-9)
    assert not text.startswith("-0 ")


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("StudyDate", "2024-01-01"),
        ("Modality", "rt plan"),
        ("StudyID", "x" * 17),
        ("PatientID", "a\\b"),
    ],
)
def test_text_that_does_not_fit_is_refused_unquoted(keyword: str, text: str) -> None:
    with pytest.raises(InputError, match=f"{keyword} cannot be written") as error:
        set_text(Dataset(), keyword, text)
    assert text not in str(error.value)


@pytest.mark.parametrize("explicit", [True, False])
def test_an_object_says_whose_it_is(*, explicit: bool) -> None:
    whose = Study(patient_name="Müller^A", patient_id="7", sex="F", description="Head")
    data = start_object(RT_DOSE, "RTDOSE", identify(whose, uid_seed="a"))
    read = dcmread(io.BytesIO(file_bytes(data, explicit=explicit)))
    assert str(read.PatientName) == "Müller^A"
    assert (read.PatientID, read.PatientSex) == ("7", "F")
    assert read.StudyDescription == "Head"
    assert read.file_meta.MediaStorageSOPClassUID == RT_DOSE
    assert read.original_encoding[0] is not explicit
