from __future__ import annotations

import csv
import dataclasses
import io

import pytest

from kerma.core.volume import CT
from kerma.reports.tables import calibration_csv, csv_of
from kerma.workflows.ct_calibration.result import Calibration

SEED_COLUMNS = [
    "SeriesDescription",
    "ProtocolName",
    "KVP",
    "Manufacturer",
    "ManufacturerModelName",
    "StationName",
    "StudyDate",
    "StudyTime",
    "SliceThickness",
    "ReconstructionKernel",
    "PixelSpacing",
    "selected_slice_index",
    "phantom",
    "dicom_path",
    "insert",
    "red",
    "hu_mean",
    "hu_std",
    "center_x",
    "center_y",
    "roi_radius_px",
    "detected_radius_px",
    "assignment_cost",
]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_columns_of_the_first_scripts_come_first_and_in_their_order(
    calibration: Calibration, ct: CT
) -> None:
    header = calibration_csv(calibration, ct).split("\n", 1)[0].split(",")
    assert header[: len(SEED_COLUMNS)] == SEED_COLUMNS
    assert len(set(header)) == len(header)


def test_the_numbers_read_back_are_those_of_the_result(
    calibration: Calibration, ct: CT
) -> None:
    rows = rows_of(calibration_csv(calibration, ct))
    assert len(rows) == len(calibration.readings)
    for row, reading in zip(rows, calibration.readings, strict=True):
        assert row["insert_name"] == reading.name
        assert float(row["hu_mean"]) == reading.mean_hu
        assert float(row["red"]) == reading.red
        assert float(row["center_x"]) == reading.center_column
        assert float(row["hu_expanded_uncertainty"]) == reading.uncertainty.expanded_hu
        assert float(row["assignment_cost"]) == abs(reading.residual_hu)


def test_a_region_of_4_45_mm_is_2_225_pixels_of_2_mm(
    calibration: Calibration, ct: CT
) -> None:
    row = rows_of(calibration_csv(calibration, ct))[0]
    assert float(row["roi_radius_px"]) == pytest.approx(2.225)
    assert row["PixelSpacing"] == "2.0\\2.0"
    assert row["selected_slice_index"] == "35"
    assert (row["phantom"], row["seed_phantom"]) == ("catphan504", "catphan_ctp404")


def test_an_insert_has_the_name_of_the_first_scripts_and_its_own(
    calibration: Calibration, ct: CT
) -> None:
    row = rows_of(calibration_csv(calibration, ct))[7]
    assert (row["insert"], row["insert_name"], row["material"]) == (
        "foam",
        "pmp",
        "pmp",
    )


def test_an_insert_unknown_to_the_first_scripts_goes_by_its_material(
    calibration: Calibration, ct: CT
) -> None:
    new = dataclasses.replace(calibration.readings[0], seed_name="", material="bone20")
    changed = dataclasses.replace(calibration, readings=(new,))
    assert rows_of(calibration_csv(changed, ct))[0]["insert"] == "bone20"


def test_what_is_missing_is_an_empty_field(calibration: Calibration, ct: CT) -> None:
    silent = dataclasses.replace(
        calibration,
        serial_number=None,
        acquisition=type(calibration.acquisition)(),
        readings=(dataclasses.replace(calibration.readings[0], red=None),),
    )
    row = rows_of(calibration_csv(silent, ct))[0]
    for name in ("KVP", "StationName", "phantom_serial_number", "red", "dicom_path"):
        assert row[name] == ""
    assert "nan" not in calibration_csv(silent, ct).lower()


def test_a_path_is_written_only_where_the_user_gives_it(
    calibration: Calibration, ct: CT
) -> None:
    row = rows_of(calibration_csv(calibration, ct, dicom_path="qa/2024-03"))[0]
    assert row["dicom_path"] == "qa/2024-03"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert rows_of(csv_of([{"station": text}]))[0]["station"] == f"'{text}"


def test_a_negative_number_stays_a_number() -> None:
    assert csv_of([{"hu": -990.2, "n": 3}]) == "hu,n\n-990.2,3\n"


def test_a_number_that_is_none_is_not_written_as_a_word() -> None:
    assert csv_of([{"a": float("nan"), "b": float("inf"), "c": 1}]) == "a,b,c\n,,1\n"


def test_commas_quotes_and_letters_of_any_script_survive() -> None:
    text = 'Gerät "3", 東京'
    assert rows_of(csv_of([{"station": text}]))[0]["station"] == text
