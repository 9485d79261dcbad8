"""The body of a breast CT, the field of view and the cylinder."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.workflows.breast_ct.body import find_body, surface_level
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from tests.workflows.breast_ct.hanging import Hanging, dice

HALF = (0.5, 0.5, 0.5)
PLAIN = Hanging()


def changed(*boxes: tuple[slice, slice, slice], hu: int) -> BreastImage:
    """The plain breast with one CT number in some boxes."""
    array = PLAIN.image.hu.copy()
    for box in boxes:
        array[box] = hu
    return BreastImage(array, HALF)


def test_the_surface_is_half_way_from_air_to_skin() -> None:
    assert surface_level(HUScale(-200.0, 0.0)) == pytest.approx((-1000 + 40) / 2)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (1.1, -70.0), (0.9, 70.0)])
def test_the_body_is_all_tissue_at_any_scale(gain: float, offset: float) -> None:
    drawn = Hanging(gain=gain, offset_hu=offset)
    body = find_body(drawn.image, drawn.scale)
    assert dice(body.mask, drawn.breast) > 0.995
    assert not body.cylinder.any()
    assert body.field_cut_fraction == 0


def test_the_bounds_hold_the_body_with_a_margin_of_5_mm() -> None:
    body = find_body(PLAIN.image, PLAIN.scale)
    inside = np.zeros_like(body.mask)
    inside[body.bounds] = True
    assert not (body.mask & ~inside).any()
    rows = np.flatnonzero(body.mask.any(axis=(0, 2)))
    assert body.bounds[1] == slice(rows[0] - 10, rows[-1] + 11)


def test_the_field_of_view_is_what_differs_from_slice_to_slice() -> None:
    drawn = Hanging(field_mm=70.0)
    field = find_body(drawn.image, drawn.scale).field
    np.testing.assert_array_equal(field.mask, drawn.seen)
    assert field.radius_mm == pytest.approx(35.0, abs=0.5)
    assert field.center == pytest.approx((95.5, 95.5), abs=0.5)


@pytest.mark.parametrize("noise", [0.0, 30.0])
def test_without_noise_or_without_a_border_no_field_is_found(noise: float) -> None:
    field = find_body(Hanging(noise_hu=noise).image, PLAIN.scale).field
    assert field.mask.all()
    assert field.radius_mm is None
    assert field.center is None


def test_what_the_field_cuts_off_the_breast_is_measured() -> None:
    drawn = Hanging(field_mm=54.0, off_center_mm=12.0, nipple_mm=0.0)
    body = find_body(drawn.image, drawn.scale)
    assert dice(body.mask, drawn.breast) > 0.995
    assert 0.05 < body.field_cut_fraction < 0.3
    # Cut through its middle by the end of the array: pi R^2 / 2 + 2 R s of section, and
    # half of the lateral surface, in faces of voxels.
    half = BreastImage(PLAIN.image.hu[:, :, :96].copy(), HALF)
    section = np.count_nonzero(PLAIN.breast[:, :, 95])
    faces = sum(
        np.count_nonzero(np.diff(PLAIN.breast[:, :, :96].astype(int), axis=axis))
        for axis in range(3)
    )
    assert find_body(half, PLAIN.scale).field_cut_fraction == pytest.approx(
        section / (section + faces), rel=0.02
    )


def test_the_cylinder_is_no_body() -> None:
    drawn = Hanging(cylinder=True)
    body = find_body(drawn.image, drawn.scale)
    assert dice(body.mask, drawn.breast) > 0.995
    assert dice(body.cylinder, drawn.ring > 0.5) > 0.97
    assert body.cylinder_mask.shape == body.mask.shape


def test_internal_air_is_filled_but_not_that_open_to_the_chest_wall() -> None:
    within = np.s_[20:26, 95:101, 80:86]
    behind = np.s_[0:6, 95:101, 80:86]
    mask = find_body(changed(within, behind, hu=-1000), PLAIN.scale).mask
    assert mask[within].all()
    assert not mask[0:5, 96:100, 81:85].any()


def test_a_fold_apart_belongs_to_the_body_and_a_speck_in_the_air_does_not() -> None:
    drawn = Hanging(fold_gap_mm=4.0)
    body = find_body(drawn.image, drawn.scale)
    assert dice(body.mask, drawn.breast | drawn.fold) > 0.995
    speck = np.s_[30:36, 20:26, 100:106]
    assert not find_body(changed(speck, hu=0), PLAIN.scale).mask[speck].any()


def test_a_scan_of_air_or_of_nothing_but_tissue_is_refused() -> None:
    with pytest.raises(InputError, match=r"0\.0 ml of tissue hang together"):
        find_body(changed(np.s_[:, :, :], hu=-1000), PLAIN.scale)
    with pytest.raises(InputError, match="full of tissue"):
        find_body(changed(np.s_[:, :, :], hu=0), PLAIN.scale)
