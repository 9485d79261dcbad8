"""Scans of any orientation turned to the breast and back."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from kerma.core.arrays import Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.errors import GeometryError
from kerma.workflows.breast_ct.orientation import BREAST_AXES, breast_grid, turned

SHAPE = (6, 7, 8)
SPACING: Vec3 = (0.6, 0.3, 0.4)


def breast(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Numbers that are all different; tissue in the posterior half."""
    array = np.full(shape, -1000, np.int16)
    array[: shape[0] // 2] = 0
    return (array + np.arange(array.size).reshape(shape) % 400).astype(np.int16)


def upright(
    order: tuple[int, int, int], signs: tuple[int, int, int]
) -> tuple[Volume, np.ndarray]:
    """The breast as stored with its axes in some order and direction, and as it is."""
    array = breast()
    own = breast_grid(SHAPE, SPACING)
    ways = tuple(slice(None, None, sign) for sign in signs)
    stored = np.ascontiguousarray(array.transpose(order)[ways])
    first = np.zeros(3)
    for axis, sign in zip(order, signs, strict=True):
        first[axis] = 0 if sign > 0 else SHAPE[axis] - 1
    x, y, z = own.to_patient(first).tolist()
    k, j, i = (
        vector(sign * np.array(BREAST_AXES[axis]))
        for axis, sign in zip(order, signs, strict=True)
    )
    nk, nj, ni = stored.shape
    dk, dj, di = (SPACING[axis] for axis in order)
    grid = Grid((nk, nj, ni), (x, y, z), (dk, dj, di), (k, j, i), "1.2")
    return Volume(stored, grid), array


def vector(array: np.ndarray) -> Vec3:
    x, y, z = array.tolist()
    return x, y, z


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3)))
def test_every_order_and_direction_of_axes_is_turned_and_turned_back(
    order: tuple[int, int, int], signs: tuple[int, int, int]
) -> None:
    volume, array = upright(order, signs)
    found = turned(volume)
    np.testing.assert_array_equal(found.array, array)
    assert found.array.flags.c_contiguous
    assert found.flags == ()
    assert found.grid.is_same_as(
        Grid(SHAPE, (0, 0, 0), SPACING, BREAST_AXES, "1.2"), tolerance_mm=1e-9
    )
    labels = np.arange(found.array.size, dtype=np.uint16).reshape(SHAPE)
    back = found.back(labels)
    assert back.shape == volume.array.shape
    index = (1, 5, 2)
    position = found.grid.to_patient(np.array(index))
    there = np.rint(volume.grid.to_index(position)).astype(int)
    assert back[tuple(there)] == labels[index]


def test_a_label_map_of_another_shape_is_not_turned_back() -> None:
    with pytest.raises(GeometryError, match=r"\(2, 2, 2\) does not lie on"):
        turned(upright((0, 1, 2), (1, 1, 1))[0]).back(np.zeros((2, 2, 2)))


def test_where_the_header_has_the_patient_on_the_other_side_the_scan_is_turned() -> (
    None
):
    array = breast()
    half_turn = np.ascontiguousarray(array[::-1, :, ::-1])
    found = turned(Volume(half_turn, breast_grid(SHAPE, SPACING)))
    np.testing.assert_array_equal(found.array, array)
    assert [flag.code for flag in found.flags] == ["wrong_axis_direction"]
    np.testing.assert_array_equal(found.back(found.array), half_turn)


def test_tissue_that_does_not_thin_out_leaves_the_orientation_guessed() -> None:
    array = np.zeros(SHAPE, np.int16)
    found = turned(Volume(array, breast_grid(SHAPE, SPACING)))
    assert [flag.code for flag in found.flags] == ["orientation_guessed"]
    assert "100%" in found.flags[0].sentence


def test_a_missing_slice_is_named() -> None:
    offsets = (0.0, 0.3, 0.6, 1.2, 1.5, 1.8)
    grid = Grid(SHAPE, (0, 0, 0), (0.3, 0.3, 0.3), BREAST_AXES, "1.2", offsets)
    with pytest.raises(GeometryError, match=r"slices 3 and 4 there are 0.600 mm"):
        turned(Volume(breast(), grid))


@pytest.mark.parametrize("angle", [15.0, 25.0])
def test_oblique_scans_are_taken_up_to_20_degrees(angle: float) -> None:
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    axes = ((0.0, -c, -s), (0.0, s, -c), (1.0, 0.0, 0.0))
    volume = Volume(breast(), Grid(SHAPE, (0, 0, 0), SPACING, axes, "1.2"))
    if angle < 20:
        np.testing.assert_array_equal(turned(volume).array, breast())
    else:
        with pytest.raises(GeometryError, match="25 degrees oblique"):
            turned(volume)


def test_a_tilted_gantry_is_refused() -> None:
    axes = ((0.0, -np.cos(0.1), np.sin(0.1)), *BREAST_AXES[1:])
    with pytest.raises(GeometryError, match="stacked obliquely"):
        turned(Volume(breast(), Grid(SHAPE, (0, 0, 0), SPACING, axes, "1.2")))
