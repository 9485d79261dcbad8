"""Batches of breast CTs: what is done stays done, and one bad scan stops no other."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from kerma.core.volume import CT
from kerma.errors import BUG, InputError, KermaError
from kerma.io import write_ct
from kerma.service import breast_batch
from kerma.service.breast_batch import breast_cohort
from kerma.service.breast_cohort import BreastCohort
from kerma.service.breast_ct import BreastOptions, analyze, breast_ct
from kerma.service.commands.breast import breast
from kerma.workflows.breast_ct import BreastCT
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.segmented import SegmentedBreast
from tests.reports.breast_ct.small_breasts import small_breast, small_scan

SPACING = (1.0, 0.9, 1.2)
OPTIONS = BreastOptions(spacing_mm=SPACING, formats=("numpy", "pictures"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Segmentation that takes no time; the names of the scans it was asked for."""
    asked: list[str] = []

    def known(
        _ct: CT, _settings: object, *, name: str, **_rest: object
    ) -> SegmentedBreast:
        asked.append(name)
        breast = small_breast()
        # As of a NumPy array: the images have no UIDs.
        ct = replace(breast.ct, sop_instance_uids=())
        return replace(breast, ct=ct, result=replace(breast.result, scan=name))

    monkeypatch.setattr("kerma.service.breast_ct.segment", known)
    return asked


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, value in (("a_L", 0), ("b", 1)):
        np.save(folder / f"{name}.npy", np.full((3, 3, 3), value, np.int16))
    (folder / "c.npy").write_bytes(b"rubbish")
    return folder


def contents(out: Path) -> dict[str, bytes]:
    """All results but what holds times."""
    timed = {"status.json", "Segmentation_time.csv", "timing_detail.csv"}
    return {
        file.relative_to(out).as_posix(): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file() and file.name not in timed and file.parent.name != "records"
    }


def outcomes(cohort: BreastCohort) -> dict[str, str]:
    return {one.scan: one.outcome for one in cohort.scans}


def test_a_scan_gives_its_numbers_and_files(tmp_path: Path) -> None:
    write_ct(small_scan(), tmp_path / "one")
    out = tmp_path / "out"
    result = breast_ct(tmp_path / "one", out=out, formats=("numpy", "page"))
    read = {"scan": "one", "acquisition": result.acquisition}
    assert result == replace(small_breast().result, **read)  # type: ignore[arg-type]  # as named
    assert result.provenance is not None
    assert result.provenance.started_utc
    stored = BreastCT.from_json((out / "one" / "one.json").read_text(encoding="utf-8"))
    assert stored == result
    assert stored.provenance is not None
    assert stored.provenance.started_utc == ""
    files = {file.name for file in (out / "one").iterdir()}
    assert {"one.html", "overview_one.png", "segmentation_one.npy"} <= files
    with pytest.raises(InputError, match="one is there already"):
        breast_ct(tmp_path / "one", out=out)
    for name in ("one.html", "one.json"):
        assert "Doe^" not in (out / "one" / name).read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick")
def test_one_bad_scan_stops_no_other(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cohort = breast_cohort([scans], out, OPTIONS)
    assert outcomes(cohort) == {"a_L": "done", "b": "done", "c": "failed"}
    assert cohort.exit_code == 3
    assert not cohort.passed
    assert "c: failed. c.npy: it is no plain array" in cohort.summary()
    with (out / "Glandularity.csv").open(encoding="utf-8") as stream:
        assert [row["id"] for row in csv.DictReader(stream)] == ["a_L", "b"]
    assert "no plain array" in (out / "cohort.html").read_text(encoding="utf-8")
    assert not list(out.glob(".*"))
    assert BreastCohort.from_json(cohort.to_json()) == cohort


def test_a_second_run_does_only_what_failed_or_changed_or_is_missing(
    quick: list[str], scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans], out, OPTIONS)
    before = contents(out)
    quick.clear()
    cohort = breast_cohort([scans], out, OPTIONS)
    assert quick == []
    assert outcomes(cohort) == {"a_L": "unchanged", "b": "unchanged", "c": "failed"}
    assert contents(out) == before

    np.save(scans / "b.npy", np.full((3, 3, 3), 7, np.int16))
    (out / "a_L" / "segmentation_a_L.npy").unlink()
    breast_cohort([scans], out, OPTIONS)
    assert sorted(quick) == ["a_L", "b"]

    quick.clear()
    breast_cohort([scans], out, replace(OPTIONS, shading=True))
    assert sorted(quick) == ["a_L", "b"]


def test_done_again_on_request_the_bytes_are_the_same(
    quick: list[str], scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans], out, OPTIONS)
    before = contents(out)
    quick.clear()
    breast_cohort([scans], out, OPTIONS, redo=True)
    assert sorted(quick) == ["a_L", "b"]
    assert contents(out) == before


def test_only_what_failed_is_done_on_request(
    quick: list[str], scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans], out, OPTIONS)
    quick.clear()
    np.save(scans / "c.npy", np.zeros((3, 3, 3), np.int16))
    np.save(scans / "d.npy", np.zeros((3, 3, 3), np.int16))
    cohort = breast_cohort([scans], out, OPTIONS, only_failed=True)
    assert quick == ["c"]
    assert outcomes(cohort) == {"c": "done"}
    assert cohort.exit_code == 0


@pytest.mark.usefixtures("quick")
def test_a_scan_that_fails_now_leaves_no_numbers_of_before(
    scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans], out, OPTIONS)
    (scans / "b.npy").write_bytes(b"rubbish")
    breast_cohort([scans], out, OPTIONS)
    assert {file.name for file in (out / "b").iterdir()} == {"status.json"}
    assert "b," not in (out / "Glandularity.csv").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick")
def test_a_format_that_cannot_hold_a_scan_leaves_no_half_of_it(
    scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    cohort = breast_cohort([scans / "b.npy"], out, replace(OPTIONS, formats=("seg",)))
    assert "does not name an image" in cohort.scans[0].error
    assert [file.name for file in (out / "b").iterdir()] == ["status.json"]


def test_a_bug_in_one_scan_is_told_and_stops_no_other(
    quick: list[str],
    scans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    def sometimes(source: object, *rest: object) -> SegmentedBreast:
        if "b.npy" in str(source):
            raise ZeroDivisionError
        return analyze(source, *rest)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(breast_batch, "analyze", sometimes)
    traces: list[str] = []
    cohort = breast_cohort([scans], tmp_path / "out", OPTIONS, report_bug=traces.append)
    assert quick == ["a_L"]
    assert cohort.exit_code == BUG
    (trace,) = traces
    assert "ZeroDivisionError" in trace


def test_the_side_is_that_of_the_scan_then_the_option_then_the_name(
    scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides: list[str | None] = []

    def known(*_: object, laterality: str | None, **__: object) -> SegmentedBreast:
        sides.append(laterality)
        return small_breast()

    monkeypatch.setattr("kerma.service.breast_ct.segment", known)
    named = breast_ct(scans / "a_L.npy", spacing_mm=SPACING)
    breast_ct(scans / "a_L.npy", spacing_mm=SPACING, laterality="R")
    breast_ct(scans / "b.npy", spacing_mm=SPACING)
    assert sides == ["L", "R", None]
    assert named.flags[-1].code == "laterality_by_name"
    write_ct(small_scan(), scans / "right")  # the series says that it is a left one
    breast_ct(scans / "right", laterality="R")
    assert sides[-1] == "L"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"laterality": "B"}, "A breast is L or R"),
        ({"spacing_mm": (0.3, 0.0, 0.3)}, "between 0 and 10 mm"),
        ({"formats": ("numpy", "jpeg")}, "There is no format 'jpeg'"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        BreastOptions(**options)  # type: ignore[arg-type]  # wrong on purpose


def command(*arguments: object) -> tuple[int, str, str]:
    """Exit code, output and complaints of the command."""
    app = typer.Typer()
    app.command()(breast)
    ending = CliRunner().invoke(app, [str(a) for a in arguments])
    if isinstance(ending.exception, KermaError):
        return ending.exception.exit_code, ending.stdout, str(ending.exception)
    return ending.exit_code, ending.stdout, ending.stderr


@pytest.mark.usefixtures("quick")
def test_the_command_says_how_it_went_by_its_exit_code(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    how = ("--out", out, "--spacing", "1,0.9,1.2", "--formats", "numpy")
    code, said, _ = command(scans / "a_L.npy", *how)
    assert (code, said.splitlines()[0]) == (0, "a_L (L)")
    code, said, complaints = command(scans, *how)
    assert code == 3
    assert "a_L L: " in said
    assert "unchanged" in said
    assert "error: c: c.npy: it is no plain array" in complaints
    code, said, _ = command(scans / "b.npy", *how, "--json")
    assert json.loads(said)["kind"] == "breast_cohort/1"
    assert command(tmp_path / "nowhere", *how)[0] == 3
    assert command(scans, *how, "--device", "x")[0] == 3

    known = small_breast()
    bad = Flag("odd", Severity.UNUSABLE, "Nothing fits.")
    unusable = replace(known, result=replace(known.result, scan="b", flags=(bad,)))
    monkeypatch.setattr("kerma.service.breast_ct.segment", lambda *_, **__: unusable)
    assert command(scans / "b.npy", *how, "--redo")[0] == 1


@pytest.mark.slow
def test_scans_beside_each_other_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        np.save(tmp_path / f"{name}.npy", small_scan().hu)
    (tmp_path / "three.npy").write_bytes(b"rubbish")
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    files = [tmp_path / f"{name}.npy" for name in ("one", "two", "three")]
    breast_cohort(files, alone, OPTIONS)
    cohort = breast_cohort(files, beside, OPTIONS, jobs=2)
    assert outcomes(cohort) == {"one": "done", "three": "failed", "two": "done"}
    assert contents(alone) == contents(beside)


@pytest.mark.usefixtures("quick")
def test_results_never_take_the_place_of_the_scans(tmp_path: Path) -> None:
    series = tmp_path / "scans" / "P01"
    write_ct(small_scan(), series)
    before = sorted(series.iterdir())
    with pytest.raises(InputError, match=r"P01: .* Choose another folder"):
        breast_cohort([tmp_path / "scans"], tmp_path / "scans", OPTIONS)
    with pytest.raises(InputError, match=r"P01: .* Choose another folder"):
        breast_ct(series, out=tmp_path / "scans", overwrite=True)
    assert sorted(series.iterdir()) == before


@pytest.mark.usefixtures("quick")
def test_a_scan_among_earlier_results_is_not_overwritten(
    scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans / "b.npy"], out, OPTIONS)
    scan = out / "b" / "b.npy"
    scan.write_bytes((scans / "b.npy").read_bytes())
    with pytest.raises(InputError, match="nothing was written"):
        breast_cohort([scan], out, OPTIONS)
    assert scan.is_file()


@pytest.mark.parametrize("file", ["{0}/{0}.json", "records/{0}.json"])
def test_damaged_results_are_made_anew(
    file: str, scans: Path, tmp_path: Path, quick: list[str]
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans / "b.npy"], out, OPTIONS)
    damaged = out / file.format("b")
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    cohort = breast_cohort([scans / "b.npy"], out, OPTIONS)
    assert [one.outcome for one in cohort.scans] == ["done"]
    assert quick == ["b", "b"]


@pytest.mark.usefixtures("quick")
def test_a_damaged_result_of_another_scan_is_told_on_the_sheet(
    scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    breast_cohort([scans / "b.npy"], out, OPTIONS)
    (out / "b" / "b.json").write_bytes(b"{")
    cohort = breast_cohort([scans / "a_L.npy"], out, OPTIONS)
    assert [one.outcome for one in cohort.scans] == ["done"]
    assert "is damaged" in (out / "cohort.html").read_text()
