from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import kerma as package
from kerma.io import read_ct
from kerma.service import procedures
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.result import Calibration, Identity

Kerma = Callable[..., Any]
SHIFT_HU = 60.0


@pytest.fixture
def baseline(tmp_path: Path, calibrated: Calibration) -> Path:
    """The accepted result of the same scan."""
    file = tmp_path / "then.json"
    silent = replace(calibrated, serial_number=None)
    file.write_text(silent.to_json(), encoding="utf-8")
    return file


@pytest.fixture
def shifted(tmp_path: Path, calibrated: Calibration) -> Path:
    """A result in which Teflon read 60 HU less; 50 HU are allowed."""
    readings = tuple(
        replace(one, mean_hu=one.mean_hu - SHIFT_HU) if one.name == "teflon" else one
        for one in calibrated.readings
    )
    file = tmp_path / "shifted.json"
    then = replace(calibrated, readings=readings, serial_number=None)
    file.write_text(then.to_json(), encoding="utf-8")
    return file


def assert_refused(ending: Any, *words: str) -> None:
    """One sentence to stderr, exit code 3, nothing else."""
    assert ending.code == 3
    assert ending.out == ""
    assert ending.err.startswith("error: ")
    assert ending.err.count("\n") == 1
    assert "Traceback" not in ending.err
    for word in words:
        assert word in ending.err


def test_a_good_scan_passes_with_exit_code_0(kerma: Kerma, series: Path) -> None:
    ending = kerma("calibrate", series)
    assert ending.code == 0
    assert ending.err == ""
    lines = ending.out.splitlines()
    assert lines[0].startswith("Catphan 504 (CTP404), score 0.9")
    assert len([line for line in lines if "RED" in line]) == 8
    assert lines[-1] == "PASS"


def test_what_cannot_be_decided_is_said(kerma: Kerma, series: Path) -> None:
    """The scan is too short to show what lies beside the module."""
    ending = kerma("calibrate", series)
    assert "note: This scan cannot tell catphan504 from catphan600" in ending.out


def test_a_scan_that_has_not_changed_passes(
    kerma: Kerma, series: Path, baseline: Path
) -> None:
    ending = kerma("calibrate", series, "--baseline", baseline)
    assert ending.code == 0
    assert "+0.0 HU" in ending.out


def test_a_change_out_of_tolerance_ends_with_exit_code_1(
    kerma: Kerma, series: Path, shifted: Path
) -> None:
    ending = kerma("calibrate", series, "--baseline", shifted)
    assert ending.code == 1
    assert "+60.0 HU  (±50" in ending.out
    assert ending.out.splitlines()[-1] == "FAIL"
    assert ending.err == ""


def test_a_wider_tolerance_lets_the_same_change_pass(
    kerma: Kerma, series: Path, shifted: Path, tmp_path: Path
) -> None:
    config = tmp_path / "site.json"
    config.write_text('{"tolerances_hu": {"teflon": 61}}')
    ending = kerma("calibrate", series, "--baseline", shifted, "--config", config)
    assert ending.code == 0
    narrow = kerma("calibrate", series, "--baseline", shifted, "--tolerances", "iaea")
    assert narrow.code == 1
    assert "(±20" in narrow.out


def test_an_insert_in_doubt_ends_with_exit_code_1(kerma: Kerma, tmp_path: Path) -> None:
    scan = tmp_path / "scan"
    made = kerma(
        "simulate", "ct-phantom", "catphan504", scan, "--slices", 14, "--pixel", 1,
        "--swap", "teflon", "pmp",
    )  # fmt: skip
    assert made.code == 0
    ending = kerma("calibrate", scan, "--phantom", "catphan504")
    assert ending.code == 1
    assert ending.out.count("swapped") == 2
    assert ending.out.splitlines()[-1] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (["calibrate"], "Missing argument"),
        (["calibrat"], "No such command"),
        (["calibrate", ".", "--phantoms", "auto"], "No such option"),
        (["simulate", "ct-phantom", "catphan504", "x", "--roll", "a"], "--roll"),
        ([], "Usage"),
    ],
)
def test_a_command_typed_wrongly_ends_with_exit_code_2(
    kerma: Kerma, command: list[str], word: str
) -> None:
    ending = kerma(*command)
    assert ending.code == 2
    assert word in ending.out + ending.err
    assert "Traceback" not in ending.err


def test_a_scan_without_a_phantom_is_refused(kerma: Kerma, tmp_path: Path) -> None:
    """Only its uniform part: slices of the neighboring module."""
    scan = tmp_path / "scan"
    kerma(
        "simulate", "ct-phantom", "catphan504", scan, "--slices", 2, "--pixel", 1.5,
        "--spacing", 2, "--shift", 0, 0, 60,
    )  # fmt: skip
    ending = kerma("calibrate", scan, "--phantom", "catphan504")
    assert_refused(ending, "does not show the phantom catphan504", "right phantom")


def test_a_wrong_phantom_is_refused(kerma: Kerma, series: Path) -> None:
    ending = kerma("calibrate", series, "--phantom", "easycube")
    assert_refused(ending, "easycube", "is it the right phantom")


def test_a_folder_without_a_scan_is_refused(kerma: Kerma, tmp_path: Path) -> None:
    ending = kerma("calibrate", tmp_path)
    assert_refused(ending, f"{tmp_path.name}: this folder holds no files")


def test_a_missing_folder_is_refused(kerma: Kerma, tmp_path: Path) -> None:
    assert_refused(kerma("calibrate", tmp_path / "none"), "none")


def test_a_text_file_by_the_name_of_dicom_is_refused(
    kerma: Kerma, tmp_path: Path
) -> None:
    file = tmp_path / "slice.dcm"
    file.write_text("This is not an image.")
    assert_refused(kerma("calibrate", file), "slice.dcm")
    assert_refused(kerma("calibrate", tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("then.csv", "insert,hu\nair,-1000\n", "no column 'hu_mean'"),
        ("then.csv", "insert,hu_mean\nair,many\n", "line 2: hu_mean is 'many'"),
        ("then.json", "{}", "not a ct_calibration/1 record"),
        ("then.json", "{", "This is not JSON"),
    ],
)
def test_a_bad_baseline_is_refused_before_the_scan_is_read(
    kerma: Kerma, tmp_path: Path, name: str, text: str, words: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    ending = kerma("calibrate", tmp_path / "no scan", "--baseline", file)
    assert_refused(ending, name, words)


def test_another_tube_voltage_is_refused_unless_allowed(
    kerma: Kerma, series: Path, calibrated: Calibration, tmp_path: Path
) -> None:
    made = replace(calibrated.acquisition, kv=100.0)
    then = replace(calibrated, acquisition=made, serial_number=None)
    file = tmp_path / "then.json"
    file.write_text(then.to_json(), encoding="utf-8")
    ending = kerma("calibrate", series, "--baseline", file)
    assert_refused(ending, "kv 100.0 then, 120.0 now", "then.json")
    assert kerma("calibrate", series, "--baseline", file, "--any-scope").code == 0


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--phantom", "catfan", "no phantom 'catfan'"),
        ("--tolerances", "loose", "no tolerance profile 'loose'"),
        ("--series", "1.2.3", "1.2.3"),
        ("--config", "none.json", "none.json"),
    ],
)
def test_a_name_that_means_nothing_is_refused(
    kerma: Kerma, series: Path, option: str, value: str, words: str
) -> None:
    assert_refused(kerma("calibrate", series, option, value), words)


def strict(text: str) -> Any:
    """Read JSON as other programs do, to which NaN is no number."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def test_the_result_is_printed_as_json_that_reads_back_equal(
    kerma: Kerma, series: Path, calibrated: Calibration
) -> None:
    ending = kerma("calibrate", series, "--json", "--serial", "CAT-1")
    assert ending.code == 0
    content = strict(ending.out)
    assert content["kind"] == "ct_calibration/1"
    found = Calibration.from_json(ending.out)
    assert found.to_dict() == content
    # The scan went through files that say the same.
    assert found.readings == calibrated.readings
    assert found.serial_number == "CAT-1"


def test_the_json_says_what_made_it(
    kerma: Kerma, series: Path, baseline: Path, catphan: SimulatedCT
) -> None:
    ending = kerma("calibrate", series, "--json", "--baseline", baseline)
    made = Calibration.from_json(ending.out).provenance
    assert made is not None
    assert made.kerma_version == package.__version__
    assert made.procedure == "ct-calibration"
    assert ("baseline", "then.json") in made.parameters
    assert ("tolerances", "seed") in made.parameters
    (read,) = made.inputs
    assert read.sop_instance_uids == catphan.ct.sop_instance_uids
    assert read.sha256 == read_ct(series).sha256
    assert made.duration_s > 0
    assert made.started_utc.endswith("+00:00")


REPORT = {
    "hu_red_catphan504.csv",
    "hu_red_catphan504.json",
    "hu_red_catphan504.html",
    "hu_red_catphan504_conversion.csv",
    "hu_red_catphan504_curve.png",
    "hu_red_catphan504_regions.png",
}


@pytest.fixture(scope="module")
def report(series: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on the scan."""
    folder = tmp_path_factory.mktemp("report")
    procedures.ct_calibration(series, phantom="catphan504", out=folder)
    return folder


def test_a_report_has_all_its_files(
    kerma: Kerma, series: Path, report: Path, tmp_path: Path
) -> None:
    """With the JSON alone on stdout, and where they are on stderr."""
    ending = kerma(
        "calibrate", series, "--json", "--out", tmp_path, "--phantom", "catphan504"
    )
    assert ending.code == 0
    assert str(tmp_path) in ending.err
    for folder in (tmp_path, report):
        names = {file.name for file in folder.iterdir()}
        assert names - {"hu_red_catphan504.pdf"} == REPORT
        assert min(file.stat().st_size for file in folder.iterdir()) > 500
    written = (tmp_path / "hu_red_catphan504.json").read_text(encoding="utf-8")
    assert strict(written) == strict(ending.out)


def test_a_report_is_not_replaced_silently(
    kerma: Kerma, series: Path, report: Path
) -> None:
    before = {file: file.read_bytes() for file in report.iterdir()}
    again = kerma("calibrate", series, "--out", report)
    assert_refused(again, "there is a report already")
    assert {file: file.read_bytes() for file in report.iterdir()} == before


def test_a_report_is_replaced_where_that_is_wanted(
    kerma: Kerma, series: Path, tmp_path: Path
) -> None:
    old = tmp_path / "hu_red_catphan504.json"
    old.write_text("{}")
    assert kerma("calibrate", series, "--out", tmp_path, "--overwrite").code == 0
    assert Calibration.from_json(old.read_text(encoding="utf-8")).passed


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_yesterday_s_report_is_today_s_baseline(
    kerma: Kerma, series: Path, report: Path, ending: str
) -> None:
    then = report / f"hu_red_catphan504.{ending}"
    found = kerma("calibrate", series, "--baseline", then)
    assert found.code == 0
    assert found.out.count("+0.0 HU") == 8


def test_a_placeholder_in_the_configuration_is_noted(
    kerma: Kerma, series: Path, tmp_path: Path
) -> None:
    config = tmp_path / "site.json"
    inserts = [{"name": "teflon", "red": 0.0}, {"name": "foam", "red": 0.86}]
    config.write_text(
        json.dumps({"phantoms": {"catphan_ctp404": {"inserts": inserts}}})
    )
    ending = kerma("calibrate", series, "--json", "--config", config)
    found = Calibration.from_json(ending.out)
    assert found.reading_of("pmp").red == 0.86
    assert found.reading_of("teflon").red == 1.868
    assert any("a placeholder" in note for note in found.notes)


def test_a_simulated_series_can_be_calibrated(kerma: Kerma, tmp_path: Path) -> None:
    """Its roll and its scale come out as they went in."""
    scan = tmp_path / "scan"
    made = kerma(
        "simulate", "ct-phantom", "catphan504", scan, "--slices", 16, "--pixel", 0.9,
        "--roll", 12.5, "--offset", 25, "--gain", 0.9, "--noise", 4, "--seed", 3,
    )  # fmt: skip
    assert made.code == 0
    assert made.out == f"16 images in {scan}\n"
    assert len(list(scan.iterdir())) == 16
    ending = kerma("calibrate", scan, "--json", "--phantom", "catphan504")
    assert ending.code == 0
    found = Calibration.from_json(ending.out)
    assert found.pose.roll_deg == pytest.approx(12.5, abs=0.1)
    assert found.reading_of("teflon").mean_hu == pytest.approx(0.9 * 990 + 25, abs=3)
    assert found.reading_of("teflon").identity is Identity.CONFIRMED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["catphan_ctp404"], "several phantoms; say which: catphan503"),
        (["catfan"], "no phantom 'catfan'"),
        (["catphan504", "--slices", "0"], "at least one slice; got 0"),
        (["catphan504", "--couch", "soft"], "no couch 'soft'"),
        (["catphan504", "--swap", "teflon", "bone"], "no insert 'bone'"),
        (["catphan504", "--pixel", "0"], "positive"),
        (["catphan504", "--pixel", "-1"], "positive"),
        (["catphan504", "--spacing", "0"], "positive size"),
        (["catphan504", "--pixel", "nan"], "finite numbers"),
        (["catphan504", "--roll", "inf"], "finite numbers"),
        (["catphan504", "--tilt", "45"], "up to 30"),
        (["catphan504", "--noise", "-1"], "Noise is not negative"),
    ],
)
def test_a_scan_that_cannot_be_simulated_is_refused(
    kerma: Kerma, tmp_path: Path, arguments: list[str], words: str
) -> None:
    phantom, *options = arguments
    out = tmp_path / "scan"
    ending = kerma("simulate", "ct-phantom", phantom, out, *options)
    assert_refused(ending, words)
    assert not out.exists()


def test_a_simulated_series_does_not_replace_files(
    kerma: Kerma, tmp_path: Path
) -> None:
    command = ("simulate", "ct-phantom", "easycube", tmp_path, "--slices", 1)
    assert kerma(*command).code == 0
    assert_refused(kerma(*command), f"{tmp_path.name}: ct_0001.dcm is there already")


def test_a_bug_shows_its_traceback_and_ends_with_exit_code_70(
    kerma: Kerma, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(procedures, "calibrate", broken)
    ending = kerma("calibrate", series)
    assert ending.code == 70
    assert ending.out == ""
    assert "Traceback" in ending.err
    assert "ZeroDivisionError: a bug" in ending.err


def test_the_version_is_printed(kerma: Kerma) -> None:
    ending = kerma("--version")
    assert (ending.code, ending.out) == (0, f"kerma {package.__version__}\n")


def test_the_program_itself_ends_as_its_functions_do(
    series: Path, tmp_path: Path, shifted: Path
) -> None:
    """In a process of its own, as a nightly job runs it."""

    def run(*arguments: object) -> tuple[int, str]:
        program = "from kerma.service.cli import main; main()"
        command = [sys.executable, "-c", program, *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ
        )
        return done.returncode, done.stderr

    code, said = run("calibrate", tmp_path / "none")
    assert code == 3
    assert said.startswith("error: ")
    assert run("calibrate", series, "--baseline", shifted) == (1, "")
