"""Body, fold and skin of breasts that others have drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.simulation.breast import PRESETS, VirtualBreastCT, simulate_breast
from kerma.workflows.breast_ct.body import find_body
from kerma.workflows.breast_ct.fold import find_fold
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale
from kerma.workflows.breast_ct.skin import find_skin
from kerma.workflows.breast_ct.tissues import Tissue
from tests.workflows.breast_ct.hanging import dice
from tests.workflows.breast_ct.victre import victre_scan

SCALE = HUScale(-255.0, -41.0)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [15.0, 45.0])
def test_the_skin_of_the_victre_breast_is_found(real_data: Path, noise: float) -> None:
    drawn = victre_scan(real_data, VirtualBreastCT(noise_hu=noise))
    image = BreastImage(drawn.ct.hu, drawn.ct.grid.spacing)
    labels = drawn.truth.numbers
    body = find_body(image, SCALE)
    assert dice(body.mask, labels > 0) > 0.995
    fold = find_fold(image, body, SCALE)
    assert not fold.any()
    skin = find_skin(image, body.mask, fold, SCALE, field=body.field.mask)
    truth = labels == Tissue.SKIN
    assert dice(skin.mask, truth) > 0.93
    assert np.count_nonzero(skin.mask) / np.count_nonzero(truth) == pytest.approx(
        1, abs=0.05
    )
    assert skin.nipple is not None


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["dense", "fold", "fold-touching", "thick-skin"])
def test_skin_and_fold_of_simulated_breasts_are_found(preset: str) -> None:
    scanner = VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5))
    drawn = simulate_breast(PRESETS[preset], scanner, seed=2)
    image = BreastImage(drawn.ct.hu, drawn.ct.grid.spacing)
    labels = drawn.truth.numbers
    body = find_body(image, SCALE)
    fold = find_fold(image, body, SCALE)
    skin = find_skin(image, body.mask, fold, SCALE, field=body.field.mask)
    assert dice(skin.mask, labels == Tissue.SKIN) > 0.93
    assert fold.any() == ("fold" in preset)
    if fold.any():
        assert dice(fold, labels == Tissue.FOLD) > 0.95
