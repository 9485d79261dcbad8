"""Scans of one phantom in many ways, and their calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from kerma.core.phantom import Phantom
from kerma.imaging.axial import axial_stack
from kerma.simulation import (
    Noise,
    PhantomPlacement,
    Scanner,
    SimulatedCT,
    simulate_ct,
    slice_stack,
)
from kerma.workflows.ct_calibration.placement import Placement
from kerma.workflows.ct_calibration.recognition import recognize

Scan = Callable[..., SimulatedCT]


@pytest.fixture(scope="session")
def scanner() -> Scanner:
    """Twenty slices of 2.5 mm in a field of 216 mm, with a little noise."""
    return Scanner(
        matrix=(240, 240),
        pixel_mm=(0.9, 0.9),
        slice_positions_mm=slice_stack(20, 2.5),
        psf_mm=0.6,
        noise=Noise(sd_hu=4.0, correlation_px=0.6),
    )


@pytest.fixture(scope="session")
def tried(models: Mapping[str, Phantom]) -> tuple[Phantom, ...]:
    """The models to choose from: a round one and a square one."""
    return models["catphan504"], models["easycube"]


@pytest.fixture(scope="session")
def scan(models: Mapping[str, Phantom], scanner: Scanner) -> Scan:
    """Scan a Catphan 504; its place and whatever else may be given."""

    def simulate(
        *,
        phantom: str = "catphan504",
        scanner: Scanner = scanner,
        seed: int = 5,
        changes: Any = (),
        **placement: Any,
    ) -> SimulatedCT:
        return simulate_ct(
            models[phantom],
            placement=PhantomPlacement(**placement),
            scanner=scanner,
            changes=changes,
            seed=seed,
        )

    return simulate


@pytest.fixture(scope="session")
def placement(models: Mapping[str, Phantom], scan: Scan, scanner: Scanner) -> Placement:
    """A Catphan 504 in the middle of a scan without noise, where it was found."""
    quiet = replace(scanner, noise=Noise())
    stack = axial_stack(scan(scanner=quiet).ct)
    return recognize(stack, [models["catphan504"]], 120.0).evidence.placement
