"""A series on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerma.io import write_ct
from kerma.simulation import SimulatedCT


@pytest.fixture(scope="session")
def series(catphan: SimulatedCT, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ordinary scan of a Catphan 504."""
    folder = tmp_path_factory.mktemp("scan")
    write_ct(catphan.ct, folder)
    return folder
