"""The picture of histograms."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from kerma.core.arrays import FloatArray
from kerma.dosimetry.constraints import StructureConstraint, check_constraints
from kerma.dosimetry.histograms import DVH
from kerma.reports.figures_dvh import plot_dvhs


def histogram(name: str, number: int, low: float, high: float) -> DVH:
    edges = np.linspace(low, high, 101)
    return DVH(name, number, edges, np.full(100, 0.1), mean_gy=(low + high) / 2)


def _points(line: Line2D) -> FloatArray:
    return np.asarray(line.get_xydata(), dtype=np.float64).reshape(-1, 2)


PTV = histogram("PTV", 1, 48.0, 52.0)
LUNG = histogram("Lung", 2, 0.0, 30.0)


def test_each_structure_has_a_curve_that_ends_at_its_maximum() -> None:
    figure = plot_dvhs([PTV, LUNG], prescription_gy=50.0)
    ax, key = figure.axes
    curves = [line for line in ax.lines if _points(line).shape[0] > 10]
    assert len(curves) == 2
    for curve, of in zip(curves, (PTV, LUNG), strict=True):
        gy, percent = _points(curve).T
        assert gy.max() == pytest.approx(of.maximum_gy, abs=0.1)
        assert np.interp(of.mean_gy, gy, percent) == pytest.approx(50, abs=1)
    texts = [text.get_text() for text in key.texts]
    assert {"PTV", "Lung", "10.00", "50.00", "15.00"} <= set(texts)
    assert any("prescription 50 Gy" in text.get_text() for text in ax.texts)


def test_constraints_are_marked_where_they_limit_the_curve() -> None:
    wanted = [
        StructureConstraint("PTV", "D95% >= 95 %"),
        StructureConstraint("Lung", "V20Gy < 3 cc"),
        StructureConstraint("Lung", "Dmean < 20 Gy"),
        StructureConstraint("Cord", "Dmax < 20 Gy"),
    ]
    checks = check_constraints(wanted, [PTV, LUNG], prescription_gy=50.0)
    figure = plot_dvhs([PTV, LUNG], checks=checks, prescription_gy=50.0)
    ax, key = figure.axes
    marks = [
        tuple(_points(line)[0].tolist())
        for line in ax.lines
        if _points(line).shape[0] == 1
    ]
    assert marks[:2] == [pytest.approx((47.5, 95.0)), pytest.approx((20.0, 30.0))]
    legend = key.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {
        "constraint kept",
        "constraint broken",
    }


def test_structures_of_one_color_are_told_apart_by_their_lines() -> None:
    blue, yellow = (0, 0, 255), (255, 255, 0)
    many = [histogram(f"Organ {n}", n, 0, 10 + n) for n in range(1, 20)]
    colors = {h.number: blue if h.number < 3 else yellow for h in many[:4]}
    figure = plot_dvhs(many, colors=colors)
    curves = [line for line in figure.axes[0].lines if _points(line).shape[0] > 10]
    looks = [(str(line.get_color()), line.get_linestyle()) for line in curves]
    assert len(set(looks)) == len(looks)
    assert (
        max(to_rgb(curves[2].get_color())) < 0.6
    )  # bright yellow cannot be seen on white
