from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from kerma.errors import InputError
from kerma.io.deidentify.profile import (
    Action,
    Option,
    Profile,
    choose_options,
    without_terms,
)
from kerma.io.deidentify.stand_ins import dummy, looks_personal, shifted

TABLE = tomllib.loads(
    (resources.files("kerma.io") / "data" / "confidentiality.toml").read_text("utf-8")
)
ROWS = {int(tag, 16): codes for tag, codes in TABLE["elements"].items()}
BASIC = Profile(frozenset())


def action(keyword: str, *options: str) -> Action:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return Profile(choose_options(options)).action(tag, dictionary_VR(tag))


def vr_of(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:  # newer than the dictionary
        return ""


def test_the_table_is_whole() -> None:
    """Table E.1-1 of 2026c has 655 rows without private attributes; three are groups."""
    assert len(ROWS) == 652
    codes = {codes["basic"] for codes in ROWS.values()}
    assert codes == {"X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"}
    columns = {column for codes in ROWS.values() for column in codes} - {"basic"}
    assert {code for codes in ROWS.values() for code in codes.values()} - {"K", "C"}
    assert columns == {
        "dates", "descriptors", "device", "graphics", "institution", "patient",
        "structured", "uids",
    }  # fmt: skip


def test_the_actions_fit_the_value_representations() -> None:
    for tag, codes in ROWS.items():
        if codes["basic"] == "U":
            assert vr_of(tag) == "UI", hex(tag)
        if codes["basic"] == "X/Z/U*":
            assert vr_of(tag) == "SQ", hex(tag)
        if "uids" in codes:
            assert vr_of(tag) in ("UI", "SQ"), hex(tag)
        if "dates" in codes:
            assert vr_of(tag) in ("DA", "DT", "TM", "OB", "SH"), hex(tag)


def test_no_date_of_the_table_escapes_the_options_of_dates() -> None:
    """But those of the patient's birth, and of a place, which no option keeps."""
    without = [
        tag
        for tag, codes in ROWS.items()
        if vr_of(tag) in ("DA", "DT", "TM") and "dates" not in codes
    ]
    assert without == [0x00100030, 0x00100032, 0x00160077]


@pytest.mark.parametrize(
    ("keyword", "options", "expected"),
    [
        ("PatientName", (), Action.EMPTY),
        ("PatientBirthDate", ("full-dates",), Action.EMPTY),
        ("StudyDate", (), Action.EMPTY),
        ("StudyDate", ("full-dates",), Action.KEEP),
        ("StudyDate", ("113107",), Action.SHIFT),
        ("SeriesDate", (), Action.DUMMY),
        ("DateOfLastCalibration", ("device",), Action.KEEP),
        ("DateOfLastCalibration", ("device", "modified-dates"), Action.SHIFT),
        ("TimezoneOffsetFromUTC", ("modified-dates",), Action.REMOVE),
        ("ROIName", (), Action.EMPTY),
        ("ROIName", ("clean-descriptors",), Action.CLEAN),
        ("PatientComments", ("clean-descriptors",), Action.REMOVE),  # free text
        ("PatientSex", ("patient-characteristics",), Action.KEEP),
        ("StationName", ("device",), Action.KEEP),
        ("StationAETitle", ("device",), Action.CLEAN),
        ("InstitutionName", ("institution",), Action.KEEP),
        ("SOPInstanceUID", (), Action.UID),
        ("SOPInstanceUID", ("uids",), Action.KEEP),
        ("ReferencedImageSequence", (), Action.UID),
        ("KVP", (), Action.KEEP),
        ("BeamName", (), Action.KEEP),
        ("DirectoryRecordSequence", (), Action.REMOVE),
        ("NumericValue", (), Action.KEEP),
        ("ScheduledPatientInstitutionResidence", (), Action.REMOVE),
    ],
)
def test_an_element_is_treated_as_the_table_says(
    keyword: str, options: tuple[str, ...], expected: Action
) -> None:
    assert action(keyword, *options) is expected


def test_what_the_table_does_not_name_goes_if_it_says_who_or_when() -> None:
    tag = tag_for_keyword("BeamName")
    assert tag is not None
    assert tag not in ROWS
    assert BASIC.action(tag, "PN") is Action.EMPTY
    assert BASIC.action(tag, "DT") is Action.EMPTY
    assert BASIC.action(tag, "UI") is Action.UID
    assert BASIC.action(tag, "LO") is Action.KEEP


@pytest.mark.parametrize(
    "tag", [0x00091001, 0x60003000, 0x50000005, 0x00080000, 0x00087FFE, 0x00001000]
)
def test_groups_and_unknown_elements_are_removed(tag: int) -> None:
    assert BASIC.action(tag, "LO") is Action.REMOVE


def test_options_go_by_name_or_code() -> None:
    both = frozenset({Option.DEVICE, Option.UIDS})
    assert choose_options(["device", "113110"]) == both
    assert choose_options([Option.DEVICE, Option.UIDS]) == both


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["full-dates", "113107"], "not both"),
        (["dates"], "There is no option 'dates'; there are clean-descriptors"),
        (["113101"], "113101 is not offered: the pixels are left"),
        (["113111"], "private elements are all removed"),
    ],
)
def test_options_that_cannot_be_had_are_refused(
    options: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        choose_options(options)


def test_words_of_the_standard_are_left_out_of_coded_text() -> None:
    assert without_terms("ORIGINAL\\PRIMARY\\AXIAL") == ""
    assert without_terms("HEAD_SMITH") == "SMITH"


@pytest.mark.parametrize(
    ("text", "vr", "days", "expected"),
    [
        ("20240105", "DA", -7, "20231229"),
        ("20240105\\20240301", "DA", 1, "20240106\\20240302"),
        ("2024.01.05", "DA", -7, "20231229"),
        ("20240105101112.5+0100", "DT", -7, "20231229101112.5"),
        ("101112", "TM", -7, "101112"),
        ("2024", "DT", -7, ""),
        ("20241332", "DA", -7, ""),
        ("00010101", "DA", -7, ""),
        ("", "DA", -7, ""),
    ],
)
def test_dates_are_shifted_by_whole_days(
    text: str, vr: str, days: int, expected: str
) -> None:
    assert shifted(text, vr, days) == expected


@pytest.mark.parametrize(
    "text", ["scan of 3.4.2024", "tel 555123", "a@b.org", "Dr House", "1.2.3.4.5.6.7"]
)
def test_some_text_looks_personal(text: str) -> None:
    assert looks_personal(text)


@pytest.mark.parametrize("text", ["PTV_60Gy", "Lung L", "IMRT 7F", "Thorax 1.5 B31f"])
def test_most_descriptions_do_not(text: str) -> None:
    assert not looks_personal(text)


def test_a_dummy_fits_its_value_representation() -> None:
    assert dummy("DA", 8) == "19000101"
    assert dummy("OB", 6) == bytes(6)
    assert dummy("US", 2) == 0
    assert dummy("LO", 9) == "REMOVED"
