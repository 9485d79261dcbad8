"""What the documentation says of the charts, on fewer histories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks.history_study import Outcome, run_one, scanned
from kerma.core.phantom import Phantom
from kerma.core.result import Verdict


@pytest.mark.slow
def test_the_charts_find_what_fixed_limits_do_not(
    models: Mapping[str, Phantom],
) -> None:
    found: list[Outcome] = [
        run_one(models["catphan504"], story, seed)
        for story in ("nothing", "step of 5 HU", "drift of 1 HU a month")
        for seed in range(20)
    ]
    steps = [one.first for one in found if one.story == "step of 5 HU"]
    drifts = [one.first for one in found if one.story == "drift of 1 HU a month"]
    quiet = [one.first for one in found if one.story == "nothing"]
    assert all(first["seed ±30/40/50 HU"] is None for first in (*steps, *drifts))
    assert np.median([first["any of the four"] or 99 for first in steps]) <= 2
    assert np.median([first["any of the four"] or 99 for first in drifts]) <= 4
    assert sum(first["any of the four"] is not None for first in quiet) <= 5


@pytest.mark.slow
def test_scans_that_were_simulated_and_calibrated_show_the_step() -> None:
    series = scanned()
    assert series.verdict is Verdict.PASS
    assert any("signal" in text for text in series.warnings)
    assert "water and air calibration" in series.warnings[-1]
