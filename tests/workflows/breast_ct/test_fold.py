"""Folds beside the breast, apart from it and pressed on it."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.arrays import BoolArray
from kerma.simulation.breast import Fold, SimulatedBreast, VirtualBreastCT
from kerma.workflows.breast_ct.body import find_body
from kerma.workflows.breast_ct.fold import find_fold
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.hanging import SCALE, breast, dice, image_of, labels_of


def fold_of(image: BreastImage, scale: HUScale = SCALE) -> BoolArray:
    return find_fold(image, find_body(image, scale), scale)


def error_of(drawn: SimulatedBreast, scale: HUScale = SCALE) -> float:
    return 1 - dice(fold_of(image_of(drawn), scale), labels_of(drawn) == Tissue.FOLD)


@pytest.mark.parametrize("gap_mm", [4.0, 1.0, 0.0, -1.0])
def test_a_fold_is_found_whether_it_touches_the_breast_or_not(gap_mm: float) -> None:
    assert error_of(breast(fold=Fold(radius_mm=8.0, gap_mm=gap_mm))) < 0.03


@pytest.mark.parametrize(
    "scanner",
    [
        VirtualBreastCT(spacing_mm=(0.6, 0.4, 0.4), noise_hu=45.0),
        VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5), offset_hu=70.0),
    ],
)
def test_a_touching_fold_is_found_at_other_voxels_noise_and_scale(
    scanner: VirtualBreastCT,
) -> None:
    scale = HUScale(-255.0 + scanner.offset_hu, -41.0 + scanner.offset_hu)
    assert (
        error_of(breast(scanner, fold=Fold(radius_mm=8.0, gap_mm=-1.0)), scale) < 0.03
    )


@pytest.mark.parametrize("design", [{}, {"gland_fraction": 0.65}, {"slab_mm": 1.0}])
def test_a_breast_without_a_fold_has_none(design: dict[str, float]) -> None:
    assert not fold_of(image_of(breast(**design))).any()


def test_a_lump_of_the_breast_without_skin_in_between_is_no_fold() -> None:
    z, y, x = (np.indices((60, 120, 160)) * 0.5).reshape(3, -1)
    main = np.hypot(np.hypot(z, y - 30), x - 30) < 24
    lump = np.hypot(np.hypot(z, y - 30), x - 62) < 11
    hu = np.where(main | lump, -255, -1000).reshape(60, 120, 160).astype(np.int16)
    image = BreastImage(hu, (0.5, 0.5, 0.5))
    assert not fold_of(image).any()
    between = ((np.abs(x - 52.5) < 2) & (main | lump)).reshape(hu.shape)
    skinned = BreastImage(np.where(between, np.int16(0), hu), image.spacing)
    assert dice(fold_of(skinned), (lump & ~main).reshape(hu.shape)) > 0.95
