"""Unique identifiers."""

from __future__ import annotations

import pytest

from kerma.core.uids import is_uid, uid_from


@pytest.mark.parametrize("text", ["1.2", "2.25.0", "1.2.840.10008.5.1.4.1.1.2"])
def test_components_without_leading_zeros_are_a_uid(text: str) -> None:
    assert is_uid(text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "1.02", "1.2 ", "1.2\n", "a.b", "1." + "2" * 63]
)
def test_anything_else_is_none(text: str) -> None:
    assert not is_uid(text)


def test_the_same_words_make_the_same_valid_uid_and_others_another() -> None:
    assert uid_from("series", "1.2") == uid_from("series", "1.2")
    assert is_uid(uid_from("series", "1.2"))
    assert uid_from("series", "1.2") != uid_from("image", "1.2")
