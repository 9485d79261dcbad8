from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import Circle

from kerma.errors import InputError
from kerma.reports.ct_calibration import calibration_html
from kerma.reports.figures_image_checks import (
    plot_sharpness,
    plot_slice_profile,
    plot_uniform_regions,
)
from kerma.simulation import SimulatedCT
from kerma.workflows.ct_calibration.image_checks import ImageChecks
from kerma.workflows.ct_calibration.result import Calibration


@pytest.fixture
def checks(calibrated: Calibration) -> ImageChecks:
    assert calibrated.image_checks is not None
    return calibrated.image_checks


def test_every_uniform_region_is_drawn_where_it_lies(
    checks: ImageChecks, catphan: SimulatedCT
) -> None:
    ax = plot_uniform_regions(checks, catphan.ct)
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    center = checks.regions[0].center_mm
    places = [circle.get_center() for circle in circles]
    expected = [
        (r.center_mm[0] - center[0], r.center_mm[1] - center[1]) for r in checks.regions
    ]
    assert np.allclose(places, expected)
    assert any("posterior" in text.get_text() for text in ax.texts)


def test_the_slice_profile_has_a_line_for_every_ramp(checks: ImageChecks) -> None:
    ax = plot_slice_profile(checks)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text()[:3] for text in legend.get_texts()] == [
        "−90",
        "0°:",
        "90°",
        "180",
    ]
    assert "nominal 2.50" in ax.get_title()


def test_the_transfer_function_passes_its_marks(checks: ImageChecks) -> None:
    ax = plot_sharpness(checks)
    curve = ax.lines[0].get_xydata()
    for name, level in (("MTF 50 %", 0.5), ("MTF 10 %", 0.1)):
        value = checks.check_of(name).value
        assert value is not None
        assert np.interp(value, *np.asarray(curve).T) == pytest.approx(level, abs=2e-3)


def test_what_was_not_measured_is_not_drawn(
    checks: ImageChecks, catphan: SimulatedCT
) -> None:
    empty = ImageChecks("ct", checks.checks)
    with pytest.raises(InputError, match="no uniform regions"):
        plot_uniform_regions(empty, catphan.ct)
    with pytest.raises(InputError, match="no slice profile"):
        plot_slice_profile(empty)
    with pytest.raises(InputError, match="no edge"):
        plot_sharpness(empty)
    away = replace(checks.regions[0], center_mm=(0.0, 0.0, 777.0))
    with pytest.raises(InputError, match=r"z = 777\.00 mm, where this CT has no slice"):
        plot_uniform_regions(replace(checks, regions=(away,)), catphan.ct)


def test_the_page_shows_the_image_checks_and_lives_without_them(
    calibrated: Calibration, catphan: SimulatedCT
) -> None:
    page = calibration_html(calibrated, catphan.ct)
    assert "Limits “ct”" in page
    assert "Slice thickness" in page
    bare = calibration_html(replace(calibrated, image_checks=None), catphan.ct)
    assert "Slice thickness" not in bare
