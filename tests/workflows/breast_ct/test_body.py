"""The body of a breast CT, the field of view and the cylinder."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.simulation.breast import Fold, VirtualBreastCT
from kerma.workflows.breast_ct.body import find_body, surface_level
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.hanging import SCALE, breast, dice, image_of, labels_of

HALF = (0.5, 0.5, 0.5)


def test_the_surface_is_half_way_from_air_to_skin() -> None:
    assert surface_level(HUScale(-200.0, 0.0)) == pytest.approx((-1000 + 40) / 2)


@pytest.mark.parametrize(("gain", "offset"), [(1.0, 0.0), (1.1, -70.0), (0.9, 70.0)])
def test_the_body_is_all_tissue_at_any_scale(gain: float, offset: float) -> None:
    drawn = breast(VirtualBreastCT(spacing_mm=HALF, gain=gain, offset_hu=offset))
    scale = HUScale(-255 * gain + offset, -41 * gain + offset)
    body = find_body(image_of(drawn), scale)
    assert dice(body.mask, labels_of(drawn) > 0) > 0.995
    assert not body.cylinder.any()
    assert body.field_cut_fraction == 0


def test_the_bounds_hold_the_body_with_a_margin() -> None:
    body = find_body(image_of(breast()), SCALE)
    inside = np.zeros_like(body.mask)
    inside[body.bounds] = True
    assert not (body.mask & ~inside).any()
    rows = np.flatnonzero(body.mask.any(axis=(0, 2)))
    assert body.bounds[1] == slice(rows[0] - 10, rows[-1] + 11)


def test_the_field_of_view_is_found_by_what_was_never_seen() -> None:
    drawn = breast(VirtualBreastCT(spacing_mm=HALF, field_mm=78.0))
    field = find_body(image_of(drawn), SCALE).field
    assert field.radius_mm == pytest.approx(39.0, abs=0.5)
    assert field.center is not None
    assert field.center == pytest.approx(
        (np.array(drawn.ct.grid.shape[1:]) - 1) / 2, abs=0.5
    )
    assert field.mask.sum() * 0.25 == pytest.approx(np.pi * 39**2, rel=0.01)


def test_a_scan_without_noise_or_without_a_border_has_no_field_to_be_found() -> None:
    quiet = breast(VirtualBreastCT(spacing_mm=HALF, noise_hu=0.0, field_mm=300.0))
    assert find_body(_cropped(quiet), SCALE).field.mask.all()
    noisy = breast(VirtualBreastCT(spacing_mm=HALF, field_mm=300.0))
    field = find_body(_cropped(noisy), SCALE).field
    assert field.mask.all()
    assert field.radius_mm is None


def _cropped(drawn: object) -> BreastImage:
    image = image_of(drawn)  # type: ignore[arg-type]  # a simulated breast
    middle = image.hu.shape[1] // 2
    part = slice(middle - 80, middle + 80)
    return BreastImage(np.ascontiguousarray(image.hu[:, part, part]), image.spacing)


def test_breast_beyond_the_field_is_measured() -> None:
    drawn = breast(
        VirtualBreastCT(spacing_mm=HALF, field_mm=84.0), off_center_mm=(0.0, 20.0)
    )
    body = find_body(image_of(drawn), SCALE)
    assert 0.05 < body.field_cut_fraction < 0.25
    half = BreastImage(np.ascontiguousarray(image_of(breast()).hu[:, :, :70]), HALF)
    assert find_body(half, SCALE).field_cut_fraction > 0.1


def test_the_cylinder_is_no_body() -> None:
    drawn = breast(VirtualBreastCT(spacing_mm=HALF, cylinder=True))
    body = find_body(image_of(drawn), SCALE)
    labels = labels_of(drawn)
    assert dice(body.mask, (labels > 0) & (labels != Tissue.CYLINDER)) > 0.995
    assert dice(body.cylinder_mask, labels == Tissue.CYLINDER) > 0.95
    assert body.cylinder_mask.shape == body.mask.shape


def test_internal_air_is_filled_but_not_that_open_to_the_chest_wall() -> None:
    image = image_of(breast())
    hu = image.hu.copy()
    middle = hu.shape[1] // 2
    hu[20:26, middle : middle + 6, 80:86] = -1000
    hu[0:6, middle : middle + 6, 80:86] = -1000
    mask = find_body(BreastImage(hu, image.spacing), SCALE).mask
    assert mask[20:26, middle : middle + 6, 80:86].all()
    assert not mask[0:5, middle + 1 : middle + 5, 81:85].any()


def test_a_fold_apart_belongs_to_the_body_and_a_speck_in_the_air_does_not() -> None:
    drawn = breast(fold=Fold(radius_mm=8.0))
    image = image_of(drawn)
    hu = image.hu.copy()
    hu[30:36, 20:26, 100:106] = 0
    body = find_body(BreastImage(hu, image.spacing), SCALE)
    assert body.mask[labels_of(drawn) == Tissue.FOLD].mean() > 0.99
    assert not body.mask[30:36, 20:26, 100:106].any()


def test_a_scan_of_air_or_of_nothing_but_tissue_is_refused() -> None:
    with pytest.raises(InputError, match="0.0 ml of tissue hang together"):
        find_body(BreastImage(np.full((20, 30, 30), -1000, np.int16), HALF), SCALE)
    with pytest.raises(InputError, match="full of tissue"):
        find_body(BreastImage(np.zeros((20, 30, 30), np.int16), HALF), SCALE)
