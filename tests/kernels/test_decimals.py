"""Decimal text parsed by compiled code: every number as Python reads it, or NaN."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.kernels.decimals import parse_decimals


def parse(text: str) -> list[float]:
    numbers = np.zeros(text.count("\\") + 1)
    parse_decimals(np.frombuffer(text.encode("ascii"), np.uint8), numbers)
    return numbers.tolist()


def bits(number: float) -> str:
    return number.hex()  # tells minus zero from zero


decimal = st.from_regex(
    r" {0,2}[-+]?(\d{1,12}(\.\d{0,12})?|\.\d{1,12})([eE][-+]?\d{1,2})? {0,2}",
    fullmatch=True,
    alphabet=st.characters(codec="ascii"),
)


@given(st.lists(decimal, min_size=1, max_size=8))
def test_each_number_is_the_nearest_double_or_left_to_python(texts: list[str]) -> None:
    for text, number in zip(texts, parse("\\".join(texts)), strict=True):
        assert math.isnan(number) or bits(number) == bits(float(text))


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_no_coordinate_is_left_to_python(digits: int, decimals: int) -> None:
    """Fewer than 16 digits and a power of ten under 23 are exact, so none is NaN."""
    text = f"{digits / 10**decimals:.{decimals}f}"
    assert [bits(number) for number in parse(text)] == [bits(float(text))]


@given(st.text(st.sampled_from("0123456789+-.eE x,\0"), max_size=20))
def test_what_python_refuses_is_no_number_here_either(text: str) -> None:
    (number,) = parse(text)
    if not math.isnan(number):
        assert bits(number) == bits(float(text.rstrip(" \0")))


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "-", ".", "+.", "1e", "1e+", "e5", "1.2.3", "1 2", "1,5", "nan"],
        *["inf", "0x10", "1_0", "--1", "1e99999", "9007199254740993", "1e23", "1e-23"],
    ],
)
def test_what_is_no_plain_decimal_is_marked(text: str) -> None:
    first, marked, last = parse(f"1.5\\{text}\\-2.5")
    assert (first, last) == (1.5, -2.5)
    assert math.isnan(marked)


def test_the_largest_exact_numbers_are_parsed() -> None:
    assert parse("9007199254740992\\1e22\\1e-22\\-0") == [2.0**53, 1e22, 1e-22, 0.0]
    assert bits(parse("-0.0")[0]) == bits(-0.0)
