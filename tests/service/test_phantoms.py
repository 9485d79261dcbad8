from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.service.commands.phantom import phantom as app
from kerma.service.hu_curves import hu_curves
from kerma.service.phantoms import learn_phantom, the_phantom
from kerma.service.procedures import ct_calibration
from kerma.workflows.ct_calibration.phantoms import phantom_names

run = CliRunner()
PNG = b"\x89PNG"


def test_the_list_names_every_shipped_phantom() -> None:
    text = run.invoke(app, ["list"]).output
    assert [line.split()[0] for line in text.splitlines()] == list(phantom_names())
    rows = json.loads(run.invoke(app, ["list", "--json"]).output)
    assert [row["name"] for row in rows] == list(phantom_names())
    assert {row["name"]: row["inserts"] for row in rows}["cirs062m"] == 17


def test_a_phantom_is_shown_with_its_inserts() -> None:
    text = run.invoke(app, ["show", "catphan504"]).output
    assert text.splitlines()[1] == (
        "ellipse, 202 x 202 mm; inserts 25 mm long; geometry verified"
    )
    (teflon,) = (line for line in text.splitlines() if line.startswith("teflon"))
    assert " ".join(teflon.split()) == ("teflon Teflon 1.868 990 2.160 58.7 -60.0 12.7")


def test_what_is_shown_as_json_reads_back_as_the_phantom() -> None:
    shown = run.invoke(app, ["show", "gammex467", "--json"]).output
    assert TypeAdapter(Phantom).validate_json(shown) == the_phantom("gammex467")


@pytest.mark.parametrize("name", ["cirs062m", "catphan504"])
def test_a_phantom_is_drawn(name: str, tmp_path: Path) -> None:
    file = tmp_path / "drawing.png"
    assert run.invoke(app, ["show", name, "--png", str(file)]).exit_code == 0
    assert file.read_bytes().startswith(PNG)
    again = run.invoke(app, ["show", name, "--png", str(file)])
    assert isinstance(again.exception, InputError)
    assert "is there already" in str(again.exception)


def test_a_name_that_stands_for_several_phantoms_is_refused() -> None:
    with pytest.raises(InputError, match="stands for cirs062m, cirs062m_head"):
        the_phantom("cirs062")
    with pytest.raises(InputError, match="Name one phantom of acr464"):
        the_phantom("auto")


@pytest.mark.parametrize(
    ("name", "out", "message"),
    [
        ("Our Phantom", "own.toml", "cannot be the name of a new phantom"),
        ("catphan504", "own.toml", "cannot be the name of a new phantom"),
        ("ours", "own.txt", r"ends in \.toml"),
        ("ours", "there.toml", "is there already"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_scan_is_read(
    name: str, out: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "there.toml").touch()
    with pytest.raises(InputError, match=message):
        learn_phantom(tmp_path / "no scan", name, tmp_path / out)


def test_a_slice_is_learned_into_a_file_and_a_picture(
    real_data: Path, tmp_path: Path
) -> None:
    scan = real_data / "ct_phantoms/single_slices/elekta_xvi_ctp404.dcm"
    out, png = tmp_path / "ours.toml", tmp_path / "ours.png"
    ending = run.invoke(
        app,
        ["learn", str(scan), "--name", "ours", "--out", str(out), "--png", str(png)],
    )
    assert ending.exit_code == 0, ending.exception
    assert "insert_6" in ending.output
    assert "An end of the inserts is not in the scan" in ending.output
    assert len(the_phantom(str(out)).inserts) == 6
    assert png.read_bytes().startswith(PNG)


def test_a_calibration_uses_the_certificate_of_its_phantom(
    real_data: Path, tmp_path: Path
) -> None:
    scan = real_data / "ct_phantoms/single_slices/elekta_xvi_ctp404.dcm"
    file = tmp_path / "certificates.toml"
    file.write_text(
        '[[certificate]]\nphantom = "catphan504"\nserial_number = "A-17"\n'
        'date = 2025-03-01\nsource = "ours"\n'
        "[certificate.materials.teflon]\nred = 1.85\nred_uncertainty = 0.002\n"
        "density_g_cm3 = 2.14\n"
    )
    result = ct_calibration(
        scan, phantom="catphan504", serial_number="A-17", certificates=file
    )
    teflon = result.reading_of("teflon")
    assert (teflon.red, teflon.red_uncertainty) == (1.85, 0.002)
    assert result.reading_of("delrin").red == 1.363
    assert any("certificate of 2025-03-01" in note for note in result.notes)
    stored = tmp_path / "result.json"
    stored.write_text(result.to_json())
    rows = hu_curves([stored], quantity="density").inserts
    assert {row.material: row.value for row in rows}["teflon"] == 2.14
