from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves import CurveSet, fit_curves, read_installed
from kerma.workflows.ct_calibration.curves.export import (
    EXPORT_FORMATS,
    export_curve,
    verify_export,
)
from tests.calibrations import SCANNER, calibration_of, seen_by


@pytest.fixture
def table(models: Mapping[str, Phantom]) -> CurveSet:
    head = models["cirs062m_head"]
    scan = (calibration_of(head, seen_by(SCANNER, head)), head)
    return fit_curves([scan], quantity="spr", model="consensus")


def test_raystation_gets_two_columns_without_a_heading_from_minus_1000_hu(
    table: CurveSet, tmp_path: Path
) -> None:
    file = export_curve(table, "raystation", tmp_path)
    lines = file.read_text().splitlines()
    assert lines[:2] == ["-1000,0.0011", "-999,0.0011"]
    assert len(lines) == 10
    assert all(len(line.split(",")[1].split(".")[1]) == 4 for line in lines)


def test_matrad_finds_its_table_by_the_header_of_the_scan(
    table: CurveSet, tmp_path: Path
) -> None:
    """Blanks become hyphens as in matRad; a slash cannot lead into a folder."""
    file = export_curve(table, "matrad", tmp_path)
    assert file.name == "Maker-Some-Model-ConvolutionKernel-Br38f-3_protons.hlut"
    rows = np.loadtxt(file)  # which leaves out what follows a '#', as matRad does
    assert rows[0, 0] == -1024
    assert rows[-1, 0] == 3071
    assert np.diff(rows[:, 0]).min() > 0
    assert np.diff(rows[:, 1]).min() >= 0


def test_a_table_to_type_in_says_that_it_must_be_verified(
    table: CurveSet, tmp_path: Path
) -> None:
    text = export_curve(table, "table", tmp_path).read_text()
    assert text.startswith("# manual entry, verify")
    assert "Maker, Some Model, 120 kV, Br38f/3" in text


@pytest.mark.parametrize("form", EXPORT_FORMATS)
@pytest.mark.parametrize("model", ["piecewise", "bilinear", "isotonic", "consensus"])
def test_every_table_reads_back_as_the_curve(
    models: Mapping[str, Phantom], form: str, model: str, tmp_path: Path
) -> None:
    head = models["cirs062m_head"]
    scan = (calibration_of(head, seen_by(SCANNER, head)), head)
    curves = fit_curves([scan], model=model)  # type: ignore[arg-type]  # one of them
    file = export_curve(curves, form, tmp_path)  # type: ignore[arg-type]  # one of them
    back, grid = read_installed(file), np.arange(-1000, 1200, dtype=float)
    expected = curves.main.curve.value_of(grid)
    assert back.value_of(grid) == pytest.approx(expected, abs=1e-3)
    assert verify_export(file).largest_rounding < 1e-3


def test_the_record_says_what_the_table_holds_for(
    table: CurveSet, tmp_path: Path
) -> None:
    file = export_curve(table, "raystation", tmp_path)
    record = verify_export(file)
    assert record.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert record.scope.kv == 120.0
    assert record.scope.kernel == "Br38f/3"
    assert record.scope.phantom_serial_numbers == ("ED-1",)
    assert record.scope.scan_dates == ("20240312",)


def test_a_table_changed_since_is_found_out(table: CurveSet, tmp_path: Path) -> None:
    file = export_curve(table, "raystation", tmp_path)
    file.write_text(file.read_text().replace("0.0011", "0.0012", 1))
    with pytest.raises(InputError, match="was changed since it was exported"):
        verify_export(file)
    file.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        verify_export(file)


def test_an_earlier_table_is_not_replaced_unasked(
    table: CurveSet, tmp_path: Path
) -> None:
    export_curve(table, "table", tmp_path)
    with pytest.raises(InputError, match="a table already"):
        export_curve(table, "table", tmp_path)
    export_curve(table, "table", tmp_path, overwrite=True)


def test_what_matrad_cannot_use_is_refused(table: CurveSet, tmp_path: Path) -> None:
    nameless = replace(table, scope=replace(table.scope, kernel=None))
    with pytest.raises(InputError, match="lacks one of them"):
        export_curve(nameless, "matrad", tmp_path)
    with pytest.raises(InputError, match="no density"):
        export_curve(replace(table, quantity="density"), "matrad", tmp_path)
    assert not list(tmp_path.iterdir())
