"""Coded concepts."""

from __future__ import annotations

import pytest

from kerma.core.code import Code
from kerma.errors import InputError


def test_the_meaning_does_not_count_when_codes_are_compared() -> None:
    assert Code("113830", "DCM", "Mean CTDIvol") == Code("113830", "DCM")
    assert Code("113830", "DCM") != Code("113830", "SRT")
    assert str(Code("1", "DCM", "One")) == "One (1, DCM)"


def test_a_code_without_value_or_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="needs a value and a coding scheme"):
        Code("", "DCM")
