"""Masks grown and shrunk by one voxel."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion

from kerma.imaging.mask_steps import grown, shrunk


def test_a_step_is_that_of_an_independent_morphology() -> None:
    mask = np.random.default_rng(1).random((9, 11, 7)) < 0.7
    np.testing.assert_array_equal(shrunk(mask), binary_erosion(mask, border_value=1))
    np.testing.assert_array_equal(grown(mask), binary_dilation(mask))


def test_in_a_plane_and_in_one_voxel_it_works_as_well() -> None:
    mask = np.random.default_rng(2).random((8, 9)) < 0.5
    np.testing.assert_array_equal(grown(mask), binary_dilation(mask))
    assert shrunk(np.ones((1, 1, 1), bool)).all()
    assert not grown(np.zeros((1, 1, 1), bool)).any()
