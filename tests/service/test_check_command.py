"""kerma check and kerma simulate rt-set, as a user meets them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
import typer
from typer.testing import CliRunner

from kerma.errors import InputError
from kerma.service.commands.check import check
from kerma.service.plan_check import plan_check
from kerma.service.rt_simulations import simulate_plan_set
from kerma.simulation.rt_set import Layout
from kerma.workflows.plan_check import PlanCheck


class Ending(Protocol):
    """How a command ended: exit code, and what it said where."""

    code: int
    out: str
    err: str


SMALL = Layout(matrix=48, slices=28, pixel_mm=8, slice_mm=5, dose_mm=5)
OPTIONS = (
    *("--matrix", 48, "--slices", 28, "--pixel", 8, "--spacing", 5),
    *("--dose-spacing", 5),
)

app = typer.Typer()
app.command()(check)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "set"
    simulate_plan_set(folder, layout=SMALL, extras=True)
    return folder


def test_a_good_set_exits_with_zero(good: Path) -> None:
    done = CliRunner().invoke(app, [str(good)])
    assert done.exit_code == 0
    assert "Set 1: 28 CT slices, 8 structures, 4 beams, 5 doses" in done.output
    assert "Nothing needs attention: 0 errors, 0 warnings" in done.output


def test_a_trap_exits_with_one_and_is_stored(tmp_path: Path) -> None:
    simulate_plan_set(tmp_path / "set", layout=SMALL, trap="off-slices")
    file = tmp_path / "result.json"
    arguments = [str(tmp_path / "set"), "--json", "--out", str(file)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert json.loads(done.output)["kind"] == "plan_check/1"
    (finding,) = [
        f
        for f in PlanCheck.from_json(file.read_bytes()).findings
        if f.code == "off slices"
    ]
    assert "0.90 mm off" in finding.sentence


def test_a_folder_without_anything_to_check_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    with pytest.raises(InputError, match="holds no plan, structure set, dose or CT"):
        plan_check(tmp_path)


def test_an_archive_is_checked_like_its_folder(good: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "set"), "zip", good)
    assert plan_check(Path(archive)).findings == plan_check(good).findings


def test_the_provenance_names_what_was_read(good: Path) -> None:
    made = plan_check(good).provenance
    assert made is not None
    assert made.procedure == "plan-check"
    assert len(made.inputs[0].sop_instance_uids) == 28


def test_structures_without_a_plan_are_checked_too(good: Path, tmp_path: Path) -> None:
    shutil.copytree(good / "ct", tmp_path / "ct")
    shutil.copy(good / "rtstruct.dcm", tmp_path)
    result = plan_check(tmp_path)
    assert result.passed, result.summary()
    assert [c.describe() for c in result.contents] == [
        "Set 1: 28 CT slices, 8 structures"
    ]


def test_the_traps_are_listed(kerma: Callable[..., Ending]) -> None:
    done = kerma("simulate", "rt-set", "--list-traps")
    assert done.code == 0
    assert "missing-slice: One slice is lost" in done.out
    assert "→ refused: dose" in done.out


def test_a_set_is_written(kerma: Callable[..., Ending], tmp_path: Path) -> None:
    out = tmp_path / "set"
    done = kerma("simulate", "rt-set", out, "--position", "FFS", "--extras", *OPTIONS)
    assert done.code == 0, done.err
    assert "37 files in" in done.out
    again = kerma("simulate", "rt-set", out)
    assert again.code == 3
    assert "is not empty" in again.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name a new folder"),
        (("x", "--trap", "gravity"), 3, "No trap 'gravity'"),
        (("x", "--position", "UP"), 3, "No patient position 'UP'"),
        (("x", "--slices", 1), 3, "A CT has 2 to 1024 rows"),
        (("x", "--pixel", "nan"), 3, "Spacings have to be positive"),
        (("x", "--tilt", 80), 3, "A gantry tilts by up to 45 degrees"),
    ],
)
def test_nonsense_is_refused_by_name(
    kerma: Callable[..., Ending],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = kerma("simulate", "rt-set", *arguments)
    assert done.code == code
    assert message in done.err
    assert not (tmp_path / "x").exists()


def test_real_plans_give_no_false_alarm(real_data: Path) -> None:
    """Of the breast plan only one of 98 slices is here, which is all that is wrong."""
    result = plan_check(real_data / "dicom_rt" / "breast_plan")
    serious = [f.code for f in result.findings if f.severity != "note"]
    assert serious == ["images not here", "single slice"]
    tilted = plan_check(real_data / "dicom_rt" / "tilted_ct_ge")
    sentences = " ".join(f.sentence for f in tilted.findings)
    assert "tilted by 18.5 degrees" in sentences
    assert "1.081 mm at" in sentences
