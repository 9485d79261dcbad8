from __future__ import annotations

import pytest
from pydicom import Dataset

from kerma.io.deidentify.identifiers import Identifiers, collect, folded
from kerma.io.deidentify.profile import Profile, choose_options


def known(*options: str, **elements: str) -> Identifiers:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return collect(data, Profile(choose_options(options)))


@pytest.mark.parametrize(
    "text", ["smith", "PTV_Smith", "ptvSMITH2", "Blacksmith", "the smith's", "J. Śmith"]
)
def test_a_name_is_found_whatever_its_case_and_surroundings(text: str) -> None:
    assert known(PatientName="Smith^Jo").found_in(text)


@pytest.mark.parametrize("text", ["PTV", "smit h", "Smyth", ""])
def test_other_words_are_not(text: str) -> None:
    assert not known(PatientName="Smith^Jo").found_in(text)


def test_a_short_name_is_found_as_a_word_only() -> None:
    """Lee is part of sleeve."""
    lee = known(PatientName="Lee^A")
    assert lee.found_in("PTV Lee")
    assert lee.found_in("PTVLee_1")
    assert not lee.found_in("sleeve")


def test_umlauts_are_found_in_each_spelling() -> None:
    assert set(folded("Müller")) == {"muller", "mueller"}
    for name in ("Müller", "Mueller"):
        for text in ("Mueller", "MÜLLER", "müller"):
            assert known(PatientName=name).found_in(text)


def test_a_number_is_found_without_its_punctuation() -> None:
    number = known(PatientID="AB-12.345/6")
    assert number.found_in("ab123456")
    assert number.found_in("no 12 345 6")
    assert not number.found_in("12 Gy, 3 fields")


def test_a_short_number_is_found_as_a_word_only() -> None:
    short = known(PatientID="117")
    assert short.found_in("case 117")
    assert not short.found_in("1170 MU")
    assert not known(PatientID="1").found_in("ROI 1")


@pytest.mark.parametrize(
    "text", ["born 31.12.1951", "1951-12-31", "12/31/1951", "19511231", "id 311251"]
)
def test_a_birth_date_is_found_in_each_order(text: str) -> None:
    assert known(PatientBirthDate="19511231").found_in(text)


def test_a_name_with_digits_is_a_number_too() -> None:
    assert known(PatientName="CQ500-CT-310").found_in("from cq500 ct 310")


def test_what_an_option_keeps_is_no_secret() -> None:
    assert known(InstitutionName="Saint Elsewhere").found_in("Saint Elsewhere")
    kept = known("institution", InstitutionName="Saint Elsewhere")
    assert not kept.found_in("Saint Elsewhere")
