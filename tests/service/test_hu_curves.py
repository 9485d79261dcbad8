from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from kerma.core.phantom import Phantom
from kerma.errors import InputError, MissingDependencyError
from kerma.reports import curves as reports
from kerma.service.commands.curve import curve
from kerma.service.hu_curves import hu_curves, one_of, parse_changes
from kerma.workflows.ct_calibration.curves import CurveSet
from tests.calibrations import SCANNER, calibration_of, seen_by


@pytest.fixture(autouse=True)
def quick_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests that are about something else the printing."""
    monkeypatch.setattr(reports, "pdf_of", lambda _: b"%PDF-1.7 fake")


@pytest.fixture
def files(models: Mapping[str, Phantom], tmp_path: Path) -> list[Path]:
    """Results of kerma calibrate: a head and a body phantom."""
    written = []
    for name in ("cirs062m_head", "cirs062m"):
        file = tmp_path / f"{name}.json"
        model = models[name]
        file.write_text(calibration_of(model, seen_by(SCANNER, model)).to_json())
        written.append(file)
    return written


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    file = tmp_path / "installed.csv"
    file.write_text("HU;RED\n-1000;0,001\n0;1,0\n100;1,1\n3000;2,0\n")
    return file


def test_curves_are_fitted_compared_exported_and_reported(
    files: list[Path], installed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    curves = hu_curves(
        files,
        model="consensus",
        compare=installed,
        hu_changes={"soft": 5.0},
        export=("raystation", "table"),
        out=out,
    )
    assert sorted(file.name for file in out.iterdir()) == [
        "hu_red_consensus.html",
        "hu_red_consensus.json",
        "hu_red_consensus.pdf",
        "hu_red_consensus.png",
        "hu_red_consensus_average_raystation.csv",
        "hu_red_consensus_average_raystation.csv.json",
        "hu_red_consensus_average_table.txt",
        "hu_red_consensus_average_table.txt.json",
        "hu_red_consensus_inserts.csv",
        "hu_red_consensus_installed.png",
        "hu_red_consensus_nodes.csv",
    ]
    stored = CurveSet.from_json((out / "hu_red_consensus.json").read_text())
    assert stored == curves
    assert curves.provenance is not None
    assert dict(curves.provenance.parameters)["model"] == "consensus"
    page = (out / "hu_red_consensus.html").read_text()
    for record in out.glob("*.csv.json"):
        assert json.loads(record.read_text())["sha256"] in page
    with pytest.raises(InputError, match="is there already"):
        hu_curves(files, model="consensus", out=out)


def test_a_report_that_is_replaced_keeps_nothing_of_the_one_before(
    files: list[Path],
    installed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An earlier comparison, and an earlier PDF where none can be made now."""
    out = tmp_path / "out"
    hu_curves(files[:1], compare=installed, out=out)

    def refuse(_: str) -> bytes:
        raise MissingDependencyError("Install Pango.")

    monkeypatch.setattr(reports, "pdf_of", refuse)
    hu_curves(files[:1], out=out, overwrite=True)
    names = {file.name for file in out.iterdir()}
    assert "hu_red_piecewise.html" in names
    assert not names & {"hu_red_piecewise.pdf", "hu_red_piecewise_installed.png"}
    assert "No PDF was written. Install Pango." in caplog.text


def test_a_table_that_cannot_be_made_leaves_no_file(
    files: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="no density"):
        hu_curves(files[:1], quantity="density", export=("matrad",), out=out)
    assert not out.exists()


def test_a_table_without_a_folder_is_refused(files: list[Path]) -> None:
    with pytest.raises(InputError, match="in which folder"):
        hu_curves(files, export=("table",))


def test_what_is_no_calibration_is_refused(tmp_path: Path, files: list[Path]) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"kind": "gamma/1"}')
    with pytest.raises(InputError, match=r"other.json: .* kerma calibrate in JSON"):
        hu_curves([other])
    content = json.loads(files[0].read_text())
    content["recognition"]["phantom"] = "/etc/passwd.toml"
    other.write_text(json.dumps(content))
    with pytest.raises(InputError, match="not shipped; give the file"):
        hu_curves([other])


def test_words_that_a_user_typed_are_checked() -> None:
    assert parse_changes(["soft=10", "bone=-3.5"]) == {"soft": 10.0, "bone": -3.5}
    with pytest.raises(InputError, match="no tissue group 'fat'; there are lung"):
        parse_changes(["fat=10"])
    for wrong in ("soft", "soft=", "soft=nan", "soft=much"):
        with pytest.raises(InputError, match="written as soft=10"):
            parse_changes([wrong])
    with pytest.raises(InputError, match="no model 'linear'; there are piecewise"):
        one_of("linear", ("piecewise", "bilinear"), "model")


def test_the_command_prints_the_curves_and_says_whether_they_agree(
    files: list[Path], installed: Path
) -> None:
    app = typer.Typer()
    app.command()(curve)
    runner = CliRunner()
    fine = runner.invoke(app, [*map(str, files), "--quantity", "spr", "--json"])
    assert fine.exit_code == 0
    assert CurveSet.from_json(fine.stdout).quantity == "spr"
    wrong = runner.invoke(app, [*map(str, files), "--compare", str(installed)])
    assert wrong.exit_code == 1
    assert "largest difference" in wrong.stdout
