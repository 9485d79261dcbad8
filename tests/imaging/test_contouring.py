"""From masks to contours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerma.core.label_map import Label, LabelMap
from kerma.core.mask import Mask
from kerma.errors import InputError
from kerma.imaging.contouring import contours_of_labels, contours_of_mask
from kerma.imaging.masks import mask_of
from kerma.simulation.rt_set import Layout, simulate_rt_set
from tests.imaging.solids import circle, dice, sphere, structure, upright

GRID = upright()


def cuboid() -> Mask:
    array = np.zeros(GRID.shape, bool)
    array[5:9, 10:20, 30:45] = True
    return Mask.of(array, GRID, name="Block")


def test_contours_of_whole_voxels_follow_their_edges_and_not_their_centers() -> None:
    """Corners are cut at half a voxel: 4 times 1/8 mm² of 150."""
    drawn = contours_of_mask(cuboid())
    assert len(drawn.contours) == 4
    points = drawn.contours[0].points
    low = GRID.to_patient(np.array([5, 9.5, 29.5]))
    high = GRID.to_patient(np.array([5, 19.5, 44.5]))
    np.testing.assert_allclose(points.min(axis=0), low)
    np.testing.assert_allclose(points.max(axis=0), high)
    back = mask_of(drawn, GRID)
    assert back.volume_mm3 == pytest.approx(4 * 2 * (150 - 0.5))
    np.testing.assert_array_equal(back.binary().full(), cuboid().full())


@pytest.mark.parametrize("radius", [10, 15, 19])
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_a_sphere_comes_back(radius: float, threshold: float | None) -> None:
    mask = sphere(upright((44, 46, 48), (1.0, 1.0, 1.0)), radius)
    if threshold:
        mask = mask.binary(threshold)
    back = mask_of(contours_of_mask(mask), mask.grid)
    assert dice(back.binary(), mask.binary()) >= 0.99
    assert back.volume_mm3 == pytest.approx(mask.volume_mm3, rel=0.005)


@pytest.mark.parametrize("layout", [Layout(tilt_deg=18.0), Layout(position="FFS")])
def test_organs_come_back_on_tilted_and_turned_grids(layout: Layout) -> None:
    patient = simulate_rt_set(layout)
    for name in ("Heart", "PTV"):
        mask = mask_of(patient.structures[name], patient.ct.grid)
        drawn = contours_of_mask(mask, image_uids=patient.ct.sop_instance_uids)
        k = round(float(patient.ct.grid.to_index(drawn.contours[0].points)[0, 0]))
        assert drawn.contours[0].image_uid == patient.ct.sop_instance_uids[k]
        back = mask_of(drawn, patient.ct.grid)
        assert dice(back, mask) > 0.99
        assert back.volume_mm3 == pytest.approx(mask.volume_mm3, rel=0.005)


def test_holes_are_contours_of_their_own() -> None:
    zs = [-3.0, -1.0, 1.0]
    mask = mask_of(structure(circle(r, z) for z in zs for r in (15, 9)), GRID)
    drawn = contours_of_mask(mask)
    assert len(drawn.contours) == 6
    volume = 6 * math.pi * (15**2 - 9**2)
    assert mask_of(drawn, GRID).volume_mm3 == pytest.approx(volume, rel=0.005)


def test_a_mask_at_the_border_of_the_grid_is_closed_there() -> None:
    whole = Mask.of(np.ones(GRID.shape), GRID, name="All")
    back = mask_of(contours_of_mask(whole), GRID)
    assert back.volume_mm3 == pytest.approx(40 * 2 * (60 * 64 - 0.5))


def test_an_empty_mask_has_no_contours() -> None:
    assert contours_of_mask(Mask.of(np.zeros(GRID.shape), GRID, name="S")).is_empty


def test_labels_are_drawn_with_number_name_and_color() -> None:
    numbers = np.zeros(GRID.shape, np.uint8)
    numbers[5:9, 10:20, 30:45] = 3
    numbers[20:22, 10:20, 30:45] = 7
    labels = Label(3, "Liver", (1, 2, 3)), Label(7, "Spleen")
    liver, spleen = contours_of_labels(LabelMap(numbers, GRID, labels=labels))
    assert (liver.number, liver.name, liver.color) == (3, "Liver", (1, 2, 3))
    assert (len(liver.contours), len(spleen.contours)) == (4, 2)
    assert spleen.frame_of_reference == GRID.frame_of_reference


def test_levels_and_uids_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="level lies between 0 and 1; got 1"):
        contours_of_mask(cuboid(), level=1)
    with pytest.raises(InputError, match="each of the 40 slices; got 2"):
        contours_of_mask(cuboid(), image_uids=("1.2", "1.3"))


def test_a_level_moves_the_contour() -> None:
    grid = upright((3, 40, 40), (1.0, 1.0, 1.0))
    mask = mask_of(structure(circle(12, z) for z in (-1.0, 0.0, 1.0)), grid)
    thin = Mask.of(0.6 * mask.full(), mask.grid, name=mask.name)
    high, low = (contours_of_mask(thin, level=x).contours[0] for x in (0.45, 0.05))
    assert np.ptp(low.points[:, 0]) - np.ptp(high.points[:, 0]) > 0.5
