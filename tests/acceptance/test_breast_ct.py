"""What is promised of breast CT, on scans whose tissues are known.

Two designs at coarse voxels always; all designs and the VICTRE phantom with the slow tests.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.breast_ct_study import Case, own_cases, run_case, victre_cases
from kerma.simulation.breast import PRESETS, VirtualBreastCT
from kerma.workflows.breast_ct import Tissue

COARSE = VirtualBreastCT(spacing_mm=(0.6, 0.6, 0.6))
LARGE = ("heterogeneous, 0.15 mm", "fatty, 0.15 mm")  # take up to 12 GB
PLAIN = [case for case in own_cases() if case.name in PRESETS]
ON_SCANNERS = [
    case for case in own_cases() if case.name not in PRESETS and case.name not in LARGE
]


@pytest.mark.parametrize("preset", ["u-muscle", "fold-touching"])
def test_what_broke_the_first_scripts_comes_out_right(preset: str) -> None:
    outcome = run_case(Case(preset, COARSE, preset=preset))
    assert outcome.is_right
    assert outcome.covers


@pytest.mark.slow
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_every_design_is_right_and_its_interval_holds_the_truth(case: Case) -> None:
    outcome = run_case(case)
    assert outcome.is_right
    assert outcome.covers


@pytest.mark.slow
@pytest.mark.parametrize("case", ON_SCANNERS, ids=lambda case: case.name)
def test_no_scanner_moves_glandularity_by_a_point(case: Case) -> None:
    outcome = run_case(case)
    assert abs(outcome.points) <= 1.0
    assert outcome.covers


@pytest.mark.slow
@pytest.mark.parametrize("number", range(13))
def test_a_breast_of_another_program_is_right_on_every_scanner(
    real_data: Path, number: int
) -> None:
    case = victre_cases(real_data)[number]
    outcome = run_case(case)
    assert abs(outcome.points) <= 1.0
    assert outcome.covers
    if case.name == "VICTRE, as is":
        asked = {Tissue.GLAND: 0.96, Tissue.SKIN: 0.93, Tissue.MUSCLE: 0.90}
        assert all(outcome.dice[tissue] >= least for tissue, least in asked.items())
