"""kerma dvh: from files to a table, a report and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from kerma.core.result import Verdict
from kerma.core.structures import Structure, StructureSet
from kerma.dosimetry.dvh_result import DVHResult
from kerma.errors import InputError
from kerma.io import write_dose, write_structures
from kerma.service.commands.dvh import dvh
from kerma.service.dvh import dose_volume_histograms
from tests.dosimetry.solids import (
    FRAME,
    drawn,
    linear_dose,
    slab_centers,
    sphere,
)


@dataclass(frozen=True)
class Files:
    dose: Path
    structures: Path
    constraints: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A ball and an empty structure in 1 Gy/mm about 16 Gy."""
    folder = tmp_path_factory.mktemp("plan")
    ball = drawn(sphere, slab_centers(1.0), "PTV")
    structures = StructureSet(
        (ball, Structure(2, "Cord", frame_of_reference=FRAME)), FRAME
    )
    constraints = folder / "protocol.txt"
    constraints.write_text("PTV: Dmean >= 15.9 Gy\nPTV: D95% <= 8 Gy # why not\n")
    rise = linear_dose((0.0, -1.0, 0.0), 2.0)
    dose = replace(rise, array=np.maximum(rise.array, 0), plan_uid="1.2.7")
    return Files(
        write_dose(dose, folder / "dose.dcm"),
        write_structures(structures, folder / "structures.dcm"),
        constraints,
    )


@pytest.fixture
def command() -> Callable[..., tuple[int, str]]:
    app = typer.Typer()
    app.command()(dvh)

    def run(*arguments: object) -> tuple[int, str]:
        ended = CliRunner().invoke(
            app, [str(a) for a in arguments], catch_exceptions=False
        )
        return ended.exit_code, ended.stdout

    return run


def test_files_become_a_table_and_verdicts(files: Files) -> None:
    result = dose_volume_histograms(
        files.dose, files.structures, constraints=files.constraints
    )
    ptv, cord = result.structures
    assert ptv.mean_gy == pytest.approx(16, abs=0.01)
    assert ptv.d95_gy == pytest.approx(7.248, abs=0.02)
    assert ptv.volume_cc == pytest.approx(7.238, rel=3e-3)
    assert cord.mean_gy is None
    assert "no closed contour" in cord.notes[0]
    assert [check.verdict for check in result.constraints] == [Verdict.PASS] * 2
    assert result.passed
    assert DVHResult.from_json(result.to_json()) == result
    assert result.provenance is not None
    assert ("end_cap", "half") in result.provenance.parameters


def test_a_broken_constraint_and_one_that_cannot_be_judged_exit_with_one(
    files: Files, tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    wanted = tmp_path / "c.txt"
    for line, said in (
        ("ptv: Dmax <= 20 Gy", "FAIL  (named 'PTV' in the structure set)"),
        ("Cord: Dmax <= 20 Gy", "not evaluable  ('Cord' has no closed contour"),
        ("Lung: Dmax <= 20 Gy", "not evaluable  (no such structure)"),
    ):
        wanted.write_text(line)
        code, out = command(files.dose, files.structures, "--constraints", wanted)
        assert code == 1
        assert said in out


def test_the_command_prints_and_writes_what_it_found(
    files: Files, tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    out = tmp_path / "report"
    arguments = (files.dose, files.structures, "--constraints", files.constraints)
    code, printed = command(*arguments, "--json", "--out", out, "--end-cap", "0.5")
    assert code == 0
    stored = json.loads((out / "dvh.json").read_text())
    assert json.loads(printed) == stored
    assert stored["kind"] == "dvh/1"
    assert stored["end_cap"] == 0.5
    lines = (out / "dvh.csv").read_text().splitlines()
    assert lines[0] == "structure,number,dose_gy,volume_cc,volume_percent"
    assert lines[1].split(",")[:3] == ["PTV", "1", "0.0"]
    assert (out / "dvh.png").read_bytes().startswith(b"\x89PNG")
    assert len((out / "dvh_statistics.csv").read_text().splitlines()) == 3
    with pytest.raises(InputError, match="is there already"):
        command(*arguments, "--out", out)
    assert command(*arguments, "--out", out, "--overwrite")[0] == 0


def test_the_summary_is_a_table(files: Files) -> None:
    text = dose_volume_histograms(
        files.dose, files.structures, constraints=files.constraints
    ).summary()
    assert text.splitlines()[0].split() == [
        "Structure", "Volume", "cc", "Min", "Mean", "Max", "D98%", "D95%", "D50%", "D2%",
    ]  # fmt: skip
    assert "Doses in Gy. End caps: half; between planes: slab." in text
    assert "D95% <= 8 Gy" in text
    assert "pass  (why not)" in text


def test_constraints_may_be_toml_with_the_prescription(
    files: Files, tmp_path: Path
) -> None:
    protocol = tmp_path / "protocol.toml"
    protocol.write_text(
        "prescription_gy = 16.0\n[[constraints]]\nstructure = 'PTV'\n"
        "constraint = 'V100% >= 49 %'\n"
    )
    result = dose_volume_histograms(files.dose, files.structures, constraints=protocol)
    assert result.passed
    assert result.prescription_gy == 16
    higher = dose_volume_histograms(
        files.dose, files.structures, constraints=protocol, prescription_gy=20.0
    )
    assert higher.verdict is Verdict.FAIL


def test_a_structure_asked_for_by_name_must_be_there_and_have_a_volume(
    files: Files,
) -> None:
    one = dose_volume_histograms(files.dose, files.structures, structure=["PTV"])
    assert [row.name for row in one.structures] == ["PTV"]
    with pytest.raises(InputError, match="'Cord' has no closed contour"):
        dose_volume_histograms(files.dose, files.structures, structure=["Cord"])
    with pytest.raises(InputError, match="No structure 'Lung'"):
        dose_volume_histograms(files.dose, files.structures, structure=["Lung"])


def test_wrong_files_and_options_are_named(files: Files, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no RT Dose"):
        dose_volume_histograms(files.structures, files.structures)
    bad = tmp_path / "bad.txt"
    bad.write_text("PTV: D95 >= 3 Gy")
    with pytest.raises(InputError, match=r"bad\.txt: Line 1: 'D95' is no metric"):
        dose_volume_histograms(files.dose, files.structures, constraints=bad)
    with pytest.raises(InputError, match="got 'much'"):
        dose_volume_histograms(files.dose, files.structures, end_cap="much")


def test_curves_in_the_table_are_those_of_the_histogram(
    files: Files, tmp_path: Path
) -> None:
    """Half of a ball lies above its middle."""
    result = dose_volume_histograms(files.dose, files.structures, out=tmp_path / "o")
    rows = [
        line.split(",")
        for line in (tmp_path / "o" / "dvh.csv").read_text().splitlines()[1:]
    ]
    gy, percent = np.array([[float(row[2]), float(row[4])] for row in rows]).T
    assert np.interp(16.0, gy, percent) == pytest.approx(50, abs=0.2)
    assert result.structures[0].d50_gy == pytest.approx(16, abs=0.01)
