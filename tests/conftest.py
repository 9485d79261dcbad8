"""Settings and the real data that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
