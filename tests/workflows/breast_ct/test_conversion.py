"""Scans as arrays in the frame of the breast, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.label_map import LabelMap
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.workflows.breast_ct.conversion import (
    OUTSIDE_HU,
    breast_array,
    place_like,
    to_scan,
)
from kerma.workflows.breast_ct.orientation import breast_grid, turned
from kerma.workflows.breast_ct.tissues import LABELS, Tissue
from tests.reports.breast_ct.small_breasts import axial, small_scan


def scan() -> CT:
    """Axial slices with a cylinder and, beyond a circle, one and the same number."""
    ct = small_scan()
    hu = ct.hu.copy()
    _, nj, ni = hu.shape
    y, x = np.ogrid[-1 : 1 : nj * 1j, -1 : 1 : ni * 1j]
    hu[:, np.hypot(y, x) > 1] = -2000
    return axial(replace(ct, array=hu))


def test_an_array_lacks_cylinder_and_surroundings_and_keeps_all_else() -> None:
    upright = turned(scan())

    made = breast_array(scan())

    hu = made.ct.hu
    assert hu.dtype == np.int16
    assert made.ct.grid == upright.grid
    assert made.cylinder.any()
    assert (hu[:, made.cylinder] == OUTSIDE_HU).all()
    assert (hu[upright.array == -2000] == OUTSIDE_HU).all()
    kept = hu != OUTSIDE_HU
    np.testing.assert_array_equal(hu[kept], upright.array[kept])
    # What is left out is nothing but cylinder and surroundings.
    lost = ~kept & (upright.array != OUTSIDE_HU)
    assert (upright.array[lost] == -2000).sum() + made.cylinder.sum() * len(hu) == (
        lost.sum()
    )


def test_the_cylinder_is_the_ring_that_was_scanned() -> None:
    upright = turned(scan())
    solid = (upright.array > -500).mean(axis=0) > 0.99

    found = breast_array(scan()).cylinder

    agreed = np.count_nonzero(found & solid)
    assert 2 * agreed / (np.count_nonzero(found) + np.count_nonzero(solid)) > 0.9


def test_the_way_there_and_back_is_exact() -> None:
    ct = scan()
    made = breast_array(ct)

    back = to_scan(made.ct, header=ct, cylinder=made.cylinder)

    assert back.grid.is_same_as(ct.grid)
    outside = ct.hu == -2000
    np.testing.assert_array_equal(back.hu[~outside], ct.hu[~outside])
    assert (back.hu[outside] == OUTSIDE_HU).all()
    assert back.study == ct.study
    assert back.series_instance_uid == ""


def test_slices_left_out_at_the_chest_wall_move_the_origin() -> None:
    ct = scan()
    made = breast_array(ct, drop_posterior=3)
    whole = breast_array(ct)

    np.testing.assert_array_equal(made.ct.hu, whole.ct.hu[3:])
    np.testing.assert_allclose(
        made.ct.grid.to_patient(np.array([0, 5, 6])),
        whole.ct.grid.to_patient(np.array([3, 5, 6])),
    )
    back = to_scan(made.ct, header=ct)
    assert back.grid.shape == (ct.grid.shape[0], ct.grid.shape[1] - 3, ct.grid.shape[2])
    # In the scan rows run from nipple to chest wall: the last three are gone.
    np.testing.assert_allclose(back.grid.origin, ct.grid.origin)
    kept = back.hu != OUTSIDE_HU
    np.testing.assert_array_equal(back.hu[kept], ct.hu[:, :-3][kept])


def test_clipping_and_keeping_the_cylinder_are_for_the_asking() -> None:
    ct = scan()
    hu = ct.hu.copy()
    hu[80, 30, 40] = 3000

    clipped = breast_array(replace(ct, array=hu), clip=True)
    assert (clipped.ct.hu.min(), clipped.ct.hu.max()) == (-1024, 1024)
    assert breast_array(replace(ct, array=hu)).ct.hu.max() == 3000
    kept = breast_array(ct, keep_cylinder=True)
    assert (kept.ct.hu[:, kept.cylinder] > -500).mean() > 0.9


@pytest.mark.parametrize("count", [-1, 45])
def test_more_slices_than_there_are_cannot_be_left_out(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} of them cannot be left out"):
        breast_array(scan(), drop_posterior=count)


def test_an_array_without_geometry_lies_where_the_breast_of_its_scan_does() -> None:
    ct = scan()
    made = breast_array(ct, drop_posterior=3)
    bare = CT(made.ct.hu[:30], breast_grid(made.ct.hu[:30].shape, (1.0, 1.0, 1.0)))

    placed = place_like(bare, ct, drop_posterior=3)

    expected = replace(made.ct.grid, shape=(30, *made.ct.grid.shape[1:]))
    assert placed.grid.is_same_as(expected)


@pytest.mark.parametrize(
    ("shape", "dropped"), [((60, 9, 9), 0), ((45, 157, 118), 3), ((9, 157, 118), -1)]
)
def test_an_array_of_another_scan_cannot_be_placed(
    shape: tuple[int, int, int], dropped: int
) -> None:
    bare = CT(np.zeros(shape, np.int16), breast_grid(shape, (1.0, 1.0, 1.0)))

    with pytest.raises(GeometryError, match="Is it of this scan"):
        place_like(bare, scan(), drop_posterior=dropped)


def labels_of(ct: CT) -> LabelMap:
    """A cube of gland in the frame of the breast."""
    grid = turned(ct).grid
    numbers = np.zeros(grid.shape, np.uint8)
    numbers[10:20, 60:70, 50:60] = Tissue.GLAND
    return LabelMap(numbers, grid, labels=LABELS)


def test_tissue_numbers_become_ct_numbers_with_the_cylinder_as_9() -> None:
    ct, label_map = scan(), labels_of(scan())
    cylinder = breast_array(ct).cylinder.copy()
    cylinder[60:70, 50:60] = True  # tissue goes before the cylinder

    made = to_scan(label_map, header=ct, cylinder=cylinder)

    whole = np.where(
        (label_map.numbers == 0) & cylinder, Tissue.CYLINDER, label_map.numbers
    )
    np.testing.assert_array_equal(made.hu, turned(ct).back(whole))
    assert made.acquisition.series_description == "Tissue numbers, not HU"
    assert set(np.unique(made.hu)) == {0, 2, 9}


def test_a_label_map_in_the_order_of_the_scan_stays_so() -> None:
    ct, label_map = scan(), labels_of(scan())
    there = LabelMap(
        turned(ct).back(np.asarray(label_map.numbers, np.uint8)), ct.grid, labels=LABELS
    )

    np.testing.assert_array_equal(to_scan(there, header=ct).hu, there.numbers)


def test_without_header_an_array_keeps_its_grid() -> None:
    label_map = labels_of(scan())

    made = to_scan(label_map)

    assert made.grid == label_map.grid
    np.testing.assert_array_equal(made.hu, label_map.numbers)


def test_an_array_beside_the_voxels_of_the_header_is_refused() -> None:
    ct, made = scan(), breast_array(scan()).ct
    x, y, z = made.grid.origin
    for grid in (
        replace(made.grid, origin=(x + 0.5, y, z)),
        replace(made.grid, origin=(x + 600, y, z)),
        replace(made.grid, spacing=(1.0, 0.9, 1.1)),
        replace(
            made.grid,
            axes=((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (-1.0, 0.0, 0.0)),
        ),
    ):
        with pytest.raises(GeometryError, match="does not lie on the voxels"):
            to_scan(replace(made, grid=grid), header=ct)


def test_a_cylinder_that_does_not_fit_or_has_no_ct_numbers_is_refused() -> None:
    made = breast_array(scan())
    with pytest.raises(InputError, match="does not fit an array"):
        to_scan(made.ct, header=scan(), cylinder=made.cylinder[1:])
    with pytest.raises(InputError, match="give that scan as the header"):
        to_scan(made.ct, cylinder=made.cylinder)


def test_numbers_that_no_ct_image_holds_are_refused() -> None:
    grid = breast_grid((1, 1, 2), (1.0, 1.0, 1.0))
    for wrong in (4e4, np.nan):
        with pytest.raises(InputError, match="do not fit the 16 bits"):
            to_scan(CT(np.array([[[0, wrong]]], np.float32), grid))


def test_an_image_scaled_to_0_to_1_is_no_scan() -> None:
    array = np.linspace(0, 1, 27, dtype=np.float32).reshape(3, 3, 3)
    with pytest.raises(InputError, match="no CT numbers in HU"):
        to_scan(CT(array, breast_grid((3, 3, 3), (1.0, 1.0, 1.0))))
