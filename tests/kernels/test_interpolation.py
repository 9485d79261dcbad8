"""Values between voxels, against closed forms and a second way to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.core.arrays import FloatArray, IntArray
from kerma.kernels.interpolation import (
    cubic_table,
    interpolate_lattice,
    interpolate_points,
    nearest,
)

SOURCE = np.random.default_rng(3).normal(size=(5, 6, 7)).astype(np.float32)
NODES = (np.array([0.0, 1.0, 3.0, 3.5, 6.0]), np.arange(6.0), np.arange(7.0))
BOUNDS = np.array([[0.0, 0.0, 0.0], [4.0, 5.0, 6.0]])


def cubic_of(nodes: FloatArray, index: FloatArray) -> tuple[IntArray, FloatArray]:
    taps = np.empty((index.size, 4), dtype=np.int64)
    weights = np.empty((index.size, 4))
    cubic_table(nodes, index, taps, weights)
    return taps, weights


def place(nodes: FloatArray, index: FloatArray) -> FloatArray:
    return np.interp(index, np.arange(nodes.size), nodes)


@given(
    gaps=st.lists(st.floats(0.2, 5.0), min_size=2, max_size=8),
    share=st.floats(0.0, 1.0),
    polynomial=st.tuples(*[st.floats(-2.0, 2.0)] * 3),
)
def test_a_parabola_is_interpolated_exactly_on_any_nodes(
    gaps: list[float], share: float, polynomial: tuple[float, float, float]
) -> None:
    nodes = np.concatenate([[0.0], np.cumsum(gaps)])
    index = np.array([share * (nodes.size - 1)])
    taps, weights = cubic_of(nodes, index)
    value = np.sum(weights * np.polyval(polynomial, nodes)[taps], axis=1)
    expected = np.polyval(polynomial, place(nodes, index))
    np.testing.assert_allclose(value, expected, atol=1e-9 * (1 + nodes[-1] ** 2))


def test_on_even_nodes_the_weights_are_those_of_keys() -> None:
    """With s from the second of four nodes: (-s + 2s² - s³)/2, (2 - 5s² + 3s³)/2, ..."""
    s = np.linspace(0.01, 0.99, 50)
    taps, weights = cubic_of(np.arange(9.0), 3 + s)
    assert (taps == [2, 3, 4, 5]).all()
    keys = [
        -s + 2 * s**2 - s**3,
        2 - 5 * s**2 + 3 * s**3,
        s + 4 * s**2 - 3 * s**3,
        s**3 - s**2,
    ]
    np.testing.assert_allclose(weights, np.transpose(keys) / 2, atol=1e-12)


def test_two_nodes_give_the_line_and_one_its_value() -> None:
    _, line = cubic_of(np.array([0.0, 4.0]), np.array([0.25]))
    assert line[0, :2].tolist() == [0.75, 0.25]
    taps, alone = cubic_of(np.array([0.0]), np.array([0.0]))
    assert taps[0, 0] == 0
    assert alone[0].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_half_way_the_voxel_of_lower_index_is_nearest() -> None:
    assert [nearest(at, 4) for at in (1.5, 1.5 + 1e-9, 1.51, -0.5, 3.5)] == [
        1,
        1,
        2,
        0,
        3,
    ]


def twin(order: int, index: FloatArray) -> FloatArray:
    """The same values from dense weight matrices, one position at a time."""
    values = []
    for position in index:
        rows = []
        for axis, at in enumerate(position):
            weights = np.zeros(SOURCE.shape[axis])
            if order == 3:
                taps, found = cubic_of(NODES[axis], np.array([at]))
                np.add.at(weights, taps[0], found[0])
            elif order == 1:
                weights = np.maximum(0, 1 - np.abs(at - np.arange(weights.size)))
            else:
                weights[np.abs(at - np.arange(weights.size)).argmin()] = 1
            rows.append(weights)
        values.append(np.einsum("k,j,i,kji->", *rows, SOURCE.astype(np.float64)))
    return np.array(values)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_values_at_positions_are_weighted_sums_over_the_array(order: int) -> None:
    index = np.random.default_rng(4).uniform(0, BOUNDS[1], (60, 3))
    index[:2] = [[4, 5, 6], [0, 0, 0]]
    index[2:4] = [[2.0, 5.0, 0.5], [4.0, 2.5, 6.0]]
    values = np.zeros(60)
    interpolate_points(SOURCE, NODES, order, BOUNDS, index, values)
    np.testing.assert_allclose(values, twin(order, index), atol=1e-9)


@pytest.mark.parametrize("offsets", [np.empty(0), NODES[0]], ids=["even", "uneven"])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_lattice_has_the_values_of_its_positions(
    order: int, offsets: FloatArray
) -> None:
    """With a lattice that leaves the array on all sides."""
    starts = np.array([[-0.4, 0.3, 6.3], [1.1, -0.2, 5.8]])
    steps = np.array([[0.21, 0.37, -0.05], [0.11, 0.02, -0.43]])
    k, j, i = np.indices((2, 14, 16))
    index = starts[k] + j[..., None] * steps[0] + i[..., None] * steps[1]
    bounds = BOUNDS.copy()
    nodes = (np.arange(5.0), NODES[1], NODES[2])
    if offsets.size:
        nodes = NODES
        bounds[1, 0] = offsets[-1]
        inside = (index[..., 0] >= 0) & (index[..., 0] <= offsets[-1])
        slices = np.interp(index[..., 0], offsets, np.arange(5))
        index[..., 0] = np.where(inside, slices, -1)
    expected = np.full(k.size, 77.0)
    interpolate_points(SOURCE, nodes, order, BOUNDS, index.reshape(-1, 3), expected)
    target = np.full(k.shape, 77, dtype=np.float32)
    interpolate_lattice(SOURCE, nodes, order, bounds, offsets, starts, steps, target)
    np.testing.assert_allclose(target.ravel(), expected, atol=1e-6)
    assert 0 < (target != 77).sum() < target.size


def test_outside_and_nan_are_left_alone() -> None:
    index = np.array([[-0.1, 0, 0], [np.nan, 1, 1], [0, 5.1, 0], [1, 1, 1]])
    values = np.full(4, 7.0)
    interpolate_points(SOURCE, NODES, 1, BOUNDS, index, values)
    assert values.tolist() == [7.0, 7.0, 7.0, float(SOURCE[1, 1, 1])]


def test_a_neighbor_without_weight_may_be_nan() -> None:
    source = SOURCE.copy()
    source[3:] = source[:, 4:] = source[:, :, 5:] = np.nan
    values = np.zeros(1)
    for order in (0, 1, 3):
        at = np.array([[2.0, 3.0, 4.0]])
        interpolate_points(source, NODES, order, BOUNDS, at, values)
        assert values[0] == SOURCE[2, 3, 4]


@pytest.mark.parametrize("rest", [1e-17, -1e-17, 1e-19, -1e-300])
def test_a_step_that_is_only_rounding_leaves_no_voxel_out(rest: float) -> None:
    """400 slices divided by 1e-17 are beyond what a whole number holds."""
    source = np.arange(400, dtype=np.float32)[:, None, None] * np.ones((1, 2, 7))
    source = np.ascontiguousarray(source, dtype=np.float32)
    nodes = np.arange(400.0), np.arange(2.0), np.arange(7.0)
    bounds = np.array([[0.0, 0.0, 0.0], [399.0, 1.0, 6.0]])
    starts, target = np.array([[150.5, 0.5, 0.0]]), np.full((1, 1, 9), -1.0, np.float32)
    steps = np.array([[0.0, 0.0, 0.0], [rest, 0.0, 1.0]])
    interpolate_lattice(source, nodes, 1, bounds, np.empty(0), starts, steps, target)
    assert target[0, 0].tolist() == [150.5] * 7 + [-1.0] * 2
