"""Histories of a scanner whose true story is known, without scanning anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.constancy import Baseline, Scope
from kerma.workflows.ct_calibration.history.series import Loaded, PastResult

Months = Callable[..., Loaded]
SCOPE = Scope(station="CT1", kv=120.0, kernel="B30", phantom="catphan504")


def months_of(
    phantom: Phantom,
    count: int = 36,
    *,
    seed: int = 1,
    moved: FloatArray | float = 0.0,
    own_sd_hu: float = 0.8,
    common_sd_hu: float = 0.6,
    scope: Scope = SCOPE,
    first: date = date(2022, 1, 10),
) -> Loaded:
    """Monthly results: expected CT numbers, noise, and what moved (count, p) in HU."""
    rng = np.random.default_rng(seed)
    names = [insert.name for insert in phantom.inserts]
    expected = np.array([phantom.material_of(i).hu_at(120) for i in phantom.inserts])
    hu = expected + rng.normal(0, own_sd_hu, (count, len(names)))
    hu += rng.normal(0, common_sd_hu, (count, 1)) + moved
    results = tuple(
        PastResult(
            file=f"{k:02d}.json",
            day=first + timedelta(days=round(30.4 * k)),
            time="",
            accepted=Baseline(
                f"{k:02d}.json",
                dict(zip(names, map(float, row), strict=True)),
                dict.fromkeys(names, 0.6),
                scope,
            ),
            materials={
                i.name: (i.material, phantom.material_of(i).seed_name)
                for i in phantom.inserts
            },
        )
        for k, row in enumerate(hu)
    )
    return Loaded(results, (), ())


@pytest.fixture
def months(models: dict[str, Phantom]) -> Months:
    """Make the history of a phantom, the Catphan 504 unless told otherwise."""

    def make(
        count: int = 36, *, phantom: str = "catphan504", **story: object
    ) -> Loaded:
        return months_of(models[phantom], count, **story)  # type: ignore[arg-type]

    return make
