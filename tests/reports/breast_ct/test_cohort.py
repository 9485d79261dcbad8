"""The contact sheet, and left against right."""

from __future__ import annotations

from dataclasses import replace
from math import hypot

import pytest

from kerma.reports.breast_ct.cohort import CohortEntry, cohort_html
from kerma.reports.breast_ct.pairs import find_pairs
from kerma.workflows.breast_ct.flags import Flag, Severity
from kerma.workflows.breast_ct.glandularity import Estimate
from kerma.workflows.breast_ct.result import BreastCT
from tests.reports.breast_ct.small_breasts import small_breast


def breast(
    scan: str, side: str | None = None, gland: float = 0.2, volume: float = 300.0,
    severity: Severity | None = None,
) -> BreastCT:  # fmt: skip
    result = small_breast().result
    return replace(
        result,
        scan=scan,
        laterality=side,
        glandularity=replace(result.glandularity, vgf=Estimate(gland, 0.01)),
        breast=replace(result.breast, volume_ml=volume),
        flags=(Flag("odd", severity, f"{scan} is odd."),) if severity else (),
    )


def test_what_failed_comes_first_and_then_the_worst() -> None:
    entries = [
        CohortEntry("fine", breast("fine")),
        CohortEntry("noted", breast("noted", severity=Severity.NOTE)),
        CohortEntry("wrong", breast("wrong", severity=Severity.UNUSABLE)),
        CohortEntry("broken", None, error="<cut> off."),
        CohortEntry("doubtful", breast("doubtful", severity=Severity.LOOK)),
    ]
    page = cohort_html(entries)
    names = ("broken", "wrong", "doubtful", "noted", "fine")
    places = [page.index(f"<h3>{name}") for name in names]
    assert places == sorted(places)
    assert "1 failed, 1 unusable, 1 to look at, 2 usable." in page
    assert "&lt;cut&gt; off." in page


def test_an_empty_sheet_says_so() -> None:
    assert "0 usable." in cohort_html([])


def test_both_breasts_of_a_study_are_a_pair_with_an_interval() -> None:
    (pair,) = find_pairs(
        [breast("x", "R", 0.15), breast("y", "L", 0.22)], ["1.2.3", "1.2.3"]
    )
    assert (pair.left, pair.right) == ("y", "x")
    assert pair.difference == pytest.approx(7.0)
    assert pair.interval == pytest.approx(100 * 1.96 * hypot(0.01, 0.01))
    assert pair.remarks == ()


@pytest.mark.parametrize(
    ("left", "right"), [("P01_L", "P01_R"), ("left breast 2", "right breast 2")]
)
def test_names_that_differ_in_the_side_alone_are_a_pair(left: str, right: str) -> None:
    both = [breast(left, "L"), breast(right, "R")]
    assert len(find_pairs(both, ["", ""])) == 1


def test_other_names_studies_or_sides_are_no_pair() -> None:
    assert not find_pairs([breast("P1_L", "L"), breast("P2_R", "R")], ["", ""])
    assert not find_pairs([breast("a", "L"), breast("b", "R")], ["1.2", "1.3"])
    assert not find_pairs([breast("P1_L", "L"), breast("P1_R", None)], ["", ""])
    three = [breast("a", "L"), breast("b", "R"), breast("c", "R")]
    assert not find_pairs(three, ["1.2"] * 3)


def test_ten_points_and_twice_the_volume_are_still_usual() -> None:
    def remarks(gland: float, volume: float) -> tuple[str, ...]:
        both = [breast("a_L", "L", 0.25, 250.0), breast("a_R", "R", gland, volume)]
        return find_pairs(both, ["", ""])[0].remarks

    assert remarks(0.151, 500.0) == ()
    assert remarks(0.1499, 500.0) == ("The breasts differ by 10 points of gland.",)
    assert remarks(0.25, 525.0) == ("One breast has 2.1 times the other's volume.",)
