import numpy as np
import pytest

from kerma.core.arrays import BoolArray, Vec3
from kerma.imaging.mask_morphology import dilated, eroded, opened, smoothed_within


def _ball(radius: float, spacing: Vec3) -> BoolArray:
    at = [np.arange(-15.0, 15.0 + step / 2, step) for step in spacing]
    z, y, x = np.meshgrid(*at, indexing="ij")
    return np.asarray(z**2 + y**2 + x**2 < radius**2)


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (0.3, 0.5, 0.75)])
def test_a_ball_grows_and_shrinks_by_the_radius(spacing: Vec3) -> None:
    """To half a voxel: distances run between centers."""
    ball, voxel = _ball(8.0, spacing), float(np.prod(spacing))
    for radius, mask in ((10.5, dilated(ball, spacing, 2.5)),
                         (5.5, eroded(ball, spacing, 2.5))):  # fmt: skip
        seen = np.cbrt(mask.sum() * voxel * 3 / 4 / np.pi)
        assert seen == pytest.approx(radius, abs=max(spacing) / 2)


def test_opening_takes_a_plate_off_a_ball() -> None:
    spacing = (0.5, 0.5, 0.5)
    ball = _ball(8.0, spacing)
    with_plate = ball.copy()
    with_plate[29:32] = True
    without = opened(with_plate, spacing, 3.0)
    assert not without[:, 0].any()
    assert without[_ball(7.5, spacing)].all()


def test_a_mask_goes_on_beyond_the_array() -> None:
    plate = np.zeros((8, 6, 6), bool)
    plate[:2] = True
    assert opened(plate, (1.0, 1.0, 1.0), 1.5).sum() == plate.sum()


def test_a_full_and_an_empty_mask_stay_as_they_are() -> None:
    full = np.ones((3, 4, 5), bool)
    assert eroded(full, (1.0, 1.0, 1.0), 2.0).all()
    assert not dilated(~full, (1.0, 1.0, 1.0), 2.0).any()
    assert not opened(~full, (1.0, 1.0, 1.0), 2.0).any()


def test_values_outside_a_mask_do_not_reach_the_mean_in_it() -> None:
    """Gland beside fat keeps its value up to the border."""
    values = np.zeros((20, 10, 10), np.float32)
    values[:10] = 7.0
    values[10:] = -900.0
    mask = np.zeros(values.shape, bool)
    mask[:10] = True
    mean, weight = smoothed_within(values, mask, (0.5, 0.5, 0.5), 1.0)
    np.testing.assert_allclose(mean[:10], 7.0, rtol=1e-5)
    assert not weight[19].any()
    assert not mean[19].any()
