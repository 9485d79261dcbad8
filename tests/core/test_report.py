"""Reports as trees of named values."""

from __future__ import annotations

import math

import pytest

from kerma.core.code import Code
from kerma.core.report import ContentItem, Finding, Measurement
from kerma.errors import InputError

DOSE, PART = Code("113838", "DCM", "DLP"), Code("113819", "DCM", "CT Acquisition")
MGY_CM = Code("mGy.cm", "UCUM")


def event(*doses: float) -> ContentItem:
    numbers = (ContentItem("NUM", DOSE, dose, MGY_CM) for dose in doses)
    return ContentItem("CONTAINER", PART, children=tuple(numbers))


def test_nodes_are_found_by_their_code_at_any_depth() -> None:
    root = ContentItem("CONTAINER", children=(event(1.0), event(2.0)))
    assert [part.number(DOSE, "mGy.cm") for part in root.find(PART)] == [1.0, 2.0]
    found = root.first(Code("113838", "DCM", "by another meaning"))
    assert found is not None
    assert found.value == 1.0
    assert root.first(Code("113838", "SRT")) is None
    assert root.number(Code("1", "DCM"), "mm") is None


def test_a_number_in_another_unit_is_refused() -> None:
    with pytest.raises(InputError, match=r"DLP \(113838, DCM\) is in the unit mGy\.cm"):
        event(1.0).number(DOSE, "mGy.m", "Gy.cm")


def test_of_numbers_that_differ_none_is_chosen() -> None:
    assert event(3.0, 3.0).number(DOSE, "mGy.cm") == 3.0
    with pytest.raises(InputError, match="2 times with different values"):
        event(1.0, 2.0).number(DOSE, "mGy.cm")


def test_what_a_node_says_does_not_show_when_it_is_printed() -> None:
    assert "Doe" not in repr(ContentItem("PNAME", PART, "Doe^J"))


def test_a_measurement_is_a_finite_number_of_something() -> None:
    with pytest.raises(InputError, match="leave it out"):
        Measurement(DOSE, math.nan, MGY_CM)
    with pytest.raises(InputError, match="at least one measurement"):
        Finding("Tumor", ())
