"""Arrays to and from decimal text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.io.dicom import decimal_text
from kerma.io.dicom.decimal_text import array_of, text_of


@pytest.fixture(params=["python", "compiled"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to parse, of which the length of the text decides otherwise."""
    enough = 0 if request.param == "compiled" else 2**40
    monkeypatch.setattr(decimal_text, "_WORTH_A_COMPILER", enough)


@pytest.mark.usefixtures("parser")
def test_both_ways_read_each_number_as_python_does() -> None:
    generator = np.random.default_rng(1)
    texts = [
        f"{number:.{places}f}"
        for number, places in zip(
            generator.normal(0, 300, 3000), generator.integers(0, 16, 3000), strict=True
        )
    ]
    texts += [
        "1e5",
        "-2.5E-03",
        " 7 ",
        "+.5",
        "123456789012345678901234567890",
        "1e-30",
    ]
    expected = np.array([float(text) for text in texts])
    read = array_of("\\".join(texts).encode())
    assert read.tobytes() == expected.tobytes()


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["x", "", "1_0", "1,5", "nan", "0x1", "1 2", "-", "é"])
def test_both_ways_find_what_is_no_number(text: str) -> None:
    read = array_of(f"1\\{text}\\2".encode())
    assert np.isnan(read).tolist() == [False, True, False]


@pytest.mark.usefixtures("parser")
def test_both_ways_know_infinity_and_the_padding() -> None:
    assert array_of(b"1e400\\-inf\\3 \0").tolist() == [np.inf, -np.inf, 3.0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_a_number_is_written_in_16_characters_within_a_tenth_of_a_micrometer(
    numbers: list[float],
) -> None:
    text = text_of(np.array(numbers))
    assert max(map(len, text.split("\\"))) <= 16
    assert np.abs(array_of(text.encode()) - numbers).max() <= 0.5001e-4


@given(st.lists(st.decimals(-99999, 99999, places=3), min_size=1))
def test_what_came_from_decimals_is_written_exactly(numbers: list[object]) -> None:
    exact = np.array(numbers, np.float64)
    assert array_of(text_of(exact).encode()).tolist() == (exact + 0.0).tolist()
    assert "-0.0\\" not in text_of(exact) + "\\"
