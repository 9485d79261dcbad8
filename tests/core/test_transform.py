"""Maps between frames of reference."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.transform import (
    AffineTransform,
    ComposedTransform,
    DeformableTransform,
    compose,
)
from kerma.errors import GeometryError

AXIAL = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
POINTS = np.array([[0.0, 0.0, 0.0], [10.0, -5.0, 7.0], [3.3, 8.1, 2.2]])


def quarter_turn(source: str = "1.1", target: str = "1.2") -> AffineTransform:
    """x goes to y, y to -x, then 5 mm along z."""
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    matrix[2, 3] = 5
    return AffineTransform(matrix, source, target)


def centers(grid: Grid) -> FloatArray:
    """Positions of all voxels, (nk, nj, ni, 3)."""
    index = np.moveaxis(np.indices(grid.shape, dtype=np.float64), 0, -1)
    return grid.to_patient(index)


def field(bend_mm: float = 2.0) -> DeformableTransform:
    """A smooth bump in x on a grid of 5 mm that spans -20 to 30 mm."""
    grid = Grid((11, 11, 11), (-20.0, -20.0, -20.0), (5.0, 5.0, 5.0), AXIAL, "1.2")
    positions = centers(grid)
    shift = np.zeros((*grid.shape, 3), dtype=np.float32)
    shift[..., 0] = bend_mm * np.exp(-((positions / 15) ** 2).sum(-1))
    return DeformableTransform(grid, shift, "1.3")


def linear_field(slope: FloatArray) -> DeformableTransform:
    grid = Grid((6, 7, 8), (-20.0, -20.0, -20.0), (10.0, 9.0, 8.0), AXIAL, "1.2")
    return DeformableTransform(grid, centers(grid) @ slope.T, "1.3")


def test_a_quarter_turn_takes_x_to_y() -> None:
    turn = quarter_turn()
    np.testing.assert_allclose(turn.apply(np.array([1.0, 0, 0])), [0, 1, 5])
    assert turn.is_rigid
    back = turn.inverse()
    assert (back.source_frame, back.target_frame) == ("1.2", "1.1")
    np.testing.assert_allclose(back.apply(turn.apply(POINTS)), POINTS, atol=1e-12)


def test_a_mirror_and_a_stretch_are_not_rigid() -> None:
    assert not AffineTransform(np.diag([-1.0, 1, 1, 1]), "1", "2").is_rigid
    assert not AffineTransform(np.diag([1.01, 1, 1, 1]), "1", "2").is_rigid


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(3), "4 x 4 matrix"),
        (np.full((4, 4), np.nan), "4 x 4 matrix of finite"),
        (np.diag([1.0, 1, 1, 2]), "last row"),
        (np.diag([1.0, 1, 0, 1]), "cannot be inverted"),
    ],
)
def test_a_matrix_that_maps_nothing_is_refused(
    matrix: FloatArray, message: str
) -> None:
    with pytest.raises(GeometryError, match=message):
        AffineTransform(matrix, "1", "2")


def test_linear_displacements_are_interpolated_exactly() -> None:
    slope = np.array([[0.1, 0.02, 0.0], [0.0, -0.05, 0.01], [0.03, 0.0, 0.2]])
    mapped = linear_field(slope).apply(POINTS)
    np.testing.assert_allclose(mapped, POINTS + POINTS @ slope.T, atol=1e-12)


def test_matrices_before_and_after_are_applied_around_the_displacement() -> None:
    """A(Bx + Δ(x)) with B a shift by 1, Δ = 0.1 x and A a doubling."""
    base = linear_field(np.eye(3) * 0.1)
    before = np.eye(4)
    before[:3, 3] = 1
    around = DeformableTransform(
        base.grid, base.displacements, "1.3", before, np.diag([2.0, 2, 2, 1])
    )
    np.testing.assert_allclose(around.apply(POINTS), 2 * (1.1 * POINTS + 1))
    back = around.inverse().apply(around.apply(POINTS))
    np.testing.assert_allclose(back, POINTS, atol=1e-3)


def test_outside_the_field_nothing_is_mapped() -> None:
    mapped = field().apply(np.array([[30.0, 30, 30], [30.1, 0, 0]]))
    assert np.isfinite(mapped[0]).all()
    assert np.isnan(mapped[1]).all()


def test_next_to_an_undefined_displacement_nothing_is_mapped() -> None:
    grid = Grid((2, 2, 4), (0.0, 0.0, 0.0), (10.0, 10.0, 10.0), AXIAL, "1.2")
    shift = np.ones((2, 2, 4, 3))
    shift[:, :, 2] = np.nan
    there = DeformableTransform(grid, shift, "1.3")
    mapped = there.apply(np.array([[5.0, 5, 5], [10, 5, 5], [10.1, 5, 5], [20, 5, 5]]))
    np.testing.assert_allclose(mapped[:2], [[6, 6, 6], [11, 6, 6]])
    assert np.isnan(mapped[2:]).all()


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_displacement_that_is_no_number_is_refused(value: float) -> None:
    grid = Grid((2, 2, 2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), AXIAL, "1.2")
    shift = np.zeros((2, 2, 2, 3))
    shift[0, 0, 0, 1] = value
    with pytest.raises(GeometryError, match="finite, or NaN in all three"):
        DeformableTransform(grid, shift, "1.3")


def test_the_way_back_through_a_field_ends_where_it_began() -> None:
    there = field()
    back = there.inverse()
    assert (back.source_frame, back.target_frame) == ("1.3", "1.2")
    np.testing.assert_allclose(back.apply(there.apply(POINTS)), POINTS, atol=1e-3)
    assert back.inverse() is there


def test_a_folded_field_has_no_way_back() -> None:
    folded = field(bend_mm=40.0)
    target = folded.apply(np.array([[0.0, 0, 0]]))
    found = folded.inverse().apply(target)
    right = np.abs(folded.apply(found) - target).max() < 2e-3
    assert right or np.isnan(found).all()


def test_composition_applies_the_first_first() -> None:
    turn, shift = quarter_turn(), np.eye(4)
    shift[0, 3] = 10
    both = compose(turn, AffineTransform(shift, "1.2", "1.4"))
    assert isinstance(both, AffineTransform)
    assert (both.source_frame, both.target_frame) == ("1.1", "1.4")
    np.testing.assert_allclose(both.apply(np.array([1.0, 0, 0])), [10, 1, 5])
    chain = compose(quarter_turn(), field())
    assert isinstance(chain, ComposedTransform)
    points = POINTS[:1]
    np.testing.assert_allclose(
        chain.inverse().apply(chain.apply(points)), points, atol=2e-3
    )


def test_transforms_that_do_not_meet_are_refused() -> None:
    with pytest.raises(GeometryError, match=r"ends in 1\.2 cannot be followed by"):
        compose(quarter_turn(), quarter_turn())
    with pytest.raises(GeometryError, match="no transform"):
        compose()
