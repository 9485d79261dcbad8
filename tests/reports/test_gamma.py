from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kerma.core.dose import Dose, DoseUnits
from kerma.core.study import Study
from kerma.dosimetry import GammaAnalysis, GammaCriteria, gamma
from kerma.errors import InputError
from kerma.io import read_dose, read_volume
from kerma.reports.figures_gamma import plot_gamma, plot_gamma_histogram
from kerma.reports.gamma import report_gamma
from tests.dosimetry.doses import grid
from tests.io.validators import dciodvfy_errors


@pytest.fixture(scope="module")
def doses() -> tuple[Dose, Dose]:
    y, x = np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 20), indexing="ij")
    plane = np.exp(-3 * (x**2 + y**2))
    array = np.stack([plane, 2 * plane, plane]).astype(np.float32)
    on = grid(array.shape, (2.0, 2.0, 2.0), frame="1.2.3")
    one = Dose(array, on, sop_instance_uid="1.2.3.4", plan_uid="1.2.9", study=Study())
    return one, Dose((1.05 * array).astype(np.float32), on)


@pytest.fixture(scope="module")
def analysis(doses: tuple[Dose, Dose]) -> GammaAnalysis:
    return gamma(*doses, GammaCriteria(3, 2))


def test_a_report_has_the_numbers_a_figure_and_the_map(
    doses: tuple[Dose, Dose], analysis: GammaAnalysis, tmp_path: Path
) -> None:
    files = report_gamma(analysis, *doses, tmp_path / "out")
    assert [file.name for file in files] == [
        "gamma.json",
        "gamma.png",
        "gamma_map.nii.gz",
        "gamma_map.dcm",
    ]
    stored = json.loads(files[0].read_text(encoding="utf-8"))
    assert stored["pass_rate_percent"] == analysis.result.pass_rate_percent
    assert files[1].read_bytes().startswith(b"\x89PNG")
    np.testing.assert_allclose(
        read_volume(files[2]).array, analysis.map.array, atol=1e-6
    )
    assert not dciodvfy_errors(files[3])
    back = read_dose(files[3])
    assert back.units is DoseUnits.RELATIVE
    expected = np.nan_to_num(np.asarray(analysis.map.array))
    np.testing.assert_allclose(back.array, expected, atol=1e-6)
    assert back.grid.is_same_as(doses[0].grid)


def test_a_report_is_not_written_over_an_earlier_one(
    doses: tuple[Dose, Dose], analysis: GammaAnalysis, tmp_path: Path
) -> None:
    report_gamma(analysis, *doses, tmp_path)
    with pytest.raises(InputError, match="there already"):
        report_gamma(analysis, *doses, tmp_path)
    report_gamma(analysis, *doses, tmp_path, overwrite=True)


def test_the_figure_shows_the_slice_of_the_worst_point(
    doses: tuple[Dose, Dose], analysis: GammaAnalysis
) -> None:
    figure = plot_gamma(analysis, *doses)
    titles = {ax.get_title(loc="left") for ax in figure.axes}
    worst = int(np.nanargmax(analysis.map.array)) // (16 * 20)
    assert {f"Reference (slice {worst})", f"Evaluated (slice {worst})"} < titles
    assert figure.texts[-1].get_text() == analysis.result.verdict.upper()


def test_the_histogram_shows_all_points(analysis: GammaAnalysis) -> None:
    bars = plot_gamma_histogram(analysis.result).patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(100)  # type: ignore[attr-defined]  # bars are rectangles
