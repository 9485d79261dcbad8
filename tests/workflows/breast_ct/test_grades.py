from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from kerma.errors import InputError
from kerma.workflows.breast_ct.grades import GradeScale, load_grades


def test_the_shipped_cut_points_follow_from_their_source() -> None:
    """Log-normal through P80 = 0.27 and P95 = 0.45, cut at 17.5, 57 and 88.6 %."""
    normal = NormalDist()
    z80, z95 = normal.inv_cdf(0.80), normal.inv_cdf(0.95)
    sigma = np.log(0.45 / 0.27) / (z95 - z80)
    mu = np.log(0.27) - z80 * sigma
    assert np.exp(mu + sigma**2 / 2) == pytest.approx(0.193, abs=2e-3)
    cuts = [np.exp(mu + sigma * normal.inv_cdf(p)) for p in (0.175, 0.57, 0.886)]
    assert load_grades().cut_points == pytest.approx(cuts, abs=1e-3)


def test_a_cut_point_belongs_to_the_denser_grade() -> None:
    grades = load_grades()
    assert grades.grade_of(0.0) == "A"
    assert grades.grade_of(0.0869) == "A"
    assert grades.grade_of(0.087) == "B"
    assert grades.grade_of(0.2) == "C"
    assert grades.grade_of(0.341) == "D"
    assert grades.grade_of(1.0) == "D"


def test_the_grade_says_that_it_is_a_surrogate() -> None:
    assert load_grades().name == "volumetric surrogate, not a BI-RADS reading"


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'name = "own"\nsource = "mine"\ngrades = ["low", "high"]\ncut_points = [0.2]\n'
    )
    assert load_grades(file).grade_of(0.3) == "high"


@pytest.mark.parametrize("cuts", [(0.3, 0.2), (0.0, 0.2), (0.2, 1.0), (0.2, 0.2)])
def test_cut_points_rise(cuts: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="rise within 0 and 1"):
        GradeScale("own", "mine", ("A", "B", "C"), cuts)


def test_there_is_one_cut_point_fewer_than_grades() -> None:
    with pytest.raises(InputError, match="got 1 and 3"):
        GradeScale("own", "mine", ("A", "B", "C"), (0.2,))
