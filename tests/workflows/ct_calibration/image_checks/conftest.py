"""Scans whose slices, lengths, sharpness and shading are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.simulation import Noise, PhantomPlacement, Scanner, simulate_ct
from kerma.workflows.ct_calibration.image_checks import ImageChecks
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration

Check = Callable[..., ImageChecks]

# The module with the ramps, and the uniform one, without what lies between.
MODULE_AND_UNIFORM = (-90.3, -80.3, -70.3, *(np.arange(-6, 7) * 2.5 - 0.3).tolist())


@pytest.fixture(scope="session")
def catphan504(models: Mapping[str, Phantom]) -> Phantom:
    """The phantom with ramps, holes and a uniform part."""
    return models["catphan504"]


@pytest.fixture(scope="session")
def scanned(models: Mapping[str, Phantom]) -> Callable[..., tuple[CT, Phantom]]:
    """Scan a phantom: its name, its place, and what is special about the scanner."""

    def simulate(
        *, phantom: str = "catphan504", place: Any = None, **scanner: Any
    ) -> tuple[CT, Phantom]:
        settings: dict[str, Any] = {
            "matrix": (280, 280),
            "pixel_mm": (0.8, 0.8),
            "slice_positions_mm": MODULE_AND_UNIFORM,
            "psf_mm": 0.7,
            "noise": Noise(sd_hu=6.0, correlation_px=0.6),
        }
        model = models[phantom]
        simulated = simulate_ct(
            model,
            placement=PhantomPlacement(center_mm=(2.0, -3.0, 0.0), **(place or {})),
            scanner=Scanner(**(settings | scanner)),
            seed=11,
        )
        return simulated.ct, model

    return simulate


@pytest.fixture(scope="session")
def check(scanned: Callable[..., tuple[CT, Phantom]]) -> Check:
    """Scan a phantom and check the image."""

    def run(**settings: Any) -> ImageChecks:
        ct, model = scanned(**settings)
        checks = calibrate(ct, [model]).image_checks
        assert checks is not None
        return checks

    return run


@pytest.fixture(scope="session")
def ordinary(
    scanned: Callable[..., tuple[CT, Phantom]],
) -> tuple[CT, Phantom, Calibration]:
    """An ordinary scan and its calibration."""
    ct, model = scanned()
    return ct, model, calibrate(ct, [model])
