from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.simulation.cuts import Cut, Plane
from kerma.simulation.solids import Section, Solid, patch_of, render

MATRIX = (161, 161)
PLANE = Plane((-40.0, -40.0), (0.0, 0.5), (0.5, 0.0), MATRIX)
BLUR = ((1.0, 0.8),)


def slice_of(solid: Solid, w: float, thickness: float) -> tuple[FloatArray, FloatArray]:
    cut = Cut(PLANE, (w, 0.0, 0.0), thickness)
    return render([solid], cut, patch=partial(patch_of, blur=BLUR))


def test_a_window_is_large_enough_for_all_of_a_shape() -> None:
    patch = patch_of(Section("rectangle", 20.0, 12.0, (5.0, -3.0)), PLANE, blur=BLUR)
    assert patch.coverage.sum() * 0.25 == pytest.approx(240, rel=1e-6)
    assert patch.coverage.shape[0] < MATRIX[0]


def test_a_turned_and_sheared_plane_keeps_the_area_of_a_shape() -> None:
    """Pixels are parallelograms of |down x right| mm²."""
    down, right = (-0.2, 0.5), (0.45, 0.1)
    area = abs(down[0] * right[1] - down[1] * right[0])
    base = (-80 * (down[0] + right[0]), -80 * (down[1] + right[1]))
    plane = Plane(base, down, right, MATRIX)
    patch = patch_of(Section("ellipse", 12.0, 12.0, (4.0, 2.0)), plane, blur=BLUR)
    assert patch.coverage.sum() * area == pytest.approx(36 * np.pi, rel=1e-4)


def test_a_shape_outside_of_the_image_covers_nothing() -> None:
    patch = patch_of(Section("ellipse", 10.0, 10.0, (500.0, 0.0)), PLANE, blur=BLUR)
    assert patch.coverage.size == 0


def test_an_overshooting_kernel_exceeds_the_contrast_at_the_edge_only() -> None:
    section = Section("ellipse", 40.0, 40.0)
    blur = ((1.4, 0.8), (-0.4, 1.6))
    patch = patch_of(section, PLANE, blur=blur)
    row = patch.coverage[patch.coverage.shape[0] // 2]
    assert row.max() > 1.03
    assert row[row.size // 2] == pytest.approx(1)
    assert patch.coverage.sum() * 0.25 == pytest.approx(400 * np.pi, rel=1e-4)


def test_a_slice_of_a_solid_is_air_and_its_share_of_the_contrast() -> None:
    solid = Solid(Section("ellipse", 40.0, 40.0), -10, 10, 1040.0, is_body=True)
    hu, body = slice_of(solid, 10.0, 4.0)
    assert hu[80, 80] == pytest.approx(-1000 + 520)
    assert body[80, 80] == pytest.approx(0.5)
    assert hu[0, 0] == -1000


@pytest.mark.parametrize("thickness", [1.0, 2.5, 7.0, 30.0])
def test_slices_keep_the_volume_of_a_ball(thickness: float) -> None:
    """The sum over pixels and slices is 4/3 π R³ times the contrast."""
    ball = Solid(Section("ellipse", 16.0, 16.0), -8, 8, 100.0, is_ball=True)
    slices = np.arange(-20, 21) * thickness + 0.4
    total = sum(
        float((slice_of(ball, w, thickness)[0] + 1000).sum(dtype=np.float64))
        for w in slices
    )
    volume = total * 0.25 * thickness / 100
    assert volume == pytest.approx(4 / 3 * np.pi * 8**3, rel=1e-3)


def test_the_equator_of_a_ball_is_as_wide_as_the_ball() -> None:
    ball = Solid(Section("ellipse", 16.0, 16.0), -8, 8, 100.0, is_ball=True)
    hu, _ = slice_of(ball, 0.0, 0.01)
    area = float((hu + 1000).sum(dtype=np.float64)) * 0.25 / 100
    assert area == pytest.approx(64 * np.pi, rel=1e-3)


def test_the_depth_of_a_leaning_slice_depends_on_the_place() -> None:
    """w grows by 0.1 mm per row of 0.5 mm: at q = 5 mm it is 18 mm."""
    cut = Cut(PLANE, (9.0, 0.1, 0.0), 1.0)
    assert cut.depth_at((0.0, 5.0)) == pytest.approx(9 + 90 * 0.1)
    assert cut.along(*PLANE.whole)[90, 0] == pytest.approx(18)


def test_a_solid_without_length_is_refused() -> None:
    with pytest.raises(InputError, match="end behind its beginning; got 3 to 3 mm"):
        Solid(Section("ellipse", 1.0, 1.0), 3, 3, 0.0)
