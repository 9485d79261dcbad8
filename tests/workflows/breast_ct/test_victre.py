"""The scan of the VICTRE breast against what is known of the phantom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerma.simulation.breast import VirtualBreastCT
from tests.workflows.breast_ct.victre import victre_materials, victre_scan


def test_the_phantom_has_its_glandularity_on_any_voxels(real_data: Path) -> None:
    """0.365 strictly and 0.392 with ligaments and vessels, counted in its file."""
    scanner = VirtualBreastCT(spacing_mm=(1.2, 0.8, 0.8))
    summary = victre_scan(real_data, scanner).summary

    assert summary.strict_glandularity == pytest.approx(0.365, abs=0.001)
    assert summary.glandularity == pytest.approx(0.392, abs=0.001)
    assert summary.volumes_ml["implant"] == 0


def test_the_phantom_stands_as_the_procedure_wants_it(real_data: Path) -> None:
    materials = victre_materials(real_data)

    area = np.count_nonzero(materials, axis=(1, 2))
    assert area[0] > 5 * area[-40]
    assert area[-1] == 0
