"""Constraints, how they are written and when they are kept."""

from __future__ import annotations

import numpy as np
import pytest

from kerma.core.result import Verdict
from kerma.dosimetry.constraints import (
    StructureConstraint,
    check_constraints,
    parse_constraint,
    parse_constraints,
)
from kerma.dosimetry.histograms import DVH
from kerma.errors import InputError

PTV = DVH("PTV", 1, np.linspace(10, 20, 101), np.full(100, 0.1), mean_gy=15.0)


def verdict(constraint: str, structure: str = "PTV", **options: object) -> Verdict:
    checks = check_constraints(
        [StructureConstraint(structure, constraint)],
        [PTV],
        **options,  # type: ignore[arg-type]
    )
    return checks[0].verdict


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("D95% >= 10.4 Gy", True),
        ("D95% >= 10.6 Gy", False),
        ("D95% ≥ 1040 cGy", True),
        ("V15Gy <= 51 %", True),
        ("V15Gy < 4.9cc", False),
        ("Dmax <= 20 Gy", True),
        ("Dmax < 20 Gy", False),
        ("Dmean > 15 Gy", False),
        ("V95% >= 9.9 %", True),
        ("D2cc <= 91 %", True),
        ("gEUD(a=8) <= 16 Gy", False),
        ("HI < 0.65", True),
        ("CV12Gy >= 1.9 cc", True),
        ("Volume ≤ 10.1 cc", True),
    ],
)
def test_constraints_are_kept_or_broken_as_written(text: str, kept: bool) -> None:  # noqa: FBT001
    expected = Verdict.PASS if kept else Verdict.FAIL
    assert verdict(text, prescription_gy=20.0) is expected


def test_what_cannot_be_evaluated_never_passes() -> None:
    outside = DVH("Cord", 2, PTV.edges_gy, PTV.bins_cc, mean_gy=15.0, outside_cc=1.0)
    checks = check_constraints(
        [
            StructureConstraint("Lung", "V20Gy < 30 %"),
            StructureConstraint("Cord", "Dmax <= 45 Gy"),
            StructureConstraint("PTV", "D95% >= 95 %"),
            StructureConstraint("PTV", "D11cc <= 45 Gy"),
            StructureConstraint("Heart", "Dmean <= 45 Gy"),
        ],
        [PTV, outside],
        without={"heart": "nothing was drawn"},
    )
    assert {check.verdict for check in checks} == {Verdict.INCONCLUSIVE}
    assert {check.value for check in checks} == {None}
    assert [check.remark for check in checks] == [
        "no such structure",
        "9.1 % of it lies outside the dose grid",
        "no prescribed dose was given",
        "it has 10 cc only",
        "nothing was drawn",
    ]


def test_a_name_in_other_letters_is_found_and_said_unless_there_are_two() -> None:
    (check,) = check_constraints([StructureConstraint(" ptv", "Dmean > 1 Gy")], [PTV])
    assert check.verdict is Verdict.PASS
    assert check.remark == "named 'PTV' in the structure set"
    twice = [DVH(name, 1, PTV.edges_gy, PTV.bins_cc, 15.0) for name in ("PTV", "Ptv")]
    (check,) = check_constraints([StructureConstraint("ptv", "Dmean > 1 Gy")], twice)
    assert check.remark == "2 structures have this name"
    (check,) = check_constraints([StructureConstraint("Ptv", "Dmean > 1 Gy")], twice)
    assert check.verdict is Verdict.PASS


def test_lines_name_structures_constraints_and_reasons() -> None:
    found = parse_constraints(
        "# Boost, version 3\n"
        "prescription = 1400 cGy # in 7\n"
        "\n"
        "PTV: D95% >= 95 %   # coverage\n"
        '"Lung: left": V20Gy<30%\n'
    )
    assert found.prescription_gy == pytest.approx(14)
    first, second = found.constraints
    assert (first.structure, first.constraint, first.comment) == (
        "PTV",
        "D95% >= 95 %",
        "coverage",
    )
    assert (second.structure, str(parse_constraint(second.constraint))) == (
        "Lung: left",
        "V20Gy < 30 %",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PTV D95% >= 95 %", 'Line 1: expected "Structure: constraint"'),
        ("\nPTV: D95% = 95 %", "Line 2: 'D95% = 95 %' is no constraint; expected"),
        ("PTV: D95 >= 95 %", "Line 1: 'D95' is no metric; there are"),
        ("PTV: V20Gy < 30", "Line 1: 'V20Gy < 30': the limit of V20Gy is in % or cc"),
        ("PTV: D95% >= 95 cc", "the limit of D95% is in Gy or %"),
        ("PTV: HI <= 5 %", "the limit of HI is in no unit"),
        ("prescription = 50", "Line 1: expected"),
        ("# nothing", "There is no constraint"),
        ("prescription = 0 Gy\nPTV: Dmax < 1 Gy", "more than 0 Gy"),
    ],
)
def test_a_line_that_is_not_understood_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_constraints(text)
