"""Folds beside the breast, apart from it and pressed on it."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import BoolArray
from kerma.workflows.breast_ct.body import find_body
from kerma.workflows.breast_ct.fold import find_fold
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from tests.workflows.breast_ct.hanging import Hanging, dice


def fold_of(image: BreastImage, scale: HUScale) -> BoolArray:
    return find_fold(image, find_body(image, scale), scale)


@pytest.mark.parametrize("gap_mm", [4.0, 1.0, 0.3, 0.0, -1.0])
def test_a_fold_is_found_whether_it_touches_the_breast_or_not(gap_mm: float) -> None:
    drawn = Hanging(fold_gap_mm=gap_mm)
    assert dice(fold_of(drawn.image, drawn.scale), drawn.fold) > 0.95


@pytest.mark.parametrize(
    "drawn",
    [
        Hanging(fold_gap_mm=-1.0, spacing=(0.6, 0.4, 0.4), noise_hu=45.0),
        Hanging(fold_gap_mm=-1.0, offset_hu=70.0, gain=1.1),
        Hanging(fold_gap_mm=-1.0, muscle_mm=5.0),
    ],
)
def test_a_touching_fold_is_found_at_other_voxels_noise_and_scale(
    drawn: Hanging,
) -> None:
    assert dice(fold_of(drawn.image, drawn.scale), drawn.fold) > 0.95


@pytest.mark.parametrize(
    "drawn", [Hanging(), Hanging(gland=0.65), Hanging(muscle_mm=8.0, nipple_mm=7.0)]
)
def test_a_breast_without_a_fold_has_none(drawn: Hanging) -> None:
    assert not fold_of(drawn.image, drawn.scale).any()


def test_a_lump_is_a_fold_only_where_skin_lies_in_between() -> None:
    z, y, x = (np.indices((60, 120, 160)) * 0.5).reshape(3, -1)
    main = np.sqrt(z**2 + (y - 30) ** 2 + (x - 30) ** 2) < 24
    lump = np.sqrt(z**2 + (y - 30) ** 2 + (x - 64) ** 2) < 11
    hu = np.where(main | lump, -255, -1000).astype(np.int16)
    scale, spacing = HUScale(-255.0, -41.0), (0.5, 0.5, 0.5)
    bare = BreastImage(hu.reshape(60, 120, 160), spacing)
    assert not fold_of(bare, scale).any()
    hu[(np.abs(x - 53.7) < 1.5) & (hu > -1000)] = 0
    skinned = BreastImage(hu.reshape(60, 120, 160), spacing)
    assert dice(fold_of(skinned, scale), (lump & ~main).reshape(60, 120, 160)) > 0.95
