"""Metrics by name, conformity, complication probability."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.grid import Grid
from kerma.dosimetry.dose_metrics import (
    Conformity,
    Metric,
    conformity,
    homogeneity_index,
    lkb_ntcp,
    parse_metric,
)
from kerma.dosimetry.histograms import DVH
from kerma.errors import GeometryError, InputError
from kerma.simulation.dose_field import dose_on
from tests.dosimetry.solids import AXIAL, CENTER, FRAME, R, drawn, slab_centers, sphere

RISE = DVH("rise", 1, np.linspace(10, 20, 101), np.full(100, 0.1), mean_gy=15.0)
"""10 cm³ that receive 10 to 20 Gy evenly."""


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("D95%", "Gy", 10.5),
        ("D95%", "%", 52.5),
        ("D2cc", "Gy", 18.0),
        ("D 2cc".replace(" ", ""), "", 18.0),
        ("d0.5cm3", "Gy", 19.5),
        ("Dmax", "Gy", 20.0),
        ("dmean", "Gy", 15.0),
        ("Dmin", "%", 50.0),
        ("Dmedian", "Gy", 15.0),
        ("V12Gy", "%", 80.0),
        ("V1200cGy", "cc", 8.0),
        ("V95%", "%", 10.0),
        ("CV12Gy", "cc", 2.0),
        ("MOH20%", "Gy", 19.0),
        ("MOC1cc", "Gy", 10.5),
        ("HI", "", (19.8 - 10.2) / 15),
        ("Volume", "cc", 10.0),
        ("gEUD(a=1)", "Gy", 15.0),
    ],
)
def test_a_metric_is_read_off_a_rise_by_head(
    text: str, unit: str, value: float
) -> None:
    metric = parse_metric(text)
    found = metric.of(RISE, unit, prescription_gy=20.0)  # type: ignore[arg-type]
    assert found == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    "text", ["D95%", "D0.03cc", "V20Gy", "V95%", "CV20Gy", "gEUD(a=8)", "HI", "Dmax"]
)
def test_a_metric_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_metric(text)) == text
    assert parse_metric(str(parse_metric(text))) == parse_metric(text)


@pytest.mark.parametrize("text", ["D95", "V20", "Dmaximum", "gEUD", "D-2cc", "", "95%"])
def test_what_is_no_metric_is_told_what_there_is(text: str) -> None:
    with pytest.raises(InputError, match="is no metric; there are: D95%, D2cc, Dmax"):
        parse_metric(text)


def test_metrics_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="no more than 100 % of a volume"):
        parse_metric("D101%")
    with pytest.raises(InputError, match="cannot be 0"):
        parse_metric("gEUD(a=0)")
    with pytest.raises(InputError, match="in % or cc, not in Gy"):
        parse_metric("V20Gy").of(RISE, "Gy")
    with pytest.raises(InputError, match="needs the prescribed dose"):
        parse_metric("V95%").of(RISE)
    assert np.isnan(Metric("D", 11.0, "cc").of(RISE))


def test_an_even_dose_is_homogeneous() -> None:
    even = DVH("even", 1, np.array([50.0, 50.0 + 1e-9]), np.ones(1), mean_gy=50.0)
    assert homogeneity_index(even) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("with_body", [True, False])
def test_conformity_of_a_sphere_of_dose_about_a_sphere(with_body: bool) -> None:  # noqa: FBT001
    """D = 60 exp(-r² / 2 s²): the isodose of D has the radius s √(2 ln (60 / D))."""
    width, spacing = 12.0, 1.5
    count = 60
    start = -(count - 1) / 2 * spacing
    grid = Grid((count,) * 3, (start,) * 3, (spacing,) * 3, AXIAL, FRAME)
    dose = dose_on(
        grid,
        lambda p: 60 * np.exp(-np.square(p - CENTER).sum(axis=-1) / (2 * width**2)),
    )
    body = drawn(lambda z: 40.0 * (abs(z) < 40), np.arange(-39.0, 40.0, 2.0), "BODY")
    found = conformity(
        dose,
        drawn(sphere, slab_centers(1.0)),
        prescription_gy=30.0,
        body=body if with_body else None,
    )
    full, half = (width * np.sqrt(2 * np.log(60 / d)) for d in (30.0, 15.0))
    assert found.coverage == 1.0
    assert found.rtog == pytest.approx((full / R) ** 3, rel=0.01)
    assert found.paddick == pytest.approx((R / full) ** 3, rel=0.01)
    assert found.gradient == pytest.approx((half / full) ** 3, rel=0.01)
    assert found.r50 == pytest.approx((half / R) ** 3, rel=0.01)


def test_a_dose_that_is_not_reached_has_no_conformity_but_no_crash() -> None:
    none = Conformity(60.0, 10.0, 0.0, 0.0, 5.0)
    assert (none.coverage, none.rtog, none.paddick, none.gradient) == (0, 0, None, None)


def test_conformity_refuses_what_it_cannot_judge() -> None:
    grid = Grid((10, 40, 40), (-20, -20, 0), (1, 1, 1), AXIAL, FRAME)
    dose = dose_on(grid, lambda p: p[..., 0] * 0 + 60)
    target = drawn(sphere, slab_centers(1.0))
    with pytest.raises(GeometryError, match="outside the dose grid"):
        conformity(dose, target, prescription_gy=30.0)
    with pytest.raises(InputError, match="more than 0 Gy"):
        conformity(dose, target, prescription_gy=0.0)


def test_half_of_the_patients_have_the_complication_at_td50() -> None:
    assert lkb_ntcp(24.5, td50_gy=24.5, m=0.18) == 0.5
    assert lkb_ntcp(24.5 * 1.18, td50_gy=24.5, m=0.18) == pytest.approx(
        0.8413, abs=1e-4
    )
    with pytest.raises(InputError, match="positive"):
        lkb_ntcp(20, td50_gy=0, m=0.1)
