from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.errors import InputError
from kerma.reports.curves import curves_html, inserts_csv, nodes_csv
from kerma.reports.figures_curves import plot_curves, plot_overview
from kerma.reports.figures_installed import plot_installed
from kerma.workflows.ct_calibration.curves import (
    CurveSet,
    compare_with_installed,
    fit_curves,
)
from kerma.workflows.ct_calibration.curves.installed import InstalledCurve
from kerma.workflows.ct_calibration.curves.overview import overview_of
from tests.calibrations import SCANNER, calibration_of, seen_by


@pytest.fixture
def curves(models: Mapping[str, Phantom]) -> CurveSet:
    scans = [
        (calibration_of(models[name], seen_by(SCANNER, models[name])), models[name])
        for name in ("cirs062m_head", "cirs062m")
    ]
    return fit_curves(scans, model="consensus")


def test_the_figure_holds_every_curve_insert_and_tissue(curves: CurveSet) -> None:
    ax = plot_curves(curves).axes[0]
    labels = [line.get_label() for line in ax.get_lines()]
    assert {"consensus, head", "consensus, body", "consensus, average"} <= set(labels)
    drawn = [line for line in ax.get_lines() if line.get_marker() != "None"]
    points = sum(np.size(line.get_xdata()) for line in drawn)
    assert points == len(curves.inserts) + len(curves.tissues)


def test_the_tables_have_a_row_for_each_node_and_insert(curves: CurveSet) -> None:
    nodes = list(csv.DictReader(io.StringIO(nodes_csv([curves]))))
    assert len(nodes) == sum(len(one.curve.nodes) for one in curves.curves)
    assert float(nodes[2]["value"]) == curves.curves[0].curve.nodes[2].value
    rows = {
        row["material"]: row for row in csv.DictReader(io.StringIO(inserts_csv(curves)))
    }
    assert set(rows) == {one.material for one in curves.inserts}
    assert float(rows["water"]["hu_estimated_head"]) == pytest.approx(
        float(rows["water"]["hu_head"]), abs=0.1
    )


def test_an_installed_curve_is_drawn_with_its_largest_difference(
    curves: CurveSet,
) -> None:
    with pytest.raises(InputError, match="no installed curve"):
        plot_installed(curves)
    other = InstalledCurve("other.csv", (-1000.0, 0.0, 2000.0), (0.0, 1.0, 1.9))
    compared = compare_with_installed(curves, other)
    assert compared.comparison is not None
    below = plot_installed(compared).axes[0]
    (mark,) = [line for line in below.get_lines() if "largest" in str(line.get_label())]
    assert np.ravel(mark.get_xdata())[0] == compared.comparison.largest_at_hu


def test_the_page_shows_expected_and_predicted_ct_numbers_side_by_side(
    curves: CurveSet,
) -> None:
    page = curves_html(curves)
    (row,) = [one for one in curves.inserts if one.material == "bone800"]
    reading = row.at("body")
    assert reading is not None
    cells = "<td>1166.7</td><td>0.0</td>"  # the CT number, measured minus it
    assert f"{cells}\n{cells}\n" in page
    assert f"{reading.expected_hu:.1f}" == f"{reading.estimated_hu:.1f}" == "1166.7"


def test_the_page_says_what_is_judged(curves: CurveSet) -> None:
    page = curves_html(curves)
    assert '<p class="word">NOT COMPARED</p>' in page
    assert "Installed curve" not in page
    other = InstalledCurve("<b>.csv", (-1000.0, 0.0, 2000.0), (0.0, 1.0, 1.9))
    compared = curves_html(compare_with_installed(curves, other))
    assert '<p class="word">FAIL</p>' in compared
    assert "beyond its limit at " in compared
    assert "&lt;b&gt;.csv" in compared
    assert "<b>.csv" not in compared
    same = curves.main.curve
    mine = InstalledCurve("mine", tuple(same.hu.tolist()), tuple(same.values.tolist()))
    fine = curves_html(compare_with_installed(curves, mine))
    assert "within its limit at every insert" in fine


def test_the_overview_draws_every_quantity_with_its_inserts(
    models: Mapping[str, Phantom],
) -> None:
    phantom = models["cirs062m"]
    overview = overview_of(calibration_of(phantom, seen_by(SCANNER, phantom)), phantom)
    figure = plot_overview(overview)
    titles = [ax.get_title(loc="left") for ax in figure.axes[:3]]
    assert titles == ["RED, piecewise", "Mass density, consensus", "SPR, consensus"]
    for ax in figure.axes[:3]:
        inserts = [one for one in ax.get_lines() if "insert" in str(one.get_label())]
        assert sum(np.size(one.get_xdata()) for one in inserts) == 9
