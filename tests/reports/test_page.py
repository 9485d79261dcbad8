from __future__ import annotations

import pytest

from kerma.reports.page import clock, data_uri, day, number, render, short_uid


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-990.24, 1, "−990.2"), (0.001, 3, "0.001"), (-0.04, 1, "0.0"), (None, 1, "–")],
)
def test_a_number_has_a_true_minus_and_zero_has_no_sign(
    value: float | None, digits: int, text: str
) -> None:
    assert number(value, digits) == text


def test_a_change_carries_its_sign() -> None:
    assert (number(2.04, sign=True), number(0.0, sign=True)) == ("+2.0", "0.0")


@pytest.mark.parametrize(
    ("date", "text"), [("20240312", "2024-03-12"), ("2024", "2024"), (None, "–")]
)
def test_a_date_is_written_as_iso_where_it_is_one(date: str | None, text: str) -> None:
    assert day(date) == text


@pytest.mark.parametrize(
    ("time", "text"), [("071542.120", "07:15"), ("7", "7"), (None, "–")]
)
def test_a_time_is_written_to_the_minute(time: str | None, text: str) -> None:
    assert clock(time) == text


def test_a_long_uid_is_cut_in_the_middle() -> None:
    uid = "1.2.246.352.61.2.4856512345678901234.1"
    assert short_uid(uid) == "1.2.246.352.…5678901234.1"
    assert short_uid("1.2.3") == "1.2.3"


def test_a_data_uri_carries_the_bytes() -> None:
    assert data_uri(b"abc", "image/png") == "data:image/png;base64,YWJj"


def test_the_frame_alone_is_a_page_with_language_title_and_disclaimer() -> None:
    page = render("base.html.j2", verdict="pass", reason="All <b>well</b>.")
    assert '<html lang="en">' in page
    assert "not a medical device" in page
    assert "All &lt;b&gt;well&lt;/b&gt;." in page
