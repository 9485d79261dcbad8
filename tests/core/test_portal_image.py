"""Portal images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kerma.core.portal_image import Exposure, ImagePlane, PortalImage
from kerma.errors import GeometryError, InputError, ScopeError

IMAGE = PortalImage(
    np.arange(12, dtype=np.uint16).reshape(3, 4),
    (0.5, 0.25),
    source_detector_distance=1600.0,
    source_axis_distance=1000.0,
)


def test_without_a_position_the_image_is_centered() -> None:
    """4 columns of 0.25 mm: -0.375 to 0.375; 3 rows of 0.5 mm: 0.5 down to -0.5."""
    x, y = IMAGE.positions_mm()
    np.testing.assert_array_equal(x, [-0.375, -0.125, 0.125, 0.375])
    np.testing.assert_array_equal(y, [0.5, 0.0, -0.5])


def test_a_stated_position_and_a_shifted_receptor_add_up() -> None:
    image = replace(
        IMAGE, first_pixel=(-1.0, 2.0), receptor_translation=(10.0, -20.0, -600.0)
    )
    x, y = image.positions_mm()
    np.testing.assert_array_equal(x, [9, 9.25, 9.5, 9.75])
    np.testing.assert_array_equal(y, [-18, -18.5, -19])


def test_the_plane_of_the_isocenter_is_smaller_by_sad_over_sid() -> None:
    """0.405 mm at 1600 mm is 0.253125 mm at 1000 mm; the shift shrinks too."""
    image = replace(IMAGE, spacing=(0.405, 0.405), receptor_translation=(16.0, 0, 0))
    np.testing.assert_allclose(image.spacing_at_isocenter, 0.253125, rtol=1e-15)
    x, _ = image.positions_mm(ImagePlane.ISOCENTER)
    np.testing.assert_allclose(x.mean(), 10.0)
    np.testing.assert_allclose(np.diff(x), 0.253125)


def test_what_is_not_stated_is_not_made_up() -> None:
    with pytest.raises(ScopeError, match="size at the isocenter is not known"):
        _ = replace(IMAGE, source_axis_distance=None).spacing_at_isocenter
    with pytest.raises(ScopeError, match="turned by 90 degrees"):
        replace(IMAGE, receptor_angle=90.0).positions_mm()


def test_values_are_rescaled_where_there_is_a_rescale() -> None:
    np.testing.assert_array_equal(IMAGE.values, IMAGE.stored)
    rescaled = replace(IMAGE, rescale=(2.0, -3.0)).values
    np.testing.assert_array_equal(rescaled, IMAGE.stored * 2.0 - 3.0)
    assert rescaled.dtype == np.float32


def test_the_meterset_is_that_of_all_exposures_or_unknown() -> None:
    two = (Exposure(meterset=1.5), Exposure(meterset=2.0))
    assert replace(IMAGE, exposures=two).meterset == 3.5
    assert replace(IMAGE, exposures=(*two, Exposure())).meterset is None
    assert IMAGE.meterset is None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"stored": np.zeros((2, 2))}, InputError, "whole numbers; got float64"),
        ({"stored": np.zeros((0, 2), np.uint8)}, InputError, r"shape \(0, 2\)"),
        ({"stored": np.zeros(3, np.uint8)}, InputError, "is a plane"),
        ({"intensity_sign": 0}, InputError, "intensity sign is 0"),
        ({"gantry_angle": -0.1}, InputError, "gantry angle is -0.1"),
        ({"spacing": (0.0, 1.0)}, GeometryError, "row spacing is 0 mm"),
        (
            {"source_axis_distance": float("nan")},
            GeometryError,
            "source-axis distance is nan",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    change: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replace(IMAGE, **change)  # type: ignore[arg-type]  # checked there


def test_an_image_cannot_be_changed() -> None:
    assert not IMAGE.stored.flags.writeable
