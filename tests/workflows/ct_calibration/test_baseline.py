from __future__ import annotations

from pathlib import Path

import pytest

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.reports import calibration_csv
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.baseline import read_baseline
from kerma.workflows.ct_calibration.comparison import (
    baseline_of,
    check_constancy,
    scope_of,
)
from kerma.workflows.ct_calibration.constancy import Scope
from kerma.workflows.ct_calibration.phantoms import load_tolerances
from kerma.workflows.ct_calibration.result import Calibration

# As the first HU-RED scripts wrote it: their columns, NaN where nothing was found.
SEED_TABLE = (
    "SeriesDescription,ProtocolName,KVP,Manufacturer,ManufacturerModelName,"
    "StationName,StudyDate,StudyTime,SliceThickness,ReconstructionKernel,PixelSpacing,"
    "selected_slice_index,phantom,dicom_path,insert,red,hu_mean,hu_std,center_x,"
    "center_y,roi_radius_px,detected_radius_px,assignment_cost\n"
    'QA,Head,120,Kerma,Virtual scanner,,20240101,,2.5,Gaussian,"[0.9, 0.9]",9,'
    "catphan_ctp404,/scans/one,air,0.0,-998.2,7.1,120.4,60.2,4.6,7.1,1.8\n"
    'QA,Head,120,Kerma,Virtual scanner,,20240101,,2.5,Gaussian,"[0.9, 0.9]",9,'
    "catphan_ctp404,/scans/one,foam,0.3,-195.0,6.9,88.0,72.5,4.6,7.1,605.0\n"
    'QA,Head,120,Kerma,Virtual scanner,,20240101,,2.5,Gaussian,"[0.9, 0.9]",9,'
    "catphan_ctp404,/scans/one,teflon,1.87,NaN,NaN,NaN,NaN,NaN,NaN,NaN\n"
)


def written(folder: Path, text: str, name: str = "then.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_our_json_is_a_baseline(tmp_path: Path, calibrated: Calibration) -> None:
    file = written(tmp_path, calibrated.to_json(), "then.json")
    assert read_baseline(file) == baseline_of(calibrated, "then.json")


def test_our_table_is_the_same_baseline(
    tmp_path: Path, calibrated: Calibration, catphan: SimulatedCT
) -> None:
    """Numbers, uncertainties and scope come back as from the JSON."""
    file = written(tmp_path, calibration_csv(calibrated, catphan.ct))
    found, expected = read_baseline(file), baseline_of(calibrated, "then.csv")
    assert found.mean_hu == expected.mean_hu
    assert found.uncertainty_hu == pytest.approx(expected.uncertainty_hu)
    assert found.scope == scope_of(calibrated)


def test_a_scan_has_not_changed_since_its_own_table(
    tmp_path: Path, calibrated: Calibration, catphan: SimulatedCT
) -> None:
    baseline = read_baseline(written(tmp_path, calibration_csv(calibrated, catphan.ct)))
    check = check_constancy(calibrated, baseline, load_tolerances("seed")).constancy
    assert check is not None
    assert [one.change_hu for one in check.deviations] == [0.0] * 8
    assert check.verdict is Verdict.PASS


def test_an_insert_that_was_doubtful_has_no_accepted_value(tmp_path: Path) -> None:
    table = "insert,hu_mean,identity\nair,-1000,confirmed\nteflon,340,swapped\n"
    baseline = read_baseline(written(tmp_path, table))
    assert baseline.mean_hu == {"air": -1000.0, "teflon": None}


def test_a_table_of_the_first_scripts_is_read(tmp_path: Path) -> None:
    """NaN means that nothing was found there."""
    baseline = read_baseline(written(tmp_path, SEED_TABLE))
    assert baseline.mean_hu == {"air": -998.2, "foam": -195.0, "teflon": None}
    assert baseline.uncertainty_hu == {}
    assert baseline.scope == Scope(
        manufacturer="Kerma",
        model="Virtual scanner",
        kv=120.0,
        kernel="Gaussian",
        phantom="catphan_ctp404",
    )


def test_a_table_of_the_first_scripts_is_compared(
    tmp_path: Path, calibrated: Calibration
) -> None:
    baseline = read_baseline(written(tmp_path, SEED_TABLE))
    check = check_constancy(calibrated, baseline, load_tolerances("seed")).constancy
    assert check is not None
    found = {one.insert: one for one in check.deviations}
    expected = calibrated.reading_of("pmp").mean_hu + 195.0
    assert found["pmp"].change_hu == pytest.approx(expected)
    assert found["teflon"].reason == "was not confirmed in the baseline"
    assert found["delrin"].reason == "not in the baseline"
    assert check.verdict is Verdict.INCONCLUSIVE


def test_two_columns_make_a_baseline(tmp_path: Path) -> None:
    """With the line ends and the byte order mark of a spreadsheet."""
    file = tmp_path / "then.csv"
    file.write_bytes("\ufeffinsert,hu_mean\r\nair,-1000\r\nwater,\r\n".encode())
    baseline = read_baseline(file)
    assert baseline.mean_hu == {"air": -1000.0, "water": None}
    assert baseline.scope == Scope()


@pytest.mark.parametrize("kv", ["", "NaN", "unknown", "inf"])
def test_a_voltage_that_is_no_number_is_unknown(tmp_path: Path, kv: str) -> None:
    table = f"insert,hu_mean,KVP\nair,-1000,{kv}\n"
    assert read_baseline(written(tmp_path, table)).scope.kv is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "this table has no rows"),
        ("insert,hu_mean\n", "this table has no rows"),
        ("insert;hu_mean\nair;-1000\n", "there is no column 'insert'"),
        ("insert,mean\nair,-1000\n", "there is no column 'hu_mean'"),
        ("insert,hu_mean\nair,-1000\nair,-990\n", "line 3: a second row for 'air'"),
        ("insert,hu_mean\nair,minus\n", "line 2: hu_mean is 'minus', not a number"),
        ('insert,hu_mean\nair,"-1000,0"\n', "'-1000,0', not a number"),
        ("insert,hu_mean\nair,-1000\nbone,inf\n", "line 3: hu_mean is inf"),
        ("insert,hu_mean,hu_u_noise\nair,-1000,x\n", "hu_u_noise is 'x', not a num"),
        (f"insert,hu_mean\n{'x' * 200_000},3\n", "is not a table in CSV"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    tmp_path: Path, table: str, message: str
) -> None:
    with pytest.raises(InputError, match=rf"then\.csv: .*{message}"):
        read_baseline(written(tmp_path, table))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "This is not JSON"),
        ("[]", "not a ct_calibration/1 record"),
        ('{"kind": "ct_calibration/1"}', "recognition: Field required"),
    ],
)
def test_json_that_is_no_result_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=rf"then\.json: .*{message}"):
        read_baseline(written(tmp_path, text, "then.json"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: cannot be read \(No such file"):
        read_baseline(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory"):
        read_baseline(tmp_path)
    (tmp_path / "raw.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text in UTF-8"):
        read_baseline(tmp_path / "raw.csv")
