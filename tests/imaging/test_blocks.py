import numpy as np
import pytest

from kerma.imaging.blocks import Blocks


def test_block_means_are_those_of_the_voxels_in_the_mask() -> None:
    """Against a plain loop, with blocks cut off at the far ends."""
    rng = np.random.default_rng(1)
    values = rng.integers(-1000, 1000, (5, 7, 9)).astype(np.int16)
    mask = rng.random(values.shape) < 0.6
    blocks = Blocks(values.shape, (0.3, 0.3, 0.6), (2, 3, 4))
    means, share = blocks.means(values, mask)
    assert means.shape == share.shape == (3, 3, 3)
    for k, j, i in np.ndindex(means.shape):
        part = np.s_[2 * k : 2 * k + 2, 3 * j : 3 * j + 3, 4 * i : 4 * i + 4]
        there = values[part][mask[part]]
        assert share[k, j, i] == pytest.approx(len(there) / 24)
        expected = there.mean() if len(there) else 0
        assert means[k, j, i] == pytest.approx(expected, rel=1e-5)


def test_a_ramp_comes_back_from_blocks_as_the_same_ramp() -> None:
    """Linear between the centers of blocks, so exact between the outermost ones."""
    ramp = np.arange(24, dtype=np.float32)[:, None, None] + np.zeros((1, 4, 4))
    blocks = Blocks((24, 4, 4), (0.5, 0.5, 0.5), (3, 2, 2))
    means, _ = blocks.means(ramp.astype(np.float32), np.ones(ramp.shape, bool))
    box = (slice(1, 23), slice(0, 4), slice(1, 3))
    np.testing.assert_allclose(blocks.spread(means, box), ramp[box], rtol=1e-6)


def test_blocks_come_near_to_a_length_whatever_the_spacing() -> None:
    blocks = Blocks.near((10, 20, 30), (0.15, 0.3, 0.8), 0.6)
    assert blocks.factors == (4, 2, 1)
    assert blocks.size == pytest.approx((0.6, 0.6, 0.8))
    assert blocks.shape == (3, 10, 30)
    assert blocks.volume_ml == pytest.approx(0.6 * 0.6 * 0.8 / 1000)


def test_the_box_of_blocks_stays_inside_the_array() -> None:
    blocks = Blocks((10, 20, 30), (1.0, 1.0, 1.0), (4, 4, 4))
    mask = np.zeros(blocks.shape, bool)
    mask[2, 1, 0] = True
    assert blocks.box_of(mask, 2.0) == (slice(6, 10), slice(2, 10), slice(0, 6))
