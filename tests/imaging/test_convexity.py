import numpy as np
import pytest

from kerma.imaging.convexity import solidity


def test_a_ball_is_convex() -> None:
    at = np.arange(-30, 31)
    ball = at[:, None, None] ** 2 + at[:, None] ** 2 + at**2 < 25.3**2
    assert solidity(ball) == pytest.approx(1.0, abs=0.035)


def test_two_cubes_with_a_gap_fill_two_thirds_of_their_hull() -> None:
    """Two cubes of side 20, 20 apart; rounded off, the corners lack 1 %."""
    mask = np.zeros((20, 20, 60), bool)
    mask[..., :20] = mask[..., 40:] = True
    assert solidity(mask) == pytest.approx(2 / 3, rel=0.02)


def test_nothing_is_not_convex() -> None:
    assert solidity(np.zeros((3, 4, 5), bool)) == 0.0


def test_one_voxel_has_a_hull() -> None:
    assert solidity(np.ones((1, 1, 1), bool)) > 1
