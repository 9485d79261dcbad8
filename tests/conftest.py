"""Settings and the real data that all tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from kerma.core.phantom import Phantom
from kerma.service.cli import main
from kerma.simulation import (
    Noise,
    PhantomPlacement,
    Scanner,
    SimulatedCT,
    simulate_ct,
    slice_stack,
)
from kerma.workflows.ct_calibration.phantoms import shipped_phantoms
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration

settings.register_profile("kerma", deadline=None)
settings.load_profile("kerma")

_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real scans; a test that needs it is skipped where it is not."""
    places = [os.environ.get("KERMA_TEST_DATA"), _BESIDE_THE_PROJECT]
    for place in places:
        if place and Path(place).is_dir():
            return Path(place)
    reason = "no real data: set KERMA_TEST_DATA to the folder of scans"
    if os.environ.get("KERMA_REQUIRE_TEST_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def models() -> Mapping[str, Phantom]:
    """The phantoms that are shipped, by name."""
    return {model.name: model for model in shipped_phantoms()}


@pytest.fixture(scope="session")
def catphan(models: Mapping[str, Phantom]) -> SimulatedCT:
    """A small ordinary scan of a Catphan 504 in which all is well."""
    return simulate_ct(
        models["catphan504"],
        placement=PhantomPlacement(center_mm=(3.0, -2.0, 1.0), roll_deg=2.0),
        scanner=Scanner(
            matrix=(240, 240),
            pixel_mm=(0.9, 0.9),
            slice_positions_mm=slice_stack(20, 2.5),
            psf_mm=0.6,
            noise=Noise(sd_hu=6.0, correlation_px=0.6),
        ),
        seed=1,
    )


@pytest.fixture(scope="session")
def calibrated(catphan: SimulatedCT, models: Mapping[str, Phantom]) -> Calibration:
    """Its calibration."""
    return calibrate(catphan.ct, tuple(models.values()), serial_number="CAT-1")


@dataclass(frozen=True)
class Ending:
    """How a command ended: exit code, and what it said where."""

    code: int
    out: str
    err: str


@pytest.fixture
def kerma(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ending]:
    """Run a command of the command line and see how it ends."""

    def run(*arguments: object) -> Ending:
        monkeypatch.setattr(sys, "argv", ["kerma", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            main()
        spoken = capsys.readouterr()
        return Ending(int(ending.value.code or 0), spoken.out, spoken.err)

    return run
