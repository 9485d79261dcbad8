from __future__ import annotations

import numpy as np
import pytest

from kerma.core.phantom import Outline
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, Scanner
from kerma.simulation.shading import field_shading, object_shading

AXIS = np.arange(-100, 100.01, 0.25)
P, Q = np.meshgrid(AXIS, AXIS)


@pytest.mark.parametrize(
    "outline",
    [
        Outline("ellipse", 160.0, 160.0),
        Outline("ellipse", 180.0, 120.0),
        Outline("rectangle", 120.0, 170.0),
    ],
)
def test_shading_is_zero_on_average_over_the_body(outline: Outline) -> None:
    shading = object_shading(
        P,
        Q,
        artifacts=Artifacts(cupping_hu=30.0, gradient_hu=(8.0, -5.0)),
        outline=outline,
        placement=PhantomPlacement(roll_deg=20.0),
    )
    a, b = outline.width_mm / 2, outline.height_mm / 2
    if outline.shape == "ellipse":
        body = (P / a) ** 2 + (Q / b) ** 2 <= 1
    else:
        body = (np.abs(P) <= a) & (np.abs(Q) <= b)
    assert shading[body].mean() == pytest.approx(0, abs=0.1)


def test_cupping_rises_by_its_amount_from_the_middle_to_the_edge() -> None:
    shading = object_shading(
        np.array([0.0, 80.0]),
        np.zeros(2),
        artifacts=Artifacts(cupping_hu=30.0),
        outline=Outline("ellipse", 160.0, 160.0),
        placement=PhantomPlacement(),
    )
    assert shading == pytest.approx([-15, 15])


def test_a_gradient_rises_along_the_patient_however_the_phantom_is_turned() -> None:
    """At 50 mm to the left and 20 mm to the back: 8 * 0.5 - 5 * 0.2 = 3 HU."""
    placement = PhantomPlacement(roll_deg=70.0, mirrored=True, scale=1.2)
    p, q, _ = placement.to_phantom(np.array([50.0, 20.0, 0.0]))
    shading = object_shading(
        p,
        q,
        artifacts=Artifacts(gradient_hu=(8.0, -5.0)),
        outline=Outline("ellipse", 160.0, 160.0),
        placement=placement,
    )
    assert float(shading) == pytest.approx(3)


def test_rings_are_round_about_the_middle_of_the_image() -> None:
    scanner = Scanner(matrix=(65, 65), artifacts=Artifacts(rings_hu=5.0))
    rings = field_shading(scanner, seed=4)
    assert np.array_equal(rings, rings.T)
    assert np.array_equal(rings, rings[::-1])
    assert rings.std() > 1
    assert not np.array_equal(rings, field_shading(scanner, seed=5))


def test_a_rim_is_brightest_at_the_edge_of_the_field() -> None:
    scanner = Scanner(
        matrix=(201, 201), pixel_mm=(1.0, 1.0), artifacts=Artifacts(rim_hu=80.0)
    )
    middle_row = field_shading(scanner, seed=1)[100, 100:]
    assert middle_row[100] == pytest.approx(80 * np.exp(-0.5 / 4))
    assert np.all(np.diff(middle_row) > 0)
    assert middle_row[0] < 1e-8
